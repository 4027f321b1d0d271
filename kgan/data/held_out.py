"""The images that a training does not see, where a source has such."""

import os
from pathlib import Path

from kgan.data.drawn import SYNTHETIC_SEEDS, TWO_SIDED
from kgan.data.image_set import ImageSet
from kgan.data.named import splits_of
from kgan.data.sides import find_sides
from kgan.data.sources import WORLDS, as_folder, open_images
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


def has_split(name_or_path: str | os.PathLike, split: str = SPLIT) -> bool:
    """Tells whether `open_pairs` or `open_domains` finds a split of a source, apart from what is trained on.

    Args:
        name_or_path: A source of two sides that is on this machine.
        split: `"test"`, `"val"` or another that is not to train on.

    Raises:
        InputError: If there is no such source, or one of two sides of the split is missing.
    """
    folder, name = as_folder(name_or_path), str(name_or_path)
    if folder is None:
        if name in TWO_SIDED:
            return split in SYNTHETIC_SEEDS
        return {f"{split}A", f"{split}B"} <= set(splits_of(name))
    train, other = find_sides(folder, "train"), find_sides(folder, split)
    if other is None:
        return (folder / split).is_dir() and (folder / "train").is_dir()
    # Of A/ and B/ without train/ in them all is trained on, a test/ in them too.
    return train is None or train.a not in other.a.parents
