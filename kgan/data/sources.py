"""Where images come from: a name of TensorFlow Datasets, a folder, or the package's own drawing."""

import os
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from kgan.data.decode import fit
from kgan.data.folder import read_folder
from kgan.data.image_set import ImageSet
from kgan.data.named import read_named
from kgan.data.reading import Progress, ReadOptions
from kgan.data.synthetic import digits
from kgan.errors import InputError, unknown_name

SYNTHETIC_SEEDS = {"train": 0, "test": 1}
SYNTHETIC_IMAGES = 20_000


def open_images(
    name_or_path: str | os.PathLike,
    *,
    split: str = "train",
    image_size: int | None = None,
    channels: int | None = None,
    num_images: int | None = None,
    skip_broken: bool = False,
    memory_budget: int | None = None,
    progress: Progress | None = None,
) -> ImageSet:
    """Opens an image set; every image is read and checked before this returns.

    Args:
        name_or_path: One of

            - a folder: images in it and below it (PNG, JPEG, WebP, BMP, a GIF's first frame), ordered by path. What
              exists as a folder is one, and so is what starts with `.`, `~` or `/`. A subfolder named like the split
              is read by itself, where there is one.
            - `"synthetic"`: drawn digits, 28x28, with known factors; see `kgan.data.synthetic.digits`.
            - a name of TensorFlow Datasets, such as `"mnist"` or `"cycle_gan/horse2zebra"`, prepared in TFDS_DATA_DIR
              or ~/tensorflow_datasets, or else downloaded.
        split: `"train"`, `"test"` or what else the source has; for TensorFlow Datasets also `"train[:10%]"`.
        image_size: Side of the square that images are cut to, from the middle, and resized to with antialiasing. None
            leaves them as they are, and then they must be of one size.
        channels: 1 (gray) or 3 (RGB). None: as the source has it; a folder has 1 if all files are gray.
        num_images: How many to use, from the first on; None for all (of `"synthetic"`: 20,000).
        skip_broken: Whether to leave out files that cannot be read, and list them in the set's `skipped`, instead of
            raising an error.
        memory_budget: Bytes that decoded images may take; a set above it stays on the disk and is decoded whenever it
            is used. None: an eighth of the machine's memory.
        progress: Called at most once a second with what is being done, how many images are done, and of how many.

    Raises:
        InputError: If there is no such set, folder or split, it cannot be downloaded, has no or too few images, images
            are broken, or they differ in size and no `image_size` is given. The message says how to mend it.
    """
    for argument, value in (("image_size", image_size), ("num_images", num_images)):
        if value is not None and value < 1:
            raise InputError(f"{argument}={value}: expected at least 1.")
    if channels not in (None, 1, 3):
        raise InputError(f"channels={channels}: expected 1 (gray) or 3 (RGB).")
    options = ReadOptions(image_size, channels, num_images, skip_broken, memory_budget, progress)
    if not name_or_path:
        raise InputError("data '': give a folder of images, a name such as 'mnist', or 'synthetic'.")
    path = Path(name_or_path).expanduser()
    if isinstance(name_or_path, os.PathLike) or path.is_dir() or name_or_path.startswith((".", "~", "/")):
        return read_folder(path, split, options)
    if name_or_path == "synthetic":
        return _draw(split, options)
    return read_named(name_or_path, split, options)


def load(
    name_or_path: str | os.PathLike,
    *,
    batch_size: int = 64,
    split: str = "train",
    image_size: int | None = None,
    channels: int | None = None,
    num_images: int | None = None,
    skip_broken: bool = False,
    shuffle: bool = True,
    flip: bool = False,
    seed: int = 0,
    start: int = 0,
    repeat: bool = False,
) -> tf.data.Dataset:
    """Loads images as batches for training: float32 `(batch_size, height, width, channels)` in [-1, 1].

    Short for `open_images(...).batches(...)`; their docstrings have the details.

    Args:
        name_or_path: A name of TensorFlow Datasets such as `"mnist"`, a folder of images, or `"synthetic"`.
        batch_size: Images a batch; every batch is full.
        split: The part of the set, such as `"train"` or `"test"`.
        image_size: Side of the square to cut and resize images to; None leaves them as they are.
        channels: 1 or 3; None as the source has it.
        num_images: How many to use, from the first on; None for all.
        skip_broken: Whether to leave out files that cannot be read.
        shuffle: Whether each epoch has an order of its own, made from `seed` and the epoch's number.
        flip: Whether to mirror images left to right at random.
        seed: Of order and flips.
        start: How many batches have been used before, where a training is resumed.
        repeat: Whether to go on without end; otherwise each iteration is one epoch, the next one the next.

    Raises:
        InputError: As `open_images` and `ImageSet.batches` do.
    """
    images = open_images(
        name_or_path,
        split=split,
        image_size=image_size,
        channels=channels,
        num_images=num_images,
        skip_broken=skip_broken,
    )
    return images.batches(batch_size, shuffle=shuffle, flip=flip, seed=seed, start=start, repeat=repeat)


def _draw(split: str, options: ReadOptions) -> ImageSet:
    """Draws digits; `train` and `test` are different worlds."""
    if split not in SYNTHETIC_SEEDS:
        raise unknown_name("split of synthetic", split, SYNTHETIC_SEEDS)
    images, factors = digits(options.num_images or SYNTHETIC_IMAGES, seed=SYNTHETIC_SEEDS[split])
    size, channels = options.image_size, options.channels or 1
    if (size or images.shape[1]) != images.shape[1] or channels != 1:
        images = np.stack([fit(Image.fromarray(image[..., 0]), size, channels) for image in images])
    return ImageSet(images, name="'synthetic'", factors=factors)
