import math

import numpy as np
import pytest

from kgan.errors import InputError
from kgan.metrics import birthday_support, mode_count, mode_divergence, mode_histogram, stacked_mnist_modes


def test_a_histogram_counts_every_mode():
    histogram = mode_histogram(np.array([3, 0, 3, 1], np.uint8), 5)
    assert histogram.tolist() == [1, 1, 0, 2, 0]
    assert mode_count(histogram) == 3


def test_three_digits_are_one_of_a_thousand_modes():
    digits = np.stack(np.meshgrid(*[np.arange(10)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    assert stacked_mnist_modes(digits).tolist() == list(range(1000))
    assert stacked_mnist_modes(np.array([[9, 0, 7]], np.uint8)).tolist() == [907]


def test_the_divergence_by_hand():
    expected = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.25)
    assert mode_divergence([3, 1, 0], [2, 1, 1]) == pytest.approx(expected, rel=1e-15)
    assert mode_divergence(np.array([0.75, 0.25, 0.0]), [50, 25, 25]) == pytest.approx(expected, rel=1e-15)
    assert mode_divergence([5, 5], [0.5, 0.5]) == 0.0
    assert mode_divergence([10, 0, 0, 0], np.ones(4)) == pytest.approx(math.log(4.0), rel=1e-15)
    assert mode_divergence([1, 1], [1, 0]) == math.inf


def test_perfect_samples_of_stacked_mnist_are_at_the_known_divergence():
    rng = np.random.default_rng(0)
    found = []
    for _ in range(20):
        histogram = mode_histogram(stacked_mnist_modes(rng.integers(0, 10, (26_000, 3))), 1000)
        assert mode_count(histogram) == 1000
        found.append(mode_divergence(histogram, np.ones(1000)))
    # (1000 - 1) / (2 * 26,000); one draw strays by 0.0009.
    assert np.mean(found) == pytest.approx(0.0192, abs=0.0005)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda: mode_histogram([0, 5], 5), "`labels` must lie in 0 to 4; got 0 to 5"),
        (lambda: mode_histogram([-1], 5), "got -1 to -1"),
        (lambda: mode_histogram([0.5], 5), "whole numbers"),
        (lambda: mode_histogram([], 5), "whole numbers"),
        (lambda: mode_histogram([[1]], 5), r"got shape \(1, 1\)"),
        (lambda: mode_histogram([1], 0), "`num_modes`"),
        (lambda: stacked_mnist_modes([[1, 2]]), r"`digits` must be \(n, 3\)"),
        (lambda: stacked_mnist_modes([[1, 2, 10]]), "0 to 9"),
        (lambda: mode_count([0, 0]), "not all of them 0"),
        (lambda: mode_divergence([1, -1], [1, 1]), "`histogram` must hold finite counts"),
        (lambda: mode_divergence([1, 1], [1, np.nan]), "`reference` must hold finite counts"),
        (lambda: mode_divergence([1, 1], [1, 1, 1]), "of the same modes; got 2, 3"),
        (lambda: mode_divergence([[1, 1]], [1, 1]), r"got shape \(1, 2\)"),
    ],
)
def test_what_is_no_histogram_is_refused(action, message):
    with pytest.raises(InputError, match=message):
        action()


@pytest.mark.parametrize(("support", "samples"), [(20, 200), (400, 600), (5000, 2500)])
def test_the_support_of_known_samplers(support, samples):
    rng = np.random.default_rng(support)
    images = rng.normal(size=(support, 6))
    found = [birthday_support(images[rng.integers(0, support, samples)], seed=seed) for seed in range(5)]
    assert np.median([estimate.size for estimate in found]) == pytest.approx(support, rel=0.25)
    # A batch of s of N equal images is without a duplicate half of the time where s is about √(2 ln 2 N).
    batch = np.median([estimate.batch_size for estimate in found])
    assert batch == pytest.approx(math.sqrt(2 * math.log(2) * support), rel=0.15)


def test_uneven_shares_make_the_support_smaller():
    rng = np.random.default_rng(1)
    images, shares = rng.normal(size=(1000, 4)), np.r_[np.full(10, 0.05), np.full(990, 0.5 / 990)]
    assert birthday_support(images[rng.choice(1000, 1500, p=shares)]).size < 100


def test_duplicates_are_those_within_the_threshold():
    rng = np.random.default_rng(2)
    images = 10.0 * rng.normal(size=(50, 8))
    samples = images[rng.integers(0, 50, 400)]
    samples += rng.uniform(-0.1, 0.1, samples.shape)
    assert birthday_support(samples).duplicates == 0
    assert birthday_support(samples).size == birthday_support(samples).batch_size == math.inf
    distances = np.sqrt(np.square(samples[:, None] - samples[None]).sum(axis=2))[np.triu_indices(400, 1)]
    found = birthday_support(samples, threshold=0.2 * math.sqrt(8))
    assert found.duplicates == (distances <= 0.2 * math.sqrt(8)).sum()
    assert found.size == pytest.approx(50, rel=0.3)


def test_a_collapsed_generator_has_a_support_of_two_at_most():
    found = birthday_support(np.ones((3000, 4)))
    assert found.batch_size == 2
    assert found.size == pytest.approx(1 / math.log(2))
    assert found.duplicates < 1_000_000


def test_the_support_is_a_function_of_its_seed():
    samples = np.random.default_rng(3).integers(0, 30, (300, 1)).astype(np.float64)
    assert birthday_support(samples, seed=1) == birthday_support(samples, seed=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"features": np.zeros((1, 2))}, "at least 2 samples"),
        ({"threshold": -1.0}, "`threshold`"),
        ({"threshold": np.nan}, "`threshold`"),
        ({"features": np.full((3, 2), np.nan)}, "must be finite"),
    ],
)
def test_what_has_no_support_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        birthday_support(**{"features": np.zeros((3, 2)), **arguments})
