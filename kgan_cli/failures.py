"""What the command line says of errors."""

import errno
import sys


def explain(error: Exception) -> int | None:
    """Prints one line on an error that the user can mend and returns the exit code; None if it is none of these."""
    # Only a command that imported kgan can have raised its errors.
    from kgan.errors import InputError
    from kgan.export import ExportError
    from kgan.runs import Interrupted

    if isinstance(error, Interrupted):
        say(f"stopped at step {error.step}, all of it saved; go on with: kgan resume {error.run.path}")
        return 128 + error.signal_number
    if isinstance(error, (InputError, ExportError)):
        say(f"error: {error}")
        return 1
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        say(
            f"error: the disk is full ({error}); what was saved before is whole: free some space, then kgan resume RUN."
        )
        return 1
    if isinstance(error, (PermissionError, FileNotFoundError, IsADirectoryError, NotADirectoryError)):
        say(f"error: {error.strerror}: {error.filename}")
        return 1
    return None


def say(text: str) -> None:
    """Prints to stderr."""
    print(text, file=sys.stderr, flush=True)
