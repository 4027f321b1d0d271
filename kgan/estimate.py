"""The line that says what a training will cost, before its first step; `--dry-run` ends there."""

import contextlib
import contextvars
import sys
from collections.abc import Iterator

import keras
import tensorflow as tf

from kgan.adversarial import Adversarial
from kgan.cost import measure
from kgan.devices import num_replicas
from kgan.errors import InputError

_dry = contextvars.ContextVar("dry", default=False)


class DryRun(Exception):  # noqa: N818 (no error: the user asked for it)
    """What training would cost has been said, and that was all that was asked for."""


@contextlib.contextmanager
def dry_run(asked: bool) -> Iterator[None]:
    """Ends what is done within, if that is asked for, where a training would begin; nothing has been written then."""
    token = _dry.set(asked)
    try:
        with contextlib.suppress(DryRun):
            yield
    finally:
        _dry.reset(token)


def end_if_dry(
    model: keras.Model, batches: tf.data.Dataset, steps_per_epoch: int, epochs: int | None, minutes: float | None
) -> None:
    """Says what a training will cost if that is all that was asked for.

    Args:
        model: Compiled.
        batches: What it is trained on.
        steps_per_epoch: How many of them are an epoch.
        epochs: How many in all, or None.
        minutes: How many in all, or None.

    Raises:
        DryRun: If so.
        InputError: If so, and it cannot be told.
    """
    if _dry.get():
        if num_replicas() > 1:
            raise InputError("--dry-run measures a step on one device; leave --devices and TF_CONFIG out.")
        if not isinstance(model, Adversarial):
            raise InputError(f"--dry-run measures models of kgan's families; got {type(model).__name__}.")
        tell(model, batches, steps_per_epoch, epochs, minutes)
        raise DryRun


def tell(
    model: keras.Model, batches: tf.data.Dataset, steps_per_epoch: int, epochs: int | None, minutes: float | None
) -> None:
    """Says in one line what a training on one device will cost; the arguments are those of `end_if_dry`.

    Of a model that is of no kgan family it says nothing.
    """
    if not isinstance(model, Adversarial):
        return
    if num_replicas() > 1:
        print("the cost of a step is measured on one device only; see the images/s below", file=sys.stderr)
        return
    found = measure(model, next(iter(batches)))
    left = max((epochs or 0) * steps_per_epoch - int(model.optimizer.iterations.numpy()), 0)
    said = []
    if epochs:
        said.append(f"{left:,} steps, to the end of epoch {epochs}, take {_duration(left * found.step_seconds / 3600)}")
    if minutes:
        held = minutes * 60 / found.step_seconds / steps_per_epoch
        said.append(f"{minutes:g} minutes hold about {held:,.1f} epochs")
    print(f"{found}: {'; '.join(said)}", file=sys.stderr, flush=True)


def _duration(hours: float) -> str:
    if hours >= 2:
        return f"about {hours:,.1f} hours"
    minutes = 60 * hours
    return f"about {minutes:,.0f} minutes" if minutes >= 1.5 else "a minute or so"
