"""The `kgan` command.

A package beside kgan, not in it: `import kgan` imports TensorFlow, so that Keras knows kgan's classes when it reads a
file, while `kgan --help` must answer at once. Every command imports what it needs when it runs.
"""

import sys

from kgan_cli.app import app
from kgan_cli.failures import explain

__all__ = ["app", "main"]


def main() -> None:
    """Runs the command line; a mistake that the user can mend is one line on stderr and exit code 1 or 2."""
    try:
        app()
    except Exception as error:
        code = explain(error)
        if code is None:
            raise
        sys.exit(code)
