"""Publishing while clients ask: publishers killed at random moments, no half version, no failed request.

    python benchmarks/publish_under_load.py [--kills 20] [--clients 8]

A server answers clients without a pause. Meanwhile a publisher, with all that it does, is started again and again and
killed somewhere in its work; each second one is let finish a version first and killed in its next. Then a last one is
left alone, to see how soon its version answers.
"""

import argparse
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from multiprocessing.connection import Connection
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import serving

MODEL = "digits"
PUBLISH_FOR_EVER = "import sys, publish_under_load as p; p.publish_for_ever(sys.argv[1])"


def main() -> None:
    """Prints what the clients and the folder saw."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        savedmodels = serving.publish(Path(folder), MODEL)
        server, pipe, port = serving.start(savedmodels, 32)
        clients, told = ask_without_pause(port, options.clients)
        whole = files_of(savedmodels / MODEL / "1")
        seconds = seconds_of_an_export(savedmodels)
        for kill in range(options.kills):
            kill_a_publisher(savedmodels, kill, seconds)
            check(savedmodels, whole, port)
        waited = seconds_until_served(savedmodels, port)
        told.send("stop")
        took, failed = told.recv()
        clients.join()
        pipe.send("stop")
        server.join()
        versions, hidden = split(savedmodels)
        print(
            f"{options.kills} publishers killed within exports of {seconds:.0f} s; {len(versions)} whole versions, "
            f"{len(hidden)} hidden leftovers, no half version; {len(took)} requests of {options.clients} clients, "
            f"{failed} failed, p50 {np.median(took) * 1e3:.0f} ms, slowest {max(took):.1f} s; the last version was "
            f"served {waited:.1f} s after it appeared"
        )


def publish_for_ever(savedmodels: str) -> None:
    """A publisher: says each version that it has made."""
    while True:
        serving.publish(Path(savedmodels), MODEL)
        print("published", flush=True)


def ask_without_pause(port: int, clients: int) -> tuple[multiprocessing.process.BaseProcess, Connection]:
    """Starts a process of clients, which ask until they are told to stop, and then say how it went."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_ask, args=(port, clients, theirs))
    process.start()
    return process, ours


def _ask(port: int, clients: int, pipe: Connection) -> None:
    took, failed = [], 0
    while not pipe.poll():
        more, wrong = serving.asyncio.run(serving._drive(port, MODEL, "png", clients, 5.0))
        took.extend(more)
        failed += wrong
    pipe.send((took, failed))


def start_publisher(savedmodels: Path) -> subprocess.Popen:
    """Starts one, with a group of processes to itself, for it has children."""
    command = [sys.executable, "-c", PUBLISH_FOR_EVER, str(savedmodels)]
    where = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    return subprocess.Popen(command, env=where, stdout=subprocess.PIPE, text=True, start_new_session=True)


def seconds_of_an_export(savedmodels: Path) -> float:
    """Returns how long a publisher takes for its second version."""
    publisher = start_publisher(savedmodels)
    assert publisher.stdout is not None
    publisher.stdout.readline()
    began = time.monotonic()
    publisher.stdout.readline()
    seconds = time.monotonic() - began
    end(publisher)
    return seconds


def kill_a_publisher(savedmodels: Path, seed: int, seconds: float) -> None:
    """Kills one somewhere in its first version, which begins with imports, or in its second."""
    publisher = start_publisher(savedmodels)
    assert publisher.stdout is not None
    if seed % 2:
        publisher.stdout.readline()
    time.sleep(np.random.default_rng(seed).uniform(0.0, seconds if seed % 2 else 2.0 * seconds))
    end(publisher)


def end(publisher: subprocess.Popen) -> None:
    """Kills a publisher and its children, as a machine that loses its power would."""
    os.killpg(publisher.pid, signal.SIGKILL)
    publisher.wait()


def split(savedmodels: Path) -> tuple[list[Path], list[Path]]:
    """Returns the versions, and what hidden folders were left behind."""
    folders = [child for child in (savedmodels / MODEL).iterdir() if child.is_dir()]
    return [one for one in folders if one.name.isdigit()], [one for one in folders if one.name.startswith(".tmp-")]


def files_of(version: Path) -> dict[str, bool]:
    """Returns the files of a version by name, and whether there is anything in each."""
    return {str(file.relative_to(version)): file.stat().st_size > 0 for file in version.rglob("*") if file.is_file()}


def check(savedmodels: Path, whole: dict[str, bool], port: int) -> None:
    """Ends the program if a version is not whole, or the server could not load one."""
    versions, hidden = split(savedmodels)
    assert all(child in versions + hidden for child in (savedmodels / MODEL).iterdir() if child.is_dir())
    for version in versions:
        assert files_of(version) == whole, f"{version} is not whole"
    for state in statuses(port):
        assert state["status"]["error_code"] == "OK", state


def statuses(port: int) -> list[dict]:
    """Returns what the server says of the model's versions."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models/{MODEL}") as reply:
        return json.load(reply)["model_version_status"]


def seconds_until_served(savedmodels: Path, port: int) -> float:
    """Publishes once more; returns the seconds from the moment when its folder appears until it is available."""
    before = {version.name for version in split(savedmodels)[0]}
    publisher = start_publisher(savedmodels)
    while not (new := {version.name for version in split(savedmodels)[0]} - before):
        time.sleep(0.01)
    appeared = time.monotonic()
    os.killpg(publisher.pid, signal.SIGSTOP)
    while not any(one["version"] in new and one["state"] == "AVAILABLE" for one in statuses(port)):
        time.sleep(0.01)
    waited = time.monotonic() - appeared
    end(publisher)
    return waited


if __name__ == "__main__":
    main()
