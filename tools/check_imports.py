"""Checks who imports whom, by the contracts in pyproject.toml.

import-linter reads packages as they lie on disk, but `apps/` is `kgan.apps` only once installed: so both are laid out
as installed in a temporary folder first.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> int:
    """Returns import-linter's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        for source, target in (("kgan", "kgan"), ("kgan_cli", "kgan_cli"), ("apps", "kgan/apps")):
            shutil.copytree(ROOT / source, Path(folder) / target, ignore=shutil.ignore_patterns("__pycache__"))
        linter = Path(sys.executable).with_name("lint-imports")
        command = [linter, "--config", ROOT / "pyproject.toml", "--no-cache"]
        return subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": folder}).returncode


if __name__ == "__main__":
    sys.exit(main())
