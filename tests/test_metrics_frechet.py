import mpmath
import numpy as np
import pytest
from scipy import linalg

from kgan.errors import InputError
from kgan.metrics import Moments, frechet, frechet_distance, frechet_distance_infinity, moments

mpmath.mp.dps = 50
SIZE = 6


def long_moments(features):
    """The definitions, in 50 digits: mean, and covariance of divisor n - 1."""
    matrix = mpmath.matrix(features.astype(np.float64).tolist())
    count, size = matrix.rows, matrix.cols
    mean = [mpmath.fsum(matrix[i, j] for i in range(count)) / count for j in range(size)]
    for i in range(count):
        for j in range(size):
            matrix[i, j] -= mean[j]
    return mean, matrix.T * matrix / (count - 1)


def long_frechet(real, fake):
    """|m₁ - m₂|² + Tr(S₁ + S₂) - 2 Tr (S₁^½ S₂ S₁^½)^½, whose last root has the trace of (S₁ S₂)^½."""
    (first_mean, first), (second_mean, second) = long_moments(real), long_moments(fake)
    values, vectors = mpmath.eigsy(first)
    root = vectors * mpmath.diag([mpmath.sqrt(max(value, 0)) for value in values]) * vectors.T
    inner = mpmath.eigsy(root * second * root, eigvals_only=True)
    means = mpmath.fsum((a - b) ** 2 for a, b in zip(first_mean, second_mean, strict=True))
    traces = mpmath.fsum(first[i, i] + second[i, i] for i in range(first.rows))
    return means + traces - 2 * mpmath.fsum(mpmath.sqrt(max(value, 0)) for value in inner)


def cases():
    rng = np.random.default_rng(0)
    normal = lambda n, d=SIZE: rng.normal(size=(n, d))  # noqa: E731
    turn = np.linalg.qr(normal(SIZE))[0]
    scales = np.logspace(0, -8, SIZE)
    x = normal(30)
    yield "plain", x, normal(25) * 1.3 + 0.2, 1e-13
    yield "float32", x.astype(np.float32), normal(25).astype(np.float32), 1e-13
    yield "bytes", rng.integers(0, 256, (30, SIZE), np.uint8), rng.integers(90, 256, (25, SIZE), np.uint8), 1e-13
    yield "condition 1e16 against another", x * scales @ turn, normal(25) * scales[::-1] @ turn.T, 1e-13
    yield "condition 1e16 alike", x * scales @ turn, normal(25) * scales @ turn, 1e-13
    yield "fewer samples than dimensions", normal(5, 9), normal(4, 9), 1e-13
    yield "fewer in one", normal(30, 9), normal(4, 9), 1e-13
    yield "fewer in the other", normal(3, 9), normal(30, 9), 1e-13
    yield "copies of three", np.repeat(normal(3), 9, axis=0), x, 1e-13
    yield "constant", x, np.ones((25, SIZE)), 1e-13
    yield "one dimension", normal(30, 1), normal(25, 1), 1e-12
    yield "far from the origin", x + 1e6, normal(25) * 1.2 + 1e6, 1e-9
    yield "small numbers", x * 1e-30, normal(25) * 2e-30, 1e-13
    yield "distance 1e-5 of the variance", x, x + 1e-2 * normal(30), 1e-12
    yield "distance 1e-9 of the variance", x, x + 1e-4 * normal(30), 1e-10
    yield "distance 1e-11 of the variance", x, x + 1e-5 * normal(30), 1e-9
    yield "distance 1e-12 of the variance, scaled", x, x * (1 + 1e-6), 1e-9


@pytest.mark.parametrize(("real", "fake", "tolerance"), [pytest.param(*case, id=name) for name, *case in cases()])
def test_the_distance_is_the_definition_in_fifty_digits(real, fake, tolerance):
    expected = long_frechet(real, fake)
    assert abs(frechet_distance(real, fake) - expected) <= tolerance * expected
    assert abs(frechet_distance(fake, real) - expected) <= tolerance * expected


def test_the_distance_is_scipys_over_many_blocks():
    rng = np.random.default_rng(1)
    real, fake = rng.normal(size=(2100, 40)).astype(np.float32), rng.normal(0.1, 1.2, (1100, 40)).astype(np.float32)
    first, second = (np.cov(array.astype(np.float64), rowvar=False) for array in (real, fake))
    gap = real.mean(axis=0, dtype=np.float64) - fake.mean(axis=0, dtype=np.float64)
    expected = gap @ gap + np.trace(first + second - 2.0 * linalg.sqrtm(first @ second).real)
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-11)
    assert frechet_distance(moments(real), moments(fake)) == frechet_distance(real, fake)


def test_moments_are_mean_covariance_and_count():
    for count in (1, 4, 6, 7, 40, 3000):
        features = np.random.default_rng(count).normal(3.0, 2.0, (count + 1, SIZE))
        found = moments(features)
        np.testing.assert_allclose(found.mean, features.mean(axis=0), rtol=1e-13)
        np.testing.assert_allclose(found.factor.T @ found.factor, np.cov(features, rowvar=False), atol=1e-13)
        assert found.count == count + 1
        assert len(found.factor) == min(count + 1, SIZE)


