"""history.csv, the losses of each epoch, over several sittings of a training."""

import contextlib
import csv
from collections.abc import Iterator
from pathlib import Path

import keras

from kgan.files import atomic_file


def trim(path: Path, epochs: int) -> None:
    """Drops the rows of epochs that will be trained again; without any, the file."""
    if not path.exists():
        return
    with path.open(newline="") as file:
        header, *rows = list(csv.reader(file)) or [[]]
    # A full disk may have cut the last row short, or the header.
    kept = [row for row in rows if len(row) == len(header) and row[0].isdigit() and int(row[0]) < epochs]
    if not kept:
        path.unlink()
        return
    with atomic_file(path) as temporary, temporary.open("w", newline="") as file:
        csv.writer(file).writerows([header, *kept])


@contextlib.contextmanager
def closing(history: keras.callbacks.CSVLogger) -> Iterator[None]:
    """Closes the file that Keras leaves open when training ends by an exception."""
    try:
        yield
    finally:
        if history.csv_file is not None:
            history.csv_file.close()
