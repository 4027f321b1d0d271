"""Processes that train, to be killed.

TensorFlow takes longer to import than these trainings take to be killed. So a sitting is forked from a process that
has imported it and has run nothing with it: no device is set up, and there is one thread. What a process draws when it
starts, Python's and NumPy's seeds, is drawn anew; what remains of the parent's is the order of Python's sets, and the
training left alone, which all is compared with, is a process of its own that has another.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import kgan_cli
import kgan_cli.command
from kgan.data import sources, synthetic
from kgan.runs import keeper
from kills.apps import IMAGES

# So that these seconds of training, too, are saved within epochs.
CHECKPOINT_SECONDS = 0.4
FRESH = "import sys; from kills.sittings import train; train(sys.argv[1:])"


def train(words: Sequence[str]) -> None:
    """Does what `kgan` does with these words, on few drawn digits, with a checkpoint every 0.4 seconds."""
    sources.WORLDS["synthetic"] = (synthetic.digits, IMAGES)
    keeper.CHECKPOINT_SECONDS = CHECKPOINT_SECONDS
    sys.argv = ["kgan", *words]
    kgan_cli.main()


def forked(action: Callable[[], None]) -> int:
    """Starts a process that does something and ends, 0 if all went well; returns its id."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    # A group of its own, so that a kill takes what it has started with it, as a container's end does.
    os.setpgid(0, 0)
    random.seed()
    np.random.seed()
    code = 1
    try:
        action()
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class Sitting:
    """A process that trains into a run's folder.

    Args:
        run: The folder.
        words: What follows `kgan`.
    """

    def __init__(self, run: Path, words: Sequence[str]) -> None:
        self.run = run
        self.log = run.with_suffix(".log")
        self.before = self._written()
        self.code: int | None = None
        self.pid = forked(lambda: _logged(self.log, words))

    def wait_for(self, happened: Callable[[], bool], seconds: float = float("inf")) -> bool:
        """Waits until something has happened, the process has ended or the time is over; tells if it trains on."""
        end = time.monotonic() + seconds
        while self._alive() and time.monotonic() < end and not happened():
            time.sleep(0.002)
        return self._alive()

    def under_way(self) -> bool:
        """Tells whether it trains: options.json is written by each sitting, once it begins."""
        return self._written() != self.before

    def kill(self) -> bool:
        """Kills it by signal 9; tells whether it was still there."""
        there = self._alive()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.finish()
        return there

    def finish(self) -> int:
        """Waits until it ends and returns its exit code."""
        if self.code is None:
            _, status = os.waitpid(self.pid, 0)
            self.code = os.waitstatus_to_exitcode(status)
        return self.code

    def _alive(self) -> bool:
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code is None

    def _written(self) -> int:
        file = self.run / "options.json"
        return file.stat().st_mtime_ns if file.exists() else 0


def train_alone(run: Path, words: Sequence[str]) -> tuple[float, float]:
    """Trains in a new process; returns the seconds from the first step to its first checkpoint, and of its end.

    The end is what comes after the last step: the model, the film, the report, the published version.
    """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with run.with_suffix(".log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-c", FRESH, *words], env=environment, stdout=log, stderr=log)
    times = []
    for pattern in ("options.json", "checkpoints/step-*", "model.keras"):
        while process.poll() is None and not any(run.glob(pattern)):
            time.sleep(0.002)
        times.append(time.monotonic())
    if process.wait():
        raise SystemExit(f"the training left alone failed:\n{run.with_suffix('.log').read_text()[-3000:]}")
    return times[1] - times[0], time.monotonic() - times[2]


def _logged(log: Path, words: Sequence[str]) -> None:
    with log.open("a") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    train(words)


def newest_step(run: Path) -> int:
    """Returns the step of a run's newest checkpoint, or -1."""
    return max((int(path.name[5:]) for path in (run / "checkpoints").glob("step-*")), default=-1)
