"""ADA: each change against NumPy and SciPy, how often it happens, and the heuristic by hand."""

import math

import numpy as np
import pytest
import scipy.ndimage
import scipy.stats
import tensorflow as tf

from kgan.augment import ADA, color, geometry
from kgan.augment.affine import compose
from kgan.augment.draws import Draws
from kgan.errors import InputError

SEED = tf.constant([3, 5], tf.int64)


def images(*shape):
    return np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")


def floats(*values):
    return tf.constant(values, tf.float32)


class Given:
    """Stands in for `Draws`: open gates, and the numbers that it is given, in their order."""

    p = tf.constant(1.0)

    def __init__(self, *numbers):
        self.numbers = iter(numbers)

    def gate(self, p=None):
        return tf.constant([1.0])

    def integers(self, count):
        return floats(next(self.numbers))

    normal = uniform = integers


def warped(image, maps):
    return geometry.warp(tf.constant(image[None]), maps)[0].numpy()


@pytest.mark.parametrize("shape", [(7, 5, 3), (6, 9, 1), (1, 4, 1)])
def test_a_warp_is_scipys_bilinear_resampling_with_mirrored_borders(shape):
    rng = np.random.default_rng(1)
    x = images(3, *shape)
    maps = np.tile(np.eye(3, dtype="float32"), (3, 1, 1))
    maps[:, :2] = rng.uniform(-3, 3, (3, 2, 3))
    actual = geometry.warp(tf.constant(x), tf.constant(maps)).numpy()
    rows, columns = np.indices(shape[:2], dtype="float64")
    middle_row, middle_column = (shape[0] - 1) / 2, (shape[1] - 1) / 2
    for image, m, result in zip(x, maps, actual, strict=True):
        column, row, _ = np.tensordot(m, [columns - middle_column, rows - middle_row, np.ones(shape[:2])], axes=1)
        for channel in range(shape[2]):
            places = [row + middle_row, column + middle_column]
            expected = scipy.ndimage.map_coordinates(image[..., channel], places, order=1, mode="mirror")
            np.testing.assert_allclose(result[..., channel], expected, atol=1e-5)


def test_mirror_quarter_turns_and_whole_shifts_move_pixels_bit_for_bit():
    x = images(6, 6, 3)
    np.testing.assert_array_equal(warped(x, geometry.mirror(floats(1))), x[:, ::-1])
    for turns in range(4):
        np.testing.assert_array_equal(warped(x, geometry.quarter_turn(floats(turns))), np.rot90(x, turns))
    padded = np.pad(x, ((2, 2), (3, 3), (0, 0)), mode="reflect")
    np.testing.assert_array_equal(warped(x, geometry.shift(floats(3), floats(-2))), padded[4:, :6])


@pytest.mark.parametrize("degrees", [30, -110])
def test_a_turn_is_scipys(degrees):
    x = images(7, 7, 1)
    expected = scipy.ndimage.rotate(x[..., 0], degrees, reshape=False, order=1, mode="mirror")
    np.testing.assert_allclose(warped(x, geometry.turn(floats(math.radians(degrees))))[..., 0], expected, atol=1e-5)


def test_a_scale_enlarges_by_powers_of_two():
    ramp = np.tile(np.arange(9, dtype="float32")[None, :, None], (5, 1, 1))
    wider = warped(ramp, geometry.scale(floats(1), floats(0)))[2, :, 0]
    np.testing.assert_allclose(wider, 4 + (np.arange(9) - 4) / 2)
    np.testing.assert_allclose(warped(ramp, geometry.scale(floats(0), floats(1))), ramp)


