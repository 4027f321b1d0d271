"""Planted copiers are caught and their originals named; real images alone raise nothing."""

import math
import os
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from kgan.errors import InputError
from kgan.metrics.memorisation import CopyDetector, Variant, blurred_pixels
from kgan.metrics.memorisation.calibration import Calibration
from kgan.metrics.memorisation.search import VariantSearch
from kgan.metrics.memorisation.variants import variants
from kgan.metrics.pictures import copies_picture

SHIFTED = Variant(False, 1, 0)
MIRRORED = Variant(True, 0, 0)


def flat(images):
    return images.reshape(len(images), -1) / 255.0


def clouds(count, seed, shape=(16, 16, 1)):
    """Smooth random pictures."""
    noise = gaussian_filter(np.random.default_rng(seed).standard_normal((count, *shape)), (0, 2, 2, 0), mode="wrap")
    return np.clip(128 + 250 * noise, 0, 255).astype(np.uint8)


def noisy(images, seed=9):
    return np.clip(images + 12.75 * np.random.default_rng(seed).standard_normal(images.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def train():
    return clouds(600, 1)


@pytest.fixture(scope="module")
def detector(train):
    return CopyDetector(train, clouds(300, 2))


def test_a_variant_moves_pixels_as_it_says_and_back():
    image = np.arange(1, 10, dtype=np.uint8).reshape(1, 3, 3, 1)
    moved = Variant(True, 1, -1).apply(image)
    np.testing.assert_array_equal(moved[0, ..., 0], [[2, 1, 1], [2, 1, 1], [5, 4, 4]])
    assert str(Variant(True, 1, -1)) == "mirrored, shifted (1, -1)"
    assert [str(one) for one in (Variant(), MIRRORED, SHIFTED)] == ["unchanged", "mirrored", "shifted (1, 0)"]
    large = clouds(1, 0)
    for variant in variants(2, mirrored=True):
        back = variant.undo(variant.apply(large))
        np.testing.assert_array_equal(back[:, 2:-2, 2:-2], large[:, 2:-2, 2:-2])
    assert len(set(variants(2, mirrored=True))) == 2 * 5 * 5
    assert variants(1, mirrored=True)[0] == Variant()
    assert {variant.mirrored for variant in variants(1, mirrored=False)} == {False}


@pytest.mark.parametrize("among_themselves", [False, True])
def test_the_search_is_brute_force_over_all_variants(among_themselves):
    train = np.random.default_rng(0).integers(0, 256, (40, 5, 6, 3), dtype=np.uint8)
    images = train[7:29] if among_themselves else np.random.default_rng(1).integers(0, 256, (9, 5, 6, 3), np.uint8)
    own = np.arange(7, 29) if among_themselves else None
    found = VariantSearch(train, flat, largest_shift=1, mirrored=True)(images, own)
    for row, image in enumerate(images):
        undone = flat(np.concatenate([variant.undo(image[None]) for variant in variants(1, True)]))
        distances = np.sqrt(((undone[:, None] - flat(train)) ** 2).sum(axis=2))
        if among_themselves:
            distances[:, own[row]] = np.inf
        ranked = np.sort(distances.min(axis=0))
        assert found.originals[row] == distances.min(axis=0).argmin()
        assert found.variants[row] == variants(1, True)[distances.min(axis=1).argmin()]
        np.testing.assert_allclose(found.relative[row], ranked[0] / ranked[1:21].mean(), rtol=1e-5)


def test_the_threshold_and_the_chances_are_those_of_ranks():
    calibration = Calibration(np.arange(20.0) + 10)
    assert (calibration.threshold, calibration.expected) == (10.0, 1 / 21)
    # Of 24 images that are alike, the 4 samples are the 4 smallest.
    copies, p_value, needed = calibration.test(np.array([9.0, 8, 7, 6]))
    assert (copies, needed) == (4, 4)
    np.testing.assert_allclose(p_value, 1 / math.comb(24, 4))
    # At least one sample is smaller than all 20: it is not so if one of the 20 is the smallest of the 24.
    np.testing.assert_allclose(calibration.test(np.array([9.0, 10, 11, 12]))[1], 4 / 24)
    assert calibration.test(np.full(4, 10.0))[:2] == (0, 1.0)
    with pytest.raises(InputError, match="3 samples, calibrated on 20 images, are too few"):
        calibration.test(np.zeros(3))


def test_the_chances_hold_whatever_the_distribution():
    draw = np.random.default_rng(0)
    p_values = [Calibration(draw.pareto(1.0, 2000)).test(draw.pareto(1.0, 1000))[1] for _ in range(400)]
    # Three standard deviations above the nominal 1 % and 10 %.
    assert np.mean(np.array(p_values) <= 0.01) <= 0.025
    assert np.mean(np.array(p_values) <= 0.1) <= 0.145


@pytest.mark.parametrize(
    ("change", "variant"),
    [
        (lambda images: images, Variant()),
        (SHIFTED.apply, SHIFTED),
        (MIRRORED.apply, MIRRORED),
        (noisy, Variant()),
        (lambda images: noisy(Variant(True, -1, 1).apply(images)), Variant(True, -1, 1)),
        (lambda images: (images // 2 + 60).astype(np.uint8), Variant()),
    ],
    ids=["exact", "shifted", "mirrored", "noisy", "all three", "pale"],
)
def test_a_copier_of_a_tenth_is_caught_and_its_originals_named(detector, train, change, variant):
    samples = clouds(200, 3)
    samples[40:60] = change(train[100:120])
    report = detector(samples)
    assert report.alarm
    assert report.n == 200
    named = {pair.sample: (pair.original, pair.variant) for pair in report.pairs}
    assert {index: named[index] for index in range(40, 60)} == {i: (i + 60, variant) for i in range(40, 60)}
    assert len(named) <= 22
    assert report.score == len(named) / 200
    assert [pair.distance for pair in report.nearest] == sorted(pair.distance for pair in report.nearest)
    assert "copies its training images" in report.describe()
    assert str(report.nearest[0]) in report.describe()


def test_new_images_raise_no_alarm_and_the_report_says_what_would(detector):
    report = detector(clouds(200, 4))
    assert not report.alarm
    assert report.score <= 0.01
    assert report.expected == 1 / 301
    assert "no sign of copying" in report.describe()
    enough = round(report.detectable * 200)
    distances = np.where(np.arange(200) < enough, 0.0, 1.0)
    assert detector.calibration.test(distances)[1] < 1e-4
    assert detector.calibration.test(np.where(np.arange(200) < enough - 1, 0.0, 1.0))[1] >= 1e-4


def test_without_held_out_images_training_images_are_held_against_each_other(train):
    detector = CopyDetector(train, calibration=300)
    assert detector.calibrated_on == "300 training images, each against the others"
    assert not detector(clouds(200, 4)).alarm
    copier = clouds(200, 4)
    copier[:30] = noisy(train[:30])
    assert detector(copier).alarm


def test_what_is_in_the_training_set_is_no_calibration(train):
    mixed = np.concatenate([train[:5], clouds(200, 2)])
    detector = CopyDetector(train, mixed)
    assert detector.calibrated_on == "200 held-out images (5 more are in the training set)"
    assert detector.calibration.threshold > 0.1
    with pytest.raises(InputError, match="all 50 images to calibrate on are in the training set; `held_out` must be"):
        CopyDetector(train, train[:50])
    with pytest.raises(InputError, match="in the training set twice"):
        CopyDetector(np.concatenate([train[:50], train[:50]]))


def test_what_cannot_be_compared_is_refused(detector, train):
    with pytest.raises(InputError, match=r"`samples` must be of the training images' size and channels, \(16, 16, 1\)"):
        detector(clouds(20, 0, (16, 16, 3)))
    with pytest.raises(InputError, match=r"`held_out` must be of the training images' size"):
        CopyDetector(train, clouds(20, 0, (8, 8, 1)))
    with pytest.raises(InputError, match="`samples` must be uint8 images"):
        detector(np.zeros((20, 16, 16, 1)))
    with pytest.raises(InputError, match="`train` must hold at least 10 images to look for copies; got 4"):
        CopyDetector(train[:4])
    with pytest.raises(InputError, match="`samples` must hold at least 1"):
        detector(train[:0])


@pytest.mark.parametrize("shape", [(28, 28, 1), (64, 64, 3), (17, 30, 1), (1, 40, 1), (40, 2, 3)])
def test_blurred_pixels_are_few_and_know_neither_brightness_nor_contrast(shape):
    images = np.random.default_rng(0).integers(0, 100, (4, *shape), dtype=np.uint8)
    features = blurred_pixels(images)
    assert features.shape[1] <= 16 * 16 * shape[-1]
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(blurred_pixels(images * 2 + 30), features, atol=1e-5)
    np.testing.assert_array_equal(blurred_pixels(np.full((2, *shape), 200, np.uint8)), 0.0)


def test_the_picture_shows_the_closest_first_and_the_original_moved_in_place(detector, train):
    samples = clouds(50, 5)
    samples[7] = MIRRORED.apply(train[3:4])[0]
    picture = copies_picture(detector(samples), samples, train, most=2)
    assert picture.shape == (2 * 18 + 2, 4 * 18 + 2, 1)
    sample, original, fitted, difference = (picture[2:18, 2 + 18 * i : 18 + 18 * i] for i in range(4))
    np.testing.assert_array_equal(sample, samples[7])
    np.testing.assert_array_equal(original, train[3])
    np.testing.assert_array_equal(fitted, samples[7])
    assert not difference.any()


@pytest.mark.real_data
def test_real_digits(monkeypatch):
    """A tenth of the training set; benchmarks/memorisation.py has all of it."""
    from kgan.data import open_images

    monkeypatch.setenv("TFDS_DATA_DIR", str(Path(os.environ["KGAN_TEST_DATA"]) / "tensorflow_datasets"))
    train = open_images("mnist", num_images=6000).images
    others = open_images("mnist", split="test", num_images=2000).images
    detector = CopyDetector(train, others[:1000])
    samples = others[1000:1300]
    samples[:30] = noisy(Variant(True, 0, 1).apply(train[50:80]))
    report = detector(samples)
    assert report.alarm
    assert sum(pair.sample < 30 and pair.original == pair.sample + 50 for pair in report.pairs) >= 28
    assert not detector(others[1300:1600]).alarm
