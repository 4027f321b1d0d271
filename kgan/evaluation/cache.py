"""Features of real images, kept between evaluations: ~/.cache/kgan/features/."""

import hashlib
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from kgan.evaluation.sample import Sample
from kgan.files import atomic_file

# Larger ones, such as the pixels of large pictures, are made anew.
LARGEST = 1 << 28
Note = Callable[[str], None]


def cache_folder() -> Path:
    """Returns where features are kept: KGAN_CACHE, XDG_CACHE_HOME/kgan or ~/.cache/kgan, and `features` in it."""
    own = os.environ.get("KGAN_CACHE")
    shared = os.environ.get("XDG_CACHE_HOME")
    base = Path(own) if own else Path(shared or Path.home() / ".cache") / "kgan"
    return base.expanduser() / "features"


def cached(
    extractor_digest: str, data_digest: str, indices: np.ndarray, make: Callable[[], Sample], note: Note
) -> Sample:
    """Returns the features of some images of a set, from the cache if it has them.

    Args:
        extractor_digest: Of the extractor.
        data_digest: Of the split of the set.
        indices: Of the images in it, which a split, a number and a seed come down to.
        make: Computes the features.
        note: Told of a damaged file, which is replaced, and of a folder that cannot be written, which is no error.
    """
    chosen = np.ascontiguousarray(indices, "<i8").tobytes()
    key = hashlib.sha256(f"1 {extractor_digest} {data_digest} ".encode() + chosen).hexdigest()
    path = cache_folder() / f"{key}.npz"
    sample = _read(path, len(indices), note)
    if sample is None:
        sample = make()
        if sample.values.nbytes <= LARGEST:
            _write(path, sample, note)
    return sample


def _read(path: Path, count: int, note: Note) -> Sample | None:
    try:
        # np.load by path forgets to close a file that is no archive.
        with path.open("rb") as file, np.load(file) as arrays:
            sample = Sample(arrays["values"], arrays.get("probabilities"))
        if len(sample) != count or not np.isfinite(sample.values).all():
            raise ValueError("it holds something else")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        note(f"the cached features {path} cannot be read ({error}); they are computed anew")
        return None
    return sample


def _write(path: Path, sample: Sample, note: Note) -> None:
    arrays: dict[str, Any] = {"values": sample.values}
    if sample.probabilities is not None:
        arrays["probabilities"] = sample.probabilities
    try:
        with atomic_file(path) as temporary:
            np.savez(temporary, **arrays)
    except OSError as error:
        note(f"real features are not kept for the next time, as {path.parent} cannot be written ({error.strerror})")
