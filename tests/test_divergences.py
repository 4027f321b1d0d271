"""Divergences of discrete distributions: textbook values, SciPy and mpmath, the laws they obey, bad input, figures."""

import doctest
import math
import sys
from collections import Counter

import mpmath
import numpy as np
import pytest
from scipy import optimize, stats
from scipy.spatial.distance import jensenshannon

from kgan import divergences
from kgan.divergences import (
    discrete,
    entropy,
    joint_distribution,
    js_divergence,
    kl_divergence,
    mutual_information,
    plots,
    sliding_divergences,
    table_mutual_information,
    total_variation,
    wasserstein_1,
)
from kgan.errors import InputError

RAMP = np.arange(1, 6) / 15
X = [0, 0, 5, 6, 0, 4, 4, 3, 1, 2]
PAIRWISE = [kl_divergence, js_divergence, total_variation, wasserstein_1]


def draw(rng, size=8, zeros=False):
    weights = rng.exponential(size=size)
    if zeros:
        weights *= rng.random(size) < 0.6
        weights[rng.integers(size)] += 0.1
    return weights / weights.sum()


def draws(count=60, number=2, zeros=True):
    rng = np.random.default_rng(7)
    return [[draw(rng, size, zeros) for _ in range(number)] for size in rng.integers(1, 12, count)]


def test_textbook_values():
    assert kl_divergence(RAMP, RAMP[::-1]) == pytest.approx(0.5216, abs=5e-5)
    assert js_divergence(RAMP, RAMP[::-1]) == pytest.approx(0.1197, abs=5e-5)
    first = mutual_information(X, [3, 4, 5, 5, 3, 7, 7, 6, 5, 1], base=10)
    second = mutual_information(X, [3, 3, 5, 6, 3, 7, 7, 9, 4, 8], base=10)
    assert (first, second) == (pytest.approx(0.6535, abs=5e-5), pytest.approx(0.7967, abs=5e-5))
    # By counting: 10 pairs, of which some values come twice or three times.
    assert first == pytest.approx(1 - 0.6 * math.log10(3) - 0.2 * math.log10(2), rel=1e-14)
    assert second == pytest.approx(1 - 0.3 * math.log10(3) - 0.2 * math.log10(2), rel=1e-14)


def test_values_by_hand():
    assert entropy([0.25] * 4, base=2) == pytest.approx(2.0)
    assert entropy([0.5, 0.25, 0.25, 0.0], base=2) == pytest.approx(1.5)
    assert math.copysign(1.0, entropy([0.0, 1.0])) == 1.0
    assert kl_divergence([0.5, 0.5], [0.25, 0.75], base=2) == pytest.approx(0.5 + 0.5 * math.log2(2 / 3))
    assert js_divergence([1, 0], [0.5, 0.5], base=2) == pytest.approx(1.5 - 0.75 * math.log2(3))
    assert total_variation([0.1, 0.9], [0.5, 0.5]) == pytest.approx(0.4)
    assert wasserstein_1([1, 0, 0], [0, 0.5, 0.5]) == pytest.approx(1.5)
    assert wasserstein_1([1, 0, 0], [0, 0.5, 0.5], positions=[10, 0, 4]) == pytest.approx(8.0)
    assert mutual_information(list("aabb"), [1, 1, 2, 2], base=2) == pytest.approx(1.0)


def test_kl_is_infinite_exactly_where_q_lacks_what_p_has():
    assert kl_divergence([0.5, 0.5], [1.0, 0.0]) == math.inf
    assert kl_divergence([1.0, 0.0], [0.5, 0.5]) == pytest.approx(math.log(2))
    assert kl_divergence([1.0, 0.0], [1.0, 0.0]) == 0.0


def test_of_two_point_masses_only_wasserstein_knows_the_distance():
    for distance in (1, 2, 7, 30):
        p, q = np.zeros(40), np.zeros(40)
        p[3], q[3 + distance] = 1, 1
        assert js_divergence(p, q) == pytest.approx(math.log(2), rel=1e-15)
        assert total_variation(p, q) == 1.0
        assert kl_divergence(p, q) == math.inf
        assert wasserstein_1(p, q) == distance


