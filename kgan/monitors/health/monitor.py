"""`HealthMonitor`: the callback."""

import collections
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import keras

from kgan.adversarial import Adversarial
from kgan.errors import InputError
from kgan.monitors.health.alarms import Alarm, Look, Watch, showing
from kgan.monitors.health.chosen import Images, choose, shape_of
from kgan.monitors.health.journal import Journal
from kgan.monitors.health.probe import Probe
from kgan.monitors.health.signals import Signals
from kgan.monitors.health.step_losses import StepLosses
from kgan.monitors.health.symptoms import DIVERGING, LEAPS, NOT_A_NUMBER, Symptom
from kgan.monitors.health.views import check_watchable

# Fewer steps, or less time, say nothing about where a training goes.
STEPS_BETWEEN_LOOKS = 50
SECONDS_BETWEEN_LOOKS = 5.0
# Seconds that looks may take beyond their share, so that they are frequent in the first minutes, when most goes wrong.
CREDIT = 3.0
TINY = 1e-9


class HealthMonitor(keras.callbacks.Callback):
    """Watches a training, names what is wrong with it and the one thing to try.

    From time to time it looks at the critic's logits on real, held-out and generated images, at the samples' diversity
    and their distance from real images, at the gradients, at how far the weights moved and at their largest singular
    values (`Signals`); losses it sees at every step. It raises an alarm, once, for

    - not a number: NaN or infinity in losses, weights or samples;
    - the generator stands still, the critic stands still: weights that are not trained;
    - diverging: the critic's loss leaps, or the weights grow at once;
    - the critic does not learn: samples are far from real images and it cannot tell;
    - the critic has won: it tells all samples from real images, and they do not get better;
    - samples are collapsing: they differ far less from one another than real images do;
    - the critic is memorising: it knows training images from held-out ones.

    A model that translates both ways plays two games, one in each domain; an alarm that is raised in one alone says in
    which.

    Looking changes nothing: a training has the same weights with the monitor and without. A critic with BatchNorm is
    looked at with its moving statistics, as `evaluate` does.

    Args:
        real: Training images.
        held_out: Images of the same kind that are not trained on; without them memorising goes unseen.
        path: A file for every look and alarm, JSON lines; a resumed training goes on with it.
        num_images: Images a look takes of each kind; of pairs and domains above 64x64 fewer, 32 at least.
        share: The share of the training's time that looks may take, in (0, 1], 3 seconds for the start aside.
        say: What is called with each alarm's text; by default it is printed on stderr.
        clock: Seconds that never jump.

    Raises:
        InputError: If there are fewer than two images of a kind, they differ in shape, or `share` makes no sense; when
            training begins, if the model is no `kgan.Adversarial`, or translates and `real` is not of two domains.
    """

    def __init__(
        self,
        real: Images,
        held_out: Images | None = None,
        path: str | os.PathLike | None = None,
        num_images: int = 128,
        share: float = 0.015,
        say: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        if not 0 < share <= 1 or num_images < 2:
            raise InputError(f"expected share in (0, 1] and num_images >= 2; got {share} and {num_images}.")
        self.real = choose(real, num_images, "real")
        self.held_out = None if held_out is None else choose(held_out, num_images, "held_out")
        if self.held_out is not None and shape_of(self.held_out) != shape_of(self.real):
            raise InputError(
                f"held_out must be of the training images' shape {shape_of(self.real)}; got {shape_of(self.held_out)}."
            )
        self.share = share
        self.say = say or _print
        self.clock = clock
        self.journal = Journal(path)
        self.watch = Watch()
        self.losses = StepLosses()
        self.alarms: list[Alarm] = []
        self.costs: collections.deque[float] = collections.deque(maxlen=5)
        self.spent = 0.0
        self.step = self.epoch_start = 0
        self.started = self.sitting = self.began = self.last_end = self.first_cost = self.cost = 0.0
        self.probe: Probe | None = None
        self.last: Look = ()

    def on_train_begin(self, logs: Any = None) -> None:
        """Takes the first look, which later ones are compared with; goes on where an earlier sitting stopped."""
        if self.probe is not None and self.probe.model is self.model:
            return
        if not isinstance(self.model, Adversarial):
            raise InputError(f"HealthMonitor watches a kgan.Adversarial; got a {type(self.model).__name__}.")
        check_watchable(self.model, self.real)
        self.step = self.epoch_start = int(self.model.optimizer.iterations.numpy())
        self.alarms, seconds = self.journal.resume(self.step)
        self.sitting = self.clock()
        self.started = self.sitting - seconds
        self.probe = Probe(self.model, self.real, self.held_out)
        self.losses.names = self.probe.critic_terms()
        self._look(self.probe)
        # The first look also prepares what the later ones find ready, and so tells nothing of their cost.
        self.costs.clear()
        self.first_cost, self.spent = self.spent, 0.0
        self.began = self.clock()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Notes where the epoch starts."""
        self.epoch_start = self.step
        self.losses.start_epoch()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Reads the losses; looks when it is time, or at once when the losses alone call for an alarm."""
        self.step = self.epoch_start + batch + 1
        self.losses.update(batch + 1, self.step, logs or {})
        if self.probe is not None and (self._urgent() or self._due()):
            self._look(self.probe)

    def on_train_end(self, logs: Any = None) -> None:
        """Notes what looking has cost, as a share of the time."""
        self.cost = (self.first_cost + self.spent) / max(self.clock() - self.sitting, TINY)

    def summary(self) -> str:
        """Returns one line: whether there was an alarm, and which, and what looking has cost."""
        said = "; ".join(f"{alarm.name} (step {alarm.step:,})" for alarm in self.alarms) or "no alarm"
        return f"health: {said} in {self.step:,} steps; looking took {self.cost:.1%} of the time"

    def _urgent(self) -> bool:
        """Tells whether the losses show what no alarm has been raised for."""
        return (bool(self.losses.not_finite) and NOT_A_NUMBER not in self.watch.lasting) or (
            self.losses.leaps >= LEAPS and DIVERGING not in self.watch.lasting
        )

    def _due(self) -> bool:
        """Tells whether there is something new to see, and another look, as dear as the last ones, is affordable."""
        if self.last and self.step - self.last[0].step < STEPS_BETWEEN_LOOKS:
            return False
        now = self.clock()
        cost = statistics.median(self.costs) if self.costs else 0.0
        return now - self.last_end >= SECONDS_BETWEEN_LOOKS and self.spent + cost <= CREDIT + self.share * (
            now - self.began
        )

    def _look(self, probe: Probe) -> None:
        start = self.clock()
        now = tuple(
            Signals(
                step=self.step,
                seconds=start - self.started,
                worst_loss=self.losses.worst,
                leaps=self.losses.leaps,
                **seen,
            )
            for seen in probe.look(self.losses.not_finite)
        )
        self.losses.forget()
        for signals in now:
            self.journal.write("look", signals)
        raised, over = self.watch.update(now, self.last)
        for symptom in raised:
            self._raise(symptom, now)
        for symptom in over:
            self.journal.write("over", {"name": symptom.name, "step": self.step, "seconds": now[0].seconds})
            self.say(f"health, {_clock_time(now[0].seconds)}, step {self.step:,}: over: {symptom.name}")
        self.last, self.last_end = now, self.clock()
        self.costs.append(self.last_end - start)
        self.spent += self.last_end - start

    def _raise(self, symptom: Symptom, now: Look) -> None:
        ill = showing(symptom, now, self.last)
        where = f"in domain {ill[0].domain} " if len(ill) < len(now) else ""
        words = where + symptom.words(ill[0])
        alarm = Alarm(symptom.name, self.step, now[0].seconds, words, symptom.advice(self.model))
        self.alarms.append(alarm)
        self.journal.write("alarm", alarm)
        self.say(f"health, {_clock_time(alarm.seconds)}, step {self.step:,}: {alarm}")


def _clock_time(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _print(text: str) -> None:
    # On a terminal the line at hand is the progress of the training.
    print(("\r\033[K" if sys.stderr.isatty() else "") + text, file=sys.stderr, flush=True)
