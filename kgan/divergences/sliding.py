"""What the divergences say while one distribution slides away from its copy: the experiment behind WGAN."""

from collections.abc import Callable
from typing import Any

import numpy as np

from kgan.divergences import checks
from kgan.divergences.discrete import js_divergence, kl_divergence, total_variation, wasserstein_1
from kgan.errors import InputError

Weights = Callable[[np.ndarray], Any]


def sliding_divergences(weights: Weights, positions: Any, distances: Any) -> dict[str, np.ndarray]:
    """Slides a copy Q of a distribution P along a line and measures how far it is from P.

    Once the two are disjoint, Jensen-Shannon stays at log 2 and total variation at 1, and KL is infinite; only the
    Wasserstein distance goes on growing, as the distance (Arjovsky et al. 2017, example 1).

    Args:
        weights: The shape: gives for places `(n,)` numbers >= 0 `(n,)`, of any sum, P's probabilities but for that sum.
            Q's are the weights at `positions - distance`.
        positions: The places, `(n,)`; wide enough that Q does not slide off.
        distances: How far Q slides, `(m,)`, in the unit of `positions`.

    Returns:
        Four arrays `(m,)`: `kl`, KL(P || Q), `js`, both in nats, `tv`, and `w1` in the unit of `positions`.

    Raises:
        InputError: If `positions` or `distances` are not finite numbers, or at some distance the weights are negative,
            not finite or all 0.
    """
    places = checks.numbers("positions", positions)
    steps = checks.numbers("distances", distances)
    if places.ndim != 1 or steps.ndim != 1:
        raise InputError(f"`positions` and `distances` must be flat; got shapes {places.shape} and {steps.shape}.")
    p = _distribution(weights, places, 0.0)
    slid = [_distribution(weights, places, step) for step in steps]
    return {
        "kl": np.array([kl_divergence(p, q) for q in slid]),
        "js": np.array([js_divergence(p, q) for q in slid]),
        "tv": np.array([total_variation(p, q) for q in slid]),
        "w1": np.array([wasserstein_1(p, q, places) for q in slid]),
    }


def _distribution(weights: Weights, places: np.ndarray, distance: float) -> np.ndarray:
    values = checks.numbers("weights", weights(places - distance))
    if not values.sum() > 0:
        raise InputError(f"`weights` are all 0 at distance {distance:g}: Q has slid off; give wider `positions`.")
    return checks.probabilities("weights", values / values.sum())
