"""How smoothly images change along a line between latents."""

from typing import Any

import numpy as np

from kgan.errors import InputError
from kgan.metrics.checks import check_features, check_pair


def path_points(start: Any, end: Any, epsilon: float = 1e-4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Returns points close together on the straight lines between latents: what to make images of for `path_length`.

        lerp(start, end; t)  and  lerp(start, end; t + ε),   t ~ U(0, 1), one a row

    Args:
        start: `(n, latent_dim)`.
        end: `(n, latent_dim)`.
        epsilon: ε, above 0.
        seed: Of t, by `numpy.random.default_rng`.

    Returns:
        Two arrays `(n, latent_dim)`, float64.

    Raises:
        InputError: If the latents are not of one shape, or `epsilon` is not above 0.
    """
    start, end = _check_ends(start, end, ("start", "end"), epsilon)
    t = np.random.default_rng(seed).random((len(start), 1))
    return start + t * (end - start), start + (t + epsilon) * (end - start)


def path_length(before: Any, after: Any, epsilon: float = 1e-4) -> float:
    """Returns the path length, in the form of PPL (Karras et al. 2019, section 4.1): the mean of |f - f'|² / ε².

    f and f' are features of the images at `path_points`, with the same ε. PPL has LPIPS for the squared distance; here
    it is the squared Euclidean one, so numbers compare within one extractor only. The mean is the paper's; the authors'
    code drops the lowest and the highest hundredth. Images rounded to uint8 hardly change over an ε of 1e-4: give the
    extractor floats, or take an ε of 0.01 or more.

    Args:
        before: `(n, d)`, features at t.
        after: `(n, d)`, features at t + ε, row by row.
        epsilon: ε, above 0.

    Returns:
        A number of at least 0; smaller is smoother.

    Raises:
        InputError: If the features are not of one shape or cannot be used, or `epsilon` is not above 0.
    """
    before, after = _check_ends(before, after, ("before", "after"), epsilon)
    return float(np.square((after - before) / epsilon).sum(axis=1).mean())


def _check_ends(first: Any, second: Any, names: tuple[str, str], epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    if not 0.0 < epsilon < np.inf:
        raise InputError(f"`epsilon` is a step and must be above 0; got {epsilon!r}.")
    first, second = check_features(first, names[0]), check_features(second, names[1])
    check_pair(first, second, names)
    if len(first) != len(second):
        raise InputError(f"`{names[0]}` and `{names[1]}` go in pairs; got {len(first)} and {len(second)} rows.")
    return first.astype(np.float64), second.astype(np.float64)
