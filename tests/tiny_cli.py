"""The command line in this process, on next to nothing: for scripts that tests run in processes of their own."""

import importlib
import sys

import kgan
import kgan_cli
from kgan.data import synthetic


def kgan_(*words):
    """Does what `kgan` does with these words; returns the exit code."""
    sys.argv = ["kgan", *map(str, words)]
    try:
        kgan_cli.main()
    except SystemExit as ended:
        return ended.code or 0


def draw_few():
    """Makes `--data synthetic` 40 digits."""
    kgan.data.sources.WORLDS["synthetic"] = (synthetic.digits, 40)


def publish_unchecked():
    """Leaves out what a fresh process is asked, where publishing is not what is tested."""
    # `kgan.export` is the function.
    importlib.import_module("kgan.export.exporting")._check = lambda folder, cases: None
