"""What `HealthMonitor` says of spoilt and of healthy trainings: the dcgan app's recipe on MNIST, spoilt one by one.

    python benchmarks/health.py [--minutes 2] [--only "NaN planted" "seed 3"] [--out FOLDER]

A spoilt training ends at its first alarm, a healthy one after its minutes. Seconds are of the wall clock, so a busy
machine trains fewer steps; both are printed, and the share of the time that the looks took. With --out the looks
themselves are kept, a file for each training.
"""

import argparse
import dataclasses
import inspect
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import kgan
from kgan.apps import dcgan as app
from kgan.monitors.health import HealthMonitor

NAN_STEP = 200
DEFAULTS = {name: parameter.default for name, parameter in inspect.signature(app.train).parameters.items()}


def build(**options) -> kgan.GAN:
    """Returns the app's model, some of its options changed."""
    options = {name: DEFAULTS[name] for name in inspect.signature(app.build).parameters if name in DEFAULTS} | options
    keras.utils.set_random_seed(options["seed"])
    return app.build((28, 28, 1), **options)


def with_rules(model: kgan.GAN, **changes) -> kgan.GAN:
    """Returns the model compiled anew, some arguments changed; `critic_rate` and `generator_rate` are factors."""
    optimizers = {
        "generator_optimizer": model.generator_optimizer,
        "discriminator_optimizer": model.discriminator_optimizer,
    }
    rates = {"generator_optimizer": "generator_rate", "discriminator_optimizer": "critic_rate"}
    for name, optimizer in optimizers.items():
        config = optimizer.get_config()
        config["learning_rate"] = float(optimizer.learning_rate.numpy()) * changes.pop(rates[name], 1.0)
        optimizers[name] = type(optimizer).from_config(config)
    rules = {
        "loss": model.adversarial_loss,
        "penalty": [*model.penalties, *model.constraints],
        "critic_steps": model.critic_steps,
    }
    model.compile(**optimizers, **(rules | changes))
    return model


@dataclasses.dataclass(frozen=True)
class Case:
    """A training and the alarms that would be right, none for a healthy one."""

    make: Callable[[], kgan.GAN]
    right: tuple[str, ...] = ()
    batches: int = 1
    images: int | None = None
    plant: bool = False


RATE = DEFAULTS["learning_rate"]
SPOILT = {
    "learning rate x 20": Case(lambda: build(learning_rate=20 * RATE), ("diverging",)),
    "no critic updates": Case(lambda: with_rules(build(), critic_rate=0.0), ("the critic stands still",)),
    "critic's rate x 4": Case(lambda: with_rules(build(), critic_rate=4.0), ("diverging", "the critic has won")),
    "updates x 4, no R1": Case(
        lambda: with_rules(build(), critic_steps=4, penalty=None), ("the critic has won", "diverging"), batches=4
    ),
    "minimax x 4, no R1": Case(
        lambda: with_rules(build(), critic_steps=4, penalty=None, loss="minimax"),
        ("the critic has won", "diverging"),
        batches=4,
    ),
    "generator frozen": Case(lambda: with_rules(build(), generator_rate=0.0), ("the generator stands still",)),
    "NaN planted": Case(build, ("not a number",), plant=True),
    "critic's rate / 1000": Case(lambda: with_rules(build(), critic_rate=1e-3), ("the critic does not learn",)),
    "generator's rate / 1000": Case(lambda: with_rules(build(), generator_rate=1e-3), ("the critic has won",)),
    "200 images, no penalty": Case(
        lambda: with_rules(build(), penalty=None), ("the critic is memorising",), images=200
    ),
}
HEALTHY = {
    # What a strong critic does not spoil in two minutes: under R1, or with clipped gradients at four times the rate.
    "rate x 4, no R1": Case(lambda: with_rules(build(), critic_rate=4.0, penalty=None)),
    "critic's updates x 4": Case(lambda: with_rules(build(), critic_steps=4), batches=4),
    **{f"seed {seed}": Case(lambda seed=seed: build(seed=seed)) for seed in range(6)},
    "hinge": Case(lambda: build(loss="hinge")),
    "least_squares": Case(lambda: build(loss="least_squares")),
    "relativistic_average": Case(lambda: build(loss="relativistic_average")),
    "wasserstein, GP": Case(lambda: with_rules(build(loss="wasserstein"), penalty=kgan.GradientPenalty(10.0))),
}


class Clock(keras.callbacks.Callback):
    """Ends the training when its time is up, or at the first alarm."""

    def __init__(self, monitor: HealthMonitor, seconds: float, until_alarm: bool, plant: bool):
        super().__init__()
        self.monitor, self.seconds, self.until_alarm, self.plant = monitor, seconds, until_alarm, plant

    def on_train_batch_end(self, batch, logs=None):
        """Plants the NaN, watches the clock."""
        if self.plant and self.monitor.step == NAN_STEP:
            kernel = self.model.generator.trainable_variables[0]
            values = kernel.numpy()
            values.flat[0] = np.nan
            kernel.assign(values)
        elapsed = time.monotonic() - self.monitor.started
        if elapsed >= self.seconds or (self.until_alarm and self.monitor.alarms):
            self.model.stop_training = True


def train(name: str, case: Case, minutes: float, folder: Path, real: kgan.data.ImageSet, held_out) -> dict:
    """Trains one case and returns what the monitor said."""
    keras.backend.clear_session()
    model = case.make()
    images = real if case.images is None else kgan.data.ImageSet(real[: case.images])
    batch_size = DEFAULTS["batch_size"] * case.batches
    said: list[str] = []
    path = folder / f"{name.replace('/', 'over').replace(' ', '-')}.jsonl"
    path.unlink(missing_ok=True)
    monitor = HealthMonitor(images, held_out, path, say=said.append)
    clock = Clock(monitor, minutes * 60, bool(case.right), case.plant)
    model.fit(
        images.batches(batch_size, repeat=True, seed=model.seed),
        steps_per_epoch=max(len(images) // batch_size, 1000),
        epochs=10**6,
        callbacks=[monitor, clock],
        verbose=0,
    )
    names = [alarm.name for alarm in monitor.alarms]
    return {
        "seconds": time.monotonic() - monitor.started,
        "steps": monitor.step,
        "share": monitor.cost,
        "alarms": ", ".join(f"{alarm.name} {alarm.seconds:.0f} s (step {alarm.step:,})" for alarm in monitor.alarms),
        "right": names[0] in case.right if names and case.right else not names and not case.right,
        "said": said,
    }


def main() -> None:
    """Trains all and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    cases = {name: case for name, case in (SPOILT | HEALTHY).items() if not given.only or name in given.only}
    real, held_out = kgan.data.open_images("mnist"), kgan.data.open_images("mnist", split="test")
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.out or Path(temporary)
        print(f"{'training':24}{'seconds':>8}{'steps':>7}{'looks':>7}  {'verdict':8}alarms", flush=True)
        for name, case in cases.items():
            found = train(name, case, given.minutes, folder, real, held_out)
            verdict = "right" if found["right"] else "WRONG"
            print(
                f"{name:24}{found['seconds']:8.0f}{found['steps']:7,}{found['share']:7.1%}  "
                f"{verdict:8}{found['alarms'] or 'none'}",
                flush=True,
            )
            for text in found["said"]:
                print(f"    {text}", flush=True)


if __name__ == "__main__":
    main()
