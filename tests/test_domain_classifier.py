"""A network that has learnt to tell two domains apart: what it sees, and what it leaves alone."""

import random

import keras
import numpy as np
import pytest

from kgan.data import ImageSet, UnpairedImages
from kgan.data.synthetic import horses
from kgan.data.synthetic.horses import draw_horses
from kgan.evaluation.domain_classifier import domain_classifier
from kgan.metrics import kernel_distance

NUM = 60


def scenes(seed):
    return UnpairedImages(*(ImageSet(horses(NUM, 64, seed + i, kind)[0]) for i, kind in enumerate(("horse", "zebra"))))


@pytest.fixture(scope="module")
def learnt(tmp_path_factory):
    file, said = tmp_path_factory.mktemp("run") / "domain-classifier.keras", []
    state, numbers = random.getstate(), np.random.get_state()[1].copy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        extractor = domain_classifier(scenes(0), scenes(2), file, said.append)
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")
    assert random.getstate() == state and (np.random.get_state()[1] == numbers).all()
    return extractor, file, said


def test_it_tells_images_right_that_it_has_not_seen(learnt):
    (said,) = learnt[2]
    words, share = said.rsplit("it tells ", 1)
    assert "of 120 images" in words and int(share.split("%")[0]) >= 95


def test_what_is_of_the_domain_is_near_and_what_is_not_is_far(learnt):
    seen, factors = horses(NUM, 64, 4, "zebra")
    domain = learnt[0](horses(NUM, 64, 5, "zebra")[0]).values

    def far(images):
        return kernel_distance(domain, learnt[0](images).values, subsets=1, subset_size=NUM).mean

    untranslated, plain, right = (far(images) for images in (draw_horses(factors, 64, "horse"), gray(factors), seen))
    assert right < 0.1 * plain < 0.1 * untranslated


def gray(factors):
    return draw_horses(factors, 64, "gray")


def test_it_is_learnt_once(learnt):
    extractor, file, _ = learnt
    again = domain_classifier(scenes(0), scenes(2), file, pytest.fail)
    assert again.digest == extractor.digest
    images = horses(4, 64, 6)[0]
    np.testing.assert_array_equal(again(images).values, extractor(images).values)


def test_images_of_any_size_and_of_one_channel_on_a_side():
    rng = np.random.default_rng(0)
    gray_images, colours = (rng.integers(0, 256, (5, 12, 90, channels), np.uint8) for channels in (1, 3))
    extractor = domain_classifier(UnpairedImages(ImageSet(gray_images), ImageSet(colours)), None, None, pytest.fail)
    assert (extractor.size, extractor.channels) == ((12, 64), 3)
    assert extractor(gray_images).values.shape == (5, 128)
