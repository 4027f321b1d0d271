"""`kgan report`: a run, or several compared."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kgan import report
from kgan.errors import InputError
from kgan.runs import Run
from kgan_cli import catalogue
from kgan_cli.failures import say

COMPARISON = Path("compare.html")


def write_report(runs: Sequence[Path], out: Path | None, neighbours: bool = True) -> Path:
    """Writes the report of a run, or the comparison of several, and returns the file.

    Args:
        runs: The runs' folders.
        out: The file; by default `report.html` in the run's folder, or `compare.html` here.
        neighbours: Whether samples are shown beside the nearest training images; a comparison does not show them.

    Raises:
        InputError: If `out` is a folder; as `kgan.report.write` and `kgan.report.write_comparison` do.
    """
    if out is not None and out.is_dir():
        raise InputError(f"--out {out} is a folder; name the file: --out {out / 'report.html'}")
    defaults = [_defaults(path) for path in runs]
    if len(runs) > 1:
        return report.write_comparison(runs, out or COMPARISON, defaults=defaults)
    return report.write(runs[0], out, defaults=defaults[0], neighbours=neighbours)


def _defaults(path: Path) -> dict[str, Any] | None:
    """Returns the defaults of the app that a run is of; says why, where they cannot be had."""
    app = Run.open(path).app
    try:
        return report.defaults_of(catalogue.load(app).train)
    except InputError as error:
        say(f"{path}: no defaults to compare its options with: {error}")
        return None
