"""What keeps a critic smooth: a penalty is a term of its loss, a constraint is imposed on its weights."""

import abc
import math
from collections.abc import Callable, Iterable
from typing import Any

from kgan.errors import InputError


class Regularizer(abc.ABC):
    """What `Penalty` and `Constraint` share: a name, and how often they act.

    Attributes:
        name: What it is called in the logs.
        every: It acts once in so many critic steps.
    """

    name: str

    def __init__(self, every: int = 1):
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise InputError(f"`every` counts critic steps and must be a whole number of at least 1; got {every!r}.")
        self.every = every

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments, from which `from_config` makes an equal object."""
        return {"every": self.every}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Regularizer":
        """Makes the object from what `get_config` returned."""
        return cls(**config)


class Penalty(Regularizer):
    """A term of the critic's loss.

    Calling it gives the term as on a step on which it acts: weighted, but not multiplied by `every`. Whoever leaves
    out the other steps multiplies, so that the mean over steps stays (lazy regularisation, Karras et al. 2020,
    "StyleGAN2", section 3.1).

    Args:
        weight: What the term is multiplied by, at least 0.
        every: The term acts once in so many critic steps.

    Raises:
        InputError: If an argument is out of its range.
    """

    def __init__(self, weight: float, every: int = 1):
        super().__init__(every)
        if not 0.0 <= weight < math.inf:
            raise InputError(f"`weight` multiplies the penalty and must be a number of at least 0; got {weight!r}.")
        self.weight = weight

    @abc.abstractmethod
    def __call__(self, critic: Callable[[Any], Any], real: Any, fake: Any, seed: Any) -> Any:
        """Returns the weighted term, a float32 scalar that can be differentiated by the critic's weights.

        Args:
            critic: Maps images to logits of any rank; the logits of one image are added up.
            real: Real images `(batch, height, width, channels)` in [-1, 1].
            fake: Generated images, likewise.
            seed: Integers of shape `(2,)`: the same seed draws the same numbers. (Under XLA TensorFlow draws others.)
        """

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {"weight": self.weight, "every": self.every}


class Constraint(Regularizer):
    """A set that the critic's weights are put back into after an update."""

    @abc.abstractmethod
    def project(self, critic_variables: Iterable[Any]) -> None:
        """Moves the critic's trainable variables, in place, to the nearest point that is allowed."""
