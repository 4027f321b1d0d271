"""Codes matched by brute force, correlations by hand, and strokes measured where their slant and width are known."""

import itertools

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr

from kgan.data import synthetic
from kgan.errors import InputError
from kgan.metrics.codes import code_accuracy, match_codes, rank_correlations
from kgan.metrics.strokes import slant, stroke_width


@pytest.mark.parametrize(("num_codes", "num_classes"), [(4, 4), (5, 3), (3, 5), (1, 2)])
def test_the_matching_is_the_best_of_all(num_codes, num_classes):
    generator = np.random.default_rng(num_codes)
    codes, labels = generator.integers(0, num_codes, 60), generator.integers(0, num_classes, 60)
    matching = match_codes(codes, labels, num_codes, num_classes)
    most = max(num_codes, num_classes)
    best = max(
        np.mean(np.array(classes)[codes] == labels) for classes in itertools.permutations(range(most), num_codes)
    )
    assert code_accuracy(codes, labels, matching) == pytest.approx(best)
    used = matching[matching >= 0].tolist()
    assert len(set(used)) == len(used) == min(num_codes, num_classes)


def test_an_accuracy_by_hand():
    matching = match_codes([0, 0, 1, 1, 2], [5, 5, 3, 3, 3], 3, 6)
    assert matching[:2].tolist() == [5, 3]
    assert code_accuracy([0, 1, 2, 0], [5, 3, 3, 4], matching) == 0.5


def test_a_value_left_over_is_always_wrong():
    matching = match_codes([0, 0, 1], [1, 1, 1], 2, 2)
    spare = match_codes([0, 0, 1], [0, 0, 0], 2, 1)
    assert matching[0] == 1
    assert spare.tolist() == [0, -1]
    assert code_accuracy([1, 1], [0, 0], spare) == 0.0


def test_rank_correlations_by_hand():
    # Ranks 1 2 3 4 5 and 2 1 4 3 5: 1 - 6 * 4 / (5 * 24).
    found = rank_correlations([1.0, 2.0, 3.0, 4.0, 5.0], {"swapped": [20, 10, 40, 30, 50], "same": np.arange(5) ** 3})
    assert found["swapped"] == pytest.approx(0.8)
    assert found["same"] == pytest.approx(1.0)
    assert np.isnan(rank_correlations([1.0, 2.0], {"flat": [3, 3]})["flat"])


def test_correlations_within_classes_are_the_weighted_mean():
    values = np.random.default_rng(0).normal(size=40)
    labels = np.repeat([0, 11], [30, 10])
    factor = values * np.where(labels == 0, 1, -1) + np.random.default_rng(1).normal(size=40)
    expected = [spearmanr(rankdata(values[labels == k]), rankdata(factor[labels == k])).statistic for k in (0, 11)]
    found = rank_correlations(values, {"factor": factor}, labels)["factor"]
    assert found == pytest.approx(np.dot([0.75, 0.25], expected))


def test_more_classes_than_ten():
    values, labels = np.arange(36.0), np.arange(36) % 12
    found = rank_correlations(values, {"up": values**3, "down": -values}, labels)
    assert found == pytest.approx({"up": 1.0, "down": -1.0})
    # Classes too small to rank.
    assert np.isnan(rank_correlations(values[:24], {"up": values[:24]}, labels[:24])["up"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: match_codes([0, 3], [0, 1], 3, 2), "`codes` must lie in 0 to 2"),
        (lambda: match_codes([0, 1], [0, 1, 1], 2, 2), "of one length"),
        (lambda: code_accuracy([0, 5], [0, 1], [0, 1]), "`codes` must lie"),
        (lambda: rank_correlations([1.0, 2.0], {"x": [1.0]}), "factor 'x'"),
        (lambda: rank_correlations([1.0, 2.0], {"x": [1.0, 2.0]}, [0]), "one length"),
        (lambda: rank_correlations([1.0, 2.0], {"x": [1.0, 2.0]}, [0, -1]), "`labels` must lie in 0 to"),
        (lambda: slant(np.zeros((2, 8, 8, 3), np.uint8)), "gray"),
        (lambda: stroke_width(np.zeros((2, 8, 8, 1))), "uint8"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_a_leaning_line_by_hand():
    image = np.zeros((1, 9, 9, 1), np.uint8)
    for row in range(2, 7):
        image[0, row, 8 - row] = 255
    upright = np.zeros((1, 9, 9, 1), np.uint8)
    upright[0, 1:8, 4] = 200
    assert slant(np.concatenate([image, upright])).tolist() == pytest.approx([1.0, 0.0])


def test_a_bar_by_hand():
    image = np.zeros((1, 20, 20, 1), np.uint8)
    image[0, 3:17, 8:11] = 255
    # Forward differences see 2 x 14 pixels of upright and 2 x 3 of level outline, at one corner in a diagonal.
    assert stroke_width(image)[0] == pytest.approx(2 * 42 / (2 * 14 + 2 * 3 - 2 + np.sqrt(2)))


def test_a_black_image_has_no_strokes():
    black = np.zeros((1, 8, 8, 1), np.uint8)
    assert np.isnan(slant(black)).all() and np.isnan(stroke_width(black)).all()


def test_strokes_follow_the_known_factors_of_drawn_digits():
    images, factors = synthetic.digits(2000, seed=3)
    width, lean = {"width": factors["width"]}, {"slant": factors["slant"]}
    assert rank_correlations(stroke_width(images), width)["width"] > 0.98
    # A class has a slant of its own in this measure.
    assert rank_correlations(slant(images), lean)["slant"] > 0.87
    assert rank_correlations(slant(images), lean, factors["label"])["slant"] > 0.97