def test_a_set_is_at_distance_zero_from_itself():
    rng = np.random.default_rng(2)
    for count in (3, 100):
        features = rng.normal(size=(count, 20))
        assert 0.0 <= frechet_distance(features, features.copy()) < 1e-25
    assert frechet_distance(np.ones((5, 3)), np.ones((9, 3))) == 0.0


def test_the_distance_of_known_gaussians():
    line = np.array([[-1.0], [1.0]])
    assert frechet_distance(line, 3.0 * line + 5.0) == pytest.approx(25.0 + (np.sqrt(2.0) * 2.0) ** 2, rel=1e-15)
    exact = Moments(np.zeros(2), np.diag([1.0, 2.0]), 10), Moments(np.array([3.0, 4.0]), np.diag([5.0, 2.0]), 10)
    assert frechet_distance(*exact) == pytest.approx(25.0 + 16.0, rel=1e-15)


def long_infinity(real, fake, smallest, num_sizes, seed):
    """The line through the distances over 1 / n by the normal equations, in 50 digits."""
    rng = np.random.default_rng(seed)
    sizes = [int(size) for size in np.linspace(smallest, len(fake), num_sizes)]
    y = [long_frechet(real, fake[rng.permutation(len(fake))[:size]]) for size in sizes]
    x = [mpmath.mpf(1) / size for size in sizes]
    n, sx, sy = len(x), mpmath.fsum(x), mpmath.fsum(y)
    sxx, sxy = mpmath.fdot(x, x), mpmath.fdot(x, y)
    return (sxx * sy - sx * sxy) / (n * sxx - sx * sx)


@pytest.mark.parametrize(("count", "size", "smallest"), [(40, 4, 8), (24, 12, 4)])
def test_infinity_is_the_definition_in_fifty_digits(count, size, smallest):
    rng = np.random.default_rng(3)
    real, fake = rng.normal(size=(30, size)), rng.normal(0.5, 2.0, (count, size)) * np.logspace(0, -5, size)
    expected = long_infinity(real, fake, smallest, 6, seed=7)
    found = frechet_distance_infinity(real, fake, smallest=smallest, num_sizes=6, seed=7)
    assert abs(found - expected) <= 1e-9 * abs(expected)
    assert found == frechet_distance_infinity(moments(real), fake, smallest=smallest, num_sizes=6, seed=7)
    assert found != frechet_distance_infinity(real, fake, smallest=smallest, num_sizes=6, seed=8)


def test_infinity_takes_the_bias_of_few_samples_away():
    rng = np.random.default_rng(4)
    size = 16
    real = Moments(np.zeros(size), np.eye(size), 10**9)
    fake = rng.normal(size=(1500, size))
    finite = frechet_distance(real, fake)
    # The expected mean term d / n, and d (d + 1) / (4 n) of the covariance.
    assert finite == pytest.approx(size / 1500 + size * (size + 1) / 6000, rel=0.2)
    assert abs(frechet_distance_infinity(real, fake)) < finite / 5


@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (np.zeros((1, 3)), np.zeros((5, 3)), "`real` must hold at least 2 samples for this metric; got 1"),
        (np.zeros((5, 3)), np.zeros((5, 4)), "3 and 4 dimensions"),
        (np.zeros((5, 3)), np.full((5, 3), np.nan), "`fake` must be finite .* 5 of its 5 rows"),
        (np.zeros((5, 3)), np.array([[0.0], [np.inf]]), "`fake` must be finite .* the first is row 1"),
        (np.zeros((5, 3)), np.array([[0.0], [1e200]]), "within 1e100"),
        (np.zeros(5), np.zeros((5, 3)), r"`real` must be features \(n, d\), .* got shape \(5,\)"),
        (np.zeros((5, 0)), np.zeros((5, 0)), r"got shape \(5, 0\)"),
        (np.zeros((5, 2), complex), np.zeros((5, 2)), "real numbers; got the type complex128"),
    ],
)
def test_features_that_cannot_be_used_are_refused(real, fake, message):
    with pytest.raises(InputError, match=message):
        frechet_distance(real, fake)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fake": np.zeros((19, 2))}, "at least 20 samples for this metric; got 19"),
        ({"num_sizes": 1}, "`num_sizes` must be a whole number of at least 2; got 1"),
        ({"smallest": 1}, "`smallest`"),
        ({"smallest": 95}, "15 sizes from 95 up need more than the 100 samples"),
        ({"smallest": 100}, "need more than the 100 samples"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        frechet_distance_infinity(**{"real": np.zeros((5, 2)), "fake": np.zeros((100, 2)), **arguments})


@pytest.mark.parametrize(("condition", "quick"), [(1.0, True), (1e3, True), (1e9, False), (np.inf, False)])
def test_products_and_reflections_give_one_factor_and_what_is_ill_conditioned_takes_reflections(condition, quick):
    generator = np.random.default_rng(0)
    left, _, right = np.linalg.svd(generator.normal(size=(40, 40)))
    features = generator.normal(size=(3000, 40)) @ left @ np.diag(np.geomspace(1, 1 / min(condition, 1e9), 40)) @ right
    if condition == np.inf:
        features[:, 3] = features[:, 5]
    mean = features.mean(axis=0)
    found, reflected = frechet._cholesky_qr(features, mean), frechet._householder_qr(features, mean)
    assert (found is not None) == quick
    if found is not None:
        np.testing.assert_allclose(np.abs(found), np.abs(reflected), rtol=1e-9, atol=1e-13 * np.abs(reflected).max())
