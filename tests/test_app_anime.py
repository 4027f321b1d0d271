"""The anime app on a table of another name beside a broken picture, and what its run is asked for afterwards."""

import sys

import numpy as np
import pytest
from PIL import Image

import kgan
import kgan_cli
from kgan import evaluation
from kgan.apps import anime
from kgan.data import synthetic
from kgan.evaluation import intervals

pytestmark = pytest.mark.usefixtures("quick_apps")

TINY = {
    "size": 16,
    "batch_size": 4,
    "width": 4,
    "depth": 0,
    "latent_dim": 4,
    "epochs": 1,
    "augment": "none",
    "penalty": "none",
}


def call(monkeypatch, capsys, *words):
    monkeypatch.setattr(sys, "argv", ["kgan", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        kgan_cli.main()
    captured = capsys.readouterr()
    return ended.value.code or 0, captured.out.strip(), captured.err


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run on a dozen faces, one of them broken, whose words are in words.csv."""
    path = tmp_path_factory.mktemp("anime")
    folder = synthetic.write_faces(path / "drawn", 12)
    (folder / "tags.csv").rename(folder / "words.csv")
    (folder / "faces" / "000003.png").write_bytes(b"torn")
    with pytest.MonkeyPatch.context() as patch:
        # Publishing is another test's, and takes a process of its own.
        patch.setattr(kgan, "export", lambda model, to, origin: to)
        return anime.train(data=str(folder / "words.csv"), skip_broken=True, out=path / "run", **TINY)


def test_a_table_by_another_name_is_trained_on_with_its_words(run):
    lines = [line.split(",") for line in (run.path.parent / "drawn" / "words.csv").read_text().splitlines()[1:]]
    words = {"hair": {line[1] for line in lines}, "eyes": {line[2] for line in lines}}
    assert {name: set(known) for name, known in run.load_model().encoder.attributes.items()} == words


def test_its_images_are_found_again_and_the_broken_one_is_left_out_again(run, monkeypatch, capsys):
    code, out, err = call(monkeypatch, capsys, "sample", run.path, "--num", 3, "--neighbours", 2)
    assert code == 0, err
    with Image.open(out) as picture:
        assert picture.size == (4 * 18 + 2, 3 * 18 + 2)
    # All eleven are neighbours, and no more.
    assert call(monkeypatch, capsys, "sample", run.path, "--neighbours", 11)[0] == 0
    code, _, err = call(monkeypatch, capsys, "sample", run.path, "--neighbours", 12)
    assert (code, "has 11" in err) == (1, True), err
    # As far as eleven can be judged by: five, and five for the floor.
    code, _, err = call(monkeypatch, capsys, "evaluate", run.path)
    assert (code, "at least 100 images of each kind; there are 5" in err) == (1, True), err


def test_a_run_in_colour_is_judged_by_gray_pictures(run, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(intervals, "REPLICATES", 3)
    monkeypatch.setenv("KGAN_CACHE", str(tmp_path / "cache"))
    (tmp_path / "gray").mkdir()
    for index, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (200, 20, 24), dtype=np.uint8)):
        Image.fromarray(pixels).save(tmp_path / "gray" / f"{index}.png")
    words = ["--data", tmp_path / "gray", "--num", 100, "--extractor", "pixels"]
    code, out, err = call(monkeypatch, capsys, "evaluate", run.path, *words)
    assert code == 0, err
    assert "16x16x3" in out
    assert evaluation.load(out.split()[-1])["frechet_distance"].value > 0
