"""`kgan data check`: what is wrong with a folder of images, file by file, before a training finds out."""

import dataclasses
import os
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import numpy as np

from kgan.data.duplicates import find_twins
from kgan.data.facts import Facts, read_facts
from kgan.data.folder import check_folder
from kgan.data.layout import files_by_part, items_of, look_paired
from kgan.data.reading import Progress
from kgan.errors import InputError, unknown_name

# What is looked for, and what to do about it.
FIXES = {
    "broken": "save it anew from its source, or remove it",
    "tiny": "replace it by a larger one, or remove it; enlarged it would teach blur",
    "gray": "replace it by one in colour, or remove it; or make all of them gray",
    "alpha": "lay it on the background you want; training lays it on white",
    "duplicate": "remove it",
    "near": "remove it, unless it is meant to be there",
    "unpaired": "add its partner, or remove it",
    "unlike": "bring both to one size, cut alike, or remove them",
}
# Without a size asked for, tiny is what has a shorter side below this share of the usual one.
TINY = 0.5


class Finding(NamedTuple):
    """Something wrong with a file.

    Attributes:
        kind: A key of `FIXES`.
        file: Which, from the folder that was checked.
        detail: What is wrong with it.
    """

    kind: str
    file: str
    detail: str


@dataclasses.dataclass(frozen=True)
class Report:
    """What a check found.

    Attributes:
        folder: What was checked.
        counts: How many images each part has, by `"train"`, `"trainA"` and so on.
        paired: Whether A and B were taken for pairs; None where there are no sides.
        findings: What is wrong, by kind and file.
        items: What belongs together: the paths, from the folder, of one image, or of both of a pair.
        facts: What is known of each file; None of broken ones.
    """

    folder: Path
    counts: dict[str, int]
    paired: bool | None
    findings: tuple[Finding, ...]
    items: tuple[tuple[str, ...], ...]
    facts: dict[str, Facts | None]

    @property
    def bad_files(self) -> int:
        """How many files have something wrong with them."""
        return len({finding.file for finding in self.findings})


def check(
    folder: str | os.PathLike,
    *,
    size: int | None = None,
    paired: bool | None = None,
    ignore: Collection[str] = (),
    progress: Progress | None = None,
) -> Report:
    """Looks at every image in a folder and below it, and names those that something is wrong with.

    - `broken`: it cannot be decoded.
    - `tiny`: its shorter side is below `size`.
    - `gray`: it has no colour where most others of its side have.
    - `alpha`: it has transparency, which training has to fill with something.
    - `duplicate`: another has the very same pixels, in whatever format; also across train and test, and of an image in
      both it is the one in train that is named. Of pairs both images have to be the same.
    - `near`: another looks the same when both are made small, as one saved anew or in another size does.
    - `unpaired`: it has no partner of the same stem on the other side.
    - `unlike`: it and its partner differ in size.

    Args:
        folder: With images in it and below; or with splits (`train`, `test`, `val`), sides (`A`, `B`) or both, laid out
            as `open_pairs` and `open_domains` read them.
        size: Side that you mean to train at. None: half of the median of the shorter sides of those not tiny.
        paired: Whether A and B are pairs. None: if at least half of the stems on the smaller side have a partner.
        ignore: Kinds not to look for.
        progress: See `open_images`.

    Raises:
        InputError: If there is no such folder, no image in it, one of two sides is missing, or there is no such kind.
    """
    folder = Path(folder).expanduser()
    check_folder(folder)
    for kind in ignore:
        if kind not in FIXES:
            raise unknown_name("kind", kind, FIXES)
    if size is not None and size < 1:
        raise InputError(f"size={size}: expected at least 1.")
    parts = files_by_part(folder)
    files = sorted(file for found in parts.values() for file in found)
    looks, reasons = read_facts(files, progress)
    facts = dict(zip(files, looks, strict=True))
    sides = any(part.side for part in parts)
    if paired is None and sides:
        paired = look_paired(parts)
    items, lone = items_of(parts, bool(paired and sides))
    found: list[tuple[str, Path, str]] = [("broken", files[i], reason) for i, reason in reasons.items()]
    found += _tiny(facts, size)
    found += [("alpha", file, "has transparency") for file, known in facts.items() if known and known.alpha]
    for group in parts.values():
        found += _gray(group, facts)
    found += lone
    found += _unlike(items, facts)
    # What is left out anyway is no reason to leave out another.
    bad = {file for kind, file, _ in found if kind not in (*ignore, "alpha", "unlike")}
    found += _twins([item for item in items if bad.isdisjoint(item)], facts, folder, ignore, progress)
    kinds = list(FIXES)
    named = sorted(
        (Finding(kind, _relative(file, folder), detail) for kind, file, detail in found if kind not in ignore),
        key=lambda finding: (kinds.index(finding.kind), finding.file),
    )
    return Report(
        folder,
        {part.split + part.side: len(group) for part, group in parts.items()},
        paired if sides else None,
        tuple(named),
        tuple(tuple(_relative(file, folder) for file in item) for item in items),
        {_relative(file, folder): known for file, known in facts.items()},
    )


def _relative(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix()


def _tiny(facts: dict[Path, Facts | None], size: int | None) -> list[tuple[str, Path, str]]:
    sides = np.array([min(known.height, known.width) for known in facts.values() if known])
    least = float(size or 0)
    if size is None:
        # Until none is tiny beside those that are left.
        while len(sides) and (half := TINY * float(np.median(sides))) > least:
            least, sides = half, sides[sides >= half]
    return [
        ("tiny", file, f"is {known.width}x{known.height}, below {least:g}")
        for file, known in facts.items()
        if known and min(known.height, known.width) < least
    ]


def _gray(files: list[Path], facts: dict[Path, Facts | None]) -> list[tuple[str, Path, str]]:
    known = {file: look for file in files if (look := facts[file])}
    gray = [file for file, look in known.items() if look.colourless]
    if 2 * len(gray) >= len(known):
        return []
    return [("gray", file, f"has no colour, and {len(known) - len(gray)} others have") for file in gray]


def _unlike(items: list[tuple[Path, ...]], facts: dict[Path, Facts | None]) -> list[tuple[str, Path, str]]:
    found = []
    for item in items:
        looks = [facts[file] for file in item]
        if len(item) == 2 and looks[0] and looks[1] and looks[0].header[:2] != looks[1].header[:2]:
            a, b = (f"{look.width}x{look.height}" for look in looks if look)
            found.append(("unlike", item[0], f"is {a}, and its partner {item[1].name} is {b}"))
    return found


def _twins(
    items: list[tuple[Path, ...]],
    facts: dict[Path, Facts | None],
    folder: Path,
    ignore: Collection[str],
    progress: Progress | None,
) -> list[tuple[str, Path, str]]:
    found = []
    for count in (1, 2):
        known = {item: [look for file in item if (look := facts[file])] for item in items if len(item) == count}
        whole = [item for item, looks in known.items() if len(looks) == count]
        for twin in find_twins([known[item] for item in whole], "near" not in ignore, progress):
            item, earlier = whole[twin.item], whole[twin.earlier]
            same = "has the pixels of" if twin.exact else "looks the same as"
            partners = ", and so do their partners" if count == 2 else ""
            detail = f"{same} {_relative(earlier[0], folder)}{partners}"
            found.append(("duplicate" if twin.exact else "near", item[0], detail))
    return found
