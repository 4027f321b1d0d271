"""What each picture format comes out as."""

import io

import numpy as np
import pytest
from PIL import Image

from kgan.data.decode import fit, read_header, read_pixels

GRADIENT = np.arange(48, dtype=np.uint8).reshape(4, 4, 3) * 5


def encode(picture, file_format="PNG", **options):
    stream = io.BytesIO()
    picture.save(stream, file_format, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("file_format", "options"),
    [("PNG", {}), ("BMP", {}), ("WEBP", {"lossless": True}), ("GIF", {})],
)
def test_lossless_formats_come_out_as_they_went_in(file_format, options):
    colours = np.array([[[0, 0, 0], [255, 0, 0]], [[0, 128, 255], [255, 255, 255]]], np.uint8)
    encoded = encode(Image.fromarray(colours), file_format, **options)
    np.testing.assert_array_equal(read_pixels(encoded, None, 3), colours)
    assert read_header(encoded) == (2, 2, False)


def test_jpeg():
    encoded = encode(Image.new("RGB", (16, 8), (200, 100, 50)), "JPEG", quality=95)
    pixels = read_pixels(encoded, None, 3)
    assert pixels.shape == (8, 16, 3)
    np.testing.assert_allclose(pixels, np.broadcast_to([200, 100, 50], (8, 16, 3)), atol=2)


def test_reads_files_by_path(tmp_path):
    (tmp_path / "a.png").write_bytes(encode(Image.fromarray(GRADIENT)))
    np.testing.assert_array_equal(read_pixels(tmp_path / "a.png", None, 3), GRADIENT)


def test_first_frame_of_an_animation():
    frames = [Image.new("L", (3, 3), value) for value in (10, 200)]
    encoded = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(read_pixels(encoded, None, 1), np.full((3, 3, 1), 10))


def test_gray_and_rgb_become_each_other():
    gray = encode(Image.fromarray(np.array([[0, 100, 255]], np.uint8)))
    np.testing.assert_array_equal(read_pixels(gray, None, 3)[0], [[0] * 3, [100] * 3, [255] * 3])
    assert read_header(gray).gray
    # ITU-R 601: 0.299 R + 0.587 G + 0.114 B.
    primaries = encode(Image.fromarray(np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [90] * 3]], np.uint8)))
    np.testing.assert_array_equal(read_pixels(primaries, None, 1)[0, :, 0], [76, 150, 29, 90])


def test_one_bit_gray():
    encoded = encode(Image.fromarray(np.array([[0, 255, 255, 0]], np.uint8)).convert("1"))
    np.testing.assert_array_equal(read_pixels(encoded, None, 1)[0, :, 0], [0, 255, 255, 0])
    assert read_header(encoded).gray


def test_sixteen_bit_gray_is_scaled_not_clipped():
    wide = np.array([[0, 257, 300, 32768, 65407, 65535]], np.uint16)
    encoded = encode(Image.fromarray(wide))
    # Divided by 257 and rounded: 300 / 257 = 1.17, 32768 / 257 = 127.502, 65407 / 257 = 254.502.
    np.testing.assert_array_equal(read_pixels(encoded, None, 1)[0, :, 0], [0, 1, 1, 128, 255, 255])
    np.testing.assert_array_equal(
        fit(Image.fromarray(wide.astype(np.int32)), None, 1)[0, :, 0], [0, 1, 1, 128, 255, 255]
    )
    assert read_header(encoded).gray


def test_transparency_lies_on_white():
    rgba = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 0, 0, 51]]], np.uint8)
    pixels = read_pixels(encode(Image.fromarray(rgba)), None, 3)
    np.testing.assert_array_equal(pixels[0], [[10, 20, 30], [255] * 3, [204] * 3])
    gray_alpha = np.array([[[40, 255], [40, 0], [0, 51]]], np.uint8)
    encoded = encode(Image.merge("LA", _planes(gray_alpha)))
    np.testing.assert_array_equal(read_pixels(encoded, None, 1)[0, :, 0], [40, 255, 204])
    assert read_header(encoded).gray


def _planes(array):
    return [Image.fromarray(np.ascontiguousarray(array[..., plane])) for plane in range(array.shape[-1])]


