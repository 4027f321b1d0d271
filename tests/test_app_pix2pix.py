"""The pix2pix app end to end, on a folder of joined pictures; and what both translating apps make of their data."""

import os
import shutil
import sys
from functools import partial

import filelock
import keras
import numpy as np
import pytest
from PIL import Image

import kgan
import kgan_cli
import tiny
from kgan.apps import _translators, pix2pix
from kgan.data import ImageSet, PairedImages, UnpairedImages
from kgan.data.lazy import LazyImages
from kgan.errors import InputError, RunError
from kgan.runs import Run
from kgan.runs.lock import NAME

pytestmark = pytest.mark.usefixtures("quick_apps")

TINY = {"size": 16, "width": 2, "receptive_field": "16", "input_side": "right", "learning_rate": 1e-3}
RANDOM = np.random.default_rng(0)


def join(folder, count, broken=False):
    """Pictures of 32x16: left a photo, right what it is made of, its negative."""
    folder.mkdir(parents=True)
    for index in range(count):
        photo = np.repeat(np.repeat(RANDOM.integers(0, 256, (4, 4, 3), dtype=np.uint8), 4, axis=0), 4, axis=1)
        Image.fromarray(np.concatenate([photo, 255 - photo], axis=1)).save(folder / f"{index}.png")
    if broken:
        (folder / "torn.png").write_bytes(b"torn")
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pix2pix")
    data = join(folder / "pairs", 8, broken=True)
    return pix2pix.train(data=str(data), out=folder / "run", epochs=2, skip_broken=True, **TINY)


def test_pictures_scores_health_and_the_published_model_are_there(trained):
    names = {path.name for path in trained.path.iterdir()}
    assert names >= {"best", "checkpoints", "health.jsonl", "history.csv", "samples", "savedmodel", "training.gif"}
    with Image.open(trained.samples / "epoch-0002.png") as picture:
        # A row for each of the two pairs held out: input, output, target.
        assert picture.size == (2 + 3 * 18, 2 + 2 * 18)
        shown = np.asarray(picture)[2:18, 2:].astype(int)
    np.testing.assert_array_equal(shown[:, :16], 255 - shown[:, 36:52])
    assert trained.load_model().directions == ("a_to_b",)
    decays = [optimizer.learning_rate for optimizer in optimizers(trained.restore())]
    assert [float(rate) for rate in decays] == [0.0, 0.0]


def optimizers(model):
    return model.generator_optimizer, model.discriminator_optimizer


def test_the_run_translates(trained, tmp_path, monkeypatch, capsys):
    Image.fromarray(RANDOM.integers(0, 256, (20, 27, 4), dtype=np.uint8)).save(tmp_path / "in.png")
    words = ["translate", trained.path, tmp_path / "in.png", tmp_path / "out.png"]
    monkeypatch.setattr(sys, "argv", ["kgan", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        kgan_cli.main()
    assert not ended.value.code, capsys.readouterr().err
    with Image.open(tmp_path / "out.png") as made:
        assert (made.size, made.mode) == ((27, 20), "RGBA")


def test_a_resumed_training_ends_with_the_same_bits(trained, tmp_path, monkeypatch, capsys):
    shutil.copytree(trained.path, tmp_path / "run")
    # As it stood when its newest checkpoint was not there yet.
    *_, newest = sorted((tmp_path / "run" / "checkpoints").iterdir())
    shutil.rmtree(newest)
    monkeypatch.chdir(os.path.sep)
    monkeypatch.setattr(kgan, "export", lambda model, path, origin: path)
    resumed = Run.open(tmp_path / "run")
    pix2pix.train(**resumed.options, run=resumed)
    one, other = (keras.saving.load_model(run.path / "model.keras") for run in (trained, resumed))
    assert int(one.optimizer.iterations.numpy()) == 12
    assert tiny.differences(one, other) == []
    said = capsys.readouterr().err
    for words in (
        "left out torn.png",
        "training on 6 pairs; the best model is chosen by 2 pairs, held out of the training images",
        "health: no alarm",
        "the best model is that of step",
        f"translate with it: kgan translate {tmp_path / 'run'} IN OUT",
    ):
        assert words in said


def test_a_longer_training_has_the_rate_of_its_own_length(trained, tmp_path):
    model = trained.restore()
    _translators.decay(model, 1e-3, 16)
    model.save(tmp_path / "model.keras")
    longer = keras.saving.load_model(tmp_path / "model.keras")
    assert int(longer.optimizer.iterations.numpy()) == 12
    assert [float(optimizer.learning_rate) for optimizer in optimizers(longer)] == pytest.approx([5e-4, 5e-4])
    assert tiny.differences(longer, trained.restore()) == []


def test_a_refused_resume_leaves_the_options_of_the_training_under_way(trained):
    before = (trained.path / "options.json").read_bytes()
    opened = Run.open(trained.path)
    # A lock of another process's, as it looks from here.
    with filelock.FileLock(trained.path / NAME), pytest.raises(RunError, match="being trained"):
        pix2pix.train(**{**opened.options, "epochs": 500}, run=opened)
    assert (trained.path / "options.json").read_bytes() == before


def test_without_a_number_of_epochs_the_rate_stays(capsys):
    model = tiny.pix2pix()
    _translators.decay(model, 1e-3, _translators.steps_of([1] * 7, 2, None))
    assert "--minutes alone" in capsys.readouterr().err
    assert [float(optimizer.learning_rate) for optimizer in optimizers(model)] == pytest.approx([0.01, 0.01])
    _translators.decay(model, 1e-3, _translators.steps_of([1] * 7, 2, 4))
    for steps, rate in ((0, 1e-3), (6, 1e-3), (9, 5e-4), (12, 0.0)):
        for optimizer in optimizers(model):
            optimizer.iterations.assign(steps)
            assert float(optimizer.learning_rate) == pytest.approx(rate)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data": "facades"}, "facades.tar.gz"),
        ({"data": "cycle_gan/horse2zebra"}, "open_domains"),
        ({"batch_size": 7}, "has 6"),
        ({"epochs": 0}, "at least 1"),
        ({"size": 8}, "at least 16"),
        ({"l1_weight": -1.0}, "l1_weight"),
        ({"jitter": 0.5}, "at least 1"),
        ({"loss": "hinges"}, "did you mean 'hinge'"),
        ({"dropout": 1.0}, "dropout"),
    ],
)
def test_mistakes_are_one_error_and_leave_nothing(options, message, tmp_path):
    data = join(tmp_path / "pairs", 8)
    with pytest.raises(InputError, match=message):
        pix2pix.train(**{"data": str(data), "out": tmp_path / "run", "epochs": 1, **TINY, **options})
    assert not (tmp_path / "run").exists()


