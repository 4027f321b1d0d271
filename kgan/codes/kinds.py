"""The kinds of codes: one of several values, and a number."""

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgan.augment.base import Augment
from kgan.codes.base import Code
from kgan.errors import InputError


@keras.saving.register_keras_serializable(package="kgan")
class Categorical(Code):
    """One of `size` values, all equally likely, as a one-hot vector; Q answers with logits. H(c) = ln size.

    Args:
        size: How many values, at least 2.
        weight: λ, above 0.
        channel: What images pass before Q reads this code from them, or None.
        warmup: Critic updates in which the weight rises from 0.
        agreement: What it counts, beside the bound, that Q reads the same value in two draws of the channel from one
            real image; see `kgan.codes.agreement`. 0 for the paper's game, in which Q never sees a real image.
        balance: What even use of the values counts in that.

    Raises:
        InputError: If an argument is out of its range, or there is to be agreement without a channel.
    """

    kind = "categorical"

    def __init__(
        self,
        size: int,
        weight: float = 1.0,
        channel: Augment | None = None,
        warmup: int = 0,
        agreement: float = 0.0,
        balance: float = 2.0,
    ):
        super().__init__(weight, channel, warmup)
        if isinstance(size, bool) or not isinstance(size, int) or size < 2:
            raise InputError(f"`size` counts the values of a categorical code, at least 2; got {size!r}.")
        for name, value in (("agreement", agreement), ("balance", balance)):
            if not 0.0 <= value < math.inf:
                raise InputError(f"`{name}` must be a number of at least 0; got {value!r}.")
        if agreement and channel is None:
            raise InputError("agreement is between two draws of a channel; give one, or agreement=0.")
        self.agreement = agreement
        self.balance = balance
        self.size = self.answers = size
        self.entropy = math.log(size)

    def from_uniform(self, uniform: Any) -> tf.Tensor:
        """Returns one-hot codes `(n, size)` for `(n,)` numbers of U(0, 1)."""
        # In float32 the product of a number just below 1 and the size may be the size.
        return tf.one_hot(tf.minimum(tf.cast(uniform * self.size, tf.int32), self.size - 1), self.size)

    def chosen(self, values: Any) -> tf.Tensor:
        """Returns one-hot codes of values `(n,)`, whole numbers in 0 to size - 1."""
        array = np.asarray(values)
        if array.dtype.kind not in "iu" or (array.size and not 0 <= array.min() <= array.max() < self.size):
            raise InputError(
                f"a categorical code of size {self.size} has the values 0 to {self.size - 1}; got {values}."
            )
        return tf.one_hot(array, self.size)

    def log_likelihood(self, codes: Any, answer: Any) -> tf.Tensor:
        """Returns the logarithm of the probability that Q gives the code."""
        return tf.reduce_sum(codes * tf.nn.log_softmax(tf.cast(answer, tf.float32)), axis=-1)

    def posterior(self, answer: Any) -> tf.Tensor:
        """Returns the values' probabilities, `(n, size)`."""
        return tf.nn.softmax(tf.cast(answer, tf.float32))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        own = {"agreement": self.agreement, "balance": self.balance}
        return {"size": self.size, **super().get_config(), **own}


@keras.saving.register_keras_serializable(package="kgan")
class Continuous(Code):
    """A number of U(-1, 1); Q answers with the mean of a Gaussian, and its deviation where that is learnt. H(c) = ln 2.

    The authors' code fixes the deviation at 1 for MNIST and so minimises half the squared error, by a bound that stays
    below ln 2 - ln(2π) / 2 - ln(std), -0.23 nats, however well the code is read. With `std` s and a weight of s² the
    gradient is the same and the bound says more: it is below 0.98 nats for 0.3. With the deviation learnt, the authors'
    option for other data, the better a code is read the more a further step counts: `min_std` is where that ends.

    Args:
        weight: λ, above 0.
        channel: What images pass before Q reads this code from them, or None.
        warmup: Critic updates in which the weight rises from 0.
        std: The standard deviation, above 0; None to learn it.
        min_std: The smallest that Q may answer where it is learnt, above 0.

    Raises:
        InputError: If an argument is out of its range.
    """

    kind = "continuous"
    size = 1
    entropy = math.log(2.0)

    def __init__(
        self,
        weight: float = 1.0,
        channel: Augment | None = None,
        warmup: int = 0,
        std: float | None = None,
        min_std: float = 0.1,
    ):
        super().__init__(weight, channel, warmup)
        for name, value in (("std", std), ("min_std", min_std)):
            if value is not None and not 0.0 < value < math.inf:
                raise InputError(f"`{name}` must be a number above 0; got {value!r}.")
        self.std = std
        self.min_std = min_std
        self.answers = 2 if std is None else 1

    def from_uniform(self, uniform: Any) -> tf.Tensor:
        """Returns 2u - 1 as a column, for `(n,)` numbers u of U(0, 1)."""
        return (2.0 * uniform - 1.0)[:, None]

    def chosen(self, values: Any) -> tf.Tensor:
        """Returns finite values `(n,)`, which may leave [-1, 1], as a column."""
        array = np.asarray(values)
        if array.dtype.kind not in "iuf" or not np.isfinite(array).all():
            raise InputError(f"the values of a continuous code must be finite numbers; got {values}.")
        return tf.constant(array[:, None], tf.float32)

    def log_likelihood(self, codes: Any, answer: Any) -> tf.Tensor:
        """Returns the logarithm of the Gaussian's density at the code."""
        mean, std = tf.unstack(self.posterior(answer), axis=-1)
        return -0.5 * tf.square((codes[:, 0] - mean) / std) - tf.math.log(std) - 0.5 * math.log(2.0 * math.pi)

    def posterior(self, answer: Any) -> tf.Tensor:
        """Returns the Gaussians' means and standard deviations, `(n, 2)`."""
        answer = tf.cast(answer, tf.float32)
        mean = answer[..., 0]
        std = tf.fill(tf.shape(mean), self.std) if self.std else self.min_std + tf.nn.softplus(answer[..., 1])
        return tf.stack([mean, std], axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "std": self.std, "min_std": self.min_std}
