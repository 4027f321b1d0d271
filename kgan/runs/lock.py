"""One process at a time trains a run."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import filelock

from kgan.errors import RunError

NAME = ".lock"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keeps other processes from training in a run's folder, which is made if need be, until the block ends.

    The lock is the system's own, and is gone with the process that has it, whatever kills that. The same process may
    take it again inside.

    Raises:
        RunError: If another process has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / NAME, is_singleton=True)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise RunError(f"{folder} is being trained by another process; wait for it, or stop it first.") from None
    try:
        yield
    finally:
        lock.release()
