"""Planted generators that drop, halve and repeat; real images against real images raise nothing."""

import numpy as np
import pytest
from scipy.stats import fisher_exact

from kgan.errors import InputError
from kgan.metrics.collapse import collapse
from kgan.metrics.mode_dropping import Clusters, mode_report
from kgan.metrics.pictures import modes_picture


def digits(count, seed, weights=None):
    weights = np.ones(10) if weights is None else np.asarray(weights, float)
    return np.random.default_rng(seed).choice(10, count, p=weights / weights.sum())


def blobs(labels, seed):
    """Points around ten centres, of different spread."""
    centres = 6.0 * np.random.default_rng(99).standard_normal((10, 12))
    noise = np.random.default_rng(seed).standard_normal((len(labels), 12))
    return centres[labels] + (0.3 + 0.1 * labels[:, None]) * noise


def test_a_dropped_digit_is_missing_a_halved_one_rare_and_a_favoured_one_crowded():
    weights = np.ones(10)
    weights[[3, 7, 1]] = 0.0, 0.5, 2.0
    report = mode_report(digits(10_000, 0), digits(2000, 1, weights), 10)
    assert (report.missing, report.rare, report.crowded) == ((3,), (7,), (1,))
    assert report.alarm
    assert report.fake[3] == 0.0
    assert report.real.sum() == pytest.approx(1.0)
    words = report.describe()
    assert "missing: 3 (0.0%, real" in words
    assert "rare: 7 (" in words
    assert "crowded: 1 (" in words


def test_real_against_real_raises_nothing():
    for seed in range(200):
        report = mode_report(digits(2000, seed), digits(1000, 1000 + seed), 10, names=list("abcdefghij"))
        assert not report.alarm, seed
    assert report.describe() == "all 10 modes come up about as often as in the real images."


def test_a_difference_that_is_sure_but_small_is_none():
    """A tenth fewer of one digit among a million images."""
    real, fake = np.full(10, 50_000), np.full(10, 50_000)
    fake[2] = 45_000
    report = mode_report(np.repeat(np.arange(10), real), np.repeat(np.arange(10), fake), 10)
    assert report.p_values[2] < 1e-10
    assert not report.alarm


def test_the_chances_are_fishers():
    real, fake = np.array([30, 50, 20]), np.array([10, 9, 31])
    report = mode_report(np.repeat(np.arange(3), real), np.repeat(np.arange(3), fake), 3)
    for mode in range(3):
        table = [[fake[mode], 50 - fake[mode]], [real[mode], 100 - real[mode]]]
        one_sided = min(fisher_exact(table, alternative=way).pvalue for way in ("less", "greater"))
        np.testing.assert_allclose(report.p_values[mode], min(1.0, 6 * one_sided), rtol=1e-9)


@pytest.mark.parametrize(
    ("fake", "message"),
    [([0.0, 1.0], "`fake` must be the modes"), ([], "at least 1 image"), ([0, 5], "from 0 to 4; got 0 to 5")],
)
def test_modes_that_are_none_are_refused(fake, message):
    with pytest.raises(InputError, match=message):
        mode_report([0, 1, 2, 3, 4], fake, 5)
    with pytest.raises(InputError, match="`names` must be 5 names"):
        mode_report([0, 1], [0, 1], 5, names=["a"])


def test_clusters_stand_in_for_classes():
    labels = digits(4000, 0)
    real = blobs(labels, 1)
    clusters = Clusters(real, num_clusters=20)
    found = clusters(real)
    # Each cluster lies in one blob.
    assert (
        np.mean([(labels[found == one] == np.bincount(labels[found == one]).argmax()).mean() for one in set(found)])
        > 0.8
    )
    np.testing.assert_array_equal(Clusters(real, num_clusters=20)(real), found)
    others = digits(2000, 5)
    assert not mode_report(found, clusters(blobs(others, 2)), 20).alarm
    dropping = others[others != 3]
    report = mode_report(found, clusters(blobs(dropping, 2)), 20)
    of_three = {one for one in range(20) if np.bincount(labels[found == one]).argmax() == 3}
    assert report.missing
    assert set(report.missing) <= of_three
    with pytest.raises(InputError, match="num_clusters=4: 9 real images do not fall into so many"):
        Clusters(np.repeat([[0.0], [1.0], [2.0]], 3, axis=0), num_clusters=4)


