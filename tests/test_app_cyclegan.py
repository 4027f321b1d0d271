"""The cyclegan app end to end, on two folders of pictures."""

import os
import shutil

import keras
import numpy as np
import pytest
from PIL import Image

import kgan
import tiny
from kgan.apps import cyclegan
from kgan.errors import InputError
from kgan.runs import Run

pytestmark = pytest.mark.usefixtures("quick_apps")

TINY = {"size": 16, "width": 2, "blocks": 0, "receptive_field": "16", "pool_size": 3}


def fill(folder, counts):
    random = np.random.default_rng(0)
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for index in range(count):
            pixels = random.integers(0, 128, (16, 16, 3), dtype=np.uint8) + (128 if name.endswith("B") else 0)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{index}.png")
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cyclegan")
    data = fill(folder / "data", {"trainA": 8, "trainB": 6, "testA": 3, "testB": 2})
    return cyclegan.train(data=str(data), out=folder / "run", epochs=2, cycle_weight_end=4.0, **TINY)


def test_both_directions_are_trained_shown_and_published(trained):
    with Image.open(trained.samples / "epoch-0002.png") as picture:
        # Two rows; there and back again from A, and from B.
        assert picture.size == (2 + 6 * 18, 2 + 2 * 18)
    assert (trained.path / "savedmodel" / "1" / "saved_model.pb").exists()
    model = trained.load_model()
    assert model.directions == ("a_to_b", "b_to_a")
    weights = [float(model.cycle_weight(step)) for step in (0, 6, 9, 12)]
    assert weights == pytest.approx([10.0, 10.0, 7.0, 4.0])


def test_a_resumed_training_ends_with_the_same_bits(trained, tmp_path, monkeypatch, capsys):
    shutil.copytree(trained.path, tmp_path / "run")
    *_, newest = sorted((tmp_path / "run" / "checkpoints").iterdir())
    shutil.rmtree(newest)
    monkeypatch.chdir(os.path.sep)
    monkeypatch.setattr(kgan, "export", lambda model, path, origin: path)
    opened = Run.open(tmp_path / "run")
    cyclegan.train(**opened.options, run=opened)
    one, other = (keras.saving.load_model(run.path / "model.keras") for run in (trained, opened))
    assert int(one.optimizer.iterations.numpy()) == 12
    assert int(one.pools[0].count.numpy()) == 3
    assert tiny.differences(one, other) == []
    said = capsys.readouterr().err
    assert "training on 6 images of A and 4 of B; the best model is chosen by 2 images of A and 2 of B" in said
    assert f"kgan translate {tmp_path / 'run'} IN OUT" in said


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data": "cycle_gan/horse2zebras"}, "did you mean 'horse2zebra'"),
        ({"batch_size": 5}, "has [24]"),
        ({"cycle_weight_end": 1.0, "epochs": None, "minutes": 1.0}, "give --epochs"),
        ({"cycle_weight_end": -1.0}, "at least 0"),
        ({"cycle_weight": -1.0}, "cycle_weight"),
        ({"penalty": "gradient"}, "did you mean 'gradient_penalty'"),
        ({"width": 0}, "at least 1"),
    ],
)
def test_mistakes_are_one_error_and_leave_nothing(options, message, tmp_path):
    data = fill(tmp_path / "data", {"trainA": 6, "trainB": 4, "testA": 3, "testB": 2})
    with pytest.raises(InputError, match=message):
        cyclegan.train(**{"data": str(data), "out": tmp_path / "run", "epochs": 1, **TINY, **options})
    assert not (tmp_path / "run").exists()


def test_relatives_are_a_few_options():
    shapes = ((16, 16, 3), (16, 16, 1))
    sizes = {"width": 2, "blocks": 1, "residual": False, "receptive_field": "16", "critic_norm": "none"}
    model = cyclegan.build(shapes, **sizes, identity_weight=0.0, pool_size=0)
    model.compile("adam", "adam", loss="wasserstein", penalty="weight_clipping")
    assert (model.channels("a_to_b"), model.channels("b_to_a")) == ((3, 1), (1, 3))
    assert [type(constraint) for constraint in model.constraints] == [kgan.WeightClipping]
    assert not any(isinstance(layer, keras.layers.GroupNormalization) for layer in model.discriminator_a.layers)
