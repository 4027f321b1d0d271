"""Words for images, such as the colours of hair and eyes: read beside the images, counted off as conditions."""

import dataclasses
import functools
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from kgan.data.conditioned import one_hot
from kgan.data.image_set import ImageSet
from kgan.data.reading import Progress
from kgan.data.sources import open_images
from kgan.data.synthetic import FACE_TAGS, FACE_WORDS
from kgan.data.tag_table import Table, read_table
from kgan.errors import InputError

TABLE = "tags.csv"
DRAWN = "synthetic/faces"


@dataclasses.dataclass(frozen=True)
class Tags:
    """The words of images; image i has the word `attributes[name][values[name][i]]` for each attribute.

    Attributes:
        attributes: All the words of each attribute, sorted: `{"hair": ("aqua", "black"), "eyes": ("blue",)}`.
        values: Which of them each image has: int64 `(n,)` by attribute.
    """

    attributes: dict[str, tuple[str, ...]]
    values: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(next(iter(self.values.values())))

    @property
    def columns(self) -> tuple[str, ...]:
        """What the columns of `one_hot` stand for: `("hair=aqua", "hair=black", "eyes=blue")`."""
        return tuple(f"{name}={word}" for name, words in self.attributes.items() for word in words)

    def one_hot(self) -> np.ndarray:
        """Returns float32 `(n, number of all words)`: in each row a 1 for the image's word of every attribute."""
        return np.concatenate([one_hot(self.values[name], len(words)) for name, words in self.attributes.items()], 1)


def is_tagged(name_or_path: str | os.PathLike) -> bool:
    """Tells whether `open_tagged` opens this: a folder with `tags.csv` in it, a CSV file, or `"synthetic/faces"`."""
    path = Path(name_or_path).expanduser()
    return (path / TABLE).is_file() or _is_table(path) or _is_drawn(name_or_path)


def images_of(name_or_path: str | os.PathLike) -> str | os.PathLike:
    """Returns what `open_images` opens of a source: the folder that a CSV file of tags is in, or what was given."""
    path = Path(name_or_path).expanduser()
    return path.parent if _is_table(path) else name_or_path


def _is_table(path: Path) -> bool:
    return path.suffix.lower() == ".csv" and not path.is_dir()


def _is_drawn(name_or_path: str | os.PathLike) -> bool:
    # What exists as a folder is one, for `open_images` too.
    return name_or_path == DRAWN and not Path(DRAWN).is_dir()


def open_tagged(
    name_or_path: str | os.PathLike,
    *,
    split: str = "train",
    image_size: int | None = None,
    channels: int | None = None,
    num_images: int | None = None,
    skip_broken: bool = False,
    memory_budget: int | None = None,
    progress: Progress | None = None,
) -> tuple[ImageSet, Tags]:
    """Opens images that have words.

    A folder is a tagged set if it has a `tags.csv`; `kgan.data.tag_table` has its form. Each image in the folder or
    below it needs a line there: one that is left out by mistake would be missed by nobody.

    Args:
        name_or_path: A folder with `tags.csv` in it; a CSV file of that form by another name, in the images' folder;
            or `"synthetic/faces"`, drawn ones with the colours of hair and eyes.
        split: As for `open_images`, and so are those that follow. One table has the words of all splits.
        image_size: See there.
        channels: See there.
        num_images: See there.
        skip_broken: See there.
        memory_budget: See there.
        progress: See there.

    Returns:
        `(images, tags)`: row i of the tags is that of image i.

    Raises:
        InputError: If there is no table, and as `read_tags` and `open_images` do.
    """
    if not is_tagged(name_or_path):
        raise InputError(
            f"data {str(name_or_path)!r} has no tags: expected a folder with {TABLE} in it, a CSV file or {DRAWN!r}."
        )
    path = Path(name_or_path).expanduser()
    # Before the images, which take longer.
    table = None if _is_drawn(name_or_path) else read_table(path if _is_table(path) else path / TABLE)
    images = open_images(
        images_of(name_or_path),
        split=split,
        image_size=image_size,
        channels=channels,
        num_images=num_images,
        skip_broken=skip_broken,
        memory_budget=memory_budget,
        progress=progress,
    )
    if table is None:
        return images, Tags({name: FACE_WORDS[name] for name in FACE_TAGS}, {n: images.factors[n] for n in FACE_TAGS})
    return images, _align(table, images)


def read_tags(path: str | os.PathLike, images: ImageSet | Sequence[str | os.PathLike]) -> Tags:
    """Reads the words of images from a table; `kgan.data.tag_table` has its form.

    The table may have lines for more images than these, such as those of another split; their words count among
    `attributes`, so that these are the same for every part of a set.

    Args:
        path: The CSV file.
        images: An image set that was read from files, or the files' paths.

    Returns:
        The tags of the images, in their order.

    Raises:
        InputError: If the table is missing or not of this form, names a file that does not exist or one twice, with the
            number of the line; or if images have no line in it.
    """
    return _align(read_table(path), images)


def _align(table: Table, images: ImageSet | Sequence[str | os.PathLike]) -> Tags:
    """Returns the tags that a table has for images; see `read_tags`."""
    if isinstance(images, ImageSet):
        if images.files is None:
            raise InputError(f"{table.path} has tags of files, and {images.name} is not a set of picture files.")
        images = images.files
    named = _places(table.path.parent / file for file in table.files)
    wanted = _places(images)
    rows = _rows_by_place(table, named, frozenset(wanted))
    _refuse_untagged(
        table, [file for file, place in zip(images, wanted, strict=True) if place not in rows], len(wanted)
    )
    chosen = [rows[place] for place in wanted]
    attributes, values = {}, {}
    for name, column in zip(table.names, zip(*table.words, strict=True), strict=True):
        words, which = np.unique(column, return_inverse=True)
        attributes[name] = tuple(words.tolist())
        values[name] = which[chosen].astype(np.int64)
    return Tags(attributes, values)


def _places(files: Iterable[str | os.PathLike]) -> list[Path]:
    """Returns where files are, absolute, so that two ways to write a path are the same; links to files are kept."""
    resolve = functools.cache(Path.resolve)
    return [resolve(Path(file).parent) / Path(file).name for file in files]


def _rows_by_place(table: Table, named: Sequence[Path], wanted: frozenset[Path]) -> dict[Path, int]:
    """Returns the row of each file that the table names, once it is sure that each is there and named once."""
    rows: dict[Path, int] = {}
    for row, place in enumerate(named):
        if place in rows:
            first = table.lines[rows[place]]
            raise InputError(f"{table.where(row)}: {table.files[row]!r} has a line already, line {first}; remove one.")
        rows[place] = row
    # Where none fits, the table is that of other images, and whether those exist is beside the point.
    if not wanted.isdisjoint(rows):
        for place, row in rows.items():
            if place not in wanted and not place.exists():
                folder = table.path.parent
                raise InputError(
                    f"{table.where(row)}: {table.files[row]!r} does not exist in {folder}; remove the line."
                )
    return rows


def _refuse_untagged(table: Table, untagged: Sequence[str | os.PathLike], count: int) -> None:
    if not untagged:
        return
    if len(untagged) == count:
        raise InputError(
            f"{table.path} has the tags of other images: none of the {count} images, such as {str(untagged[0])!r}, "
            f"is among its {len(table.files)}, such as {table.files[0]!r}; it needs their paths from the folder that "
            "it is in."
        )
    raise InputError(
        f"{len(untagged)} of {count} images have no line in {table.path}, the first of them {str(untagged[0])!r}; "
        "add the lines or move the images to another folder."
    )
