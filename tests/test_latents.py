import numpy as np
import pytest
from scipy import stats

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


def test_a_walk_passes_through_every_stop_and_conditions_go_straight():
    stops = np.random.default_rng(0).normal(size=(3, 5))
    path = latents.walk(stops, noise=3, steps=4)
    assert path.shape == (8, 5)
    np.testing.assert_allclose(path[[0, 3, 4, 7]], stops[[0, 1, 1, 2]], atol=1e-6)
    np.testing.assert_allclose(path[1, 3:], (2 * stops[0, 3:] + stops[1, 3:]) / 3)
    np.testing.assert_allclose(path[1, :3], latents.slerp(stops[0, :3], stops[1, :3], 4)[1])
    straight = latents.walk(stops, noise=3, steps=3, path="linear")
    np.testing.assert_allclose(straight[1], (stops[0] + stops[1]) / 2)


def test_truncated_latents_are_those_of_the_cut_distribution_in_the_same_order():
    draws = np.random.default_rng(0).standard_normal(20_000).astype("float32")
    cut = latents.truncate(draws, 0.8)
    assert np.abs(cut).max() <= 0.8
    assert stats.kstest(cut, stats.truncnorm(-0.8, 0.8).cdf).pvalue > 0.01
    np.testing.assert_array_equal(np.argsort(cut[:100]), np.argsort(draws[:100]))
    np.testing.assert_allclose(latents.truncate(draws[:100], 5.0), draws[:100], atol=1e-4)


@pytest.mark.parametrize("threshold", [0.0, -1.0, float("nan")])
def test_a_truncation_that_leaves_nothing_is_refused(threshold):
    with pytest.raises(InputError, match="above 0"):
        latents.truncate(np.ones(2), threshold)


def test_an_unknown_path_is_refused():
    with pytest.raises(InputError, match="unknown path 'sperical'; did you mean 'spherical'"):
        latents.walk(np.ones((2, 3)), 3, 4, "sperical")


def test_a_single_step_is_no_interpolation():
    with pytest.raises(InputError, match="at least 2 steps"):
        latents.slerp(np.ones(2), np.ones(2), 1)


def test_one_graph_draws_any_number_of_latents():
    latents.from_seeds([1, 2], 7)
    latents.from_seeds([1, 2, 3], 7)
    traced = latents._from_seeds.experimental_get_tracing_count()
    for seeds in ([4], [4, 5, 6, 7], np.arange(9), np.arange(11, dtype=np.int32)):
        assert latents.from_seeds(seeds, 7).shape == (len(seeds), 7)
    assert latents._from_seeds.experimental_get_tracing_count() == traced


def test_the_latent_of_a_seed_depends_on_nothing_else():
    gan = tiny.gan()
    together = gan.latents([3, 9, 2**40]).numpy()
    np.testing.assert_array_equal(gan.latents([9]).numpy()[0], together[1])
    many = gan.latents(np.arange(4000)).numpy()
    assert abs(many.mean()) < 0.03
    assert abs(many.std() - 1) < 0.03
