"""Entropy, divergences and mutual information of discrete distributions, in float64, by their definitions.

A distribution is a list of probabilities `(n,)` that sum to 1. Logarithms are natural (nats) unless `base` says
otherwise (2: bits). In sums 0 log 0 = 0, its limit. The f-divergences that train a GAN from samples are in
`kgan.losses`; here both distributions are known, so nothing is estimated.

    >>> p = [1 / 15, 2 / 15, 3 / 15, 4 / 15, 5 / 15]
    >>> round(kl_divergence(p, p[::-1]), 4), round(js_divergence(p, p[::-1]), 4)
    (0.5216, 0.1197)
"""

import math
from typing import Any

import numpy as np

from kgan.divergences import checks
from kgan.errors import InputError


def entropy(p: Any, base: float = math.e) -> float:
    """Shannon's entropy, how uncertain an outcome is (Shannon 1948; Cover and Thomas 2006, section 2.1).

        H(P) = -Σ p log p

    From 0, one outcome is certain, to log n, all n are equally likely; never infinite here. Of the histogram of a
    generator's classes or modes it says how varied the samples are: exp(H) is the number of equally likely modes that
    would be as uncertain, and a collapsed generator has 0.

    Args:
        p: Probabilities `(n,)`.
        base: Of the logarithm.

    Raises:
        InputError: If `p` is empty, negative, not finite, or does not sum to 1; or `base` is not above 1.
    """
    return _entropy(checks.probabilities("p", p)) / checks.log_of(base)


def kl_divergence(p: Any, q: Any, base: float = math.e) -> float:
    """Kullback-Leibler divergence, relative entropy (Kullback and Leibler 1951; Cover and Thomas 2006, section 2.3).

        KL(P || Q) = Σ p log(p / q)

    0 if and only if P = Q; not symmetric; infinite as soon as P has an outcome that Q never has. Maximum likelihood
    minimises KL(data || model), which is infinite for a model that misses something in the data, so the model covers
    everything, even with blurs; KL(model || data) is infinite for one that makes something the data lack, so it keeps
    to a part that it knows. A generator's images lie on a thin set, so both are infinite for real GANs at first, and
    have no gradient (Arjovsky et al. 2017).

    Args:
        p: Probabilities `(n,)`.
        q: Probabilities `(n,)` of the same outcomes.
        base: Of the logarithm.

    Returns:
        A number in [0, ∞]; `math.inf` if it is infinite.

    Raises:
        InputError: If `p` or `q` is empty, negative, not finite or does not sum to 1, their lengths differ, or `base`
            is not above 1.
    """
    p, q = checks.pair(p, q)
    return _kl(p, q) / checks.log_of(base)


def js_divergence(p: Any, q: Any, base: float = math.e) -> float:
    """Jensen-Shannon divergence (Lin 1991).

        JS(P, Q) = KL(P || M) / 2 + KL(Q || M) / 2,  M = (P + Q) / 2

    Symmetric, never infinite, in [0, log 2]; its root is a metric. With the best critic there is, the loss of the
    minimax GAN is 2 JS - log 4 (Goodfellow et al. 2014, equation 6). For disjoint P and Q it is log 2 however far
    apart they are: a generator that gets nearer is not told so. That is example 1 of Arjovsky et al. (2017), the
    reason for the Wasserstein GAN; see `wasserstein_1`.

    `kgan.losses`' f-GAN of this name follows its paper, whose Jensen-Shannon is the sum of both terms, twice this.

    Args:
        p: Probabilities `(n,)`.
        q: Probabilities `(n,)` of the same outcomes.
        base: Of the logarithm; in base 2 the largest value is 1.

    Raises:
        InputError: As `kl_divergence`.
    """
    p, q = checks.pair(p, q)
    middle = (p + q) / 2
    return (_kl(p, middle) + _kl(q, middle)) / 2 / checks.log_of(base)


def total_variation(p: Any, q: Any) -> float:
    """Total variation distance (Levin and Peres 2017, section 4.1).

        TV(P, Q) = max over sets A of |P(A) - Q(A)| = Σ |p - q| / 2

    A metric in [0, 1]; 1 if and only if P and Q are disjoint, however far apart. The best critic that must say "real"
    or "fake" of one sample, either with probability 1/2, is right with probability (1 + TV) / 2. Pinsker:
    TV² <= KL / 2 in nats.

    Args:
        p: Probabilities `(n,)`.
        q: Probabilities `(n,)` of the same outcomes.

    Raises:
        InputError: As `kl_divergence`.
    """
    p, q = checks.pair(p, q)
    return float(np.abs(p - q).sum() / 2)


