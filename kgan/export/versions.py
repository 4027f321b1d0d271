"""Names and versions, as TensorFlow Serving reads them from folders."""

import re
from pathlib import Path

from kgan.errors import InputError

# Of models and labels: parts of URLs.
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
# What TensorFlow Serving parses a version's name as.
LARGEST = 2**63 - 1


def check_name(folder: Path) -> str:
    """Returns the model's name that a folder of versions stands for.

    Raises:
        InputError: If it cannot be part of a URL as it is.
    """
    name = folder.resolve().name
    if not NAME.fullmatch(name):
        raise InputError(
            f"{folder}: the folder's name is the model's name in a URL and may have the letters a to z, digits, '.', "
            f"'_' and '-', and no '.' at the start; got {name!r}."
        )
    return name


def versions(folder: Path) -> list[int]:
    """Returns the versions that a folder holds, in order: child folders with a SavedModel whose names are int64."""
    found = (child for child in folder.iterdir() if re.fullmatch(r"[0-9]+", child.name))
    whole = [int(child.name) for child in found if (child / "saved_model.pb").is_file()]
    return sorted(version for version in whole if version <= LARGEST)


def next_version(folder: Path) -> int:
    """Returns one more than the largest version, and at least 1; all that is no int64 is none, as for the server.

    Raises:
        InputError: If there is no larger one.
    """
    names = (child.name for child in folder.iterdir())
    taken = [int(name) for name in names if re.fullmatch(r"-?[0-9]+", name)]
    newest = max((version for version in taken if version <= LARGEST), default=0)
    if newest == LARGEST:
        raise InputError(f"{folder} holds version {newest}, the largest there can be; export to another folder.")
    return max(newest, 0) + 1
