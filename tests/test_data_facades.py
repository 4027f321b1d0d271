"""Drawn facades: read back exactly, also through noise; more than recoloured label maps; the same at every size."""

import itertools

import numpy as np
import pytest

from kgan.data.synthetic import FACADE_CLASSES, decode_facades, decode_labels, facades
from kgan.data.synthetic.facades_materials import COLOURS, DARK, LIGHT
from kgan.errors import InputError


@pytest.fixture(scope="module")
def drawn():
    return facades(60, 64, seed=3)


@pytest.mark.parametrize("size", [64, 100, 256])
def test_photos_and_label_maps_are_read_back_exactly(size):
    labels, photos, factors = facades(4, size, seed=1)
    assert labels.shape == photos.shape == (4, size, size, 3)
    assert labels.dtype == photos.dtype == np.uint8
    np.testing.assert_array_equal(decode_facades(photos), factors["classes"])
    np.testing.assert_array_equal(decode_labels(labels), factors["classes"])
    np.testing.assert_array_equal(COLOURS[factors["classes"]], labels)


def noisy(images, deviation, seed=0):
    noise = np.random.default_rng(seed).normal(0, deviation, images.shape)
    return np.clip(images + noise, 0, 255).astype(np.uint8)


def test_mild_noise_changes_hardly_a_pixel(drawn):
    _, photos, factors = drawn
    for deviation, least in ((4, 1.0), (8, 0.999), (12, 0.985)):
        assert (decode_facades(noisy(photos, deviation)) == factors["classes"]).mean() >= least


def test_the_materials_lie_far_apart():
    # Brute force over the lines, where the decoder has a formula.
    shares = np.linspace(0, 1, 101)[:, None]
    lines = [dark + shares * (light - dark) for dark, light in zip(DARK, LIGHT, strict=True)]
    nearest = min(
        np.sqrt(((one[:, None] - other[None]) ** 2).sum(-1)).min() for one, other in itertools.combinations(lines, 2)
    )
    assert nearest > 45


def test_the_decoder_is_the_nearest_line_by_brute_force():
    pixels = np.random.default_rng(0).integers(0, 256, (300, 3), dtype=np.uint8)
    shares = np.linspace(0, 1, 801)[:, None]
    lines = [dark + shares * (light - dark) for dark, light in zip(DARK, LIGHT, strict=True)]
    distances = np.stack([((pixels[:, None] - line) ** 2).sum(-1).min(1) for line in lines])
    ordered = np.sort(np.sqrt(distances), 0)
    clear = ordered[1] - ordered[0] > 0.5
    assert clear.mean() > 0.95
    np.testing.assert_array_equal(decode_facades(pixels)[clear], distances.argmin(0)[clear])


def test_a_photo_is_more_than_its_label_map_recoloured(drawn):
    """What the best colour for each class leaves unexplained is most of what there is within classes."""
    _, photos, factors = drawn
    spread = [photos[factors["classes"] == which].std(0).max() for which in range(len(FACADE_CLASSES))]
    assert min(spread) > 12
    # A window's bars are where its middle is: lighter than the glass beside them, and in the middle column.
    windows = factors["classes"] == FACADE_CLASSES.index("window")
    assert photos[windows].astype(float).std(0).max() > 20


def test_windows_have_a_bar_in_the_middle():
    _, photos, factors = facades(30, 256, seed=5)
    brighter = []
    for photo, classes in zip(photos.astype(int), factors["classes"], strict=True):
        row = classes == FACADE_CLASSES.index("window")
        for line in range(0, 256, 16):
            edges = np.flatnonzero(np.diff(np.concatenate([[0], row[line].astype(int), [0]])))
            for left, right in zip(edges[::2], edges[1::2], strict=True):
                if right - left >= 24:
                    middle, beside = photo[line, (left + right) // 2].sum(), photo[line, left + 8].sum()
                    brighter.append(int(middle - beside))
    assert len(brighter) > 20
    # Where the frame or the bar across lies, both are as bright, but for the grain.
    assert min(brighter) > -15
    assert np.median(brighter) > 40


def test_every_class_is_drawn_and_the_factors_are_true(drawn):
    _, photos, factors = drawn
    shares = np.bincount(factors["classes"].ravel(), minlength=12) / factors["classes"].size
    assert len(FACADE_CLASSES) == 12
    assert shares.min() > 0.002
    assert shares[FACADE_CLASSES.index("facade")] > 0.25
    assert set(factors["floors"]) == {3, 4}
    assert set(factors["bays"]) == {2, 3, 4}
    assert factors["light"].min() >= 0.8
    # A brighter day makes brighter photos.
    walls = factors["classes"] == FACADE_CLASSES.index("facade")
    brightness = [photo[wall].mean() for photo, wall in zip(photos, walls, strict=True)]
    assert np.corrcoef(brightness, factors["light"])[0, 1] > 0.6


def test_pure_functions_of_seed_and_index_and_alike_at_every_size(drawn):
    labels, photos, _ = facades(5, 64, seed=3)
    np.testing.assert_array_equal(labels, drawn[0][:5])
    np.testing.assert_array_equal(photos, drawn[1][:5])
    large = facades(5, 128, seed=3)
    np.testing.assert_array_equal(large[0], labels.repeat(2, 1).repeat(2, 2))
    # The photo at half its size is the small one, but for texture.
    halved = large[1].reshape(5, 64, 2, 64, 2, 3).mean((2, 4))
    assert np.abs(halved - photos).mean() < 12
    assert (facades(5, 64, seed=4)[0] != labels).any((1, 2, 3)).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((0,), "num_images=0: expected at least 1"), ((1, 63), "size=63: .* 64 to 256"), ((1, 257), "size=257")],
)
def test_what_cannot_be_drawn_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        facades(*arguments)
