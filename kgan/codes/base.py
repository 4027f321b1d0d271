"""What a code is."""

import abc
import math
from typing import Any

import keras
import tensorflow as tf

from kgan.augment.base import Augment
from kgan.errors import InputError


class Code(abc.ABC):
    """One code, and what Q's answer says of it.

    Attributes:
        kind: What it is called, with a number, in the logs.
        size: Columns that it takes of a latent.
        answers: Columns that it takes of Q's answer.
        entropy: H(c), in nats.

    Args:
        weight: λ, what its bound counts in both players' losses, above 0.
        channel: What images pass before Q reads this code from them, a stateless augmentation (`kgan.codes.channels`
            says what for); None for the images as the critic sees them.
        warmup: Critic updates in which the weight rises from 0, linearly.

    Raises:
        InputError: If `weight` is not above 0, `channel` is no augmentation, or `warmup` is no count.
    """

    kind: str
    size: int
    answers: int
    entropy: float

    def __init__(self, weight: float = 1.0, channel: Augment | None = None, warmup: int = 0):
        if not 0.0 < weight < math.inf:
            raise InputError(
                f"`weight` must be a number above 0; got {weight!r}. A GAN without information is kgan.GAN."
            )
        if channel is not None and (not isinstance(channel, Augment) or channel.weights):
            raise InputError(
                f"`channel` must be a stateless augmentation, such as kgan.codes.Distortion(shear=0.3), or None; "
                f"got {type(channel).__name__}."
            )
        if isinstance(warmup, bool) or not isinstance(warmup, int) or warmup < 0:
            raise InputError(f"`warmup` counts critic updates, 0 or more; got {warmup!r}.")
        self.weight = weight
        self.channel = channel
        self.warmup = warmup

    @abc.abstractmethod
    def from_uniform(self, uniform: Any) -> tf.Tensor:
        """Returns codes `(n, size)` for `(n,)` numbers of U(0, 1)."""

    @abc.abstractmethod
    def chosen(self, values: Any) -> tf.Tensor:
        """Returns codes `(n, size)` of chosen values `(n,)`.

        Raises:
            InputError: If the code has no such value.
        """

    @abc.abstractmethod
    def log_likelihood(self, codes: Any, answer: Any) -> tf.Tensor:
        """Returns log Q(c|x), float32 `(n,)`, in nats.

        Args:
            codes: `(n, size)`.
            answer: Q's for the images, `(n, answers)`, any real numbers.
        """

    @abc.abstractmethod
    def posterior(self, answer: Any) -> tf.Tensor:
        """Returns the parameters of Q(c|x) that an answer `(n, answers)` stands for."""

    def pass_channel(self, images: Any, seed: Any) -> Any:
        """Returns the images as Q reads this code from them; the seed `(2,)` decides what the channel draws."""
        return images if self.channel is None else self.channel.augment(images, seed)

    def weight_at(self, updates: Any) -> tf.Tensor:
        """Returns what the bound counts after so many critic updates, a scalar."""
        risen = tf.minimum(tf.cast(updates, tf.float32) / max(self.warmup, 1), 1.0) if self.warmup else 1.0
        return tf.constant(self.weight) * risen

    def bound(self, codes: Any, answer: Any) -> tf.Tensor:
        """Returns L_I = H(c) + E[log Q(c|x)], a scalar in nats; 0 where there are no images."""
        likelihood = self.log_likelihood(codes, answer)
        count = tf.cast(tf.size(likelihood), tf.float32)
        return tf.math.divide_no_nan(tf.reduce_sum(self.entropy + likelihood), count)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {"weight": self.weight, "channel": self.channel, "warmup": self.warmup}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Code":
        """Makes the code from what `get_config` returned, as Keras serialised it."""
        return cls(**keras.saving.deserialize_keras_object(config))
