"""The dcgan app on a folder of a user's own pictures."""

import os

import numpy as np
import pytest
from PIL import Image

from kgan.apps import dcgan
from kgan.errors import InputError
from kgan.runs import Run


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for index in range(10):
        Image.fromarray(generator.integers(0, 256, (20, 30, 3), dtype=np.uint8)).save(folder / f"{index}.png")
    return folder


def test_a_folder_is_trained_on_published_and_resumed_from_anywhere(pictures, tmp_path, monkeypatch, capsys):
    (pictures / "broken.png").write_bytes(b"no picture")
    monkeypatch.chdir(tmp_path)
    options = {"size": 16, "batch_size": 4, "width": 4, "latent_dim": 4, "epochs": 1}
    with pytest.raises(InputError, match=r"broken\.png"):
        dcgan.train(data="pictures", out=tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()

    run = dcgan.train(data="pictures", out=tmp_path / "run", skip_broken=True, **options)
    assert "left out" in capsys.readouterr().err
    assert run.load_model().sample(2).shape == (2, 16, 16, 3)
    assert (run.path / "savedmodel" / "1" / "saved_model.pb").exists()
    assert (run.path / "training.gif").exists()

    monkeypatch.chdir(os.path.sep)
    opened = Run.open(run.path)
    dcgan.train(**{**opened.options, "epochs": 2}, run=opened)
    assert sorted(path.name for path in (run.path / "savedmodel").iterdir()) == ["1", "2"]
    # A slow machine may have drawn a first picture before the first epoch's end too.
    assert {path.name for path in run.samples.iterdir()} >= {"epoch-0001.png", "epoch-0002.png"}