def test_the_changes_come_in_the_papers_order():
    """The forward maps, in order, with y down: what was at a point is moved by each."""
    height, width = 40, 24

    def turned(angle):
        return np.array([[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1]])

    def moved(x, y):
        return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])

    blit = compose(*geometry.blit(Given(1, 3, 0.11, -0.06), height, width))[0]
    forward = moved(3, -2) @ turned(3 * np.pi / 2) @ np.diag([-1, 1, 1])
    np.testing.assert_allclose(blit @ forward, np.eye(3), atol=1e-5)
    general = compose(*geometry.general(Given(0.3, 0.7, -0.4, 2.0, 0.05, -0.125), height, width))[0]
    stretch = np.diag([2**-0.4, 2**0.4, 1])
    forward = moved(0.05 * 24, -5) @ turned(2.0) @ stretch @ turned(0.7) @ np.diag([2**0.3, 2**0.3, 1])
    np.testing.assert_allclose(general @ forward, np.eye(3), atol=1e-5)


def recoloured(x, brightness=0.0, contrast=0.0, flipped=0.0, hue=0.0, saturation=0.0):
    return color.recolor(tf.constant(x), Given(brightness, contrast, flipped, hue, saturation)).numpy()


def test_each_colour_change_by_hand():
    x = images(2, 3, 4, 3)
    luma = x.mean(axis=-1, keepdims=True)
    np.testing.assert_allclose(recoloured(x, brightness=0.3), x + 0.3, atol=1e-6)
    np.testing.assert_allclose(recoloured(x, contrast=-1), x / 2, atol=1e-6)
    np.testing.assert_allclose(recoloured(x, flipped=1), x - 2 * luma, atol=1e-6)
    np.testing.assert_allclose(recoloured(x, saturation=1), luma + 2 * (x - luma), atol=1e-6)
    # A third of a turn makes red green, green blue and blue red; any turn keeps luma and the distance from it.
    np.testing.assert_allclose(recoloured(x, hue=2 * np.pi / 3), x[..., [2, 0, 1]], atol=1e-6)
    np.testing.assert_allclose(recoloured(x, hue=-2 * np.pi / 3), x[..., [1, 2, 0]], atol=1e-6)
    little = recoloured(x, hue=0.3)
    np.testing.assert_allclose(little.mean(axis=-1, keepdims=True), luma, atol=1e-6)
    cosines = np.sum((little - luma) * (x - luma), axis=-1) / np.sum((x - luma) ** 2, axis=-1)
    np.testing.assert_allclose(cosines, np.cos(0.3), atol=1e-5)


def test_colours_change_in_the_papers_order_and_grays_without_hue():
    numbers = 0.2, -0.5, 1, 2 * np.pi / 3, 1.0
    x = images(1, 3, 4, 3)
    expected = (x + 0.2) * 2**-0.5
    expected -= 2 * expected.mean(axis=-1, keepdims=True)
    expected = expected[..., [2, 0, 1]]
    luma = expected.mean(axis=-1, keepdims=True)
    np.testing.assert_allclose(recoloured(x, *numbers), luma + 2 * (expected - luma), atol=1e-5)
    gray = images(1, 3, 4, 1)
    np.testing.assert_allclose(recoloured(gray, *numbers), -(gray + 0.2) * 2**-0.5, atol=1e-6)


@pytest.mark.parametrize("shape", [(8, 8, 3), (5, 7, 1)])
def test_with_p_0_not_a_bit_changes(shape):
    x = images(4, *shape)
    np.testing.assert_array_equal(ADA().augment(x, SEED), x)


@pytest.mark.parametrize("p", [1.0, 0.4])
def test_pixels_are_mirrored_turned_and_shifted_as_often_as_they_should(p):
    ada = ADA(policy="blit")
    ada.p.assign(p)
    x = images(5, 5, 1)
    seen = ada.augment(np.tile(x, (4000, 1, 1, 1)), SEED).numpy()
    counts = {}
    for mirrored, turns, down, right in np.ndindex(2, 4, 3, 3):
        one = np.rot90(x[:, ::-1] if mirrored else x, turns)
        one = np.pad(one, ((1, 1), (1, 1), (0, 0)), mode="reflect")[2 - down :, 2 - right :][:5, :5]
        counts[mirrored, turns, down, right] = (seen == one).all(axis=(1, 2, 3)).sum()
    assert sum(counts.values()) == 4000
    # U(-5/8, 5/8) rounds to a pixel either way in a fifth of the cases.
    shift = np.array([0.1, 0.8, 0.1])
    shifts = p * np.outer(shift, shift)
    shifts[1, 1] += 1 - p
    mirrors, turns = np.array([1 - p / 2, p / 2]), np.array([1 - p * 3 / 4] + [p / 4] * 3)
    expected = 4000 * np.multiply.outer(np.multiply.outer(mirrors, turns), shifts)
    assert scipy.stats.chisquare(list(counts.values()), expected.ravel()).pvalue > 0.01


