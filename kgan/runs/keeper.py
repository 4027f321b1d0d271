"""`Keeper`: checkpoints while a training goes on, and its end when its time is up or it is told to stop."""

import contextlib
import signal
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import keras

from kgan.devices import apart
from kgan.runs import checkpoints
from kgan.runs.checkpoints import Progress
from kgan.runs.folder import Run
from kgan.workers import is_chief, largest

CHECKPOINT_SECONDS = 60.0


class Interrupted(Exception):  # noqa: N818 (no error: the user asked for it)
    """Training was stopped by SIGINT or SIGTERM; a checkpoint has been written.

    Attributes:
        signal_number: Which signal.
        run: The run to resume.
        step: The step it stands at.
    """

    def __init__(self, signal_number: int, run: Run, step: int):
        super().__init__(f"stopped at step {step}")
        self.signal_number = signal_number
        self.run = run
        self.step = step


class Keeper(keras.callbacks.Callback):
    """Saves a checkpoint after every epoch, every minute and on a signal, and ends training when its time is up.

    Of several workers the chief saves and looks at the clock, and all end at the same step.
    """

    def __init__(self, run: Run, done: Progress, minutes: float | None):
        super().__init__()
        self.run = run
        self.step = self.epoch_start = done.step
        self.budget = float("inf") if minutes is None else minutes * 60
        # The monotonic clock, which does not jump when the machine's date is set.
        self.started = time.monotonic() - done.seconds
        self.last_save = time.monotonic()
        self.signal_number: int | None = None

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Lets SIGINT and SIGTERM end training after the step at hand; a second one ends it at once."""

        def note(number: int, frame: Any) -> None:
            signal.signal(number, signal.default_int_handler)
            self.signal_number = number

        former = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)

    def stop_if_told(self) -> None:
        """Ends training if there was a signal, at any worker; what it was doing must be saved by then.

        Raises:
            Interrupted: If there was one.
        """
        # All have said that it is saved by then, and may be started again at once.
        (number,) = largest([self.signal_number or 0])
        if number:
            raise Interrupted(number, self.run, self.step)

    def save(self) -> None:
        """Writes a checkpoint of the model as it stands."""
        if not is_chief():
            return
        progress = Progress(self.step, time.monotonic() - self.started)
        self.run.standing = apart(partial(checkpoints.save, self.run.checkpoints, self.model, progress))
        self.last_save = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Notes the step that batches count from."""
        self.epoch_start = self.step

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Counts, saves, stops."""
        self.step = self.epoch_start + batch + 1
        now = time.monotonic()
        over = is_chief() and now - self.started >= self.budget
        signal_number, stop = largest([self.signal_number or 0, self.model.stop_training or over])
        if stop:
            self.model.stop_training = True
        # A checkpoint at an epoch's last step says that the epoch is over: its row, picture and score come first.
        elif batch + 1 < self.params["steps"] and (signal_number or now - self.last_save >= CHECKPOINT_SECONDS):
            self.save()
            if signal_number:
                self.stop_if_told()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Saves, stops; what a callback of the chief has ended ends on all workers."""
        self.save()
        self.model.stop_training = bool(*largest([self.model.stop_training]))
        self.stop_if_told()
