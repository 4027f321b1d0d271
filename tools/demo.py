"""`make demo`: from nothing to digits answered by a published model, in a few minutes, offline.

Trains the dcgan app on digits that kgan draws itself, samples from it, and asks the SavedModel it published for
pictures in a process that knows nothing but TensorFlow, as a server does.
"""

import datetime
import subprocess
import sys
import time
from pathlib import Path

MINUTES = 2
QUERY = Path(__file__).with_name("query_savedmodel.py")


def main() -> None:
    """Runs the steps and says where everything is."""
    started = time.monotonic()
    run = Path("runs") / "demo" / datetime.datetime.now().strftime("%Y-%m-%d-%H%M%S")
    step(f"1. train the dcgan app on drawn digits for {MINUTES} minutes")
    call("kgan", "train", "dcgan", "--data", "synthetic", "--minutes", str(MINUTES), "--out", str(run))
    step("2. draw from its generator")
    call("kgan", "sample", str(run), "--num", "100")
    call("kgan", "sample", str(run), "--num", "8", "--interpolate", "10")
    step("3. ask the published SavedModel, in a process that imports TensorFlow alone")
    # TensorFlow's start-up notes would drown the answer; a failure shows them.
    call(sys.executable, str(QUERY), str(run / "savedmodel" / "1"), str(run / "served.png"), quiet=True)
    minutes = (time.monotonic() - started) / 60
    print(f"""
Done in {minutes:.1f} minutes. Look at:
  {run}/generated/              digits, and walks from digit to digit
  {run}/training.gif            the training, an epoch a frame
  {run}/savedmodel/1/           the published model; its answer: {run}/served.png
Next:
  kgan train dcgan --minutes 10         real MNIST (downloaded by tensorflow-datasets)
  kgan train dcgan --data FOLDER        your own pictures
  kgan resume {run} --minutes 5    go on with this one
(kgan is in .venv/bin: source .venv/bin/activate)""")


def step(title: str) -> None:
    """Prints a heading."""
    print(f"\n{title}", flush=True)


def call(*command: str, quiet: bool = False) -> None:
    """Runs a command, shown first; stops the demo if it fails."""
    words = [Path(word).name if Path(word).is_absolute() else word for word in command]
    print("$ " + " ".join(words), flush=True)
    done = subprocess.run(command, stderr=subprocess.PIPE if quiet else None, text=True)
    if done.returncode:
        print(done.stderr or "", file=sys.stderr)
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
