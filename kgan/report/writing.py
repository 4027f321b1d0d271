"""Writing reports of run folders."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kgan.data import ImageSet
from kgan.files import atomic_file
from kgan.report.comparison import comparison_page
from kgan.report.record import read
from kgan.report.run_page import run_page

Folder = str | os.PathLike[str]


def write(
    run: Folder,
    out: Folder | None = None,
    *,
    defaults: Mapping[str, Any] | None = None,
    neighbours: bool = True,
    images: ImageSet | None = None,
) -> Path:
    """Writes the report of a run and returns its path.

    Args:
        run: The run's folder; its training may still go on.
        out: The file; by default `report.html` in the run's folder.
        defaults: Of the app's options, as `defaults_of(train)` returns them; None if they are not known.
        neighbours: Whether samples are shown beside the training images nearest to them, which takes the model and the
            data; why they are not is said in the report.
        images: The training images, if they are open already; otherwise they are opened as the options say.

    Raises:
        RunError: If it is no run, it has nothing to report yet, or a file of it is damaged.
    """
    record = read(run)
    return _save(run_page(record, defaults, neighbours, images), Path(out) if out else record.run.path / "report.html")


def write_comparison(
    runs: Sequence[Folder], out: Folder, *, defaults: Sequence[Mapping[str, Any] | None] | None = None
) -> Path:
    """Writes a page that compares runs and returns its path.

    Args:
        runs: The runs' folders, two to eight.
        out: The file.
        defaults: Of each run's app, as `defaults_of(train)` returns them; None where they are not known.

    Raises:
        InputError: If there are more or fewer, or one of them twice.
        RunError: As `write` does.
    """
    records = [read(run) for run in runs]
    return _save(comparison_page(records, defaults or [None] * len(records)), Path(out))


def _save(page: str, path: Path) -> Path:
    with atomic_file(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return path
