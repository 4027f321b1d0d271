"""The parts of a folder of images, its splits and sides, and what belongs together in them."""

from pathlib import Path
from typing import NamedTuple

from kgan.data.folder import list_images
from kgan.data.sides import find_sides, stems_of

Parts = dict["Part", list[Path]]
# Held-out splits first: of an image that is in train and in test it is the one in train that is out of place.
SPLITS = ("test", "val", "valid", "validation", "train")


class Part(NamedTuple):
    """A split of a folder, or one side of it.

    Attributes:
        split: Its name.
        side: `"A"`, `"B"`, or an empty string.
        folder: Where it is.
    """

    split: str
    side: str
    folder: Path


def find_parts(folder: Path) -> list[Part]:
    """Returns the splits and sides of a folder, held-out splits first; one of the name `train` if it has none.

    Raises:
        InputError: If one of two sides is missing.
    """
    parts = []
    for split in SPLITS:
        sides = find_sides(folder, split)
        if sides is not None:
            parts += [Part(split, side, place) for side, place in zip("AB", sides, strict=True)]
        elif (folder / split).is_dir():
            parts.append(Part(split, "", folder / split))
    return parts or [Part("train", "", folder)]


def files_by_part(folder: Path) -> Parts:
    """Returns the images of each part, and those that are in none."""
    every = list_images(folder)
    parts = {part: list_images(part.folder) for part in find_parts(folder)}
    seen = {file for files in parts.values() for file in files}
    elsewhere = [file for file in every if file not in seen]
    return parts | ({Part("elsewhere", "", folder): elsewhere} if elsewhere else {})


def look_paired(parts: Parts) -> bool:
    """Tells whether at least half of the stems on the smaller sides are on the other side as well."""
    common = smaller = 0
    for part, files in parts.items():
        if part.side == "A":
            other = next(p for p in parts if p.split == part.split and p.side == "B")
            a, b = stems_of(part.folder, files), stems_of(other.folder, parts[other])
            common += len(a.keys() & b.keys())
            smaller += min(len(a), len(b))
    return 2 * common >= smaller


def items_of(parts: Parts, paired: bool) -> tuple[list[tuple[Path, ...]], list[tuple[str, Path, str]]]:
    """Returns what belongs together, and the findings on files whose partners are missing or not clear."""
    items: list[tuple[Path, ...]] = []
    lone: list[tuple[str, Path, str]] = []
    for part, files in parts.items():
        if not (paired and part.side):
            items += [(file,) for file in files]
        elif part.side == "A":
            other = next(p for p in parts if p.split == part.split and p.side == "B")
            a, b = stems_of(part.folder, files), stems_of(other.folder, parts[other])
            items += [(a[stem][0], b[stem][0]) for stem in sorted(a.keys() & b.keys())]
            for mine, others, place in ((a, b, other.folder), (b, a, part.folder)):
                for stem, same in mine.items():
                    if stem not in others:
                        lone += [("unpaired", file, f"has no partner of its stem in {place.name}/") for file in same]
                    else:
                        lone += [("unpaired", file, f"has the stem of {same[0].name}") for file in same[1:]]
    return items, lone
