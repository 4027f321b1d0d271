"""Kills a training at random moments, resumes it each time, and compares the end with that of a training left alone.

    python benchmarks/kill_resume.py --kills 10

Every weight, optimizer slot, counter and Dropout seed must agree bit for bit; exit code 1 if one does not.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

KGAN = [sys.executable, "-m", "kgan"]


def train_and_kill(arguments: list[str], run: Path, kills: int, longest: float, chance: random.Random) -> None:
    """Trains into `run`, killed `kills` times, each up to `longest` seconds after training is under way."""
    command = [*KGAN, "train", *arguments, "--out", str(run)]
    for kill in range(kills):
        seen = _newest(run)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while process.poll() is None and not (run / "options.json").exists():
            time.sleep(0.01)
        # Two in three after this sitting's own first checkpoint, one in three before.
        while process.poll() is None and kill % 3 and _newest(run) == seen:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, longest))
        if process.poll() is not None:
            raise SystemExit(f"the training ended before kill {kill + 1}; train longer:\n{process.stderr.read()}")
        process.send_signal(signal.SIGKILL)
        process.wait()
        print(f"kill {kill + 1}: newest checkpoint {_newest(run) or 'none'}", flush=True)
        # Before the first checkpoint there is nothing to resume from but the options, which is enough.
        command = [*KGAN, "resume", str(run)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _newest(run: Path) -> str | None:
    return max((path.name for path in (run / "checkpoints").glob("step-*")), default=None)


def differing(one: Path, other: Path) -> list[str]:
    """Returns the paths of the variables in which two runs' final models differ."""
    import keras
    import numpy as np

    import kgan  # noqa: F401 (registers its classes)

    def variables(run: Path) -> list:
        model = keras.saving.load_model(run / "model.keras")
        optimizers = (model.generator_optimizer, model.discriminator_optimizer)
        return [*model.variables, *(v for optimizer in optimizers for v in optimizer.variables)]

    pairs = list(zip(variables(one), variables(other), strict=True))
    print(f"{len(pairs)} variables compared")
    return [a.path for a, b in pairs if not np.array_equal(a.numpy(), b.numpy(), equal_nan=True)]


def main() -> None:
    """Parses the command line and runs the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--longest", type=float, default=12.0, help="seconds until a kill, at most")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("app", nargs="*", default=["dcgan", "--data", "synthetic", "--epochs", "12"])
    given, extra = parser.parse_known_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with tempfile.TemporaryDirectory() as folder:
        alone, killed = Path(folder) / "alone", Path(folder) / "killed"
        arguments = [*given.app, *extra]
        train_and_kill(arguments, killed, given.kills, given.longest, random.Random(given.seed))
        train_and_kill(arguments, alone, 0, 0, random.Random(0))
        different = differing(alone, killed)
    print(f"{len(different)} differ after {given.kills} kills" + "".join(f"\n  {path}" for path in different))
    sys.exit(bool(different))


if __name__ == "__main__":
    main()
