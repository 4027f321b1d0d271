"""Trains an app by two local workers, kills one of them midway, starts both again, and compares the end.

    python benchmarks/workers.py dcgan          or another app, or all of them: all

The workers are two processes of one machine that TF_CONFIG names. Once the chief is killed, once the other worker; the
one that is left must end by itself, in one line. Resumed, the training must end, bit for bit, like one of two workers
that was left alone: every weight, average, pool, optimizer slot, counter and Dropout seed, with a whole history, a best
model and a published version that answer, and nothing half written left. Exit code 1 if something is wrong. The apps
are as small as in `kills/apps.py`, on drawn pictures.
"""

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from kills import APPS, App, newest_step, shortcomings
from kills.sittings import FRESH

# Each of two workers has half of a batch.
LESS = ["--batch-size", "8", "--epochs", "6"]
SECONDS = 600.0


class Workers:
    """Two processes that do the same command together.

    Args:
        log: The file that their output goes to, by their index.
        words: What follows `kgan`.
    """

    def __init__(self, log: Path, words: Sequence[str]) -> None:
        self.logs = [log.with_name(f"{log.name}-{index}.log") for index in range(2)]
        addresses = [f"127.0.0.1:{port}" for port in _free_ports(2)]
        self.processes = [
            self._start(file, words, {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}})
            for index, file in enumerate(self.logs)
        ]

    def _start(self, log: Path, words: Sequence[str], config: dict) -> subprocess.Popen:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "TF_CONFIG": json.dumps(config)}
        with log.open("a") as file:
            return subprocess.Popen([sys.executable, "-c", FRESH, *words], env=environment, stdout=file, stderr=file)

    def kill(self, index: int) -> None:
        """Kills one of them."""
        self.processes[index].kill()

    def wait_for_step(self, run: Path, step: float) -> int:
        """Waits until a run stands at a step, or one of them has ended; returns where it stands.

        Raises:
            SystemExit: If it never gets there.
        """
        end = time.monotonic() + SECONDS
        while newest_step(run) < step and all(process.poll() is None for process in self.processes):
            if time.monotonic() > end:
                self._give_up()
            time.sleep(0.01)
        return newest_step(run)

    def finish(self) -> list[int]:
        """Waits until both have ended and returns their exit codes.

        Raises:
            SystemExit: If one never ends.
        """
        try:
            return [process.wait(SECONDS) for process in self.processes]
        except subprocess.TimeoutExpired:
            self._give_up()
            raise

    def _give_up(self) -> None:
        for process in self.processes:
            process.kill()
        raise SystemExit(f"nothing happened for {SECONDS:.0f} s:\n{self.said()}")

    def errors(self, index: int) -> list[str]:
        """Returns the error lines of one, since there is this log, and of a traceback its first."""
        return re.findall("^(?:error: |Traceback).*", self.logs[index].read_text(), flags=re.MULTILINE)

    def said(self) -> str:
        """Returns the end of what both have said."""
        return "\n".join(file.read_text()[-2000:] for file in self.logs)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [opened.getsockname()[1] for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports


def try_app(app: App, folder: Path) -> bool:
    """Trains an app left alone and killed, in an empty folder; prints what came of it and tells if all is well."""
    data = [*map(str, app.prepare(folder))]
    if app.base:
        _succeed(Workers(folder / "base", ["train", *map(str, app.base), "--out", str(folder / "base")]))
    words = ["train", *map(str, app.words), *data, *LESS]
    alone, killed = folder / "alone", folder / "killed"
    _succeed(Workers(alone, [*words, "--out", str(alone)]))
    last = newest_step(alone)
    begin = [*words, "--out", str(killed)]
    for index, share in ((1, 0.3), (0, 0.6)):
        workers = Workers(killed, ["resume", str(killed)] if (killed / "options.json").exists() else begin)
        step = workers.wait_for_step(killed, share * last)
        workers.kill(index)
        codes = workers.finish()
        print(f"  worker {index} killed after step {step} of {last}: exit codes {codes}", flush=True)
        if codes[1 - index] != 1 or len(workers.errors(1 - index)) != 1:
            print(workers.said())
            return False
    _succeed(Workers(killed, ["resume", str(killed)]))
    wrong = shortcomings(alone, killed)
    print("\n".join(wrong) or "nothing wrong after 2 kills", flush=True)
    return not wrong


def _succeed(workers: Workers) -> None:
    if any(workers.finish()):
        raise SystemExit(f"a training failed:\n{workers.said()}")


def main() -> None:
    """Parses the command line and tries one app or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("app", choices=[*APPS, "all"])
    given = parser.parse_args()
    well = []
    with tempfile.TemporaryDirectory() as folder:
        for name in APPS if given.app == "all" else [given.app]:
            print(f"{name}:", flush=True)
            own = Path(folder) / name
            own.mkdir()
            well.append(try_app(APPS[name], own))
    sys.exit(not all(well))


if __name__ == "__main__":
    main()
