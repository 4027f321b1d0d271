"""What keeps the critic smooth: gradient penalties, added to its loss, and constraints, imposed on its weights.

Any of them can be given by name, with its defaults: `get("r1")`. The penalties of input gradients treat images one by
one, so the critic must not mix them: no BatchNorm in it (Gulrajani et al. 2017, section 4).
"""

from collections.abc import Callable
from typing import Any

from kgan.errors import InputError, unknown_name
from kgan.penalties.base import Constraint, Penalty, Regularizer
from kgan.penalties.gradient_penalty import DRAGAN, GradientPenalty
from kgan.penalties.weight_clipping import WeightClipping
from kgan.penalties.zero_centered import R1, R2

__all__ = [
    "DRAGAN",
    "R1",
    "R2",
    "Constraint",
    "GradientPenalty",
    "Penalty",
    "Regularizer",
    "WeightClipping",
    "get",
]

_BY_NAME: dict[str, Callable[[], Regularizer]] = {
    "gradient_penalty": GradientPenalty,
    "one_sided_gradient_penalty": lambda: GradientPenalty(one_sided=True),
    "dragan": DRAGAN,
    "r1": R1,
    "r2": R2,
    "weight_clipping": WeightClipping,
}


def get(identifier: Any) -> list[Regularizer]:
    """Returns the penalties and constraints that `identifier` stands for.

    Args:
        identifier: None (there are none), one of them, its name (`"gradient_penalty"`, `"one_sided_gradient_penalty"`,
            `"dragan"`, `"r1"`, `"r2"`, `"weight_clipping"`; with its defaults), or a list or tuple of these.

    Raises:
        InputError: If a name is unknown, something is neither a penalty nor a name, or two share a name in the logs.
    """
    if identifier is None:
        return []
    given = identifier if isinstance(identifier, (list, tuple)) else [identifier]
    found = [_get_one(one) for one in given]
    names = [one.name for one in found]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InputError(f"`penalty` has more than one {repeated[0]!r}; give each kind once, with its whole weight.")
    return found


def _get_one(identifier: Any) -> Regularizer:
    if isinstance(identifier, Regularizer):
        return identifier
    if not isinstance(identifier, str):
        raise InputError(
            f"`penalty` must be a penalty such as kgan.penalties.R1(10, every=16), its name such as 'r1', or a list "
            f"of these; got {identifier!r}."
        )
    if identifier not in _BY_NAME:
        raise unknown_name("penalty", identifier, _BY_NAME)
    return _BY_NAME[identifier]()
