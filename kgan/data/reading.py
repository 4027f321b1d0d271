"""Many encoded pictures to one image set: all checked before the first is used, and held in memory where they fit."""

import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from PIL import UnidentifiedImageError

from kgan.data.decode import Encoded, Header, read_header, read_pixels
from kgan.data.image_set import ImageSet
from kgan.data.lazy import LazyImages
from kgan.errors import InputError

PART = 32

T = TypeVar("T")
Shape = tuple[int, int, int]
Progress = Callable[[str, int, int], None]


def default_memory_budget() -> int:
    """Returns the bytes that decoded images may take unless told otherwise: an eighth of the machine's memory.

    Training holds them twice, as an array and as a tensor; that makes a quarter.
    """
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 8


class ReadOptions(NamedTuple):
    """What `open_images` was asked for, in the words of its docstring."""

    image_size: int | None = None
    channels: int | None = None
    num_images: int | None = None
    skip_broken: bool = False
    memory_budget: int | None = None
    progress: Progress | None = None

    def check(self) -> None:
        """Raises InputError if a number makes no sense."""
        for argument, value in (("image_size", self.image_size), ("num_images", self.num_images)):
            if value is not None and value < 1:
                raise InputError(f"{argument}={value}: expected at least 1.")
        if self.channels not in (None, 1, 3):
            raise InputError(f"channels={self.channels}: expected 1 (gray) or 3 (RGB).")

    @property
    def budget(self) -> int:
        """Bytes that decoded images may take."""
        return default_memory_budget() if self.memory_budget is None else self.memory_budget


def read_images(
    encoded: Sequence[Encoded],
    names: Sequence[str],
    source: str,
    options: ReadOptions,
    *,
    shape: Shape | None = None,
    factors: Mapping[str, np.ndarray] | None = None,
    files: Sequence[Path] | None = None,
) -> ImageSet:
    """Checks and decodes pictures.

    Args:
        encoded: The picture files by path, or their bytes.
        names: What messages call each.
        source: What messages call the whole.
        options: Size, channels and so on; `num_images` has no meaning here.
        shape: The decoded shape where it is known; otherwise the pictures' headers tell.
        factors: What is known of each picture.
        files: The file of each, where each has one.

    Raises:
        InputError: If pictures cannot be read and `skip_broken` is not set, if none can, or if they differ in size
            and no `image_size` is given.
    """
    broken: dict[int, Exception] = {}
    whole = list(range(len(encoded)))
    if shape is None:
        headers = attempt_each(lambda i: read_header(encoded[i]), whole, "reading headers", broken, options.progress)
        whole = list(headers)
        # Unless none is left to go on with, so that the message can name the broken ones all at once.
        _refuse_broken(broken, names, source, skip=True)
        shape = _common_shape(headers, names, source, options)
    fits = len(whole) * math.prod(shape) <= options.budget
    images = np.empty((len(encoded), *shape), np.uint8) if fits else None

    def check(index: int) -> None:
        pixels = read_pixels(encoded[index], options.image_size, shape[-1])
        if pixels.shape != shape:
            raise ValueError(f"has shape {pixels.shape} where {shape} was expected")
        if images is not None:
            images[index] = pixels

    whole = list(attempt_each(check, whole, "decoding", broken, options.progress))
    _refuse_broken(broken, names, source, skip=options.skip_broken)
    if images is None:
        kept: np.ndarray | LazyImages = LazyImages(encoded, whole, shape, options.image_size)
    else:
        kept = images[whole] if broken else images
    return ImageSet(
        kept,
        name=source,
        factors={name: values[whole] for name, values in (factors or {}).items()},
        skipped={names[i]: reason_of(broken[i]) for i in sorted(broken)},
        files=None if files is None else [files[i] for i in whole],
    )


def attempt_each(
    task: Callable[[int], T], indices: list[int], doing: str, broken: dict[int, Exception], progress: Progress | None
) -> dict[int, T]:
    """Returns `task(index)` by index, run by all cores; where it raises, the error goes to `broken`."""
    results: dict[int, T] = {}

    def attempt(some: list[int]) -> None:
        for index in some:
            try:
                results[index] = task(index)
            except Exception as error:  # noqa: PERF203 - Pillow raises nearly anything on a damaged file, one by one.
                broken[index] = error

    told = time.monotonic()
    # A few at a time, since handing one over to a thread takes half as long as decoding a small picture.
    parts = [indices[first : first + PART] for first in range(0, len(indices), PART)]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for done, _ in enumerate(threads.map(attempt, parts), start=1):
            if progress and time.monotonic() - told >= 1:
                told = time.monotonic()
                progress(doing, min(done * PART, len(indices)), len(indices))
    return dict(sorted(results.items()))


def reason_of(error: Exception) -> str:
    """Returns what a message says of why a picture cannot be read."""
    if isinstance(error, UnidentifiedImageError):
        return "no image, or damaged"
    return " ".join(str(error).split()) or type(error).__name__


def _refuse_broken(broken: Mapping[int, Exception], names: Sequence[str], source: str, *, skip: bool) -> None:
    none_left = len(broken) == len(names)
    if not broken or (skip and not none_left):
        return
    first = [f"{names[i]} ({reason_of(broken[i])})" for i in sorted(broken)[:3]]
    more = f" and {len(broken) - 3} more" if len(broken) > 3 else ""
    fix = (
        "give other images"
        if none_left
        else "mend or remove them, or leave them out with --skip-broken (skip_broken=True)"
    )
    raise InputError(
        f"{len(broken)} of {len(names)} images of {source} cannot be read: {', '.join(first)}{more}; {fix}."
    )


def _common_shape(headers: Mapping[int, Header], names: Sequence[str], source: str, options: ReadOptions) -> Shape:
    """Returns what the pictures decode to."""
    channels = options.channels or (1 if all(header.gray for header in headers.values()) else 3)
    if options.image_size is not None:
        return options.image_size, options.image_size, channels
    first, *others = headers
    for other in others:
        if headers[other][:2] != headers[first][:2]:
            sizes = [f"{names[i]} is {headers[i].width}x{headers[i].height}" for i in (first, other)]
            raise InputError(
                f"the images of {source} differ in size: {sizes[0]} and {sizes[1]}; "
                "give image_size (--size), such as 64, to bring them to squares of one size."
            )
    return headers[first].height, headers[first].width, channels