def wasserstein_1(p: Any, q: Any, positions: Any = None) -> float:
    """Wasserstein-1 or earth mover's distance on a line: the least work, mass times way, that turns P into Q.

        W1(P, Q) = min over couplings of E|X - Y| = ∫ |F(t) - G(t)| dt,  F and G the cumulative distributions

    (Vallender 1974 for the second form, which holds on a line only.) A metric, at most the largest distance between
    two outcomes times the total variation. It alone of these knows where the outcomes lie: between two point masses
    it is their distance, so it still has a slope where Jensen-Shannon is flat. By duality it is the largest
    E_P[f] - E_Q[f] of any f with slopes of at most 1, which is what a Wasserstein GAN's critic seeks (Arjovsky et al.
    2017, equation 2).

    Args:
        p: Probabilities `(n,)`.
        q: Probabilities `(n,)` of the same outcomes.
        positions: Where the outcomes lie, `(n,)`, in any order and unit; 0, 1, ..., n - 1 by default.

    Returns:
        A number >= 0 in the unit of `positions`.

    Raises:
        InputError: As `kl_divergence`, or if `positions` is not n finite numbers.
    """
    p, q = checks.pair(p, q)
    positions = checks.places(positions, len(p))
    order = np.argsort(positions)
    difference = np.cumsum((p - q)[order])[:-1]
    return float(np.abs(difference) @ np.diff(positions[order]))


def mutual_information(x: Any, y: Any, base: float = math.e) -> float:
    """Mutual information of two sequences of paired samples, by the shares in which their values occur.

    The value is `table_mutual_information(joint_distribution(x, y), base)`; see there for what it means. Taken from n
    samples it is too large, by about (r - 1)(c - 1) / 2n nats for r values of x and c of y (Miller 1955): independent
    sequences do not give 0. Continuous values must be binned first, for values that never come twice tell everything.

    Args:
        x: Samples `(n,)`, numbers or strings.
        y: Samples `(n,)`, the i-th drawn along with the i-th of `x`.
        base: Of the logarithm.

    Raises:
        InputError: If `x` or `y` is empty, not flat, or has NaN, their lengths differ, or `base` is not above 1.
    """
    return table_mutual_information(joint_distribution(x, y), base)


def table_mutual_information(joint: Any, base: float = math.e) -> float:
    """Mutual information, how much of one variable the other tells (Cover and Thomas 2006, section 2.3).

        I(X; Y) = KL(P_XY || P_X P_Y) = H(X) + H(Y) - H(X, Y)

    Symmetric; 0 if and only if X and Y are independent, at most min(H(X), H(Y)), never infinite here. InfoGAN's loss
    raises a bound of it between a code and the image made with it (Chen et al. 2016, equation 4). The logarithm of
    the inception score is the mutual information of images and their predicted classes.

    Args:
        joint: Probabilities `(r, c)` of the pairs, all together summing to 1: X names the row, Y the column.
        base: Of the logarithm.

    Raises:
        InputError: If `joint` is no such table, or `base` is not above 1.
    """
    table = checks.probabilities("joint", joint, rank=2)
    row, column = np.nonzero(table)
    cell = table[row, column]
    # Three logarithms, for the product of two small marginals may underflow.
    of_x, of_y = np.log(table.sum(axis=1)), np.log(table.sum(axis=0))
    return max(0.0, float((cell * (np.log(cell) - of_x[row] - of_y[column])).sum())) / checks.log_of(base)


def joint_distribution(x: Any, y: Any) -> np.ndarray:
    """Counts how often values occur together: the table of shares `(r, c)`.

    Args:
        x: Samples `(n,)`, numbers or strings; its r different values, sorted, are the rows.
        y: Samples `(n,)`, the i-th drawn along with the i-th of `x`; its c different values are the columns.

    Raises:
        InputError: If `x` or `y` is empty, not flat, or has NaN, or their lengths differ.
    """
    x, y = checks.outcomes("x", x), checks.outcomes("y", y)
    if len(x) != len(y):
        raise InputError(f"`x` and `y` must be samples drawn in pairs; x has {len(x)} and y has {len(y)}.")
    rows, row = np.unique(x, return_inverse=True)
    columns, column = np.unique(y, return_inverse=True)
    table = np.zeros((len(rows), len(columns)))
    np.add.at(table, (row, column), 1.0)
    return table / len(x)


def _entropy(p: np.ndarray) -> float:
    p = p[p > 0]
    # Zero first: the entropy of a certain outcome is 0.0, not -0.0.
    return max(0.0, float(-(p * np.log(p)).sum()))


def _kl(p: np.ndarray, q: np.ndarray) -> float:
    p, q = p[p > 0], q[p > 0]
    if (q == 0).any():
        return math.inf
    # Rounding must not make it negative. A difference of logarithms, for p / q may overflow.
    return max(0.0, float((p * (np.log(p) - np.log(q))).sum()))
