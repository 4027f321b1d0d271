import numpy as np
import pytest
from PIL import Image

from kgan import pixels
from kgan.errors import InputError
from kgan.files import atomic_file, atomic_folder


def test_every_byte_comes_back_as_itself():
    levels = np.arange(256, dtype=np.uint8)
    floats = np.asarray(pixels.from_uint8(levels))
    assert floats.dtype == np.float32
    assert (floats[0], floats[255]) == (-1.0, 1.0)
    np.testing.assert_array_equal(np.asarray(pixels.to_uint8(floats)), levels)


def test_what_lies_outside_the_range_is_clipped_and_the_rest_rounded():
    found = np.asarray(pixels.to_uint8(np.array([-3.0, -1.0, 0.0, 0.499 / 127.5 - 1, 0.501 / 127.5 - 1, 7.0])))
    np.testing.assert_array_equal(found, [0, 0, 128, 0, 1, 255])


def test_a_grid_reads_left_to_right():
    images = np.arange(1, 6, dtype=np.uint8).reshape(5, 1, 1, 1).repeat(2, axis=1).repeat(3, axis=2)
    picture = pixels.grid(images, columns=3, padding=1)
    assert picture.shape == (1 + 2 * 3, 1 + 3 * 4, 1)
    np.testing.assert_array_equal(picture[1::3, 1::4, 0], [[1, 2, 3], [4, 5, 0]])
    assert (picture[0] == 0).all()


@pytest.mark.parametrize("shape", [(0, 4, 4, 1), (4, 4, 1), (2, 4, 4, 2)])
def test_what_cannot_be_a_grid_is_refused(shape):
    with pytest.raises(InputError, match="a grid takes"):
        pixels.grid(np.zeros(shape, np.uint8))


def test_pictures_are_written_as_they_are(tmp_path):
    color = np.random.default_rng(0).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    pixels.save_png(tmp_path / "new" / "color.png", color)
    pixels.save_png(tmp_path / "gray.png", color[..., :1])
    np.testing.assert_array_equal(Image.open(tmp_path / "new" / "color.png"), color)
    np.testing.assert_array_equal(Image.open(tmp_path / "gray.png"), color[..., 0])
    pixels.save_gif(tmp_path / "both.gif", [np.full((4, 4, 1), -1.0), np.full((4, 4, 1), 1.0)], milliseconds=100)
    with Image.open(tmp_path / "both.gif") as gif:
        assert (gif.n_frames, gif.info["loop"], gif.info["duration"]) == (2, 0, 100)
    assert not list(tmp_path.rglob(".tmp*"))


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    (tmp_path / "file").write_text("old")
    with pytest.raises(RuntimeError), atomic_file(tmp_path / "file") as temporary:
        temporary.write_text("half")
        raise RuntimeError
    with pytest.raises(RuntimeError), atomic_folder(tmp_path / "folder") as temporary:
        (temporary / "part").write_text("half")
        raise RuntimeError
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "old"
