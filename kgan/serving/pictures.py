"""How large the picture in a file is, from its first bytes: nothing is decoded."""

import re
import struct

from kgan.serving.errors import invalid

# With the beginning of the header: libpng passes over unknown chunks before it, and what stands in the header's place
# could be taken for another size.
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
# Markers of a JPEG file: frames (SOF), of which DHT, JPG and DAC are none, and those that have no length.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
BARE = frozenset({0x01, *range(0xD0, 0xD9)})
# As libjpeg does: what stands between segments is skipped, and a marker may follow several 0xFF.
MARKER = re.compile(rb"\xff([^\x00\xff])")
# Before the size. Photos have dozens; each takes a turn of a loop, during which no other request is answered.
MOST_MARKERS = 1000


def picture_size(data: bytes) -> tuple[int, int]:
    """Returns the height and width in pixels of a PNG, JPEG or BMP file.

    GIF is refused: a small file can hold any number of frames, all of which are unpacked before the first is used.

    Args:
        data: The file, or as much of it as holds its header.

    Raises:
        ServingError: INVALID_ARGUMENT if it is none of these, or cut off.
    """
    try:
        if data.startswith(PNG):
            width, height = struct.unpack_from(">II", data, 16)
        elif data.startswith(b"\xff\xd8\xff"):
            height, width = _jpeg_size(data)
        elif data.startswith(b"BM"):
            width, height = struct.unpack_from("<ii", data, 18)
        else:
            raise invalid("Expected the bytes of a PNG, JPEG or BMP file")
    except (struct.error, IndexError):
        raise invalid("The picture's file is cut off") from None
    # A BMP that is stored from its top has a negative height.
    return abs(height), abs(width)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    for _ in range(MOST_MARKERS):
        found = MARKER.search(data, at)
        if found is None:
            raise IndexError
        marker, at = found[1][0], found.end()
        if marker in FRAMES:
            return struct.unpack_from(">HH", data, at + 3)
        if marker not in BARE:
            at += struct.unpack_from(">H", data, at)[0]
    raise invalid(f"The JPEG file says no size in its first {MOST_MARKERS} markers")
