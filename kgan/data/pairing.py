"""Pairs of images from files: joined pictures, two folders whose files have the same stems, or drawn ones."""

import os
from collections.abc import Sequence
from pathlib import Path

from kgan.data.decode import Encoded, Half, Header, read_header
from kgan.data.drawn import TWO_SIDED, draw_sides
from kgan.data.folder import list_images, split_folder
from kgan.data.image_set import ImageSet
from kgan.data.jitter import Jitter
from kgan.data.pairs import PairedImages
from kgan.data.reading import Progress, ReadOptions, attempt_each, read_images
from kgan.data.sides import LAYOUTS, Sides, find_sides, stems_of
from kgan.data.sources import as_folder
from kgan.errors import InputError, unknown_name

Loaded = tuple[ImageSet, ImageSet]

INPUT_SIDES = ("left", "right")
LISTED = 3


def open_pairs(
    name_or_path: str | os.PathLike,
    *,
    split: str = "train",
    image_size: int | None = None,
    input_side: str = "left",
    channels: int | None = None,
    num_images: int | None = None,
    skip_broken: bool = False,
    memory_budget: int | None = None,
    progress: Progress | None = None,
    jitter: Jitter | None = None,
) -> PairedImages:
    """Opens pairs of images; every image is read and checked before this returns.

    Args:
        name_or_path: One of

            - a folder of joined pictures, each of two images of one size side by side, in it or in a subfolder named
              like the split;
            - a folder of two folders: `trainA/` and `trainB/`, `train/A/` and `train/B/`, `A/train/` and `B/train/`,
              or for `train` alone `A/` and `B/`. Their files belong together by path and stem: `A/sub/7.png` and
              `B/sub/7.jpg`;
            - `"synthetic/facades"`, label maps and photos, drawn; see `kgan.data.synthetic.facades`;
            - `"synthetic/horses"`, horses and zebras in the same scenes; see `kgan.data.synthetic.horses`.
        split: `"train"`, `"test"` or what else the source has.
        image_size: Side of the square that images are cut to, from the middle, and resized to. None leaves them as they
            are, and then they must be of one size; drawn ones are 64 then.
        input_side: Which side is A, what is translated: `"left"` or `"right"` of joined pictures. Of two folders and
            of drawn pairs A is the left side.
        channels: 1 (gray) or 3 (RGB), of both. None: of each as its files have it.
        num_images: How many pairs to use, from the first on; None for all (drawn: 1,000 to train with, 200 to test).
        skip_broken: Whether to leave out pairs of which a file cannot be read, and list them in `skipped`.
        memory_budget: Bytes that the decoded images of both sides may take; see `open_images`.
        progress: Called at most once a second with what is being done, how many images are done, and of how many.
        jitter: See `PairedImages`.

    Raises:
        InputError: If there is no such source, split or side; files have no partner, or two the same stem; a side is
            empty; the images of a pair differ in size; and as `open_images` does.
    """
    options = ReadOptions(image_size, channels, num_images, skip_broken, memory_budget, progress)
    options.check()
    if input_side not in INPUT_SIDES:
        raise unknown_name("input_side", input_side, INPUT_SIDES)
    folder = as_folder(name_or_path)
    if folder is None:
        name = str(name_or_path)
        if name.split("/")[0] != "synthetic":
            raise InputError(
                f"data {name!r}: no such folder; pairs come from a folder of joined pictures or of A/ and B/, or from "
                f"{' or '.join(map(repr, TWO_SIDED))}. The sets of TensorFlow Datasets have none: open_domains "
                "(kgan train cyclegan)."
            )
        a, b = draw_sides(name, split, options, paired=True)
    else:
        # Each side is held twice.
        options = options._replace(memory_budget=options.budget // 2)
        sides = find_sides(folder, split)
        a, b = _read_joined(split_folder(folder, split), options) if sides is None else _read_aligned(sides, options)
    return PairedImages(b, a, jitter) if input_side == "right" else PairedImages(a, b, jitter)


def _read_joined(folder: Path, options: ReadOptions) -> Loaded:
    files = _first(list_images(folder), str(folder), options)
    headers = attempt_each(lambda i: read_header(files[i]), list(range(len(files))), "reading headers", {}, None)
    upright = next((i for i, header in headers.items() if header.width <= header.height), None)
    if upright is not None:
        header = headers[upright]
        raise InputError(
            f"{files[upright]} is {header.width}x{header.height}, and no two images side by side; give a folder of "
            f"joined pictures, or one with {LAYOUTS}."
        )
    names = [file.relative_to(folder).as_posix() for file in files]
    halves = [[Half(file, side) for file in files] for side in INPUT_SIDES]
    return _read_both((halves[0], halves[1]), (names, names), (f"{folder} (left)", f"{folder} (right)"), options)


def _read_aligned(sides: Sides, options: ReadOptions) -> Loaded:
    stems = [_by_stem(side) for side in sides]
    _refuse_unpaired(sides, stems[0], stems[1])
    common = _first(sorted(stems[0]), f"{sides.a} and {sides.b}", options)
    files = [[side[stem] for stem in common] for side in stems]
    _refuse_unlike(files[0], files[1], options)
    root = os.path.commonpath(sides)
    names = [[file.relative_to(root).as_posix() for file in side] for side in files]
    return _read_both((files[0], files[1]), (names[0], names[1]), (str(sides.a), str(sides.b)), options)


def _by_stem(folder: Path) -> dict[str, Path]:
    """Returns the image files in a folder and below it by stem, or refuses two that differ in suffix only."""
    stems = stems_of(folder, list_images(folder))
    for same in stems.values():
        if len(same) > 1:
            raise InputError(
                f"{folder}: {same[0].name} and {same[1].name} have the same stem, and so the same partner; rename one."
            )
    return {stem: same[0] for stem, same in stems.items()}


def _first(found: list, source: str, options: ReadOptions) -> list:
    if options.num_images is not None and len(found) < options.num_images:
        raise InputError(f"num_images={options.num_images}: {source} has {len(found)} pairs.")
    return found[: options.num_images]


def _refuse_unpaired(sides: Sides, a: dict[str, Path], b: dict[str, Path]) -> None:
    missing = []
    for files, others, other in ((a, b, sides.b), (b, a, sides.a)):
        lone = [file for stem, file in files.items() if stem not in others]
        if lone:
            more = f" and {len(lone) - LISTED} more" if len(lone) > LISTED else ""
            missing.append(f"{', '.join(map(str, lone[:LISTED]))}{more} without one in {other}")
    if missing:
        raise InputError(
            f"files have no partner of the same stem: {'; '.join(missing)}; add the partners or remove the files, or "
            "have `kgan data prepare` leave them out. Domains that are no pairs: open_domains (kgan train cyclegan)."
        )


def same_shape(one: Header, other: Header) -> bool:
    """Tells whether two pictures show the same cut: equal height by width once they are of one height, to a pixel."""
    small, large = sorted((one, other), key=lambda header: header.height)
    return abs(large.width * small.height / large.height - small.width) <= 1.0


def _refuse_unlike(a: Sequence[Path], b: Sequence[Path], options: ReadOptions) -> None:
    """Refuses pairs whose parts would not lie on each other; broken files are for the reading to name."""
    both = [*a, *b]
    headers = attempt_each(lambda i: read_header(both[i]), list(range(len(both))), "reading headers", {}, None)
    for index in range(len(a)):
        one, other = headers.get(index), headers.get(len(a) + index)
        if one is None or other is None or one[:2] == other[:2]:
            continue
        sizes = f"{a[index]} is {one.width}x{one.height} and {b[index]} {other.width}x{other.height}"
        if not same_shape(one, other):
            raise InputError(f"A and B differ in shape: {sizes}; a pair needs the same cut of the same thing.")
        if options.image_size is None:
            raise InputError(f"A and B differ in size: {sizes}; give image_size (--size), to bring both to one.")


def _read_both(
    encoded: tuple[Sequence[Encoded], Sequence[Encoded]],
    names: tuple[Sequence[str], Sequence[str]],
    sources: tuple[str, str],
    options: ReadOptions,
) -> Loaded:
    """Reads both sides; where a file is broken and may be left out, so is its partner."""

    def read(rows: list[int]) -> Loaded:
        a, b = (
            read_images(
                [pictures[i] for i in rows],
                [called[i] for i in rows],
                source,
                options,
                files=[_file_of(pictures[i]) for i in rows],
            )
            for pictures, called, source in zip(encoded, names, sources, strict=True)
        )
        return a, b

    rows = list(range(len(names[0])))
    a, b = read(rows)
    if not a.skipped and not b.skipped:
        return a, b
    whole = [i for i in rows if names[0][i] not in a.skipped and names[1][i] not in b.skipped]
    if not whole:
        raise InputError(f"{sources[0]} and {sources[1]}: no pair of which both images can be read.")
    kept_a, kept_b = read(whole)
    kept_a.skipped, kept_b.skipped = a.skipped, b.skipped
    return kept_a, kept_b


def _file_of(encoded: Encoded) -> Path:
    file = encoded.joined if isinstance(encoded, Half) else encoded
    assert isinstance(file, Path)
    return file
