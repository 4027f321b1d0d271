import numpy as np
import pytest

from kgan.errors import InputError
from kgan.metrics import authenticity, density_coverage, precision_recall


def distance(x, y):
    return np.sqrt(np.square(x.astype(np.float64) - y.astype(np.float64)).sum())


def radius(points, index, k):
    """The distance to the k-th nearest other point."""
    return sorted(distance(points[index], other) for place, other in enumerate(points) if place != index)[k - 1]


def share_inside(queries, points, k):
    """The share of the queries in at least one point's ball, one by one."""
    radii = [radius(points, index, k) for index in range(len(points))]
    return np.mean([any(distance(q, p) <= r for p, r in zip(points, radii, strict=True)) for q in queries])


def long_density_coverage(real, fake, k):
    radii = [radius(real, index, k) for index in range(len(real))]
    inside = [[distance(f, p) <= r for p, r in zip(real, radii, strict=True)] for f in fake]
    return np.sum(inside) / (k * len(fake)), np.mean([any(row[j] for row in inside) for j in range(len(real))])


def long_authenticity(train, fake):
    authentic = 0
    for sample in fake:
        distances = [distance(sample, point) for point in train]
        closest = int(np.argmin(distances))
        authentic += distances[closest] > radius(train, closest, 1)
    return authentic / len(fake)


def cases():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(40, 5)), rng.normal(0.3, 0.8, (30, 5))
    yield "plain", real, fake
    yield "float32 with copies", real.astype(np.float32), np.concatenate([fake, real[:15]]).astype(np.float32)
    yield "far from the origin", real + 1e5, np.concatenate([fake, real[:15] + 1e-4]) + 1e5
    yield "bytes with ties", *rng.integers(0, 4, (2, 40, 3), np.uint8)
    yield "constant", real, np.repeat(real[:1], 20, axis=0)
    yield (
        "duplicates in both",
        np.repeat(real[:9], 4, axis=0),
        np.repeat(np.concatenate([real[:3], fake[:3]]), 5, axis=0),
    )
    yield "apart", real, fake + 100.0


CASES = pytest.mark.parametrize(("real", "fake"), [pytest.param(*case, id=name) for name, *case in cases()])


@CASES
@pytest.mark.parametrize("block", [70, 1 << 22])
def test_all_are_the_definitions_by_brute_force(monkeypatch, real, fake, block):
    monkeypatch.setattr("kgan.metrics.neighbours.BLOCK_SIZE", block)
    for k in (1, 3, 5):
        assert precision_recall(real, fake, k) == (share_inside(fake, real, k), share_inside(real, fake, k))
        assert density_coverage(real, fake, k) == long_density_coverage(real, fake, k)
    assert authenticity(real, fake) == long_authenticity(real, fake)


def test_the_defaults_are_the_papers():
    rng = np.random.default_rng(1)
    real, fake = rng.normal(size=(2, 60, 4))
    assert precision_recall(real, fake) == precision_recall(real, fake, k=3)
    assert density_coverage(real, fake) == density_coverage(real, fake, k=5)


def test_balls_on_a_line_by_hand():
    real = np.array([[0.0], [1.0], [3.0], [7.0]])
    fake = np.array([[0.5], [2.0], [12.0]])
    # Nearest others at 1, 1, 2, 4: balls [-1, 1], [0, 2], [1, 5], [3, 11]; of the fakes at 1.5, 1.5, 10.
    found = precision_recall(real, fake, k=1)
    assert found.precision == 2 / 3
    # Fake balls: [-1, 2], [0.5, 3.5], [2, 22].
    assert found.recall == 4 / 4
    # 0.5 lies in two balls, 2.0 in two, 12 in none; the last real ball is empty.
    assert density_coverage(real, fake, k=1) == (4 / 3, 3 / 4)
    # 0.5 is 0.5 from 0, which is 1 from its nearest; 2.0 is 1 from 1, which is as far from 0; 12 is 5 from 7, which is
    # 4 from 3.
    assert authenticity(real, fake) == 1 / 3


def test_two_samples_of_one_gaussian():
    # Means and twice the standard deviations over 20 seeds; 1 - 2⁻⁵ is the expected coverage.
    found = []
    for seed in range(4):
        real, fake = np.random.default_rng(seed).normal(size=(2, 1000, 100))
        found.append([*precision_recall(real, fake, k=5), *density_coverage(real, fake, k=5)])
    precision, recall, density, coverage = np.mean(found, axis=0)
    assert precision == pytest.approx(0.69, abs=0.02)
    assert recall == pytest.approx(0.69, abs=0.02)
    assert density == pytest.approx(1.0, abs=0.07)
    assert coverage == pytest.approx(1 - 2**-5, abs=0.008)


def test_what_each_sees():
    rng = np.random.default_rng(2)
    real, half = rng.normal(size=(400, 8)), rng.normal(size=(400, 8))
    real[:, 0] += np.where(np.arange(400) % 2, 20.0, -20.0)
    half[:, 0] += 20.0
    dropped = precision_recall(real, half)
    assert dropped.precision > 0.8 > 0.5 > dropped.recall
    assert density_coverage(real, half).coverage <= 0.5
    assert authenticity(real, real[:50]) == 0.0
    assert authenticity(real, half) > 0.5


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda x: precision_recall(x, x, k=9), "`real` must hold at least 10 samples for this metric; got 9"),
        (lambda x: precision_recall(x, x[:3]), "`fake` must hold at least 4 samples"),
        (lambda x: precision_recall(x, x, k=0), "`k`"),
        (lambda x: density_coverage(x[:5], x), "`real` must hold at least 6 samples"),
        (lambda x: density_coverage(x, x[:, :2]), "3 and 2 dimensions"),
        (lambda x: authenticity(x[:1], x), "`train` must hold at least 2 samples"),
        (lambda x: authenticity(x, x * np.inf), "`fake` must be finite"),
        (lambda x: authenticity(x, x[0]), r"got shape \(3,\)"),
    ],
)
def test_what_cannot_be_used_is_refused(action, message):
    with pytest.raises(InputError, match=message):
        action(np.arange(1.0, 28.0).reshape(9, 3))
