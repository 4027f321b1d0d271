import numpy as np
import pytest
import tensorflow as tf

from kgan.conditions import Groups, occurring
from kgan.errors import InputError


def test_one_hot_by_hand():
    rows = Groups((3, 2)).one_hot([2, 0], [0, 1])
    np.testing.assert_array_equal(rows, [[0, 0, 1, 1, 0], [1, 0, 0, 0, 1]])


def test_draws_follow_the_prior_and_each_its_seed_alone():
    groups = Groups((2, 3), ([[0, 1], [0, 2], [1, 0], [1, 2]], [1, 2, 3, 4]))
    rows = groups.from_seeds(tf.range(4000)).numpy()
    assert (rows[:, :2].sum(1) == 1).all() and (rows[:, 2:].sum(1) == 1).all()
    joint = np.einsum("na,nb->ab", rows[:, :2], rows[:, 2:]).ravel() / 4000
    np.testing.assert_allclose(joint, np.array([0, 1, 2, 3, 0, 4]) / 10, atol=0.03)
    assert joint[0] == joint[4] == 0
    np.testing.assert_array_equal(groups.from_seeds(tf.constant([17, 3])), rows[[17, 3]])


def test_without_a_prior_all_values_are_alike_and_forty_attributes_are_no_trouble():
    rows = Groups((2,) * 40).from_seeds(tf.range(2000)).numpy().reshape(2000, 40, 2)
    assert (rows.sum(2) == 1).all()
    np.testing.assert_allclose(rows[..., 1].mean(0), 0.5, atol=0.06)
    # Each for itself: pairs of attributes agree as often as they differ.
    assert abs(np.corrcoef(rows[..., 1].T) - np.eye(40)).max() < 0.12


def test_what_occurs_is_counted():
    assert occurring([1, 0, 1, 1], [2, 0, 2, 0]) == ([[0, 0], [1, 0], [1, 2]], [1.0, 1.0, 2.0])


def test_a_wrong_value_comes_up_as_often_as_it_occurs_and_one_that_never_does_only_if_there_is_no_other():
    groups = Groups((4, 2), ([[0, 0], [1, 0], [2, 0]], [1, 3, 6]))
    right = tf.repeat(groups.one_hot([0], [0]), 4000, axis=0)
    wrong = groups.wrong(right, tf.constant([5, 6], tf.int64)).numpy()
    hair = wrong[wrong[:, 0] == 0][:, :4].mean(0)
    np.testing.assert_allclose(hair, [0, 1 / 3, 2 / 3, 0], atol=0.03)
    assert (wrong[wrong[:, 0] == 1][:, 4:] == [0, 1]).all()


def test_wrong_conditions_are_wrong_in_one_group_and_whole():
    groups = Groups((3, 4))
    values = np.random.default_rng(0).integers(0, [3, 4], (2000, 2))
    right = groups.one_hot(values[:, 0], values[:, 1]).numpy()
    wrong = groups.wrong(tf.constant(right), tf.constant([1, 2], tf.int64)).numpy()
    hair, eyes = (wrong[:, s].argmax(1) != right[:, s].argmax(1) for s in (slice(0, 3), slice(3, 7)))
    assert (hair ^ eyes).all()
    assert (wrong[:, :3].sum(1) == 1).all() and (wrong[:, 3:].sum(1) == 1).all()
    assert hair.mean() == pytest.approx(0.5, abs=0.05)
    # Every other value comes up, alike.
    shift = (wrong[hair, :3].argmax(1) - right[hair, :3].argmax(1)) % 3
    assert np.bincount(shift, minlength=3)[1] / hair.sum() == pytest.approx(0.5, abs=0.06)


def test_what_is_left_out_is_drawn_by_the_seed_and_what_is_said_stays():
    groups, seeds = Groups((3, 4)), tf.range(50)
    said = np.zeros((50, 7), "float32")
    said[:, 1] = 1
    whole = groups.complete(tf.constant(said), seeds).numpy()
    np.testing.assert_array_equal(whole[:, :3], said[:, :3])
    np.testing.assert_array_equal(whole[:, 3:], groups.from_seeds(seeds).numpy()[:, 3:])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Groups(()), "at least 2 values"),
        (lambda: Groups((10, 1)), "at least 2 values"),
        (lambda: Groups((2,), ([[0], [1]], [1.0])), "2 combinations need as many weights"),
        (lambda: Groups((2,), ([[0], [1]], [1.0, -1.0])), "at least 0"),
        (lambda: Groups((2,), ([[0], [1]], [0.0, 0.0])), "not all 0"),
        (lambda: Groups((2,), ([[0], [2]], [1.0, 1.0])), "rows of 1 values"),
        (lambda: Groups((2, 3), ([[0], [1]], [1.0, 1.0])), "rows of 2 values"),
        (lambda: Groups((2,), ([], [])), "rows of 1 values"),
        (lambda: Groups((10,)).one_hot([3, 10]), "label 10 is out of range: this model knows 0 to 9"),
        (lambda: Groups((10,)).one_hot([-1]), "label -1 is out of range"),
        (lambda: Groups((10,)).one_hot([1], [2]), "1 groups; got values for 2"),
    ],
)
def test_impossible_conditions_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
