"""Kills a training at random moments, resumes it each time, and compares the end with that of a training left alone.

    python benchmarks/kill_resume.py dcgan --kills 20        or another app, or all of them: all
    python benchmarks/kill_resume.py my_app.py --epochs 10   or what follows `kgan train`

Every weight, average, pool, optimizer slot, counter and Dropout seed must agree bit for bit; the history must have
every epoch once; the best model and the published version must answer; nothing half written may be left. Exit code 1
if something is wrong. The apps are as small as in `kills/apps.py`, on drawn pictures.

When a kill comes: the first two, a random time into the first steps, before there is a checkpoint. Then, for each, a
random step of the training is drawn; the kill comes a random time, some checkpoints long, after that step is saved, or,
where it was saved in an earlier sitting, into the sitting at hand. A quarter of all come a random time into the
end: the model, the film, the report and the published version. With many checkpoints and epochs a second, many fall
into the writing of something; what that was is told by what they leave behind.
"""

import argparse
import collections
import json
import math
import os
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# NumPy's linear algebra would start threads when it is imported, and with threads a process cannot well be forked.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from kills import APPS, App, Sitting, forked, newest_step, shortcomings, train_alone

BEFORE_THE_FIRST = 2
# Seconds that a sitting goes on beyond the step drawn for it, at most: some checkpoints long.
BEYOND = 1.2


def train_and_kill(words: Sequence[str], run: Path, kills: int, times: tuple[float, float], last: int) -> None:
    """Trains into `run`, killed `kills` times, and then to the end; prints where the kills fell.

    Args:
        words: What follows `kgan`.
        run: The folder.
        kills: How often.
        times: What `train_alone` returned.
        last: The last step.
    """
    chance = random.Random(0)
    steps = sorted(chance.uniform(0, 0.95 * last) for _ in range(kills - kills // 4))
    places: list[str] = []
    patience = 1.0
    while len(places) < kills:
        # Before the first checkpoint there is nothing to resume from but the options, which is enough.
        begun = (run / "options.json").exists()
        sitting = Sitting(run, ["resume", str(run)] if begun else [*words, "--out", str(run)])
        delay = _wait_for_the_moment(sitting, len(places), steps, times, last)
        # On a machine that is busy now and idle then, seconds say little: the next kill is to have its step, too.
        until = [*steps, math.inf][len(places) + 1] if len(places) < len(steps) else math.inf
        sitting.wait_for(lambda until=until: newest_step(run) >= until, chance.uniform(0, delay * patience))
        if sitting.kill():
            places.append(_place(run, sitting.pid))
            print(f"  kill {len(places)} at step {max(newest_step(run), 0)} of {last}: {places[-1]}", flush=True)
        elif sitting.code:
            raise SystemExit(f"a sitting failed:\n{sitting.log.read_text()[-3000:]}")
        else:
            # It was quicker than the training left alone.
            patience *= 0.7
    sitting = Sitting(run, ["resume", str(run)])
    if sitting.finish():
        raise SystemExit(f"the last sitting failed:\n{sitting.log.read_text()[-3000:]}")
    fell = collections.Counter(place.partition(":")[0] for place in places)
    print(f"{kills} kills: " + ", ".join(f"{count} {place}" for place, count in fell.most_common()), flush=True)


def _wait_for_the_moment(
    sitting: Sitting, kill: int, steps: Sequence[float], times: tuple[float, float], last: int
) -> float:
    """Waits until a sitting is where it is to be killed, and returns within how many seconds from then on."""
    first, end = times
    sitting.wait_for(sitting.under_way)
    if kill >= len(steps):
        sitting.wait_for(lambda: newest_step(sitting.run) >= last)
        return end
    if kill < BEFORE_THE_FIRST or newest_step(sitting.run) >= steps[kill]:
        return first
    sitting.wait_for(lambda: newest_step(sitting.run) >= steps[kill])
    return BEYOND


def _place(run: Path, pid: int) -> str:
    """Returns where in its training a process was when it was killed."""
    halves = sorted(path.relative_to(run) for path in run.rglob(f".tmp-{pid}-*"))
    if halves:
        names = [str(path.with_name(path.name.removeprefix(f".tmp-{pid}-"))) for path in halves]
        return f"while writing: {', '.join(names)}"
    if (run / "model.keras").exists():
        return "at the end"
    return "in steps" if newest_step(run) >= 0 else "before the first checkpoint"


def try_app(app: App, kills: int, folder: Path) -> bool:
    """Trains an app alone and killed, in an empty folder; prints what came of it and tells if all is well."""
    alone, killed = folder / "alone", folder / "killed"
    # Drawn by another process, for this one is to stay fit to be forked.
    prepared = folder / "words.json"
    _in_another_process(lambda: prepared.write_text(json.dumps([*map(str, app.prepare(folder))])))
    if app.base:
        train_alone(folder / "base", ["train", *map(str, app.base), "--out", str(folder / "base")])
    words = ["train", *map(str, app.words), *json.loads(prepared.read_text())]
    times = train_alone(alone, [*words, "--out", str(alone)])
    train_and_kill(words, killed, kills, times, newest_step(alone))

    def compare() -> None:
        wrong = shortcomings(alone, killed)
        print("\n".join(wrong) or f"nothing wrong after {kills} kills")
        sys.exit(bool(wrong))

    return not _in_another_process(compare)


def _in_another_process(action: Callable[[], Any]) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(forked(action), 0)[1])


def main() -> None:
    """Parses the command line and tries one app or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("app", help=f"{', '.join(APPS)}, all, or what follows `kgan train`")
    given, options = parser.parse_known_args()
    names = list(APPS) if given.app == "all" else [given.app]
    well = []
    with tempfile.TemporaryDirectory() as folder:
        # What TensorFlow leaves there when it is killed goes with the rest.
        tempfile.tempdir = folder
        for name in names:
            print(f"{name}:", flush=True)
            own = Path(folder) / Path(name).stem
            own.mkdir()
            well.append(try_app(APPS.get(name) or App([name, *options]), given.kills, own))
    sys.exit(not all(well))


if __name__ == "__main__":
    main()