def test_palette_with_and_without_a_transparent_colour():
    picture = Image.new("P", (3, 1))
    picture.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    picture.putdata([0, 1, 2])
    np.testing.assert_array_equal(read_pixels(encode(picture), None, 3)[0], [[255, 0, 0], [0, 255, 0], [0, 0, 255]])
    assert not read_header(encode(picture)).gray
    pixels = read_pixels(encode(picture, transparency=1), None, 3)
    np.testing.assert_array_equal(pixels[0], [[255, 0, 0], [255, 255, 255], [0, 0, 255]])


def test_a_palette_of_grays_is_gray():
    picture = Image.new("P", (3, 1))
    picture.putpalette([200, 200, 200, 0, 0, 0, 7, 7, 7])
    picture.putdata([0, 1, 2])
    for file_format in ("PNG", "GIF"):
        encoded = encode(picture, file_format)
        assert read_header(encoded).gray
        np.testing.assert_array_equal(read_pixels(encoded, None, 1)[0, :, 0], [200, 0, 7])


def test_cmyk():
    inks = np.zeros((8, 16, 4), np.uint8)
    inks[:, :8] = (255, 0, 0, 0)
    inks[:, 8:] = (0, 0, 0, 255)
    pixels = read_pixels(encode(Image.merge("CMYK", _planes(inks)), "JPEG", quality=100), None, 3)
    np.testing.assert_allclose(pixels[4, 4], [0, 255, 255], atol=3)
    np.testing.assert_allclose(pixels[4, 12], [0, 0, 0], atol=3)


@pytest.mark.parametrize(
    ("orientation", "stored_to_seen"),
    [
        (1, lambda a: a),
        (2, lambda a: a[:, ::-1]),
        (3, lambda a: a[::-1, ::-1]),
        (4, lambda a: a[::-1]),
        (5, lambda a: a.swapaxes(0, 1)),
        (6, lambda a: np.rot90(a, -1)),
        (7, lambda a: a[::-1, ::-1].swapaxes(0, 1)),
        (8, lambda a: np.rot90(a)),
    ],
)
def test_exif_orientation(orientation, stored_to_seen):
    stored = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    exif = Image.Exif()
    exif[0x0112] = orientation
    encoded = encode(Image.fromarray(stored), exif=exif)
    seen = stored_to_seen(stored)
    np.testing.assert_array_equal(read_pixels(encoded, None, 3), seen)
    assert read_header(encoded)[:2] == seen.shape[:2]


def test_shrinking_is_antialiased():
    # Lines of one pixel in three: picking every third pixel would give 0 or 255, not a third of the light.
    lines = np.zeros((48, 48), np.uint8)
    lines[:, 1::3] = 255
    pixels = fit(Image.fromarray(lines), 16, 1)
    assert pixels.shape == (16, 16, 1)
    np.testing.assert_allclose(pixels[:, 2:-2], 85, atol=1)


def test_the_middle_square_is_cut_out():
    wide = np.zeros((4, 10), np.uint8) + np.arange(10, dtype=np.uint8) * 20
    np.testing.assert_array_equal(fit(Image.fromarray(wide), 4, 1)[0, :, 0], [60, 80, 100, 120])
    np.testing.assert_array_equal(fit(Image.fromarray(wide.T), 4, 1)[:, 0, 0], [60, 80, 100, 120])
    # An odd rest is not split by half a pixel, which would blur.
    np.testing.assert_array_equal(fit(Image.fromarray(wide[:, :9]), 4, 1)[0, :, 0], [40, 60, 80, 100])


def test_shrinking_and_cutting_keep_proportions():
    halves = np.zeros((20, 40), np.uint8)
    halves[:, 20:] = 255
    pixels = fit(Image.fromarray(halves), 10, 3)
    assert pixels.shape == (10, 10, 3)
    assert (pixels[:, :4] == 0).all()
    assert (pixels[:, 6:] == 255).all()


def test_enlarging_a_flat_picture_keeps_it_flat():
    np.testing.assert_array_equal(fit(Image.new("RGB", (5, 5), (1, 2, 3)), 8, 3), np.full((8, 8, 3), [1, 2, 3]))
