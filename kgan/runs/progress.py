"""The line that shows how a training is getting on."""

import sys
import time
from typing import Any

import keras

from kgan.runs.checkpoints import Progress


class ProgressLine(keras.callbacks.Callback):
    """One line, kept up to date on a terminal; elsewhere written anew twice a minute and after every epoch."""

    def __init__(self, batch_size: int, per_epoch: int, epochs: int | None, minutes: float | None, done: Progress):
        super().__init__()
        self.batch_size = batch_size
        self.per_epoch = per_epoch
        self.epochs = epochs
        self.minutes = minutes
        self.step = self.epoch_start = done.step
        self.seconds_before = done.seconds
        self.started = self.last_shown = time.monotonic()
        # Speed counts from the end of the first step, which compiles the graph.
        self.first_step = done.step + 1
        self.first_step_end = float("inf")
        self.epoch = 0
        self.live = sys.stderr.isatty()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Notes where the epoch starts."""
        self.epoch, self.epoch_start = epoch, self.step

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Shows the line when it is due."""
        self.step = self.epoch_start + batch + 1
        self.first_step_end = min(self.first_step_end, time.monotonic())
        due = 0.5 if self.live else 30.0
        if time.monotonic() - self.last_shown >= due:
            self._show(logs or {})

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Leaves the epoch's line standing."""
        self._show(logs or {}, final=True)

    def _show(self, logs: dict[str, float], final: bool = False) -> None:
        now = time.monotonic()
        self.last_shown = now
        speed = (self.step - self.first_step) * self.batch_size / max(now - self.first_step_end, 1e-9)
        into = self.step - self.epoch * self.per_epoch
        parts = [
            f"epoch {self.epoch + 1}" + (f"/{self.epochs}" if self.epochs else ""),
            f"step {into}/{self.per_epoch}",
            f"{speed:,.0f} images/s",
            *(f"{name} {value:.3f}" for name, value in logs.items()),
            self._clock(now - self.started + self.seconds_before, speed),
        ]
        text = "  ".join(parts)
        end = "\n" if final or not self.live else ""
        print(("\r\033[K" if self.live else "") + text, end=end, file=sys.stderr, flush=True)

    def _clock(self, seconds: float, speed: float) -> str:
        """Returns the time trained, and what is left of the budget."""
        left = []
        if self.minutes:
            left.append(self.minutes * 60 - seconds)
        if self.epochs and speed:
            left.append((self.epochs * self.per_epoch - self.step) * self.batch_size / speed)
        return _minutes(seconds) + (f", {_minutes(max(min(left), 0))} left" if left else "")


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
