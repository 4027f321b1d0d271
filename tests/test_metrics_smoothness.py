import numpy as np
import pytest

from kgan.errors import InputError
from kgan.metrics import path_length, path_points


def test_points_lie_on_the_line_a_step_apart():
    rng = np.random.default_rng(0)
    start, end = rng.normal(size=(2, 500, 3))
    before, after = path_points(start, end, epsilon=1e-3, seed=4)
    t = np.random.default_rng(4).random((500, 1))
    np.testing.assert_allclose(before, (1 - t) * start + t * end, rtol=0, atol=1e-14)
    np.testing.assert_allclose(after, before + 1e-3 * (end - start), rtol=0, atol=1e-14)
    assert before.dtype == np.float64
    assert not np.array_equal(path_points(start, end, seed=5)[0], path_points(start, end, seed=6)[0])


def test_the_length_of_a_linear_generator_is_that_of_its_lines():
    rng = np.random.default_rng(1)
    start, end = rng.normal(size=(2, 200, 4))
    matrix = rng.normal(size=(4, 9))
    expected = np.mean(np.sum(((end - start) @ matrix) ** 2, axis=1))
    for epsilon in (1e-4, 1e-2):
        before, after = path_points(start, end, epsilon)
        assert path_length(before @ matrix, after @ matrix, epsilon) == pytest.approx(expected, rel=1e-9)


def test_a_jump_weighs_more_the_finer_the_step():
    rng = np.random.default_rng(2)
    start, end = rng.normal(size=(2, 300_000, 2))
    lengths = []
    for epsilon in (1e-1, 1e-2):
        before, after = path_points(start, end, epsilon)
        lengths.append(path_length(np.sign(before), np.sign(after), epsilon))
    # A step crosses with a chance proportional to ε, and then adds 4 / ε².
    assert lengths[1] / lengths[0] == pytest.approx(10.0, rel=0.15)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda x: path_length(x, x[:3]), "`before` and `after` go in pairs; got 6 and 3 rows"),
        (lambda x: path_length(x, x[:, :1]), "2 and 1 dimensions"),
        (lambda x: path_length(x, x, epsilon=0.0), "`epsilon`"),
        (lambda x: path_length(x, x * np.nan), "`after` must be finite"),
        (lambda x: path_length(x[0], x[0]), r"got shape \(2,\)"),
        (lambda x: path_points(x, x[:3]), "`start` and `end` go in pairs"),
        (lambda x: path_points(x, x, epsilon=-1.0), "`epsilon`"),
    ],
)
def test_what_makes_no_path_is_refused(action, message):
    with pytest.raises(InputError, match=message):
        action(np.arange(12.0).reshape(6, 2))
