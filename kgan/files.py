"""Writing files so that a crash, a kill or a full disk leaves the old one whole."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path


def temporary_sibling(path: Path) -> Path:
    """Returns a hidden name beside `path`, on the same file system, of this process alone."""
    return path.with_name(f".tmp-{os.getpid()}-{path.name}")


@contextlib.contextmanager
def atomic_file(path: str | os.PathLike) -> Iterator[Path]:
    """Gives a temporary path to write to; on a clean exit it becomes `path` in one step, on an error it is removed."""
    path = Path(path)
    # A folder of its own, for where memory is short, Keras puts a file of its own beside the model that it writes.
    folder = temporary_sibling(path)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder / path.name
        flush_to_disk(folder / path.name)
        (folder / path.name).replace(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def atomic_folder(path: str | os.PathLike) -> Iterator[Path]:
    """Gives a temporary folder to fill; on a clean exit it is renamed to `path`, which must not exist by then."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_sibling(path)
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        yield temporary
        for file in temporary.rglob("*"):
            if file.is_file():
                flush_to_disk(file)
        temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_leftovers(folder: Path) -> None:
    """Removes what killed processes have left half written in a folder and in the folders in it.

    What living ones are about to write goes too, so nobody else may be writing there.
    """
    for leftover in [*folder.glob(".tmp-*"), *folder.glob("*/.tmp-*")]:
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def flush_to_disk(path: Path) -> None:
    """Asks the system to put a written file on the disk, so that a rename never outruns its content."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
