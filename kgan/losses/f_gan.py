"""The f-GAN family: the critic estimates an f-divergence between the real and the generated distribution."""

import abc
import math
from typing import Any

import keras
from keras import ops

from kgan.losses.base import AdversarialLoss, float32

# Log density ratios beyond this are noise: no batch can tell 1 in 5e8, and float32 ends at exp(88).
LARGEST_EXPONENT = 20.0


def tangent_exp(x: Any) -> Any:
    """Returns exp(x), continued beyond `LARGEST_EXPONENT` along its tangent: exact below, always finite, convex."""
    return ops.exp(ops.minimum(x, LARGEST_EXPONENT)) * (1.0 + ops.relu(x - LARGEST_EXPONENT))


class FDivergence(AdversarialLoss):
    """The variational estimate of D_f(P || Q), P real and Q generated (Nowozin et al. 2016, equations 4 and 7).

        D_f(P || Q) = ∫ q(x) f(p(x) / q(x)) dx  >=  F = E_P[g_f(v(x))] - E_Q[f*(g_f(v(x)))]
        L_D = -F

    v is the critic's logit, g_f the output activation that maps it into the domain of f*, and f* the convex conjugate
    of f. The bound is tight when g_f(v(x)) = f'(p(x) / q(x)), so a well-trained critic's loss is minus the divergence.

    exp(t) is continued along its tangent for t > 20, in the value and in the gradient, so that no logit gives an
    infinite loss; below, the formulas are exact.

    Args:
        non_saturating: Whether the generator maximises E_Q[g_f(v)], L_G = -E_Q[g_f(v)], instead of minimising F,
            L_G = -E_Q[f*(g_f(v))] (the other expectation does not depend on it). The paper's section 3.2 advises the
            first and finds it useful for all divergences; it has the same fixed point.
    """

    def __init__(self, non_saturating: bool = True):
        self.non_saturating = bool(non_saturating)

    @abc.abstractmethod
    def activation(self, logits: Any) -> Any:
        """Returns g_f(v) for logits v, elementwise."""

    @abc.abstractmethod
    def conjugate(self, logits: Any) -> Any:
        """Returns f*(g_f(v)) for logits v, elementwise, simplified so that nothing cancels or overflows."""

    def discriminator(self, real_logits: Any, fake_logits: Any) -> Any:
        """Returns L_D; minus it is the current estimate of the divergence."""
        return ops.mean(self.conjugate(float32(fake_logits))) - ops.mean(self.activation(float32(real_logits)))

    def generator(self, real_logits: Any, fake_logits: Any) -> Any:
        """Returns L_G; `real_logits` is not used."""
        score = self.activation if self.non_saturating else self.conjugate
        return -ops.mean(score(float32(fake_logits)))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {"non_saturating": self.non_saturating}


@keras.saving.register_keras_serializable(package="kgan")
class KL(FDivergence):
    """Kullback-Leibler, KL(P || Q) = ∫ p log(p / q): f(u) = u log u, g_f(v) = v, f*(t) = exp(t - 1)."""

    def activation(self, logits: Any) -> Any:
        """Returns g_f(v) = v."""
        return logits

    def conjugate(self, logits: Any) -> Any:
        """Returns f*(g_f(v)) = exp(v - 1)."""
        return tangent_exp(logits - 1.0)


@keras.saving.register_keras_serializable(package="kgan")
class ReverseKL(FDivergence):
    """Reverse KL, KL(Q || P) = ∫ q log(q / p): f(u) = -log u, g_f(v) = -exp(-v), f*(t) = -1 - log(-t)."""

    def activation(self, logits: Any) -> Any:
        """Returns g_f(v) = -exp(-v)."""
        return -tangent_exp(-logits)

    def conjugate(self, logits: Any) -> Any:
        """Returns f*(g_f(v)) = v - 1."""
        return logits - 1.0


@keras.saving.register_keras_serializable(package="kgan")
class PearsonChiSquared(FDivergence):
    """Pearson chi-squared, ∫ (p - q)^2 / q: f(u) = (u - 1)^2, g_f(v) = v, f*(t) = t^2 / 4 + t."""

    def activation(self, logits: Any) -> Any:
        """Returns g_f(v) = v."""
        return logits

    def conjugate(self, logits: Any) -> Any:
        """Returns f*(g_f(v)) = v^2 / 4 + v."""
        return 0.25 * ops.square(logits) + logits


@keras.saving.register_keras_serializable(package="kgan")
class SquaredHellinger(FDivergence):
    """Squared Hellinger, ∫ (√p - √q)^2: f(u) = (√u - 1)^2, g_f(v) = 1 - exp(-v), f*(t) = t / (1 - t)."""

    def activation(self, logits: Any) -> Any:
        """Returns g_f(v) = 1 - exp(-v)."""
        return 1.0 - tangent_exp(-logits)

    def conjugate(self, logits: Any) -> Any:
        """Returns f*(g_f(v)) = exp(v) - 1."""
        return tangent_exp(logits) - 1.0


@keras.saving.register_keras_serializable(package="kgan")
class JensenShannon(FDivergence):
    """Jensen-Shannon, as the sum KL(P || M) + KL(Q || M) with M = (P + Q) / 2, at most 2 log 2.

    f(u) = u log u - (u + 1) log((1 + u) / 2), g_f(v) = log 2 - log(1 + exp(-v)), f*(t) = -log(2 - exp(t)).

    This is what the paper's f, g_f and f* give (tables 2 and 6): twice the divergence in its usual definition, which
    takes the mean of the two terms. Up to the constant 2 log 2 the critic's loss is that of `NonSaturating`.
    """

    def activation(self, logits: Any) -> Any:
        """Returns g_f(v) = log 2 - log(1 + exp(-v))."""
        return math.log(2.0) - ops.softplus(-logits)

    def conjugate(self, logits: Any) -> Any:
        """Returns f*(g_f(v)) = log(1 + exp(v)) - log 2."""
        return ops.softplus(logits) - math.log(2.0)
