"""DiffAugment's three changes, by hand and by brute force, and the ranges that they are drawn from."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from kgan.augment import DiffAugment, diffaugment
from kgan.errors import InputError

SEED = tf.constant([3, 5], tf.int64)


def images(*shape):
    return np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")


def floats(*values):
    return tf.constant(values, tf.float32)


def integers(*values):
    return tf.constant(values, tf.int32)


@pytest.mark.parametrize("channels", [1, 3])
def test_brightness_saturation_and_contrast_of_each_image(channels):
    x = images(2, 5, 4, channels)
    factors = np.float32([0.25, 1.5])[:, None, None, None]
    np.testing.assert_allclose(diffaugment.brighten(x, floats(0.25, 1.5)), x + factors, rtol=1e-6)
    gray = x.mean(axis=3, keepdims=True)
    np.testing.assert_allclose(diffaugment.saturate(x, floats(0.25, 1.5)), gray + factors * (x - gray), atol=1e-6)
    mean = x.mean(axis=(1, 2, 3), keepdims=True)
    contrast = diffaugment.stretch_contrast(x, floats(0.25, 1.5))
    np.testing.assert_allclose(contrast, mean + factors * (x - mean), atol=1e-6)
    np.testing.assert_allclose(np.mean(contrast, axis=(1, 2, 3)), mean.ravel(), atol=1e-6)


def test_saturation_changes_no_bit_of_a_gray_image():
    x = images(3, 6, 6, 1)
    np.testing.assert_array_equal(diffaugment.saturate(x, floats(0, 0.7, 2)), x)


def test_a_move_is_by_whole_pixels_with_zeros_behind_it():
    x = images(4, 5, 7, 3)
    down, right = [2, -1, 0, 5], [-3, 6, 0, 1]
    expected = np.zeros_like(x)
    for i, row, column in np.ndindex(4, 5, 7):
        if 0 <= row - down[i] < 5 and 0 <= column - right[i] < 7:
            expected[i, row, column] = x[i, row - down[i], column - right[i]]
    np.testing.assert_array_equal(diffaugment.move(tf.constant(x), integers(*down), integers(*right)), expected)


@pytest.mark.parametrize(("height", "width"), [(8, 6), (7, 10), (1, 5)])
def test_a_cut_zeroes_half_the_sides_around_its_place_and_nothing_else(height, width):
    places = [(row, column) for row in range(height + 1) for column in range(width + 1)]
    x = images(len(places), height, width, 3)
    expected = x.copy()
    for image, (row, column) in zip(expected, places, strict=True):
        top, left = row - height // 2 // 2, column - width // 2 // 2
        for i in range(top, top + height // 2):
            for j in range(left, left + width // 2):
                if 0 <= i < height and 0 <= j < width:
                    image[i, j] = 0
    rows, columns = zip(*places, strict=True)
    np.testing.assert_array_equal(diffaugment.cut(tf.constant(x), integers(*rows), integers(*columns)), expected)
    assert height == 1 or (expected == 0).any()


def test_colours_are_drawn_from_the_papers_ranges_one_for_each_image():
    # Of a checkerboard of +-1/2, brightness moves the mean, and contrast and saturation stretch what is apart.
    board = np.where(np.indices((4, 4)).sum(axis=0) % 2, 0.5, -0.5)[..., None]
    colour = board * np.float32([1, 0, -1])
    augment = DiffAugment("color")
    gray, rgb = (augment.augment(np.tile(one, (2000, 1, 1, 1)), SEED).numpy() for one in (board, colour))
    brightness = gray.mean(axis=(1, 2, 3))
    contrast = gray[:, 0, 1, 0] - gray[:, 0, 0, 0]
    saturation = (rgb[:, 0, 1, 0] - rgb[:, 0, 0, 0]) / contrast
    drawn = {(-0.5, 0.5): brightness, (0.5, 1.5): contrast, (0.0, 2.0): saturation}
    for (low, high), values in drawn.items():
        assert low - 1e-6 <= values.min() < values.max() <= high + 1e-6
        assert scipy.stats.kstest(values, scipy.stats.uniform(low, high - low).cdf).pvalue > 0.01
    assert np.abs(np.corrcoef(list(drawn.values())) - np.eye(3)).max() < 0.07


def test_translations_reach_an_eighth_of_the_sides_and_are_all_as_likely():
    x = images(1, 17, 24, 1)
    moved = DiffAugment("translation").augment(np.tile(x, (3500, 1, 1, 1)), SEED).numpy()
    shifts = [(down, right) for down in range(-2, 3) for right in range(-3, 4)]
    each = diffaugment.move(tf.repeat(x, 35, axis=0), *(tf.constant(s, tf.int32) for s in zip(*shifts, strict=True)))
    counts = [(moved == one).all(axis=(1, 2, 3)).sum() for one in each.numpy()]
    assert sum(counts) == 3500
    assert scipy.stats.chisquare(counts).pvalue > 0.01


def test_cuts_are_as_likely_everywhere():
    cut = DiffAugment("cutout").augment(np.ones((4000, 8, 7, 1)), SEED).numpy()
    # Half of 8 is even and has 9 places; half of 7 is 3, odd, and has 7.
    places = [(row, column) for row in range(9) for column in range(7)]
    rows, columns = (tf.constant(p, tf.int32) for p in zip(*places, strict=True))
    each = diffaugment.cut(tf.ones((63, 8, 7, 1)), rows, columns).numpy()
    # Places one after another are told apart even where the border clips them.
    counts = [(cut == one).all(axis=(1, 2, 3)).sum() for one in each]
    assert sum(counts) == 4000
    assert scipy.stats.chisquare(counts).pvalue > 0.01


def test_the_policy_is_followed_in_its_order():
    x = np.ones((8, 8, 8, 3), "float32")
    last = DiffAugment().augment(x, SEED).numpy()
    assert (last == 0).any(axis=(1, 2, 3)).all()
    first = DiffAugment("cutout,color").augment(x, SEED).numpy()
    assert not (first == 0).any()
    assert DiffAugment("cutout, color").policy == "cutout, color"


def test_the_seed_decides_all():
    x = images(6, 16, 16, 3)
    once, again, other = (DiffAugment().augment(x, seed) for seed in (SEED, SEED, SEED + 1))
    np.testing.assert_array_equal(once, again)
    assert (np.abs(once - other).max(axis=(1, 2, 3)) > 0).all()
    same = DiffAugment().augment(np.tile(x[:1], (6, 1, 1, 1)), SEED).numpy()
    assert len(np.unique(same.reshape(6, -1), axis=0)) == 6


@pytest.mark.parametrize("policy", ["", "color,", "color,color", None])
def test_a_policy_that_lists_nothing_or_something_twice_is_refused(policy):
    with pytest.raises(InputError, match="policy"):
        DiffAugment(policy)


def test_an_unknown_change_is_refused_with_the_nearest():
    with pytest.raises(InputError, match="did you mean 'translation'"):
        DiffAugment("color,translate")
