"""What an augmentation is: a layer that changes images at random, and may learn how much from the critic."""

from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf

from kgan.errors import InputError, unknown_name


class Augment(keras.layers.Layer):
    """What images pass before the critic sees them in training.

    A layer, so that its config and its state are saved with the model. A subclass defines `augment`; that, its
    `get_config` and `keras.saving.register_keras_serializable(package="kgan")` is all that a new one needs.

    Attributes:
        needs_signs: Whether `observe` reads the signs of the logits, which not every loss gives a meaning.
    """

    needs_signs: bool = False

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        # Keras takes a layer that is never called for unbuilt, and would not restore its weights.
        self.built = True

    def augment(self, images: Any, seed: Any) -> tf.Tensor:
        """Returns the images changed, each by a draw of its own; differentiable by the images, twice.

        Args:
            images: `(n, height, width, channels)` in [-1, 1].
            seed: `(2,)` integers: the same seed draws the same numbers.

        Returns:
            float32, of the same shape; not clipped, so it may leave [-1, 1].
        """
        raise NotImplementedError(f"{type(self).__name__} must define augment(images, seed).")

    def observe(self, real_logits: Any) -> None:
        """Takes note of the critic's logits on augmented real images, once a critic update; by default of nothing."""

    def logged(self) -> dict[str, tf.Tensor]:
        """Returns what the training's logs show of the state; by default nothing."""
        return {}


def parse_policy(policy: str, known: Iterable[str]) -> tuple[str, ...]:
    """Returns the names in a comma-separated list, in its order.

    Args:
        policy: Such as `"color,translation"`.
        known: The names that there are.

    Raises:
        InputError: If a name is unknown, stands twice, or there is none.
    """
    names = tuple(name.strip() for name in policy.split(",")) if isinstance(policy, str) else ()
    if not any(names) or len(set(names)) < len(names):
        raise InputError(f"`policy` must list {', '.join(known)} or some of these, each once; got {policy!r}.")
    for name in names:
        if name not in known:
            raise unknown_name("augmentation in `policy`", name, known)
    return names
