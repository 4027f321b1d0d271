"""The wheel: complete, well described, and at work outside the repository."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Unpacks the wheel, made of the source distribution, in a folder; returns both files and the folder."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder / "dist"), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    (wheel,) = (folder / "dist").glob("*.whl")
    (source,) = (folder / "dist").glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return wheel, source, folder / "site"


def kgan(installed, folder, *words):
    """Runs kgan as it is in the wheel, without the repository and with an empty home."""
    where = {name: value for name, value in os.environ.items() if not name.startswith(("TFDS_", "KGAN_"))}
    where |= {"PYTHONPATH": str(installed[2]), "HOME": str(folder)}
    command = [sys.executable, "-m", "kgan", *map(str, words)]
    return subprocess.run(command, cwd=folder, env=where, capture_output=True, text=True, timeout=300)


def test_both_are_described_as_the_index_wants_it(installed):
    command = [sys.executable, "-m", "twine", "check", "--strict", *map(str, installed[:2])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout


def test_all_of_it_is_in_the_wheel_and_nothing_else(installed):
    site = installed[2]
    there = {path.relative_to(site) for path in site.rglob("*") if path.is_file()}
    assert Path("kgan/py.typed") in there and Path("kgan/serving/page/index.html") in there
    for name in ("kgan", "kgan_cli"):
        modules = {path.relative_to(ROOT) for path in (ROOT / name).rglob("*.py") if "apps" not in path.parts}
        assert modules <= there
    apps = {Path("kgan") / path.relative_to(ROOT) for path in (ROOT / "apps").glob("*.py")}
    box = {Path("kgan") / path.relative_to(ROOT) for path in tracked("savedmodels")}
    assert apps | box <= there
    assert {path.parts[0] for path in there} == {
        "kgan",
        "kgan_cli",
        installed[0].name.partition("-py3")[0] + ".dist-info",
    }
    assert all(path.stat().st_size < 100e6 for path in installed[:2])


def tracked(folder):
    # Of hidden files there are only those that keep exports apart.
    return [path for path in (ROOT / folder).rglob("[!.]*") if path.is_file()]


def test_it_works_where_it_is_installed(installed, tmp_path):
    for words in (["sample", "dcgan-mnist", "--num", 4], ["train", "dcgan", "--data", "synthetic", "--dry-run"]):
        done = kgan(installed, tmp_path, *words)
        assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "generated" / "dcgan-mnist-grid-4-seed-0.png") as picture:
        assert np.asarray(picture).std() > 30
    pixels = np.random.default_rng(0).integers(0, 256, (40, 52, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "horse.jpg")
    done = kgan(installed, tmp_path, "translate", "cyclegan-horse2zebra", "horse.jpg", "zebra.jpg")
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "zebra.jpg") as picture:
        assert (picture.format, picture.size) == ("JPEG", (52, 40))
