"""Drawn faces as files: pictures and a table of tags, the form in which people keep their own."""

import csv
import os
from pathlib import Path

from PIL import Image

from kgan.data.synthetic.faces import faces
from kgan.data.synthetic.faces_colours import FACE_TAGS, FACE_WORDS
from kgan.errors import InputError
from kgan.files import atomic_folder


def write_faces(folder: str | os.PathLike, num_images: int, seed: int = 0) -> Path:
    """Writes drawn faces as a folder of tagged images, for what takes such to be tried offline.

    The folder gets `faces/000000.png` and so on, the images of `faces(num_images, seed)`, and `tags.csv`, which says
    the hair's and the eyes' colour of each: `file,hair,eyes`, then rows such as `faces/000000.png,blonde,pink`.

    Args:
        folder: The folder to make.
        num_images: How many.
        seed: Which world.

    Returns:
        The folder.

    Raises:
        InputError: If the folder exists, or `num_images` is not positive.
    """
    folder = Path(folder).expanduser()
    if folder.exists():
        raise InputError(f"folder {str(folder)!r} exists; give a new one.")
    images, factors = faces(num_images, seed)
    names = [f"faces/{index:06}.png" for index in range(num_images)]
    words = [[FACE_WORDS[tag][value] for value in factors[tag]] for tag in FACE_TAGS]
    with atomic_folder(folder) as new:
        (new / "faces").mkdir()
        for name, image in zip(names, images, strict=True):
            Image.fromarray(image).save(new / name)
        with (new / "tags.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["file", *FACE_TAGS])
            writer.writerows(zip(names, *words, strict=True))
    return folder
