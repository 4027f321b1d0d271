"""Digests of what defines an extractor's features, so that two scores can be told to be comparable."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from kgan.metrics.features.preprocessing import PREPROCESSING


def digest_of_arrays(recipe: str, arrays: Mapping[str, np.ndarray]) -> str:
    """Returns the SHA-256, in hex, of how images are prepared, what is computed, and the weights.

    Args:
        recipe: The computation's name and version.
        arrays: The weights by name; names, shapes and float32 values count, the order does not.
    """
    digest = _start(recipe)
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array, "<f4").tobytes())
    return digest.hexdigest()


def digest_of_files(recipe: str, path: Path) -> str:
    """Returns the SHA-256, in hex, of how images are prepared, what is computed, and a file or all files of a folder.

    Files of a folder count with their names in it; the folder's own name does not.
    """
    digest = _start(recipe)
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    for file in files:
        digest.update(f"{file.relative_to(path).as_posix()} {file.stat().st_size}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _start(recipe: str) -> "hashlib._Hash":
    return hashlib.sha256(f"{PREPROCESSING}\n{recipe}\n".encode())
