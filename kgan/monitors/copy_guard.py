"""`CopyGuard`: stops a training that hands out its training images."""

import sys
from typing import Any

import keras

from kgan.data import ImageSet
from kgan.errors import InputError
from kgan.evaluation import draw
from kgan.metrics.memorisation import CopyDetector, Memorisation
from kgan.monitors.allowance import Allowance


class CopyGuard(keras.callbacks.Callback):
    """After epochs looks for copies of training images among samples; when it finds them, training stops.

    Few pictures and many epochs end there, and a score such as the Frechet distance only gets better by it. Given to
    `ScoreMonitor` as its guard, no model that copies is kept as the best. What counts as a copy, and how seldom an
    alarm is false (1 in 10,000), see `kgan.metrics.memorisation.CopyDetector`. In the epoch's logs is `copies`, the
    share of samples that are as near to a training image as a copy.

    It draws the same seeds every time, and takes nothing of the training's own noise.

    Args:
        train: The training images, at least 10.
        held_out: Others of their kind, to calibrate on; without them on training images, each against the others.
        num_images: Samples looked at.
        share: The share of the training's time that this may take, in (0, 1]; an epoch that comes before it can be
            afforded goes unseen, unless it is the last.

    Attributes:
        found: What was found last, or None.

    Raises:
        InputError: If a number makes no sense, or there are too few images; when training begins, if the model does
            not sample.
    """

    def __init__(
        self, train: ImageSet, held_out: ImageSet | None = None, num_images: int = 500, share: float = 0.1
    ) -> None:
        super().__init__()
        if num_images < 1 or not 0.0 < share <= 1.0:
            raise InputError(f"expected num_images >= 1 and share in (0, 1]; got {num_images} and {share}.")
        self.num_images = num_images
        self.allowance = Allowance(share)
        self.found: Memorisation | None = None
        self._detector = CopyDetector(train.images, None if held_out is None else held_out.images)

    @property
    def alarmed(self) -> bool:
        """Whether the last look found copying."""
        return self.found is not None and self.found.alarm

    def on_train_begin(self, logs: Any = None) -> None:
        """Starts the clock.

        Raises:
            InputError: If the model does not sample.
        """
        if not hasattr(self.model, "sample"):
            raise InputError(f"CopyGuard looks at samples, and {type(self.model).__name__} does not make any.")
        self.allowance.start()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks, if it can be afforded; on an alarm says so and ends the training."""
        last = self.model.stop_training or epoch + 1 == self.params["epochs"]
        if not last and not self.allowance.affordable():
            return
        with self.allowance.spending():
            self.found = self._detector(draw(self.model, self.num_images))
        if logs is not None:
            logs["copies"] = self.found.score
        if self.found.alarm:
            print(f"training stops after epoch {epoch + 1}: {self.found.describe()}", file=sys.stderr)
            self.model.stop_training = True