def test_the_numbers_are_drawn_as_they_say():
    draws = Draws(SEED, 5000, tf.constant(0.3))
    rates = [float(tf.reduce_mean(draws.gate())), float(tf.reduce_mean(draws.gate(tf.constant(0.8))))]
    np.testing.assert_allclose(rates, [0.3, 0.8], atol=0.02)
    assert np.bincount(draws.integers(4).numpy().astype(int)).min() > 1150
    uniform, normal, other = draws.uniform(0.25).numpy(), draws.normal(0.2).numpy(), draws.normal(0.2).numpy()
    assert scipy.stats.kstest(uniform, scipy.stats.uniform(-0.25, 0.5).cdf).pvalue > 0.01
    assert scipy.stats.kstest(normal, scipy.stats.norm(0, 0.2).cdf).pvalue > 0.01
    assert np.abs(np.corrcoef([uniform, normal, other]) - np.eye(3)).max() < 0.05


def test_an_image_is_turned_at_all_with_probability_p():
    maps = geometry.general(Draws(SEED, 5000, tf.constant(0.36)), 8, 8)
    before, after = (np.abs(maps[i].numpy() - np.eye(3)).max(axis=(1, 2)) > 0 for i in (1, 3))
    np.testing.assert_allclose([before.mean(), after.mean(), (before | after).mean()], [0.2, 0.2, 0.36], atol=0.02)


def test_p_follows_the_signs_of_the_real_logits():
    ada = ADA(target=0.5, ramp_images=100, interval=2)
    up, down, even = [[1.0], [2.0], [3.0], [0.5]], [[1.0], [-2.0], [-1.0], [1.0]], [[1.0], [1.0], [1.0], [-5.0]]
    seen = []
    for logits in (up, up, up, even, even, even, down, up, down, down, down, down):
        ada.observe(tf.constant(logits))
        seen.append(float(ada.p))
    # Two times four images: p moves by 0.08, up for r_t above 0.5, not at all where it is just that, never below 0.
    np.testing.assert_allclose(seen, [0, 0.08, 0.08, 0.16, 0.16, 0.16, 0.16, 0.16, 0.16, 0.08, 0.08, 0], atol=1e-6)


def test_p_stops_at_1_and_counts_images_not_patches():
    ada = ADA(ramp_images=10, interval=1)
    observe = tf.function(ada.observe)
    seen = []
    for _ in range(3):
        observe(tf.ones((4, 6, 6, 1)))
        seen.append(float(ada.p))
    np.testing.assert_allclose(seen, [0.4, 0.8, 1.0], atol=1e-6)
    # Most patches of 4 images decide.
    observe(tf.concat([tf.ones((4, 4, 1)), -tf.ones((4, 4, 1))], axis=1))
    assert float(ada.p) == pytest.approx(0.6)
    assert float(ada.logged()["augment_p"]) == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target": 1.0}, "`target`.* got 1.0"),
        ({"ramp_images": 0}, "`ramp_images`.* got 0"),
        ({"interval": 2.5}, "`interval`.* got 2.5"),
        ({"policy": "blit,colour"}, "did you mean 'color'"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        ADA(**arguments)


def test_colours_of_other_than_gray_and_rgb_images_are_refused():
    with pytest.raises(InputError, match="got 4: leave it out"):
        ADA().augment(images(1, 4, 4, 4), SEED)
    assert ADA(policy="blit,geometry").augment(images(1, 4, 4, 4), SEED).shape == (1, 4, 4, 4)
