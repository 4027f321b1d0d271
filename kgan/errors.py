"""The errors that a user can mend; the command line prints them as one line, without a traceback."""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Something the caller gave cannot be used. The message names it, says what was expected and how to mend it."""


class RunError(InputError):
    """A run folder is missing, is no run, is in use, or was made by a newer kgan."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> InputError:
    """Returns the error for a name that is not among `known`, with the nearest names first.

    Args:
        kind: What is named, in the singular: `"loss"`, `"app"`, `"data set"`.
        name: The name that was given.
        known: All the names that would have done.
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(repr(n) for n in near)}?" if near else f"known: {', '.join(names)}."
    return InputError(f"unknown {kind} {name!r}; {hint}")
