"""What an adversarial loss is: two scalars, one for each player, from the critic's logits."""

import abc
from typing import Any

import keras

from kgan.errors import InputError


class AdversarialLoss(abc.ABC):
    """The two players' losses in terms of the critic's logits. Both are minimised.

    A subclass gives the two formulas; that and `keras.saving.register_keras_serializable(package="kgan")` is all a new
    loss needs. Logits may have any rank, `(batch, 1)` or a PatchGAN's map `(batch, height, width, 1)`, and any float
    type: they are cast to float32 first (see `float32`), and the result is the float32 mean over all of them.

    Attributes:
        relativistic: Whether `generator` needs the logits of the real images. If not, it may be given None for them,
            which saves the generator's step a pass of the critic.
    """

    relativistic: bool = False

    @abc.abstractmethod
    def discriminator(self, real_logits: Any, fake_logits: Any) -> Any:
        """Returns the critic's loss, a float32 scalar, from its logits on real and on generated images."""

    @abc.abstractmethod
    def generator(self, real_logits: Any, fake_logits: Any) -> Any:
        """Returns the generator's loss, a float32 scalar; `real_logits` may be None unless `relativistic`."""

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments, from which `from_config` makes an equal loss."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "AdversarialLoss":
        """Makes the loss from what `get_config` returned."""
        return cls(**config)


def float32(logits: Any) -> Any:
    """Casts logits to float32: a sum over a batch, or one exponential, soon leaves what 16 bits can hold."""
    return keras.ops.cast(logits, "float32")


def checked_flips(flip_labels: float) -> float:
    """Returns `flip_labels`, the probability of a flipped label, if the labels still say more than a coin does.

    Raises:
        InputError: If it is not in [0, 0.5).
    """
    if not 0.0 <= flip_labels < 0.5:
        raise InputError(
            f"`flip_labels` is the fraction of labels given wrongly to the discriminator and must be at least 0 and "
            f"below 0.5, where the players would change sides; got {flip_labels!r}."
        )
    return flip_labels
