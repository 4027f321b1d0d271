"""Runs the kgan commands of a page, in their order, as its reader would, and says how long each took.

    python tools/run_commands.py [README.md docs/troubleshooting.md ...]

In a folder that has the models in the box, as a clone has, and pictures that are drawn there under the pages' names.
What would take hours is cut: trainings last twelve seconds, on drawn data where the page names none, translators with
small networks at 64 pixels. RUN is the newest run that fits the command. Exit code 1 if a command fails.
"""

import argparse
import contextlib
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import imageio_ffmpeg
import numpy as np
from PIL import Image

from kgan.data import synthetic
from kgan.export.shipped import shipped

ROOT = Path(__file__).parent.parent
KGAN = str(Path(sys.executable).with_name("kgan"))
BUDGET = ["--minutes", "0.2"]
SMALL = {app: ["--size", "64", "--width", "8", "--batch-size", "4"] for app in ("pix2pix", "cyclegan")}
DRAWN = {"anime": "synthetic/faces", "pix2pix": "synthetic/facades", "cyclegan": "synthetic/horses"}
PORT = 8501


def commands(page: Path) -> list[str]:
    """Returns the kgan commands, and the curl lines, that stand alone in a page's blocks."""
    lines = re.findall(r"^ {4}((?:kgan|curl) .*)$", page.read_text(), flags=re.MULTILINE)
    return [line.partition("  #")[0].strip() for line in lines]


def draw(folder: Path) -> None:
    """Draws what the pages' names stand for, and copies the box."""
    shutil.copytree(shipped(), folder / "savedmodels")
    horses, zebras = (synthetic.horses(40, domain=domain)[0] for domain in ("horse", "zebra"))
    synthetic.write_faces(folder / "path/to/faces", 64)
    _write(folder / "path/to/pictures", synthetic.digits(400)[0])
    _write(folder / "photos", horses[:3], ".jpg")
    _write(folder / "photos", horses[3:5])
    for side, images in (
        ("trainA", horses[:32]),
        ("trainB", zebras[:32]),
        ("testA", horses[32:]),
        ("testB", zebras[32:]),
    ):
        _write(folder / "domains" / side, images)
    _write(folder / "pairs", np.concatenate([horses, zebras], axis=2))
    for name in ("horse.jpg", "photo.jpg", "map.png", "face.jpg"):
        Image.fromarray(horses[0]).save(folder / name)
    film = imageio_ffmpeg.write_frames(str(folder / "film.mp4"), (64, 64))
    film.send(None)
    for frame in horses[:8]:
        film.send(np.ascontiguousarray(frame))
    film.close()


def _write(folder: Path, images: np.ndarray, suffix: str = ".png") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for index, image in enumerate(images):
        Image.fromarray(image.squeeze()).save(folder / f"{index:03}{suffix}")


def made_short(words: list[str]) -> list[str]:
    """Returns the words of a training, cut to seconds; other commands as they are."""
    if words[0] == "resume":
        return [*words, "--minutes", "0.4"]
    if words[0] not in ("train", "finetune") or {"--help", "--dry-run"} & {*words}:
        return words
    app = words[1] if words[0] == "train" else "finetune"
    words = [{"clean": "pairs" if app == "pix2pix" else "domains"}.get(word, word) for word in words]
    data = [] if "--data" in words else ["--data", DRAWN.get(app, "synthetic")]
    return [*words, *data, *SMALL.get(app, []), *BUDGET]


def fitting_run(words: list[str]) -> str:
    """Returns the newest run that a command with RUN can be about."""
    app = "conditional" if "--label" in words else "anime" if "--prompt" in words else "dcgan"
    if words[0] == "translate":
        app = "cyclegan"
    runs = sorted(Path("runs", app).glob("*/model.keras"))
    if not runs:
        made = run(["kgan", *made_short(["train", app])])
        if made.returncode:
            raise SystemExit(f"there is no run of {app}, and none could be made:\n{made.stdout[-2000:]}")
        runs = sorted(Path("runs", app).glob("*/model.keras"))
    return str(runs[-1].parent)


def run(words: list[str]) -> subprocess.CompletedProcess:
    """Runs a command and returns how it ended."""
    words = [KGAN if words[0] == "kgan" else words[0], *words[1:]]
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")


def serve(words: list[str]) -> subprocess.Popen:
    """Starts a server and returns once it answers."""
    with socket.socket() as client:
        if client.connect_ex(("127.0.0.1", PORT)) == 0:
            raise SystemExit(f"something else answers on port {PORT}; stop it first")
    server = subprocess.Popen([KGAN, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 120
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{PORT}/", timeout=5):
            return server
        time.sleep(0.2)
    server.kill()
    raise SystemExit("kgan serve does not answer")


def stop(server: subprocess.Popen | None) -> None:
    """Stops a server, if there is one."""
    if server:
        server.terminate()
        server.wait()


def run_page(page: Path) -> bool:
    """Runs a page's commands in the folder at hand, prints what each took, and tells if all went well."""
    server, well = None, True
    try:
        for line in commands(page):
            words = shlex.split(line)
            if "RUN" in words:
                found = fitting_run(words[1:])
                words = [found if word == "RUN" else word for word in words]
            begun = time.monotonic()
            if words[:2] == ["kgan", "serve"]:
                stop(server)
                server, code, said = serve(words[1:]), 0, ""
            else:
                done = run([words[0], *made_short(words[1:])] if words[0] == "kgan" else words)
                code, said = done.returncode, done.stdout
            print(f"{time.monotonic() - begun:6.1f} s  exit code {code}  {line}", flush=True)
            if code:
                well = False
                print(said[-2000:], flush=True)
    finally:
        stop(server)
    return well


def main() -> None:
    """Parses the command line and runs the pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", type=Path, default=[ROOT / "README.md"])
    pages = [page.resolve() for page in parser.parse_args().pages]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        draw(Path())
        well = [run_page(page) for page in pages]
        os.chdir(ROOT)
    sys.exit(not all(well))


if __name__ == "__main__":
    main()
