import numpy as np
import pytest

import tiny
from kgan import latents
from kgan.errors import InputError


def test_the_arc_keeps_the_length_and_turns_evenly():
    start, end = np.array([2.0, 0.0, 0.0]), np.array([0.0, 2.0, 0.0])
    path = latents.slerp(start, end, 4)
    angles = np.radians([0, 30, 60, 90])
    np.testing.assert_allclose(path, 2 * np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1), atol=1e-12)


def test_parallel_latents_are_joined_by_a_straight_line():
    np.testing.assert_allclose(latents.slerp(np.array([1.0, 0]), np.array([3.0, 0]), 3), [[1, 0], [2, 0], [3, 0]])


def test_a_walk_passes_through_every_seed():
    gan = tiny.gan()
    path = latents.walk(gan, num_images=3, seed=5, steps=4)
    assert path.shape == (8, tiny.LATENT_DIM)
    stops = gan.latents([5, 6, 7]).numpy()
    np.testing.assert_allclose(path[[0, 3, 4, 7]], stops[[0, 1, 1, 2]], atol=1e-6)


def test_a_single_step_is_no_interpolation():
    with pytest.raises(InputError, match="at least 2 steps"):
        latents.slerp(np.ones(2), np.ones(2), 1)


def test_the_latent_of_a_seed_depends_on_nothing_else():
    gan = tiny.gan()
    together = gan.latents([3, 9, 2**40]).numpy()
    np.testing.assert_array_equal(gan.latents([9]).numpy()[0], together[1])
    many = gan.latents(np.arange(4000)).numpy()
    assert abs(many.mean()) < 0.03
    assert abs(many.std() - 1) < 0.03
