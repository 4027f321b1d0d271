import mpmath
import numpy as np
import pytest

from kgan.errors import InputError
from kgan.metrics import classifier_score


def long_score(rows):
    """exp of the mean KL divergence from the marginal, term by term."""
    rows = [[mpmath.mpf(float(value)) for value in row] for row in rows]
    marginal = [mpmath.fsum(column) / len(rows) for column in zip(*rows, strict=True)]
    terms = (p * mpmath.log(p / q) for row in rows for p, q in zip(row, marginal, strict=True) if p > 0)
    return float(mpmath.exp(mpmath.fsum(terms) / len(rows)))


def test_the_score_is_the_definition_over_consecutive_splits():
    rows = np.random.default_rng(0).dirichlet(np.full(7, 0.3), 53)
    rows[:5] = np.eye(7)[:5]
    # 53 rows in 4 splits: 13, 13, 13 and 14.
    expected = [long_score(rows[start:stop]) for start, stop in ((0, 13), (13, 26), (26, 39), (39, 53))]
    mean, std = classifier_score(rows, splits=4)
    assert mean == pytest.approx(np.mean(expected), rel=1e-12)
    assert std == pytest.approx(np.std(expected), rel=1e-9)


def test_the_ends_of_the_scale():
    sure_and_varied = np.tile(np.eye(10), (10, 1))
    assert classifier_score(sure_and_varied) == (pytest.approx(10.0, rel=1e-14), pytest.approx(0.0, abs=1e-13))
    collapsed = np.tile(np.eye(10)[:1], (100, 1))
    assert classifier_score(collapsed) == (1.0, 0.0)
    assert classifier_score(np.full((100, 10), 0.1))[0] == pytest.approx(1.0, rel=1e-14)


def test_a_softmax_of_float32_is_taken_as_probabilities():
    logits = np.random.default_rng(1).normal(0.0, 5.0, (200, 10)).astype(np.float32)
    rows = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    exact = rows / rows.sum(axis=1, keepdims=True, dtype=np.float64)
    assert classifier_score(rows)[0] == pytest.approx(classifier_score(exact)[0], rel=1e-14)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.eye(10)[:9], "`probabilities` must hold at least 10 samples"),
        (np.random.default_rng(2).normal(size=(20, 3)), "Are these logits"),
        (np.full((20, 3), 0.5), "sums from 1.5 to 1.5"),
        (np.full((20, 3), np.nan), "must be finite"),
        (np.full(20, 0.05), r"got shape \(20,\)"),
    ],
)
def test_what_is_no_probability_is_refused(rows, message):
    with pytest.raises(InputError, match=message):
        classifier_score(rows)