def numbered(count, offset=0):
    """Images that are their own number."""
    return np.arange(offset, offset + count, dtype=np.uint8)[:, None, None, None] * np.ones((1, 16, 16, 3), np.uint8)


@pytest.mark.parametrize("lazy", [False, True])
def test_a_tenth_is_held_out_where_there_is_no_validation_split(lazy, tmp_path):
    images = numbered(40)
    if lazy:
        for index, image in enumerate(images):
            Image.fromarray(image).save(tmp_path / f"{index:02}.png")
        files = sorted(tmp_path.iterdir())
        images = LazyImages(files, range(40), (16, 16, 3), None)
    pairs = PairedImages(ImageSet(images), ImageSet(numbered(40, offset=100)), kgan.data.Jitter())
    train, held_out = _translators.split_off(pairs)
    assert (len(train), len(held_out), type(train)) == (36, 4, PairedImages)
    assert train.jitter == pairs.jitter and held_out.jitter is None
    a, b = (
        np.concatenate([side[:], other[:]])[:, 0, 0, 0]
        for side, other in ((train.a, held_out.a), (train.b, held_out.b))
    )
    np.testing.assert_array_equal(a + 100, b)
    assert sorted(a) == list(range(40))
    first, _ = next(iter(train.batches(1, shuffle=False)))
    assert first.shape == (1, 16, 16, 3)
    domains = UnpairedImages(ImageSet(images), ImageSet(numbered(10)))
    train, held_out = _translators.split_off(domains)
    assert [len(side) for side in (train.a, train.b, held_out.a, held_out.b)] == [36, 8, 4, 2]
    with pytest.raises(InputError, match="too few"):
        _translators.split_off(PairedImages(ImageSet(numbered(3)), ImageSet(numbered(3))))


def test_a_model_is_chosen_by_images_that_are_neither_trained_on_nor_tested(tmp_path, capsys):
    opened = partial(_translators.open_sides, enlarge=None, skip_broken=False)
    train, validation, shown = opened(kgan.data.open_pairs, "synthetic/facades", None, num_images=4)
    assert (len(train), len(validation), len(shown), train.jitter) == (4, 4, 4, None)
    assert train.image_shapes == ((64, 64, 3), (64, 64, 3))
    test = kgan.data.open_pairs("synthetic/facades", split="test", num_images=4)
    np.testing.assert_array_equal(shown.b[:], test.b[:])
    assert len({images.b[0].tobytes() for images in (train, validation, shown)}) == 3
    message = "the best model is chosen by 4 pairs, the val split; the pictures show the test split"
    assert message in capsys.readouterr().err
    for split, count in (("train", 5), ("test", 3)):
        join(tmp_path / "joined" / split, count)
        for side in "AB":
            join(tmp_path / "sides" / f"{split}{side}", count)
    train, validation, shown = opened(kgan.data.open_pairs, str(tmp_path / "joined"), None)
    assert (len(train), len(validation), len(shown), train.a.image_shape) == (3, 2, 3, (256, 256, 3))
    assert train.jitter == kgan.data.Jitter(286 / 256)
    train, validation, shown = opened(kgan.data.open_domains, str(tmp_path / "sides"), 16)
    assert (len(train), len(validation), len(shown)) == (3, 2, 3)
    message = "chosen by 2 images of A and 2 of B, held out of the training images; the pictures show the test split"
    assert message in capsys.readouterr().err
    join(tmp_path / "joined" / "val", 4)
    train, validation, shown = opened(kgan.data.open_pairs, str(tmp_path / "joined"), 16)
    assert (len(train), len(validation), len(shown)) == (5, 4, 3)
