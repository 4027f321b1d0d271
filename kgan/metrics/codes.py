"""What a code turned out to be: which class a value of it stands for, and which known factor it goes along with."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.stats import spearmanr

from kgan.errors import InputError
from kgan.metrics.checks import check_count
from kgan.metrics.modes import check_labels

UNMATCHED = -1


def match_codes(codes: Any, labels: Any, num_codes: int, num_classes: int) -> np.ndarray:
    """Returns the class that each value of a categorical code stands for.

    Of all one-to-one matchings the one that is right most often, by the Hungarian method (Kuhn 1955).

    Args:
        codes: `(n,)`, the value of each image, in 0 to num_codes - 1.
        labels: `(n,)`, the class of each image, in 0 to num_classes - 1.
        num_codes: How many values there are.
        num_classes: How many classes there are.

    Returns:
        `(num_codes,)`, int64: classes, and -1 for the values left over where there are more of them than classes.

    Raises:
        InputError: If codes or labels are no such numbers, or differ in length.
    """
    codes, labels = _check_pair(codes, labels, num_codes, num_classes)
    counts = np.zeros((num_codes, num_classes), np.int64)
    np.add.at(counts, (codes, labels), 1)
    matching = np.full(num_codes, UNMATCHED)
    rows, columns = linear_sum_assignment(counts, maximize=True)
    matching[rows] = columns
    return matching


def code_accuracy(codes: Any, labels: Any, matching: Any) -> float:
    """Returns the share of images whose code stands for their class.

    Match on other images than those that are scored, or the matching itself is fitted to them.

    Args:
        codes: `(n,)`, the value of each image.
        labels: `(n,)`, the class of each image.
        matching: What `match_codes` returned.

    Raises:
        InputError: If codes or labels are no such numbers, or differ in length.
    """
    matching = np.asarray(matching)
    codes, labels = _check_pair(codes, labels, len(matching), np.iinfo(np.int64).max)
    return float(np.mean(matching[codes] == labels))


def rank_correlations(values: Any, factors: Mapping[str, Any], labels: Any | None = None) -> dict[str, float]:
    """Returns Spearman's rank correlation of a code with each factor, in [-1, 1]; NaN where one is constant.

    Args:
        values: `(n,)`, what was read of the code.
        factors: Of each factor `(n,)` true or measured values, by name.
        labels: `(n,)`, the class of each image: the correlation is then taken within each class, and of these the mean,
            weighted by the classes' images. Classes of fewer than 3 images are left out; NaN if all are.

    Raises:
        InputError: If lengths differ, or labels are no such numbers.
    """
    values = np.asarray(values)
    for name, factor in factors.items():
        if values.ndim != 1 or np.shape(factor) != values.shape:
            raise InputError(f"`values` and factor {name!r} must be (n,); got {values.shape} and {np.shape(factor)}.")
    if labels is None:
        return {name: _spearman(values, np.asarray(factor)) for name, factor in factors.items()}
    labels = check_labels(labels, "labels", np.iinfo(np.int64).max)
    if labels.shape != values.shape:
        raise InputError(f"`values` and `labels` must be of one length; got {values.shape} and {labels.shape}.")
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    groups = [rows for rows in groups if len(rows) >= 3]
    if not groups:
        return dict.fromkeys(factors, float("nan"))
    weights = np.array([len(rows) for rows in groups])
    return {
        name: float(np.average([_spearman(values[rows], np.asarray(factor)[rows]) for rows in groups], weights=weights))
        for name, factor in factors.items()
    }


def _spearman(first: np.ndarray, second: np.ndarray) -> float:
    # SciPy warns where one is constant.
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(spearmanr(first, second).statistic)


def _check_pair(codes: Any, labels: Any, num_codes: int, num_classes: int) -> tuple[np.ndarray, np.ndarray]:
    num_codes, num_classes = check_count(num_codes, "num_codes"), check_count(num_classes, "num_classes")
    codes, labels = check_labels(codes, "codes", num_codes), check_labels(labels, "labels", num_classes)
    if codes.ndim != 1 or codes.shape != labels.shape:
        raise InputError(f"`codes` and `labels` must be (n,), of one length; got {codes.shape} and {labels.shape}.")
    return codes, labels
