"""Image sets from folders of picture files."""

import os
from pathlib import Path

from kgan.data.image_set import ImageSet
from kgan.data.reading import ReadOptions, read_images
from kgan.errors import InputError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif")


def read_folder(folder: Path, split: str, options: ReadOptions) -> ImageSet:
    """Reads the images in a folder and below it, ordered by their paths; hidden files and folders are left alone.

    A folder that has a subfolder named like the split is a set of splits, and only that subfolder is read; one that has
    none is all `train`. Of `num_images` the first are taken.

    Raises:
        InputError: If the folder or split is missing or has no images or fewer than `num_images`; and as `read_images`
            does.
    """
    folder = split_folder(folder, split)
    files = list_images(folder)
    if options.num_images is not None:
        if len(files) < options.num_images:
            raise InputError(f"num_images={options.num_images}: {folder} has {len(files)} images.")
        files = files[: options.num_images]
    names = [file.relative_to(folder).as_posix() for file in files]
    return read_images(files, names, str(folder), options, files=files)


def check_folder(folder: Path) -> None:
    """Raises InputError if this is no folder."""
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise InputError(f"data {str(folder)!r}: expected a folder of images, but it {what}.")


def split_folder(folder: Path, split: str) -> Path:
    """Returns the folder of a split: the subfolder of that name, or for `train` all, where there is none.

    Raises:
        InputError: If the folder or the split is missing.
    """
    check_folder(folder)
    if (folder / split).is_dir():
        return folder / split
    if split != "train":
        raise InputError(f"split={split!r}: {folder} has no subfolder of that name.")
    return folder


def list_images(folder: Path) -> list[Path]:
    """Returns the image files in a folder and below it, by suffix, ordered by path.

    Raises:
        InputError: If there are none.
    """
    files: list[Path] = []
    for parent, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [Path(parent, name) for name in names if not name.startswith(".")]
    images = sorted(file for file in files if file.suffix.lower() in SUFFIXES)
    if not images:
        other = f"; of its {len(files)} other files the first is {min(files).name}" if files else ""
        raise InputError(f"data {str(folder)!r}: no images ({', '.join(SUFFIXES)}) in the folder or below it{other}.")
    return images
