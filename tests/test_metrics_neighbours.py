import numpy as np
import pytest

from kgan.errors import InputError
from kgan.metrics import nearest
from kgan.metrics.neighbours import within


def brute_force(queries, points):
    """All distances, from the differences."""
    difference = queries[:, None].astype(np.float64) - points[None].astype(np.float64)
    return np.sqrt(np.square(difference).sum(axis=2))


def sets():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 7)), rng.normal(size=(45, 7))
    yield "plain", x, y
    yield "float32 with copies", x.astype(np.float32), np.concatenate([y, x[:9]]).astype(np.float32)
    yield "far from the origin", x + 1e6, np.concatenate([y, x[:9] + 1e-6]) + 1e6
    yield "bytes with ties", *rng.integers(0, 3, (2, 50, 4), np.uint8)
    yield "one dimension", x[:, :1], y[:, :1]


SETS = pytest.mark.parametrize(("queries", "points"), [pytest.param(*case, id=name) for name, *case in sets()])


@SETS
@pytest.mark.parametrize("block", [1, 130, 1 << 20])
def test_neighbours_are_those_of_brute_force(monkeypatch, queries, points, block):
    monkeypatch.setattr("kgan.metrics.neighbours.BLOCK_SIZE", block)
    monkeypatch.setattr("kgan.metrics.neighbours.GATHERED", block)
    expected = brute_force(queries, points)
    distances, indices = nearest(queries, points, k=3)
    assert (distances.dtype, indices.dtype) == (np.float64, np.int64)
    np.testing.assert_array_equal(distances, np.sort(expected, axis=1)[:, :3])
    np.testing.assert_array_equal(np.take_along_axis(expected, indices, axis=1), distances)


@SETS
def test_a_point_is_no_neighbour_of_itself_but_its_copy_is(queries, points):
    points = np.concatenate([points, points[:1]])
    expected = brute_force(points, points)
    np.fill_diagonal(expected, np.inf)
    distances, indices = nearest(points, points, k=2, exclude_self=True)
    np.testing.assert_array_equal(distances, np.sort(expected, axis=1)[:, :2])
    assert (indices != np.arange(len(points))[:, None]).all()
    assert (distances[0, 0], distances[-1, 0]) == (0.0, 0.0)


def test_of_equally_distant_points_the_first_is_returned():
    points = np.array([[1.0, 0.0], [0.0, 1.0], [3.0, 0.0], [-1.0, 0.0], [0.0, -1.0]])
    assert nearest(np.zeros((1, 2)), points, k=4)[1].tolist() == [[0, 1, 3, 4]]


def test_all_points_may_be_asked_for():
    points = np.arange(5.0)[:, None]
    assert nearest(points[:1], points, k=5)[1].tolist() == [[0, 1, 2, 3, 4]]
    assert nearest(points, points, k=4, exclude_self=True)[1][2].tolist() == [1, 3, 0, 4]


def test_copies_are_at_distance_zero_in_float32():
    features = np.random.default_rng(1).normal(100.0, 1.0, (300, 2048)).astype(np.float32)
    distances, indices = nearest(features[::-1], features)
    assert (distances == 0.0).all()
    assert (indices[:, 0] == np.arange(300)[::-1]).all()


@SETS
@pytest.mark.parametrize("block", [1, 1 << 20])
def test_balls_are_closed_and_those_of_brute_force(monkeypatch, queries, points, block):
    monkeypatch.setattr("kgan.metrics.neighbours.BLOCK_SIZE", block)
    expected = brute_force(queries, points)
    # Every radius is some query's very distance, so that each ball has one on its surface.
    radii = np.sort(expected, axis=0)[len(queries) // 3]
    found = np.concatenate([inside for _, inside in within(queries, points, radii)])
    np.testing.assert_array_equal(found, expected <= radii)
    assert (expected == radii).any(axis=0).all()


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda x: nearest(x, x, k=0), "`k` must be a whole number of at least 1; got 0"),
        (lambda x: nearest(x, x, k=1.0), "`k`"),
        (lambda x: nearest(x, x, k=True), "`k`"),
        (lambda x: nearest(x, x, k=7), "`points` must hold at least 7 samples for this metric; got 6"),
        (lambda x: nearest(x, x, k=6, exclude_self=True), "at least 7 samples"),
        (lambda x: nearest(x[:3], x, exclude_self=True), "got 3 queries and 6 points"),
        (lambda x: nearest(x[:, :1], x), "1 and 2 dimensions"),
        (lambda x: nearest(x[:0], x), "`queries` must hold at least 1 samples"),
        (lambda x: nearest(x * np.nan, x), "`queries` must be finite"),
    ],
)
def test_what_cannot_be_used_is_refused(action, message):
    with pytest.raises(InputError, match=message):
        action(np.arange(12.0).reshape(6, 2))