def test_scipy_agrees():
    for p, q in draws():
        places = np.random.default_rng(len(p)).normal(size=len(p))
        np.testing.assert_allclose(entropy(p, base=2), stats.entropy(p, base=2), rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(kl_divergence(p, q), stats.entropy(p, q), rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(js_divergence(p, q, base=3), jensenshannon(p, q, 3) ** 2, rtol=1e-12, atol=1e-15)
        expected = stats.wasserstein_distance(places, places, p, q)
        np.testing.assert_allclose(wasserstein_1(p, q, places), expected, rtol=1e-12, atol=1e-15)


def test_wasserstein_is_the_cheapest_transport():
    """The linear programme over all couplings, which knows nothing of cumulative distributions."""
    for p, q in draws(count=12):
        places = np.random.default_rng(len(p)).integers(0, 5, len(p)) * 1.5
        cost = np.abs(places[:, None] - places[None]).ravel()
        size = len(p)
        sums = np.vstack([np.kron(np.eye(size), np.ones(size)), np.kron(np.ones(size), np.eye(size))])
        solved = optimize.linprog(cost, A_eq=sums, b_eq=np.concatenate([p, q]))
        assert wasserstein_1(p, q, places) == pytest.approx(solved.fun, abs=1e-9)


def test_tiny_probabilities_neither_overflow_nor_vanish():
    p, q = [0.5, 0.5, 0.0], [1e-320, 0.5, 0.5]
    with mpmath.workdps(50):
        expected = mpmath.mpf("0.5") * mpmath.log(mpmath.mpf("0.5") / mpmath.mpf(q[0]))
    assert kl_divergence(p, q) == pytest.approx(float(expected), rel=1e-14)
    corner = [[1.0, 0.0], [0.0, 1e-200]]
    assert table_mutual_information(corner) == pytest.approx(1e-200 * 200 * math.log(10), rel=1e-12)


def test_bounds_and_the_inequalities_between_them():
    for p, q in draws():
        kl, js, tv = kl_divergence(p, q), js_divergence(p, q), total_variation(p, q)
        assert 0 <= entropy(p) <= math.log(len(p)) + 1e-15
        assert 0 <= js <= math.log(2) * tv + 1e-15, "Lin 1991"
        assert tv**2 <= kl / 2 + 1e-15, "Pinsker"
        assert wasserstein_1(p, q) <= (len(p) - 1) * tv + 1e-15
        middle = (p + q) / 2
        assert js == pytest.approx(entropy(middle) - (entropy(p) + entropy(q)) / 2, abs=1e-14)


@pytest.mark.parametrize("divergence", PAIRWISE)
def test_zero_for_equal_ones_positive_for_others(divergence):
    for p, q in draws(zeros=False):
        assert divergence(p, p) == 0.0
        assert divergence(p, q) > 1e-6 or len(p) == 1


@pytest.mark.parametrize("metric", [total_variation, wasserstein_1, lambda p, q: math.sqrt(js_divergence(p, q))])
def test_metrics_are_symmetric_and_obey_the_triangle_inequality(metric):
    for p, q, r in draws(number=3):
        assert metric(p, q) == metric(q, p)
        assert metric(p, r) <= metric(p, q) + metric(q, r) + 1e-12


@pytest.mark.parametrize("divergence", [kl_divergence, js_divergence, total_variation])
def test_merging_outcomes_never_tells_more(divergence):
    for p, q in draws():
        if len(p) > 1:
            assert divergence(np.append(p[2:], p[:2].sum()), np.append(q[2:], q[:2].sum())) <= divergence(p, q) + 1e-12


def test_kl_of_independent_pairs_adds_up():
    rng = np.random.default_rng(1)
    p1, q1, p2, q2 = draw(rng, 4), draw(rng, 4), draw(rng, 7), draw(rng, 7)
    both = kl_divergence(np.outer(p1, p2).ravel(), np.outer(q1, q2).ravel())
    assert both == pytest.approx(kl_divergence(p1, q1) + kl_divergence(p2, q2), rel=1e-12)


def test_wasserstein_follows_moves_and_scales():
    p, q = RAMP, RAMP[::-1]
    places = np.array([3.0, -1.0, 0.5, 8.0, 2.0])
    value = wasserstein_1(p, q, places)
    assert wasserstein_1(p, q, 2.5 * places - 40) == pytest.approx(2.5 * value)
    shuffle = [4, 2, 0, 1, 3]
    assert wasserstein_1(p[shuffle], q[shuffle], places[shuffle]) == pytest.approx(value)


def test_mutual_information_is_what_the_entropies_leave():
    rng = np.random.default_rng(3)
    for _ in range(20):
        x = rng.integers(0, 4, 50)
        y = (x + rng.integers(0, 3, 50)) % 5

        def brute(values):
            return -sum(n / 50 * math.log2(n / 50) for n in Counter(values).values())

        expected = brute(x.tolist()) + brute(y.tolist()) - brute(zip(x.tolist(), y.tolist(), strict=True))
        assert mutual_information(x, y, base=2) == pytest.approx(expected, abs=1e-12)
        assert mutual_information(y, x, base=2) == pytest.approx(expected, abs=1e-12)
        assert mutual_information(x, x) == pytest.approx(entropy(np.bincount(x) / 50))
        assert mutual_information(x, np.zeros(50)) == 0.0
    assert table_mutual_information(np.outer(RAMP, [0.2, 0.8])) == pytest.approx(0.0, abs=1e-15)


def test_joint_distribution_counts_pairs():
    table = joint_distribution(["dog", "cat", "dog", "dog"], [2.5, 2.5, 1.0, 2.5])
    np.testing.assert_array_equal(table, [[0, 0.25], [0.25, 0.5]])


def test_float32_probabilities_are_taken_for_what_they_mean():
    p = RAMP.astype(np.float32)
    assert abs(p.astype(np.float64).sum() - 1) > 1e-12
    assert kl_divergence(p, RAMP[::-1]) == pytest.approx(kl_divergence(RAMP, RAMP[::-1]), rel=1e-6)


@pytest.mark.parametrize("function", PAIRWISE)
@pytest.mark.parametrize(
    ("p", "q", "message"),
    [
        ([1.2, -0.2], [0.5, 0.5], r"`p` must not be negative; it is -0\.2 at index 1"),
        ([0.5, 0.5], [1, 3], r"`q` must sum to 1.*it sums to 4\. Divide"),
        ([0.5, 0.50001], [0.5, 0.5], r"`p` must sum to 1.*it sums to 1\.00001\."),
        ([0.5, 0.5], [0.5, 0.25, 0.25], r"p has 2 of them and q has 3"),
        ([], [], r"`p` is empty"),
        ([0.5, math.nan, 0.5], [0.5, 0.5, 0], r"`p` must be finite; it has NaN or infinity at index 1"),
        ([[0.5, 0.5]], [0.5, 0.5], r"`p` must be an array of rank 1.*\(1, 2\)"),
        ("half", [0.5, 0.5], r"`p` must be numbers"),
        ([[0.5], [0.2, 0.3]], [1.0], r"`p` must be numbers"),
    ],
)
def test_what_is_no_distribution_is_refused(function, p, q, message):
    with pytest.raises(InputError, match=message):
        function(p, q)


@pytest.mark.parametrize("base", [1, 0, -2, math.nan, math.inf, 0.5])
@pytest.mark.parametrize(
    "call",
    [
        lambda base: entropy([1.0], base),
        lambda base: kl_divergence([1.0], [1.0], base),
        lambda base: js_divergence([1.0], [1.0], base),
        lambda base: mutual_information([1], [1], base),
    ],
)
def test_what_is_no_base_is_refused(call, base):
    with pytest.raises(InputError, match=r"base=.* must be above 1"):
        call(base)


@pytest.mark.parametrize("positions", [[0, 1], [0, 1, math.inf], [[0, 1, 2]], []])
def test_what_is_no_place_is_refused(positions):
    with pytest.raises(InputError, match="`positions`"):
        wasserstein_1([0.5, 0.25, 0.25], [0.25, 0.5, 0.25], positions)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([1, 2, 3], [1, 2], "x has 3 and y has 2"),
        ([], [], "`x` must be a sequence of one or more samples"),
        ([1, 2], [[1, 2], [3, 4]], "`y` must be a sequence"),
        ([[1], [2, 3]], [1, 2], "`x` must be a flat sequence"),
        ([0.5, math.nan], [1, 2], "`x` has NaN at index 1"),
        ([1, 2], [None, 2], "`y` must hold numbers or strings"),
    ],
)
def test_samples_that_are_no_pairs_are_refused(x, y, message):
    with pytest.raises(InputError, match=message):
        mutual_information(x, y)


