"""What the networks that halve and double a picture share: how large their feature maps are, and how many channels."""

from kgan.errors import InputError

SIZES = range(16, 129)


def sizes(image_shape: tuple[int, int, int]) -> list[int]:
    """Returns the sides of the feature maps, picture first, each half the one before, rounded up: 28, 14, 7.

    Args:
        image_shape: `(size, size, channels)`, size 16 to 128, channels 1 or 3.

    Raises:
        InputError: If the shape is another one.
    """
    if len(image_shape) != 3 or image_shape[0] != image_shape[1] or image_shape[0] not in SIZES:
        raise InputError(
            f"these networks are for square images of {SIZES[0]} to {SIZES[-1]} pixels; got {image_shape}."
        )
    if image_shape[2] not in (1, 3):
        raise InputError(f"these networks are for images of 1 or 3 channels; got {image_shape[2]}.")
    sides = [image_shape[0]]
    while sides[-1] > 7:
        sides.append((sides[-1] + 1) // 2)
    return sides


def widths(width: int, max_width: int, count: int) -> list[int]:
    """Returns `count` numbers of channels: `width`, twice as many at each halving, `max_width` at most.

    Raises:
        InputError: If these are not positive, or `max_width` is the smaller.
    """
    if width < 1 or max_width < width:
        raise InputError(f"width must be at least 1 and at most max_width; got {width} and {max_width}.")
    return [min(width * 2**index, max_width) for index in range(count)]
