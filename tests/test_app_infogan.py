"""The infogan app end to end, on drawn digits with the truth known and on a folder of pictures without labels."""

import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import kgan
from kgan.apps import infogan
from kgan.codes import Categorical
from kgan.data import ImageSet, synthetic
from kgan.evaluation.codes import describe_codes

pytestmark = pytest.mark.usefixtures("quick_apps")

TINY = {"size": 16, "batch_size": 4, "width": 4, "depth": 0, "epochs": 1}


def read(path):
    with Image.open(path) as picture:
        return np.asarray(picture, np.int16)


@pytest.fixture
def folder(tmp_path):
    """Twelve pictures of drawn digits, gray."""
    (tmp_path / "digits").mkdir()
    for index, image in enumerate(synthetic.digits(12, seed=3)[0]):
        Image.fromarray(image[..., 0]).save(tmp_path / "digits" / f"{index}.png")
    return tmp_path / "digits"


def test_a_folder_is_trained_on_its_codes_shown_and_the_model_published(folder, tmp_path, capsys):
    run = infogan.train(data=str(folder), out=tmp_path / "run", categories=3, **TINY)
    said = capsys.readouterr()
    assert "what the codes do, on 12 training images" in said.out
    assert said.out == (run.path / "codes" / "table.txt").read_text()
    assert "health: no alarm" in said.err
    wide, tall = 2 + 18 * infogan.COLUMNS, 2 + 18 * infogan.ROWS
    assert {path.name: read(path).shape for path in (run.path / "codes").glob("*.png")} == {
        "categorical-1.png": (2 + 18 * 3, wide),
        "continuous-1.png": (tall, wide),
        "continuous-2.png": (tall, wide),
    }
    codes = json.loads((run.path / "codes" / "table.json").read_text())["codes"]
    assert codes["categorical_1"].keys() == {"nats"}
    assert codes["continuous_1"]["correlations"].keys() == {"measured slant", "measured stroke width"}
    model = run.load_model()
    assert codes["continuous_2"]["nats"] == pytest.approx(model.information(10_000)["continuous_2"], abs=1e-4)
    served = tf.saved_model.load(str(run.path / "savedmodel" / "1")).signatures["sample"](tf.constant([3], tf.int64))
    np.testing.assert_allclose(served["images"], model.sample(1, seed=3), atol=1e-5)


def test_a_row_is_a_value_and_a_traversal_goes_from_minus_to_plus_2(tmp_path):
    model = infogan.build(
        (16, 16, 1),
        width=4,
        depth=0,
        categories=3,
        warmup=2,
        shift=0.1,
        learning_rate=1e-3,
        ema_decay=0.9,
        xla=False,
        seed=0,
    )
    infogan.draw_codes(model, tmp_path)

    def drawn(name, row, column):
        picture = read(tmp_path / name)
        return picture[2 + 18 * row : 18 + 18 * row, 2 + 18 * column : 18 + 18 * column]

    def expected(seed, **chosen):
        image = model(model.latents([seed], **chosen))[0, ..., 0]
        return kgan.pixels.to_uint8(image).numpy().astype(np.int16)

    close = {"atol": 1, "rtol": 0}
    np.testing.assert_allclose(drawn("categorical-1.png", 2, 7), expected(7, categorical_1=2), **close)
    np.testing.assert_allclose(drawn("continuous-2.png", 5, 0), expected(5, continuous_2=-2.0), **close)
    np.testing.assert_allclose(drawn("continuous-2.png", 5, 9), expected(5, continuous_2=2.0), **close)


@pytest.mark.parametrize("warmup", [5, None])
def test_the_channels_are_an_option(warmup):
    codes = infogan.make_codes(7, warmup, shift=0.2)
    assert [code.kind for code in codes] == ["categorical", "continuous", "continuous"]
    assert codes[0].size == 7
    assert all((code.channel is None) == (warmup is None) for code in codes)
    assert all(code.channel is None or code.channel.amounts["shift"] == 0.2 for code in codes)
    assert codes[0].warmup == (warmup or 0) and codes[0].agreement == (warmup is not None)


class Knowing:
    """A model whose Q knows the digits' classes under other names, errs in a tenth, and reads slant backwards."""

    def __init__(self, sets):
        self.code_set = kgan.codes.CodeSet((Categorical(10), kgan.codes.Continuous()))
        self.sets = sets

    def information(self, num_images):
        return {"categorical_1": 2.25, "continuous_1": 1.5}

    def encode(self, images):
        uint8 = kgan.pixels.to_uint8(images).numpy()
        of = next(s for s in self.sets if any(np.array_equal(uint8[0], image) for image in s.images))
        rows = [int(np.flatnonzero((of.images == image).all(axis=(1, 2, 3)))[0]) for image in uint8]
        values = (of.labels[rows] + 3 + (np.array(rows) % 10 == 0)) % 10
        return {"categorical_1": np.eye(10)[values], "continuous_1": np.stack([-of.factors["slant"][rows]] * 2, 1)}


def test_the_table_matches_on_one_set_and_scores_on_the_other():
    train, test = (
        ImageSet(images, factors=factors) for images, factors in (synthetic.digits(300, seed=s) for s in (4, 5))
    )
    report = describe_codes(Knowing((train, test)), train, test)
    categorical, continuous = report.codes["categorical_1"], report.codes["continuous_1"]
    assert categorical["accuracy"] == pytest.approx(0.9)
    assert categorical["classes"] == [(value - 3) % 10 for value in range(10)]
    wrong = (np.arange(300) % 10 == 0) & ((test.labels + 4) % 10 == 0)
    right = (np.arange(300) % 10 != 0) & ((test.labels + 3) % 10 == 0)
    assert categorical["right"][0] == pytest.approx(right.sum() / (right.sum() + wrong.sum()))
    assert continuous["correlations"]["slant"] == pytest.approx(-1.0)
    assert abs(continuous["correlations"]["width"]) < 0.2
    assert continuous["within_classes"]["measured slant"] < -0.95
    text = report.text()
    assert "on 300 held-out images" in text and "categorical_1: L_I 2.25 nats; tells the class of 90.00%" in text
    assert any(line.split() == ["slant", "-1.00", "(-1.00)"] for line in text.splitlines())
