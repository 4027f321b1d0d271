"""Where a folder keeps the images of its two domains, A and B."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from kgan.data.folder import check_folder
from kgan.errors import InputError

LAYOUTS = "trainA/ and trainB/, train/A/ and train/B/, A/train/ and B/train/, or A/ and B/"


class Sides(NamedTuple):
    """The folders of domain A and domain B."""

    a: Path
    b: Path


def find_sides(folder: Path, split: str) -> Sides | None:
    """Finds the two folders of a split; None if this is no folder of two domains.

    Looked for, in this order: `trainA` and `trainB`, as CycleGAN's sets have them; `train/A` and `train/B`; `A/train`
    and `B/train`, as pix2pix's have them; and, for `train` alone, `A` and `B`, whose images are then all of them.

    Raises:
        InputError: If `folder` does not exist or is a file, or if one of two such folders is there without the other.
    """
    check_folder(folder)
    layouts = [(f"{split}A", f"{split}B"), (f"{split}/A", f"{split}/B"), (f"A/{split}", f"B/{split}")]
    if split == "train":
        layouts.append(("A", "B"))
    half_found = None
    for names in layouts:
        sides = Sides(folder / names[0], folder / names[1])
        there = [side.is_dir() for side in sides]
        if all(there):
            return sides
        if any(there) and half_found is None:
            half_found = sides[there.index(True)], sides[there.index(False)]
    if half_found:
        raise InputError(f"{half_found[0]} is there, but {half_found[1]}, for the other side, is not; add it.")
    return None


def stems_of(folder: Path, files: Iterable[Path]) -> dict[str, list[Path]]:
    """Returns the files by their path from the folder without suffix; those of the other side are told by it."""
    stems: dict[str, list[Path]] = {}
    for file in files:
        stems.setdefault(file.relative_to(folder).with_suffix("").as_posix(), []).append(file)
    return stems
