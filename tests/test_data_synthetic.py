"""Drawn digits: the same for the same seed, and measurably what their factors say."""

import numpy as np
import pytest

from kgan.data import open_images
from kgan.data.synthetic import digits
from kgan.errors import InputError


@pytest.fixture(scope="module")
def drawn():
    return digits(4000, seed=3)


def test_shapes_and_ranges(drawn):
    images, factors = drawn
    assert images.shape == (4000, 28, 28, 1)
    assert images.dtype == np.uint8
    assert (images.reshape(4000, -1).max(1) > 240).all()
    ranges = {"slant": 0.35, "x": 2.0, "y": 2.0}
    low = {name: -bound for name, bound in ranges.items()} | {"width": 1.5, "scale": 14.0, "aspect": 0.8}
    high = ranges | {"width": 3.5, "scale": 18.0, "aspect": 1.15}
    assert set(factors) == {"label", *low}
    for name in low:
        values = factors[name]
        assert values.shape == (4000,)
        span = high[name] - low[name]
        assert low[name] <= values.min() < low[name] + 0.02 * span
        assert high[name] - 0.02 * span < values.max() <= high[name]
    counts = np.bincount(factors["label"], minlength=10)
    assert counts.min() > 320


def test_factors_are_independent(drawn):
    _, factors = drawn
    correlation = np.corrcoef(np.stack(list(factors.values())))
    # Of 4,000 independent pairs the standard deviation is 0.016.
    assert np.abs(correlation - np.eye(len(factors))).max() < 0.07


def test_an_image_depends_on_seed_and_index_alone(drawn):
    images, factors = drawn
    for count in (1, 63, 200):
        fewer, fewer_factors = digits(count, seed=3)
        np.testing.assert_array_equal(fewer, images[:count])
        for name in factors:
            np.testing.assert_array_equal(fewer_factors[name], factors[name][:count])
    assert (digits(50, seed=4)[0] != images[:50]).any((1, 2, 3)).all()


def moments(images):
    """Ink, centre of gravity, and the second moments of ink per ink: xx, xy, yy."""
    ink = images[..., 0] / 255.0
    y, x = np.mgrid[:28, :28].astype(float)
    total = ink.sum((1, 2))
    centre_x, centre_y = (ink * x).sum((1, 2)) / total, (ink * y).sum((1, 2)) / total
    dx, dy = x - centre_x[:, None, None], y - centre_y[:, None, None]
    return total, centre_x, centre_y, *((ink * part).sum((1, 2)) / total for part in (dx * dx, dx * dy, dy * dy))


def test_factors_can_be_measured_within_each_class(drawn):
    images, factors = drawn
    ink, centre_x, centre_y, _, xy, yy = moments(images)
    # A shear by s adds s yy to xy (rows count downwards, so a lean to the right is negative); ink is length by width.
    measured = {"slant": -xy / yy, "width": ink / factors["scale"], "y": centre_y, "x": centre_x}
    least = {"slant": 0.95, "width": 0.95, "y": 0.93, "x": 0.85}
    for label in range(10):
        here = factors["label"] == label
        for name, values in measured.items():
            assert np.corrcoef(values[here], factors[name][here])[0, 1] > least[name], (label, name)


def test_slant_and_width_are_in_their_units(drawn):
    images, factors = drawn
    ones = factors["label"] == 1
    # Four rows that cross nothing but the 1's long stroke, wherever it stands.
    rows = images[ones, 14:18, :, 0] / 255.0
    centres = (rows * np.arange(28)).sum(2) / rows.sum(2)
    leaning = -(np.diff(centres, axis=1).mean(1))
    slope, intercept = np.polyfit(factors["slant"][ones], leaning, 1)
    assert slope == pytest.approx(1.0, abs=0.03)
    assert intercept == pytest.approx(0.0, abs=0.01)
    # Across a stroke that leans by s the pen is width * sqrt(1 + s^2) broad.
    breadth = rows.sum(2).mean(1) / np.sqrt(1 + leaning**2)
    np.testing.assert_allclose(breadth, factors["width"][ones], rtol=0.03)


def test_digits_stay_inside_the_frame(drawn):
    images, _ = drawn
    inside = images[:, 1:-1, 1:-1].astype(float).sum()
    assert inside > 0.9999 * images.astype(float).sum()


def test_classes_are_told_apart_by_their_nearest_neighbour():
    images, factors = digits(3000, seed=0)
    unseen, truth = digits(300, seed=1)
    known, asked = (batch.reshape(len(batch), -1).astype(np.float32) for batch in (images, unseen))
    distance = (known**2).sum(1) - 2 * asked @ known.T
    right = factors["label"][distance.argmin(1)] == truth["label"]
    assert right.mean() > 0.97


def test_as_an_image_set():
    train = open_images("synthetic", num_images=100)
    test = open_images("synthetic", num_images=100, split="test")
    np.testing.assert_array_equal(train[:], digits(100, seed=0)[0])
    np.testing.assert_array_equal(train.labels, train.factors["label"])
    assert (train[:] != test[:]).any((1, 2, 3)).all()
    large = open_images("synthetic", num_images=100, image_size=32, channels=3)
    assert large.image_shape == (32, 32, 3)
    assert large[:].mean() == pytest.approx(train[:].mean(), rel=0.02)
    with pytest.raises(InputError, match="unknown split of synthetic 'dev'; known: test, train, val"):
        open_images("synthetic", split="dev")
    with pytest.raises(InputError, match="num_images=0"):
        digits(0)
