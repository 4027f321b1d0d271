"""The conditional and the anime app end to end, and what their runs are asked for."""

import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import kgan
import kgan_cli
from kgan.apps import anime, conditional
from kgan.data import synthetic
from kgan.errors import InputError

pytestmark = pytest.mark.usefixtures("quick_apps")

TINY = {"size": 16, "batch_size": 8, "width": 4, "depth": 0, "latent_dim": 4, "epochs": 1}


def sample(monkeypatch, capsys, *words):
    monkeypatch.setattr(sys, "argv", ["kgan", "sample", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        kgan_cli.main()
    captured = capsys.readouterr()
    return ended.value.code or 0, captured.out.strip(), captured.err


@pytest.fixture(scope="module")
def few_digits():
    """As many drawn digits as an epoch in a test can take."""
    patch = pytest.MonkeyPatch()
    patch.setitem(kgan.data.sources.WORLDS, "synthetic", (synthetic.digits, 40))
    yield
    patch.undo()


@pytest.fixture(scope="module")
def digits(few_digits, tmp_path_factory):
    return conditional.train(data="synthetic", out=tmp_path_factory.mktemp("conditional") / "run", **TINY)


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    folder = synthetic.write_faces(tmp_path_factory.mktemp("faces") / "drawn", 40)
    return anime.train(data=str(folder), out=tmp_path_factory.mktemp("anime") / "run", **TINY)


def test_a_label_is_drawn_and_served(digits, monkeypatch, capsys):
    code, out, err = sample(monkeypatch, capsys, digits.path, "--label", 7, "--num", 4, "--seed", 3)
    assert code == 0, err
    assert out.endswith("grid-4-seed-3-label-7.png")
    with Image.open(out) as grid:
        assert grid.size == (2 * 18 + 2, 2 * 18 + 2)
    model = digits.load_model()
    served = tf.saved_model.load(str(digits.path / "savedmodel" / "1")).signatures["label"]
    images = served(label=tf.constant([7], tf.int64), seed=tf.constant([3], tf.int64))["images"]
    np.testing.assert_allclose(images, model.sample(1, seed=3, conditions=np.eye(10)[7]), atol=1e-5)
    # The classes come up as often as in the training set.
    counts = np.bincount(synthetic.digits(40)[1]["label"], minlength=10)
    assert model.prior == [[[digit] for digit in np.flatnonzero(counts)], counts[counts > 0].tolist()]


def test_a_prompt_is_drawn_and_served(faces, monkeypatch, capsys):
    code, out, err = sample(monkeypatch, capsys, faces.path, "--prompt", "red eyes, blue hair", "--num", 2)
    assert code == 0, err
    assert out.endswith("grid-2-seed-0-red-eyes--blue-hair.png")
    served = tf.saved_model.load(str(faces.path / "savedmodel" / "1")).signatures["prompt"]
    answer = served(prompt=tf.constant(["blue hair, red eyes"]), seed=tf.constant([0], tf.int64))["image_bytes"]
    model = faces.load_model()
    expected = kgan.pixels.to_uint8(model.sample(1, conditions=model.encoder.encode("blue hair red eyes")))[0]
    found = tf.io.decode_png(answer.numpy()[0]).numpy()
    assert np.abs(found - expected.numpy().astype(int)).max() <= 1


def test_latent_tools_write_what_is_asked_for(digits, monkeypatch, capsys):
    whole = sample(monkeypatch, capsys, digits.path, "--num", 3, "--neighbours", 2)[1]
    with Image.open(whole) as picture:
        assert picture.size == (4 * 18 + 2, 3 * 18 + 2)
    walks = [
        sample(monkeypatch, capsys, digits.path, "--num", 2, "--interpolate", 3, "--path", path, "--out", out)[1]
        for path, out in (("linear", digits.path / "a.png"), ("spherical", digits.path / "b.png"))
    ]
    pixels = [np.asarray(Image.open(path)) for path in walks]
    assert np.array_equal(pixels[0][:, :18], pixels[1][:, :18]) and not np.array_equal(*pixels)
    plain, cut = (
        sample(monkeypatch, capsys, digits.path, "--num", 4, *more)[1] for more in ((), ("--truncation", 0.5))
    )
    assert cut.endswith("truncation-0.5.png")
    assert not np.array_equal(np.asarray(Image.open(plain)), np.asarray(Image.open(cut)))


@pytest.mark.parametrize(
    ("which", "words", "message"),
    [
        ("digits", ["--label", 10], "label 10 is out of range: this model knows 0 to 9"),
        ("digits", ["--prompt", "blue hair"], "this model was trained without words"),
        ("digits", ["--label", 1, "--prompt", "x"], "give one"),
        ("digits", ["--neighbours", 2, "--single"], "do not go together"),
        ("digits", ["--neighbours", 1000], "need as many training images"),
        ("digits", ["--truncation", 0], "above 0"),
        ("digits", ["--path", "sperical", "--interpolate", 3], "did you mean 'spherical'"),
        ("faces", ["--prompt", "blu hair"], "did you mean 'blue'"),
        ("faces", ["--label", 1], "--label: this model is asked in words: --prompt 'aqua hair, aqua eyes'."),
        ("digits", ["--path", "linear"], "--path says how an interpolation goes; it needs --interpolate or --gif"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(which, words, message, request, monkeypatch, capsys):
    path = request.getfixturevalue(which).path
    # What a training that had to be made for this says.
    capsys.readouterr()
    code, out, err = sample(monkeypatch, capsys, path, *words)
    assert (code, out) == (1, "")
    assert message in err and "Traceback" not in err and len(err.strip().splitlines()) == 1


def test_faces_without_tags_are_trained_on_too(tmp_path):
    folder = synthetic.write_faces(tmp_path / "drawn", 16)
    (folder / "tags.csv").unlink()
    run = anime.train(data=str(folder), out=tmp_path / "run", **TINY)
    assert isinstance(run.load_model(), kgan.GAN)


def test_images_without_labels_are_refused(tmp_path):
    synthetic.write_faces(tmp_path / "drawn", 16)
    with pytest.raises(InputError, match="has no labels; take a labelled set"):
        conditional.train(data=str(tmp_path / "drawn"), out=tmp_path / "run", **TINY)
    assert not (tmp_path / "run").exists()