def test_a_joint_table_must_be_one():
    with pytest.raises(InputError, match="`joint` must be an array of rank 2"):
        table_mutual_information([0.5, 0.5])
    with pytest.raises(InputError, match=r"`joint` must not be negative; it is -1 at index \(1, 0\)"):
        table_mutual_information([[1, 1], [-1, 0]])


def block(places):
    return np.abs(places) < 1


CELLS, STEPS = np.arange(-79, 160) / 10 - 0.05, np.arange(0, 61) / 10


def test_sliding_a_block_away():
    found = sliding_divergences(block, CELLS, STEPS)
    overlap = np.clip(1 - STEPS / 2, 0, None)
    np.testing.assert_allclose(found["tv"], 1 - overlap, atol=1e-12)
    np.testing.assert_allclose(found["js"], (1 - overlap) * math.log(2), atol=1e-12)
    np.testing.assert_allclose(found["w1"], STEPS, atol=1e-12)
    np.testing.assert_array_equal(found["kl"], [0.0] + [math.inf] * 60)


def test_sliding_a_bell_away():
    found = sliding_divergences(lambda places: np.exp(-(places**2) / 2), CELLS, STEPS)
    np.testing.assert_allclose(found["kl"], STEPS**2 / 2, atol=1e-9)
    np.testing.assert_allclose(found["tv"], 2 * stats.norm.cdf(STEPS / 2) - 1, atol=1e-3)
    assert (np.diff(found["js"]) > 0).all()


