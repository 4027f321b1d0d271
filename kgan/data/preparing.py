"""`kgan data prepare`: a clean copy of a folder of images, that `kgan data check` finds nothing wrong with."""

import csv
import hashlib
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from kgan.data.checking import Report, check
from kgan.data.decode import read_pixels
from kgan.data.facts import Facts
from kgan.data.pairing import same_shape
from kgan.data.reading import Progress
from kgan.errors import InputError
from kgan.files import atomic_file

# Says what a folder is being prepared from, so that it can be gone on with; hidden, so that it is read as no data.
MARK = ".kgan-prepare.json"
TABLE = "prepared.csv"
# What is mended; everything else that is wrong is left out.
MENDED = ("alpha",)


class Outcome(NamedTuple):
    """What became of a file.

    Attributes:
        file: Which, from the folder it was in.
        outcome: `"copied"`, byte by byte, `"changed"`, or `"left out"`.
        why: What was changed, or why it was left out.
        written: Its path in the new folder; empty if it was left out.
    """

    file: str
    outcome: str
    why: str
    written: str


def prepare(
    folder: str | os.PathLike,
    out: str | os.PathLike,
    *,
    size: int | None = None,
    paired: bool | None = None,
    ignore: Collection[str] = (),
    progress: Progress | None = None,
) -> list[Outcome]:
    """Writes a clean copy of a folder of images, laid out as it is; the folder itself is only read.

    What `check` finds broken, tiny, gray, duplicate, near, unpaired or unlike is left out, of a pair both images.
    Transparency is laid on white. With `size`, images become squares of that side, and pairs that differ in size only
    are kept. What need not be changed is copied byte by byte, what is changed is PNG.

    Each file is written whole or not at all. Called again with the same arguments it goes on where it was stopped. At
    the end `prepared.csv` in the new folder says of each file what became of it.

    Args:
        folder: See `check`.
        out: The folder to write: a new one, an empty one, or one that an earlier call with the same arguments began.
        size: Side of the squares to cut, from the middle, and resize images to; None leaves them as they are. Not for
            joined pairs.
        paired: See `check`; False also says that images twice as wide as high are no joined pairs.
        ignore: Kinds of findings to let be: such images are kept as they are.
        progress: See `open_images`.

    Returns:
        What became of each file, by path.

    Raises:
        InputError: If `out` holds anything else, lies in `folder` or the other way round, no image would be left,
            joined pairs would be cut, and as `check` does.
    """
    folder, out = Path(folder).expanduser(), Path(out).expanduser()
    _refuse_nested(folder, out)
    report = check(folder, size=size, paired=paired, ignore=ignore, progress=progress)
    if size is not None and paired is not False:
        _refuse_joined(report, size)
    left_out = _left_out(report, size)
    kept = [file for file in report.facts if file not in left_out]
    if not kept:
        raise InputError(f"{folder}: all {len(report.facts)} images would be left out; see `kgan data check {folder}`.")
    _claim(out, folder, list(report.facts), {"size": size, "paired": paired, "ignore": sorted(ignore)})
    alone = Counter(_stem(file) for file in kept)
    outcomes = [Outcome(file, "left out", why, "") for file, why in left_out.items()]
    told = time.monotonic()
    for done, file in enumerate(kept):
        outcomes.append(_write(folder, out, file, report.facts[file], size, ignore, alone[_stem(file)] == 1))
        if progress and time.monotonic() - told >= 1:
            told = time.monotonic()
            progress("writing", done, len(kept))
    outcomes.sort()
    with atomic_file(out / TABLE) as path, path.open("w", newline="", encoding="utf-8") as table:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(Outcome._fields)
        writer.writerows(outcomes)
    return outcomes


def _stem(file: str) -> str:
    return Path(file).with_suffix("").as_posix()


def _refuse_nested(folder: Path, out: Path) -> None:
    source, target = folder.resolve(), out.resolve()
    if source == target or source in target.parents or target in source.parents:
        raise InputError(
            f"{out} and {folder} lie in one another; give a folder apart, since the source stays as it is."
        )


def _refuse_joined(report: Report, size: int) -> None:
    known = [facts for facts in report.facts.values() if facts]
    if known and report.paired is None and all(facts.width == 2 * facts.height for facts in known):
        raise InputError(
            f"{report.folder}: all images are twice as wide as high, as joined pairs are, and squares of {size} would "
            "be cut across both. Leave out --size (size), for kgan train pix2pix resizes them; if they are no pairs, "
            "say --unpaired (paired=False)."
        )


def _left_out(report: Report, size: int | None) -> dict[str, str]:
    """Returns why files are left out; what is wrong with one image of a pair takes the other along."""
    pairs = [item for item in report.items if len(item) == 2]
    partners = {file: other for a, b in pairs for file, other in ((a, b), (b, a))}
    reasons: dict[str, str] = {}
    for finding in report.findings:
        if finding.kind in MENDED:
            continue
        partner = partners.get(finding.file)
        if finding.kind == "unlike" and size is not None and partner is not None:
            one, other = report.facts[finding.file], report.facts[partner]
            assert one is not None and other is not None
            if same_shape(one.header, other.header):
                continue
        reasons.setdefault(finding.file, f"{finding.kind}: {finding.detail}")
        if partner is not None:
            reasons.setdefault(partner, f"{finding.kind}: its partner {finding.file} {finding.detail}")
    return reasons


def _claim(out: Path, folder: Path, files: list[str], options: dict[str, object]) -> None:
    """Makes sure that a folder is new or was begun from the same files in the same way, and says so in it."""
    stamp = hashlib.blake2b(digest_size=16)
    for file in files:
        state = (folder / file).stat()
        stamp.update(f"{file}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    claim = {"folder": str(folder.resolve()), "files": stamp.hexdigest(), **options}
    mark = out / MARK
    if mark.exists():
        if json.loads(mark.read_text()) != claim:
            raise InputError(
                f"{out} was begun from other images or with other options, or its images have changed since; remove it "
                "or give a new folder."
            )
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} exists and is not empty; give a new folder.")
    with atomic_file(mark) as path:
        path.write_text(json.dumps(claim))


def _write(
    folder: Path, out: Path, file: str, facts: Facts | None, size: int | None, ignore: Collection[str], alone: bool
) -> Outcome:
    """Writes one image unless it is there already; `alone` says that no other kept one has its path without suffix."""
    assert facts is not None
    changes = ["transparency laid on white"] if facts.alpha and "alpha" not in ignore else []
    if size is not None and (facts.height, facts.width) != (size, size):
        changes.append(f"{facts.width}x{facts.height} cut and resized to {size}x{size}")
    path = Path(file)
    if changes:
        path = path.with_suffix(".png") if alone else path.with_name(f"{path.stem}-{path.suffix[1:]}.png")
    target = out / path
    if not target.exists():
        with atomic_file(target) as temporary:
            if changes:
                _change(folder / file, temporary, size)
            else:
                shutil.copyfile(folder / file, temporary)
    return Outcome(file, "changed" if changes else "copied", ", ".join(changes), path.as_posix())


def _change(source: Path, target: Path, size: int | None) -> None:
    pixels = read_pixels(source, size, 3)
    # What is stored as gray stays so, as an image set of gray files has one channel.
    gray = bool(np.array_equal(pixels[..., 0], pixels[..., 1]) and np.array_equal(pixels[..., 1], pixels[..., 2]))
    Image.fromarray(pixels[..., 0] if gray else pixels).save(target, format="PNG")
