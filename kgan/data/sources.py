"""Where images come from: a name of TensorFlow Datasets, a folder, or the package's own drawing."""

import os
from pathlib import Path

import numpy as np
import tensorflow as tf

from kgan.data.decode import fit
from kgan.data.drawn import SYNTHETIC_SEEDS, TWO_SIDED
from kgan.data.folder import read_folder
from kgan.data.image_set import ImageSet
from kgan.data.named import read_named
from kgan.data.reading import Progress, ReadOptions
from kgan.data.synthetic import digits, faces
from kgan.errors import InputError, unknown_name
from kgan.pixels import to_pil

# What draws each world, and how many images it has unless told otherwise.
WORLDS = {"synthetic": (digits, 20_000), "synthetic/faces": (faces, 10_000)}


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
            - `"synthetic/faces"`: drawn anime faces, 64x64 in colour; see `kgan.data.synthetic.faces`.
            - a name of TensorFlow Datasets, such as `"mnist"` or `"cycle_gan/horse2zebra"`, prepared in TFDS_DATA_DIR
              or ~/tensorflow_datasets, or else downloaded.
        split: `"train"`, `"test"` or what else the source has; for TensorFlow Datasets also `"train[:10%]"`.
        image_size: Side of the square that images are cut to, from the middle, and resized to with antialiasing. None
            leaves them as they are, and then they must be of one size.
        channels: 1 (gray) or 3 (RGB). None: as the source has it; a folder has 1 if all files are gray.
        num_images: How many to use, from the first on; None for all (of `"synthetic"` 20,000, of
            `"synthetic/faces"` 10,000).
        skip_broken: Whether to leave out files that cannot be read, and list them in the set's `skipped`, instead of
            raising an error.
        memory_budget: Bytes that decoded images may take; a set above it stays on the disk and is decoded whenever it
            is used. None: an eighth of the machine's memory.
        progress: Called at most once a second with what is being done, how many images are done, and of how many.

    Raises:
        InputError: If there is no such set, folder or split, it cannot be downloaded, has no or too few images, images
            are broken, or they differ in size and no `image_size` is given. The message says how to mend it.
    """
    options = ReadOptions(image_size, channels, num_images, skip_broken, memory_budget, progress)
    options.check()
    folder = as_folder(name_or_path)
    if folder is not None:
        return read_folder(folder, split, options)
    if str(name_or_path).split("/")[0] == "synthetic":
        return _draw(str(name_or_path), split, options)
    return read_named(str(name_or_path), split, options)


def as_folder(name_or_path: str | os.PathLike) -> Path | None:
    """Returns the folder that is meant, there or not; None where it is a name.

    What exists as a folder is one, and so is what starts with `.`, `~` or `/`.

    Raises:
        InputError: If it is empty.
    """
    if not name_or_path:
        raise InputError("data '': give a folder of images, a name such as 'mnist', 'synthetic' or 'synthetic/faces'.")
    path = Path(name_or_path).expanduser()
    is_path = isinstance(name_or_path, os.PathLike) or path.is_dir() or name_or_path.startswith((".", "~", "/"))
    return path if is_path else None


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
        name_or_path: A name of TensorFlow Datasets such as `"mnist"`, a folder of images, `"synthetic"` or
            `"synthetic/faces"`.
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


def _draw(name: str, split: str, options: ReadOptions) -> ImageSet:
    """Draws a world's images; the splits are different worlds."""
    if name in TWO_SIDED:
        raise InputError(f"data {name!r} has two sides; open it with open_pairs or open_domains.")
    if name not in WORLDS:
        raise unknown_name("data set", name, WORLDS)
    if split not in SYNTHETIC_SEEDS:
        raise unknown_name(f"split of {name}", split, SYNTHETIC_SEEDS)
    draw, count = WORLDS[name]
    images, factors = draw(options.num_images or count, seed=SYNTHETIC_SEEDS[split])
    side, own_channels = images.shape[2:]
    size, channels = options.image_size or side, options.channels or own_channels
    if (size, channels) != (side, own_channels):
        images = np.stack([fit(to_pil(image), size, channels) for image in images])
    return ImageSet(images, name=f"{name!r}", factors=factors)