def test_sliding_off_the_line_is_refused():
    with pytest.raises(InputError, match="all 0 at distance 50"):
        sliding_divergences(block, CELLS, [0, 50])
    with pytest.raises(InputError, match="must be flat"):
        sliding_divergences(block, CELLS[None], STEPS)
    with pytest.raises(InputError, match="`weights` must not be negative"):
        sliding_divergences(lambda places: places + 1, [-2, 0, 4], [0])


def lines(axes):
    return {line.get_label(): line.get_xydata() for line in axes.get_lines() if line.get_label()[0] != "_"}


def test_the_figure_of_two_histograms(tmp_path):
    figure = plots.histograms(RAMP, RAMP[::-1], positions=[5, 4, 3, 2, 1])
    bars, steps, words = figure.axes
    p_bars, q_bars = bars.containers
    np.testing.assert_allclose([bar.get_height() for bar in p_bars], RAMP)
    np.testing.assert_allclose([bar.get_x() + bar.get_width() for bar in p_bars], [5, 4, 3, 2, 1])
    np.testing.assert_allclose([bar.get_height() for bar in q_bars], RAMP[::-1])
    np.testing.assert_allclose(lines(steps)["P"][:, 1], [0, *np.cumsum(RAMP[::-1]), 1])
    said = [text.get_text() for text in words.texts]
    assert dict(zip(said[::2], said[1::2], strict=True)) == {
        "H(P)": "1.4898",
        "H(Q)": "1.4898",
        "KL(P ‖ Q)": "0.5216",
        "KL(Q ‖ P)": "0.5216",
        "JS(P, Q)": "0.1197",
        "TV(P, Q)": "0.4000",
        "W₁(P, Q)": "1.3333",
    }
    figure.savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 10_000


def test_figures_of_extremes(tmp_path):
    assert "∞" in [text.get_text() for text in plots.histograms([1, 0], [0, 1]).axes[2].texts]
    plots.histograms([1], [1]).savefig(tmp_path / "one.png")
    plots.sliding({"block": block}, CELLS, [1, 2]).savefig(tmp_path / "infinite.png")
    plots.joint(["only"], [1]).savefig(tmp_path / "joint.png")
    with pytest.raises(InputError, match="two outcomes in one place"):
        plots.histograms([0.5, 0.5], [1, 0], positions=[2, 2])
    with pytest.raises(InputError, match="`shapes` must be 1 to 4"):
        plots.sliding({}, CELLS, STEPS)


def test_the_figure_of_sliding_draws_what_is_infinite_apart():
    figure = plots.sliding({"block": block}, CELLS, STEPS)
    kl, js, _, w1 = figure.axes
    np.testing.assert_allclose(lines(w1)["block"], np.stack([STEPS, STEPS], axis=1), atol=1e-12)
    np.testing.assert_allclose(lines(js)["block"][20:, 1], math.log(2))
    assert np.isnan(lines(kl)["block"][:, 1]).tolist() == [False] + [True] * 60
    assert [tick.get_text() for tick in kl.get_yticklabels()][-1] == "∞"


def test_the_figure_of_a_joint_distribution():
    figure = plots.joint(X, [3, 4, 5, 5, 3, 7, 7, 6, 5, 1], base=10)
    (axes,) = figure.axes
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["0", "1", "2", "3", "4", "5", "6"]
    assert {text.get_position(): text.get_text() for text in axes.texts}[(1, 0)] == "0.2"
    assert len(axes.texts) == 8
    assert figure.get_suptitle().endswith("= 0.6535   (base 10)")


def test_figures_leave_pyplot_alone():
    from matplotlib import pyplot

    open_ones = pyplot.get_fignums()
    plots.joint([1, 2], [1, 2])
    assert pyplot.get_fignums() == open_ones


def test_without_matplotlib_one_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(InputError, match=r"pip install 'kgan\[plots\]'"):
        plots.joint([1], [1])


def test_the_documented_example_holds():
    assert doctest.testmod(discrete).attempted == 2
    assert doctest.testmod(discrete).failed == 0
    assert set(divergences.__all__) <= set(dir(divergences))
