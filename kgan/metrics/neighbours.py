"""Distances between two sets of points, in blocks of rows, so that memory stays bounded.

|x|² + |y|² - 2 x·y is fast, a product of matrices, but cancels where points are near: in float32 a copied image seems
to lie far from its original. So products, in float64 around the mean, only find the candidates; what is returned or
compared is recomputed from the differences x - y. A copy is at distance 0, and d(x, y) = d(y, x) to the last bit.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from kgan.errors import InputError
from kgan.metrics.checks import check_count, check_features, check_pair

# Numbers in a block of distances, 32 MiB of float64, and in the rows gathered to recompute some, 2 MiB for the cache.
BLOCK_SIZE, GATHERED = 1 << 22, 1 << 18
# Candidates beyond the k that are asked for: near ties that the products may have in the wrong order.
SPARE = 5


def pair_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Returns the Euclidean distances of pairs of rows, `(n, d)` and `(n, d)` to `(n,)`, from their differences."""
    difference = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    return np.sqrt(np.square(difference).sum(axis=1))


def indexed_distances(queries: np.ndarray, rows: np.ndarray, points: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Returns the distances of `queries[rows]` to `points[columns]`, `(n,)`, a bounded number of rows at a time."""
    step = max(1, GATHERED // queries.shape[1])
    found = np.empty(len(rows))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        found[part] = pair_distances(queries[rows[part]], points[columns[part]])
    return found


def squared_blocks(queries: np.ndarray, points: np.ndarray) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """Yields the squared distances of a block of queries to all points, from products of matrices.

    Yields:
        The block's rows, its squared distances `(rows, m)` in float64, and for each row a bound `(rows, 1)` of their
        rounding error. A squared distance may come out as slightly less than 0.
    """
    centre = points.mean(axis=0, dtype=np.float64)
    centred = points - centre
    norms = np.square(centred).sum(axis=1)
    step = max(1, BLOCK_SIZE // len(points))
    for start in range(0, len(queries), step):
        rows = slice(start, min(start + step, len(queries)))
        block = queries[rows] - centre
        own = np.square(block).sum(axis=1)[:, None]
        squared = block @ centred.T
        squared *= -2.0
        squared += own
        squared += norms
        # The bound of an inner product in floating point (Higham 2002, section 3.1), for each of the three and the sum.
        error = (points.shape[1] + 8) * np.finfo(np.float64).eps * (np.sqrt(own) + np.sqrt(norms.max())) ** 2
        yield rows, squared, error


def check_points(
    first: Any, second: Any, names: tuple[str, str], at_least: int = 1, second_at_least: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Returns two sets of features, checked, of so many samples at least and of one dimension."""
    first, second = check_features(first, names[0], at_least), check_features(second, names[1], second_at_least)
    check_pair(first, second, names)
    return first, second


def nearest(queries: Any, points: Any, k: int = 1, exclude_self: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Finds the k nearest points of each query, by Euclidean distance.

    Args:
        queries: `(n, d)`.
        points: `(m, d)`.
        k: How many, at most m (m - 1 with `exclude_self`).
        exclude_self: For queries that are the points themselves: row i ignores point i, but not its other copies.

    Returns:
        The distances `(n, k)`, float64, ascending, and the indices of the points `(n, k)`, int64; of equally distant
        points the one that comes first.

    Raises:
        InputError: If there are fewer points than neighbours, or the features cannot be used.
    """
    k = check_count(k, "k")
    queries, points = check_points(queries, points, ("queries", "points"), second_at_least=k + exclude_self)
    if exclude_self and len(queries) != len(points):
        raise InputError(
            f"`exclude_self` is for queries that are the points; got {len(queries)} queries and {len(points)} points."
        )
    distances, indices = np.empty((len(queries), k)), np.empty((len(queries), k), np.int64)
    candidates = min(k + SPARE, len(points) - exclude_self)
    for rows, squared, _ in squared_blocks(queries, points):
        own = np.arange(rows.start, rows.stop)
        if exclude_self:
            squared[np.arange(len(own)), own] = np.inf
        columns = np.sort(np.argpartition(squared, candidates - 1, axis=1)[:, :candidates], axis=1)
        exact = indexed_distances(queries, np.repeat(own, candidates), points, columns.ravel()).reshape(columns.shape)
        order = np.argsort(exact, axis=1, kind="stable")[:, :k]
        distances[rows] = np.take_along_axis(exact, order, axis=1)
        indices[rows] = np.take_along_axis(columns, order, axis=1)
    return distances, indices


def within(queries: np.ndarray, points: np.ndarray, radii: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yields which queries of a block lie in which points' closed balls, `(rows, m)` bool, equality included.

    Args:
        queries: `(n, d)`, checked.
        points: `(m, d)`, the centres, checked.
        radii: `(m,)`.
    """
    for rows, squared, error in squared_blocks(queries, points):
        squared -= np.square(radii)
        inside = squared < -error
        np.abs(squared, out=squared)
        # Where the products cannot tell, such as a copy of the very neighbour that gave a ball its radius.
        unsure, columns = np.nonzero(squared <= error)
        exact = indexed_distances(queries, unsure + rows.start, points, columns)
        inside[unsure, columns] = exact <= radii[columns]
        yield rows, inside
