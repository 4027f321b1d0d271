"""The score monitor: which model is kept, what is written, what it costs, and that it changes nothing."""

import csv
import json

import keras
import numpy as np
import pytest

import tiny
from kgan import evaluation
from kgan.data import ImageSet
from kgan.errors import InputError
from kgan.metrics.features import open_extractor
from kgan.monitors import ScoreMonitor
from kgan.runs import Run, fit

IMAGES = ImageSet(np.random.default_rng(0).integers(0, 256, (48, 4, 4, 1), dtype=np.uint8))

pytestmark = pytest.mark.usefixtures("quick_apps")


class Planned:
    """A scorer whose scores are known in advance."""

    def __init__(self, *values, better="lower"):
        self.metrics = ("frechet_distance",)
        self.floor = {"frechet_distance": 1.0}
        self.values, self.way = iter(values), better
        self.seen = []
        reference = evaluation.open_reference(IMAGES, open_extractor("pixels"), 8)
        self.protocol = reference.protocol("ema", seed=0)

    def better(self, metric):
        return self.way

    def check_model(self, model):
        """Takes every model."""

    def score_model(self, model):
        self.seen.append(model)
        return {"frechet_distance": next(self.values)}


def train(folder, scorer, model=None, epochs=4, **options):
    monitor = ScoreMonitor(scorer, folder / "best", share=1.0, **options)
    model = model or tiny.gan()
    run = Run.new("x", {}, folder / "run") if not (folder / "run").exists() else Run.open(folder / "run")
    fit(run, model, IMAGES, batch_size=8, epochs=epochs, callbacks=[monitor])
    return monitor, model


@pytest.mark.parametrize(("better", "step"), [("lower", 12), ("higher", 18)])
def test_the_best_model_is_kept_and_not_the_last(tmp_path, better, step):
    monitor, _ = train(tmp_path, Planned(5.0, 3.0, 9.0, 4.0, better=better))
    best = json.loads((tmp_path / "best" / "best.json").read_text())
    assert (best["step"], best["scores"]) == (step, {"frechet_distance": 3.0 if better == "lower" else 9.0})
    kept = keras.saving.load_model(tmp_path / "best" / "model.keras")
    assert int(kept.optimizer.iterations.numpy()) == step
    assert f"step {step}" in monitor.summary()


def test_every_score_is_in_a_table_and_in_the_epochs_log(tmp_path):
    train(tmp_path, Planned(5.0, 3.0), every=2)
    with (tmp_path / "best" / "scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["epoch"], row["step"], row["frechet_distance"]) for row in rows] == [
        ("2", "12", "5.0"),
        ("4", "24", "3.0"),
    ]
    assert list((tmp_path / "run" / "logs").rglob("events*"))


def test_the_last_epoch_is_scored_even_out_of_turn_and_beyond_the_share(tmp_path):
    scorer = Planned(5.0, 3.0)
    monitor = ScoreMonitor(scorer, tmp_path / "best", every=3, share=1e-9)
    fit(Run.new("x", {}, tmp_path / "run"), tiny.gan(), IMAGES, batch_size=8, epochs=5, callbacks=[monitor])
    with (tmp_path / "best" / "scores.csv").open() as file:
        epochs = [row["epoch"] for row in csv.DictReader(file)]
    # The third is free, as its cost is not known before.
    assert epochs == ["3", "5"]


def test_the_samples_scored_are_those_of_the_averaged_generator(tmp_path):
    scorer = evaluation.Scorer(IMAGES, open_extractor("pixels"), num_images=8)
    monitor, model = train(tmp_path, scorer, epochs=1)
    ema, raw = (scorer.score(evaluation.draw(model, 8, 0, weights)) for weights in ("ema", "raw"))
    assert monitor.best["scores"] == ema != raw


def test_a_scorer_for_other_models_is_refused_before_the_first_epoch(tmp_path):
    scorer = evaluation.Scorer(IMAGES, open_extractor("pixels"), num_images=8)
    model = tiny.cyclegan()
    monitor = ScoreMonitor(scorer, tmp_path / "best")
    with pytest.raises(InputError, match=r"Scorer scores models that sample; got a CycleGAN.*TranslationScorer"):
        model.fit(tiny.pairs(), verbose=0, callbacks=[monitor])
    assert int(model.optimizer.iterations.numpy()) == 0


def test_training_is_the_same_with_and_without(tmp_path):
    _, watched = train(tmp_path, Planned(*range(9)))
    alone = tiny.gan()
    fit(Run.new("x", {}, tmp_path / "alone"), alone, IMAGES, batch_size=8, epochs=4)
    assert tiny.differences(watched, alone) == []


def test_a_resumed_training_keeps_the_best_of_the_first_sitting(tmp_path):
    train(tmp_path, Planned(2.0, 1.0), epochs=2)
    monitor, _ = train(tmp_path, Planned(5.0, 4.0), Run.open(tmp_path / "run").restore(), epochs=4)
    assert monitor.best["step"] == 12
    assert len((tmp_path / "best" / "scores.csv").read_text().splitlines()) == 5


def test_training_stops_on_a_plateau(tmp_path, capsys):
    _, model = train(tmp_path, Planned(5.0, 3.0, 3.5, 4.0, 1.0), epochs=9, patience=2)
    assert int(model.optimizer.iterations.numpy()) == 24
    assert "no better frechet_distance in 2 scores" in capsys.readouterr().err


def test_a_real_scorer_prefers_real_images():
    scorer = evaluation.Scorer(IMAGES, open_extractor("pixels"), num_images=24)
    noise = np.zeros((24, 4, 4, 1), np.uint8)
    assert scorer.score(IMAGES[:24])["frechet_distance"] < scorer.score(noise)["frechet_distance"]


@pytest.mark.parametrize(
    ("options", "message"),
    [({"metric": "recall"}, "frechet_distance"), ({"every": 0}, "every >= 1"), ({"share": 0.0}, "share")],
)
def test_impossible_options_are_refused(tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        ScoreMonitor(Planned(), tmp_path, **options)
