"""The images that a training does not see, where a source has such."""

import os
from pathlib import Path

from kgan.data.drawn import SYNTHETIC_SEEDS
from kgan.data.image_set import ImageSet
from kgan.data.named import splits_of
from kgan.data.sources import WORLDS, open_images
from kgan.data.tags import images_of

SPLIT = "test"


def open_held_out(
    name_or_path: str | os.PathLike, like: ImageSet, *, split: str = SPLIT, skip_broken: bool = False
) -> ImageSet | None:
    """Opens a source's held-out split at the size and channels of its training images; None if it has no such split.

    A folder has one only if `train` and the split are both subfolders of it: otherwise all of it is trained on.

    Args:
        name_or_path: What the training images were opened from; see `open_images` and `open_tagged`.
        like: The training images.
        split: The held-out split's name.
        skip_broken: Whether to leave out files that cannot be read.

    Raises:
        InputError: As `open_images` does.
    """
    name_or_path = images_of(name_or_path)
    path = Path(name_or_path).expanduser()
    if path.is_dir():
        there = (path / split).is_dir() and (path / "train").is_dir()
    elif name_or_path in WORLDS:
        there = split in SYNTHETIC_SEEDS
    else:
        there = split in splits_of(str(name_or_path))
    if not there:
        return None
    height, width, channels = like.image_shape
    size = height if height == width else None
    return open_images(name_or_path, split=split, image_size=size, channels=channels, skip_broken=skip_broken)
