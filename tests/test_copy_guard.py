"""The guard against copying: when it stops a training, and that no copying model is kept."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_score_monitor import Planned

import kgan
import tiny
from kgan.data import ImageSet
from kgan.errors import InputError
from kgan.monitors import CopyGuard, ScoreMonitor
from kgan.monitors.allowance import Allowance
from kgan.pixels import from_uint8

SHAPE = (8, 8, 1)


def pictures(count, seed):
    """Smooth random pictures, of which no two are alike."""
    small = np.random.default_rng(seed).uniform(0, 255, (count, 4, 4, 1)).astype("float32")
    return np.asarray(tf.image.resize(small, SHAPE[:2]), np.uint8)


TRAIN = ImageSet(pictures(200, seed=0))


class Drawer:
    """Hands out new pictures at first, and training images from a given epoch on."""

    stop_training = False

    def __init__(self, copies_from):
        self.copies_from, self.epoch = copies_from, 0

    def sample(self, count, seed=0):
        source = TRAIN.images if self.epoch >= self.copies_from else pictures(300, seed=9)
        return from_uint8(tf.constant(source[np.arange(seed, seed + count) % len(source)]))


@pytest.fixture
def always(monkeypatch):
    """Looks after every epoch: those of a test take no time."""
    monkeypatch.setattr(Allowance, "affordable", lambda self: True)


def run(guard, model, epochs=6):
    logs = []
    guard.set_model(model)
    guard.set_params({"epochs": epochs})
    guard.on_train_begin()
    for epoch in range(epochs):
        model.epoch = epoch
        seen = {}
        guard.on_epoch_end(epoch, seen)
        logs.append(seen)
        if model.stop_training:
            break
    return logs


@pytest.mark.parametrize("held_out", [None, ImageSet(pictures(150, seed=5))], ids=["own", "held_out"])
def test_training_stops_when_samples_become_copies(held_out, always, capsys):
    guard, model = CopyGuard(TRAIN, held_out, share=1.0), Drawer(copies_from=3)
    logs = run(guard, model)
    assert len(logs) == 4
    assert guard.alarmed and guard.found.score > 0.9
    assert all(seen["copies"] < 0.05 for seen in logs[:3]) and logs[3]["copies"] > 0.9
    said = capsys.readouterr().err
    assert "training stops after epoch 4: the generator copies its training images" in said


def test_new_pictures_do_not_stop_it(always, capsys):
    guard, model = CopyGuard(TRAIN, share=1.0), Drawer(copies_from=99)
    assert len(run(guard, model)) == 6
    assert not guard.alarmed
    assert capsys.readouterr().err == ""


def test_it_keeps_to_its_share_of_the_time_but_sees_the_last_epoch():
    guard, model = CopyGuard(TRAIN, share=1e-9), Drawer(copies_from=5)
    logs = run(guard, model)
    # The first look is free, for nothing is known of its cost.
    assert ["copies" in seen for seen in logs] == [True, False, False, False, False, True]
    assert guard.alarmed


def test_a_model_that_copies_is_not_kept_however_well_it_scores(tmp_path):
    images = ImageSet(pictures(40, seed=1)[:, :4, :4])
    guard = CopyGuard(images, num_images=40, share=1.0)
    scores = ScoreMonitor(Planned(5.0, 3.0, 1.0), tmp_path / "best", share=1.0, guard=guard)
    model = tiny.gan()
    found = iter([False, False, True])

    def look(epoch, logs=None):
        guard.found = type("Found", (), {"alarm": next(found)})()

    guard.on_epoch_end = look
    model.fit(images.batches(8), epochs=3, callbacks=[guard, scores], verbose=0)
    kept = keras.saving.load_model(tmp_path / "best" / "model.keras")
    assert int(kept.optimizer.iterations.numpy()) == 10
    assert scores.best["scores"] == {"frechet_distance": 3.0}


def test_it_changes_nothing_of_the_training():
    images = ImageSet(pictures(40, seed=1)[:, :4, :4])
    watched, alone = tiny.gan(), tiny.gan()
    watched.fit(images.batches(8), epochs=2, callbacks=[CopyGuard(images, num_images=100)], verbose=0)
    alone.fit(images.batches(8), epochs=2, verbose=0)
    assert tiny.differences(watched, alone) == []


def test_what_makes_no_sense_is_refused():
    with pytest.raises(InputError, match="share in"):
        CopyGuard(TRAIN, share=0.0)
    with pytest.raises(InputError, match="num_images >= 1"):
        CopyGuard(TRAIN, num_images=0)
    with pytest.raises(InputError, match="train"):
        CopyGuard(ImageSet(pictures(9, seed=0)))
    guard = CopyGuard(TRAIN)
    guard.set_model(tiny.cyclegan())
    with pytest.raises(InputError, match="CycleGAN does not make any"):
        guard.on_train_begin()
    assert kgan.CopyGuard is CopyGuard
