"""Enlarging and cropping: the pixels against Pillow, where it cuts, and that it repeats."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kgan.data import Jitter
from kgan.errors import InputError


def drawn(count, height, width, channels=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, channels), dtype=np.uint8)


def jittered(images, seed=0, number=0, **options):
    return Jitter(**options)(tf.constant(images), seed, tf.constant(number, tf.int64)).numpy()


def enlarged(image, tall, wide):
    """Pillow's bicubic enlargement in float, channel by channel, clipped."""
    planes = [
        np.asarray(Image.fromarray(plane.astype(np.float32)).resize((wide, tall), Image.Resampling.BICUBIC))
        for plane in image.transpose(2, 0, 1)
    ]
    return np.clip(np.stack(planes, -1), 0, 255)


def places(image, large):
    """Where in the enlarged image this one was cut: all (top, left) at which it fits, to less than a gray level.

    TensorFlow takes the filter from a table, which makes up to 0.2.
    """
    height, width = image.shape[:2]
    room = [(t, c) for t in range(len(large) - height + 1) for c in range(large.shape[1] - width + 1)]
    return [(t, c) for t, c in room if np.abs(large[t : t + height, c : c + width] - image).max() < 0.3]


def test_a_crop_of_the_bicubic_enlargement_as_in_pix2pix():
    images = drawn(6, 32, 48)
    cut = jittered(images)
    assert cut.shape == images.shape
    assert cut.dtype == np.float32
    # 286 / 256 of 32 and of 48.
    found = [places(image, enlarged(source, 36, 54)) for image, source in zip(cut, images, strict=True)]
    assert all(len(place) == 1 for place in found)
    assert len({place[0] for place in found}) > 3


def test_every_place_is_as_likely():
    images = np.repeat(drawn(1, 4, 4, 1), 500, 0)
    cut = np.concatenate([jittered(images, number=number, enlarge=6 / 4) for number in range(4)])
    large = enlarged(images[0], 6, 6)
    counts = np.zeros((3, 3))
    for image in cut:
        ((top, left),) = places(image, large)
        counts[top, left] += 1
    # 2,000 draws over 9 places: 222 each, with a standard deviation of 14.
    assert np.abs(counts - 2000 / 9).max() < 5 * 14


def test_the_same_seed_and_number_cut_alike_whatever_the_channels():
    images = drawn(8, 16, 16)
    one, other = jittered(images, 3, 7), jittered(images[..., :1], 3, 7)
    np.testing.assert_array_equal(one[..., :1], other)
    assert (one != jittered(images, 3, 8)).any()
    assert (one != jittered(images, 4, 7)).any()


def test_no_enlargement_changes_nothing():
    images = drawn(3, 8, 6)
    np.testing.assert_array_equal(jittered(images, enlarge=1.0), images.astype(np.float32))


@pytest.mark.parametrize("enlarge", [0.9, float("nan"), float("inf")])
def test_what_would_not_enlarge_is_refused(enlarge):
    with pytest.raises(InputError, match=f"enlarge={enlarge}: expected at least 1"):
        Jitter(enlarge)
