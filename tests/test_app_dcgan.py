"""The dcgan app on a folder of a user's own pictures."""

import os

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import kgan
from kgan.apps import dcgan
from kgan.errors import InputError
from kgan.export import manifest
from kgan.monitors.allowance import Allowance
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
    said = capsys.readouterr().err
    assert "left out" in said
    assert "FLOP to draw an image" in said and ": 2 steps, to the end of epoch 1, take a minute or so" in said
    assert "the best model is that of step 2: frechet distance (random-conv, 5 images)" in said
    assert "health: no alarm" in said
    assert (run.best / "model.keras").exists() and (run.path / "health.jsonl").exists()
    assert run.load_model().sample(2).shape == (2, 16, 16, 3)
    about = manifest.read(run.path / "savedmodel" / "1")
    assert (about["app"], about["data"], about["scores"]["metric"]) == ("dcgan", "pictures", "frechet_distance")
    assert (run.path / "training.gif").exists()

    monkeypatch.chdir(os.path.sep)
    opened = Run.open(run.path)
    dcgan.train(**{**opened.options, "epochs": 2}, run=opened)
    assert sorted(path.name for path in (run.path / "savedmodel").iterdir()) == ["1", "2"]
    # A slow machine may have drawn a first picture before the first epoch's end too.
    assert {path.name for path in run.samples.iterdir()} >= {"epoch-0001.png", "epoch-0002.png"}


def test_what_is_published_is_the_model_that_scored_best(pictures, tmp_path, monkeypatch):
    scores = iter([2.0, 1.0, 3.0])
    monkeypatch.setattr(kgan.evaluation.Scorer, "score", lambda self, images: {"frechet_distance": next(scores)})
    monkeypatch.setattr(Allowance, "affordable", lambda self: True)
    options = {"size": 16, "batch_size": 4, "width": 4, "latent_dim": 4, "epochs": 3}
    run = dcgan.train(data=str(pictures), out=tmp_path / "run", **options)
    assert int(run.load_model().optimizer.iterations.numpy()) == 4
    assert int(run.restore().optimizer.iterations.numpy()) == 6
    published = tf.saved_model.load(str(run.path / "savedmodel" / "1"))
    images = published.signatures["sample"](tf.constant([3], tf.int64))["images"]
    np.testing.assert_allclose(images, run.load_model().sample(1, seed=3), atol=1e-5)


@pytest.mark.parametrize(("penalty", "kind"), [("gradient_penalty", kgan.GradientPenalty), ("r1", kgan.R1)])
def test_the_penalty_is_an_option(penalty, kind):
    options = {"width": 4, "depth": 1, "latent_dim": 4, "loss": "wasserstein", "learning_rate": 1e-3, "xla": False}
    model = dcgan.build((16, 16, 1), penalty=penalty, penalty_weight=3.0, ema_decay=0.9, seed=0, **options)
    assert [(type(item), item.weight, item.every) for item in model.penalties] == [(kind, 3.0, 4)]
