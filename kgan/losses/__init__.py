"""Adversarial losses: what the two players minimise, given the critic's logits on real and on generated images.

Each loss is one small class with its formula and its paper. Any of them can be given by name: `get("hinge")`.
"""

from typing import Any

from kgan.errors import InputError, unknown_name
from kgan.losses.base import AdversarialLoss
from kgan.losses.cross_entropy import Minimax, NonSaturating
from kgan.losses.f_gan import KL, FDivergence, JensenShannon, PearsonChiSquared, ReverseKL, SquaredHellinger
from kgan.losses.hinge import Hinge
from kgan.losses.least_squares import LeastSquares
from kgan.losses.relativistic import RelativisticAverage, RelativisticPaired
from kgan.losses.wasserstein import Wasserstein

__all__ = [
    "KL",
    "AdversarialLoss",
    "FDivergence",
    "Hinge",
    "JensenShannon",
    "LeastSquares",
    "Minimax",
    "NonSaturating",
    "PearsonChiSquared",
    "RelativisticAverage",
    "RelativisticPaired",
    "ReverseKL",
    "SquaredHellinger",
    "Wasserstein",
    "get",
]

_BY_NAME: dict[str, type[AdversarialLoss]] = {
    "minimax": Minimax,
    "non_saturating": NonSaturating,
    "least_squares": LeastSquares,
    "hinge": Hinge,
    "wasserstein": Wasserstein,
    "relativistic_paired": RelativisticPaired,
    "relativistic_average": RelativisticAverage,
    "kl": KL,
    "reverse_kl": ReverseKL,
    "pearson": PearsonChiSquared,
    "squared_hellinger": SquaredHellinger,
    "jensen_shannon": JensenShannon,
}


def get(identifier: Any) -> AdversarialLoss:
    """Returns the loss that `identifier` stands for: a loss is passed through, a name gives that loss's defaults.

    Args:
        identifier: An `AdversarialLoss`, or one of `"minimax"`, `"non_saturating"`, `"least_squares"`, `"hinge"`,
            `"wasserstein"`, `"relativistic_paired"`, `"relativistic_average"`, `"kl"`, `"reverse_kl"`, `"pearson"`,
            `"squared_hellinger"`, `"jensen_shannon"`.

    Raises:
        InputError: If the name is unknown (the nearest ones are offered), or it is neither a loss nor a name.
    """
    if isinstance(identifier, AdversarialLoss):
        return identifier
    if not isinstance(identifier, str):
        raise InputError(
            f"`loss` must be an adversarial loss such as kgan.losses.Hinge(), or its name such as 'hinge'; "
            f"got {identifier!r}."
        )
    if identifier not in _BY_NAME:
        raise unknown_name("loss", identifier, _BY_NAME)
    return _BY_NAME[identifier]()
