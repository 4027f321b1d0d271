"""How large a picture is, from its first bytes."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from kgan.serving.errors import ServingError
from kgan.serving.pictures import picture_size


def file_of(kind, size=(37, 21), mode="RGB", **options):
    buffer = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype="uint8")
    Image.fromarray(pixels).convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("PNG", {"mode": "P"}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True, "comment": b"\xff\xc0\x00\x11\x08\xff\xff\xff\xff", "mode": "L"}),
        ("JPEG", {"exif": b"Exif\x00\x00" + b"\xff\xc0" * 1000, "dpi": (72, 72)}),
        ("BMP", {}),
    ],
)
def test_sizes_are_read_from_the_header(kind, options):
    data = file_of(kind, **options)
    assert picture_size(data) == (21, 37)
    # Far less than the file is enough, unless a comment stands before.
    assert picture_size(data[:4000]) == (21, 37)


def test_a_bomb_is_measured_without_being_unpacked():
    header = struct.pack(">IIBBBBB", 100_000, 90_000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    assert picture_size(bomb) == (90_000, 100_000)


def test_a_bmp_stored_from_its_top_has_a_negative_height():
    data = bytearray(file_of("BMP"))
    data[22:26] = struct.pack("<i", -21)
    assert picture_size(bytes(data)) == (21, 37)


def test_a_png_whose_header_does_not_come_first_is_refused():
    # libpng passes over the unknown chunk, in which the size would be read: 1x1.
    data = file_of("PNG")
    content = b"aaAa" + struct.pack(">II", 1, 1)
    unknown = struct.pack(">I", 8) + content + struct.pack(">I", zlib.crc32(content))
    with pytest.raises(ServingError, match="PNG, JPEG or BMP"):
        picture_size(data[:8] + unknown + data[8:])
    with pytest.raises(ServingError, match="PNG, JPEG or BMP"):
        picture_size(data[:11] + b"\x0e" + data[12:])


def test_what_stands_between_the_segments_of_a_jpeg_is_passed_over():
    data = file_of("JPEG")
    for between in (bytes(1_000_000), b"\xff" * 1_000_000, b"\xff\0" * 1000, b"\xff\xd0" * 900):
        assert picture_size(data[:2] + b"\xff\x01" + between + data[2:]) == (21, 37)
        with pytest.raises(ServingError, match="cut off"):
            picture_size(data[:2] + b"\xff\x01" + between)


def test_a_jpeg_of_endless_markers_is_given_up():
    data = file_of("JPEG")
    with pytest.raises(ServingError, match="no size in its first 1000 markers"):
        picture_size(data[:2] + b"\xff\xd0" * 2000 + data[2:])


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "WEBP"])
def test_other_kinds_are_refused(kind):
    with pytest.raises(ServingError, match="PNG, JPEG or BMP"):
        picture_size(file_of(kind))


@pytest.mark.parametrize("data", [b"", b"hello", b"\x89PNG\r\n\x1a", b"GIF89a"])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(ServingError, match="PNG, JPEG or BMP"):
        picture_size(data)


@pytest.mark.parametrize(("kind", "length"), [("PNG", 20), ("JPEG", 30), ("JPEG", 3), ("BMP", 20)])
def test_files_that_are_cut_off_are_refused(kind, length):
    with pytest.raises(ServingError, match="cut off"):
        picture_size(file_of(kind)[:length])