def test_real_images_are_no_collapse():
    real = blobs(digits(4000, 0), 1)
    for seed in range(8):
        report = collapse(real, blobs(digits(1000, 10 + seed), 100 + seed), seed=seed)
        assert not report.alarm, seed
        assert report.share < 0.04
        assert report.diversity == pytest.approx(1.0, abs=0.1)
    assert "no sign of collapse" in report.describe()


@pytest.mark.parametrize(
    ("count", "alarm", "words"), [(300, True, "collapsing: "), (100, False, "no collapse, but samples crowd together")]
)
def test_ten_images_repeated_are_named_and_from_a_fifth_of_the_samples_on_a_collapse(count, alarm, words):
    real, ten, samples = blobs(digits(4000, 0), 1), blobs(np.arange(10), 7), blobs(digits(1000, 3), 8)
    repeated = np.random.default_rng(0).permutation(1000)[:count]
    samples[repeated] = ten[np.arange(count) % 10] + 0.01 * np.random.default_rng(1).standard_normal((count, 12))
    report = collapse(real, samples)
    assert report.alarm == alarm
    assert report.share == pytest.approx(count / 1000, abs=0.03)
    pairs = set(map(tuple, report.pairs.tolist()))
    place = {index: order % 10 for order, index in enumerate(repeated.tolist())}
    assert sum(place.get(one, -1) == place.get(other, -2) for one, other in pairs) == count
    assert words in report.describe()


def test_one_image_alone_is_a_collapse_without_diversity():
    real = blobs(digits(1000, 0), 1)
    report = collapse(real, np.repeat(real[:1], 200, axis=0))
    assert (report.share, report.alarm, report.n) == (1.0, True, 200)
    assert report.diversity == pytest.approx(0.0, abs=1e-12)
    assert collapse(real, 0.5 * real).diversity == pytest.approx(0.5)


def test_real_images_that_repeat_each_other_make_repeats_no_collapse():
    """Every tenth real image is there twice; so may every tenth sample be."""
    real = blobs(digits(4000, 0), 1)
    world = np.concatenate([real, real[:400]])
    order = np.random.default_rng(0).permutation(len(world))
    report = collapse(world[order[:3000]], world[order[3000:]])
    assert not report.alarm


def test_too_few_or_unlike_features_are_refused():
    with pytest.raises(InputError, match="`fake` must hold at least 50 samples"):
        collapse(np.eye(100), np.eye(100)[:10])
    with pytest.raises(InputError, match="of one extractor"):
        collapse(np.eye(100), np.eye(60))
    with pytest.raises(InputError, match="all of them are alike"):
        collapse(np.ones((100, 3)), np.ones((60, 3)))


def test_the_picture_has_real_images_beside_the_few_samples():
    real = np.arange(100, 140, dtype=np.uint8).reshape(40, 1, 1, 1)
    real_modes = np.arange(40) % 2
    report = mode_report(np.repeat([0, 1], 500), np.repeat([0, 1], [500, 2]), 2)
    assert report.missing == (1,)
    picture = modes_picture(report, real, real_modes, real[:5], [0, 0, 1, 0, 0], columns=3)
    assert picture.shape == (1 + 4, 7 * 3 + 2, 1)
    np.testing.assert_array_equal(picture[2, 2::3, 0], [101, 103, 105, 255, 102, 0, 0])
    with pytest.raises(InputError, match="no mode is missing or rare"):
        modes_picture(mode_report([0, 1], [0, 1], 2), real, real_modes, real, real_modes)
