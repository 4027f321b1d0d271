import mpmath
import numpy as np
import pytest

from kgan.errors import InputError
from kgan.metrics import gaussian_mmd, kernel_distance

mpmath.mp.dps = 40


def cubic(x, y):
    return (mpmath.fdot(x, y) / len(x) + 1) ** 3


def gaussian(sigma):
    return lambda x, y: mpmath.exp(-mpmath.fsum((a - b) ** 2 for a, b in zip(x, y, strict=True)) / (2 * sigma**2))


def long_mmd(kernel, first, second):
    """The unbiased estimate of MMD² pair by pair, in 40 digits."""
    x, y = ([[mpmath.mpf(float(value)) for value in row] for row in array] for array in (first, second))
    own = [
        mpmath.fsum(kernel(a, b) for i, a in enumerate(z) for j, b in enumerate(z) if i != j) / (len(z) * (len(z) - 1))
        for z in (x, y)
    ]
    return own[0] + own[1] - 2 * mpmath.fsum(kernel(a, b) for a in x for b in y) / (len(x) * len(y))


def cases():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 20, 5))
    scales = np.logspace(0, -8, 5)
    yield "plain", x, 1.3 * y + 0.5
    yield "float32", x.astype(np.float32), (1.1 * y + 0.3).astype(np.float32)
    yield "bytes", rng.integers(0, 256, (9, 5), np.uint8), rng.integers(9, 256, (9, 5), np.uint8)
    yield "condition 1e16", x * scales, y * scales[::-1]
    yield "fewer samples than dimensions", rng.normal(size=(3, 12)), rng.normal(0.3, 1.0, (3, 12))
    yield "nearly equal", x, x + 1e-6 * y
    yield "small numbers", 1e-4 * x, 3e-4 * y
    yield "large numbers", 1e3 * x, 900.0 * y
    yield "constant", x, np.ones((20, 5))


CASES = pytest.mark.parametrize(("real", "fake"), [pytest.param(*case, id=name) for name, *case in cases()])


@CASES
def test_the_kernel_distance_is_the_definition_in_forty_digits(real, fake):
    expected = long_mmd(cubic, real, fake)
    found = kernel_distance(real, fake, subsets=2, subset_size=len(real))
    assert abs(found.mean - expected) <= 1e-12 * abs(expected)
    assert found.std <= 1e-12 * abs(expected)


@CASES
@pytest.mark.parametrize("sigma", [10.0, 0.7])
def test_the_gaussian_mmd_is_the_definition_in_forty_digits(real, fake, sigma):
    expected = long_mmd(gaussian(mpmath.mpf(sigma)), real, fake)
    # Numbers below float64's smallest are 0.
    assert abs(gaussian_mmd(real, fake, sigma) - expected) <= max(1e-12 * abs(expected), 1e-300)


def test_the_gaussian_mmd_of_sets_of_two_sizes_far_from_the_origin():
    rng = np.random.default_rng(1)
    real, fake = rng.normal(1e6, 1.0, (12, 4)), rng.normal(1e6, 2.0, (17, 4))
    expected = long_mmd(gaussian(mpmath.mpf(2)), real, fake)
    assert abs(gaussian_mmd(real, fake, 2.0) - expected) <= 1e-12 * abs(expected)


def test_blocks_do_not_change_the_gaussian_mmd(monkeypatch):
    rng = np.random.default_rng(2)
    real, fake = rng.normal(size=(50, 3)), rng.normal(size=(41, 3))
    whole = gaussian_mmd(real, fake)
    monkeypatch.setattr("kgan.metrics.neighbours.BLOCK_SIZE", 300)
    assert gaussian_mmd(real, fake) == pytest.approx(whole, rel=1e-12)


def test_subsets_are_drawn_as_torch_fidelity_draws_them():
    rng = np.random.default_rng(3)
    real, fake = rng.normal(size=(30, 4)), rng.normal(0.5, 1.0, (40, 4))
    draws = np.random.RandomState(2020)
    estimates = []
    for _ in range(3):
        first = fake[draws.choice(40, 7, replace=False)]
        second = real[draws.choice(30, 7, replace=False)]
        estimates.append(float(long_mmd(cubic, first, second)))
    found = kernel_distance(real, fake, subsets=3, subset_size=7, seed=2020)
    assert found.mean == pytest.approx(np.mean(estimates), rel=1e-13)
    assert found.std == pytest.approx(np.std(estimates), rel=1e-13)
    assert found != kernel_distance(real, fake, subsets=3, subset_size=7, seed=2021)


def test_a_set_against_its_twin_is_at_no_distance_on_average():
    rng = np.random.default_rng(4)
    real, fake = rng.normal(size=(2, 2000, 16))
    mean, std = kernel_distance(real, fake, subsets=20, subset_size=200)
    assert abs(mean) < std
    assert abs(gaussian_mmd(real, fake, 3.0)) < 1e-3
    assert gaussian_mmd(real, fake + 0.5, 3.0) > 0.05


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda x: kernel_distance(x, x), "`real` must hold at least 1000 samples, one subset; got 9. .* at most 9"),
        (lambda x: kernel_distance(x, x[:4], subset_size=5), "`fake` must hold at least 5 samples"),
        (lambda x: kernel_distance(x, x[:, :2], subset_size=5), "3 and 2 dimensions"),
        (lambda x: kernel_distance(x, x, subset_size=1), "`subset_size` must be a whole number of at least 2; got 1"),
        (lambda x: kernel_distance(x, x, subsets=0, subset_size=5), "`subsets`"),
        (lambda x: kernel_distance(x, x * np.nan, subset_size=5), "`fake` must be finite"),
        (lambda x: gaussian_mmd(x, x[:1]), "`fake` must hold at least 2 samples"),
        (lambda x: gaussian_mmd(x, x[:, :2]), "3 and 2 dimensions"),
        (lambda x: gaussian_mmd(x, x, sigma=0.0), "`sigma`"),
        (lambda x: gaussian_mmd(x, x, sigma=np.nan), "`sigma`"),
        (lambda x: gaussian_mmd(x[0], x), "rank|features"),
    ],
)
def test_what_cannot_be_used_is_refused(action, message):
    with pytest.raises(InputError, match=message):
        action(np.random.default_rng(5).normal(size=(9, 3)))
