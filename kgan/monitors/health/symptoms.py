"""What can be wrong with a training, how it shows, and what to try: the thresholds are all here.

They were chosen between what healthy and spoilt trainings of digits showed (benchmarks/health.py), far from both.
"""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

from kgan import losses
from kgan.monitors.health.signals import Signals

NOT_A_NUMBER, DIVERGING = "not a number", "diverging"

# Weights that moved less than this between two looks, relative to their norm, did not move.
STANDSTILL = 1e-6
# Norm of the weights' change over their norm, per square root of steps: at most 0.1, 1 at 20 times the learning rate.
HASTE = 0.4
# Steps with a critic's loss out of all proportion.
LEAPS = 3
# Energy distance of samples: 0.02 at most once a training is under way, 0.57 of an untrained generator.
FAR = 0.1


@dataclasses.dataclass(frozen=True)
class Symptom:
    """Something that can be wrong.

    Attributes:
        name: What is wrong, in two to four words.
        looks: In how many looks in a row it must be seen.
        seen: Whether a look, given the one before, shows it; comparisons with NaN say no.
        words: What was seen.
        advice: The one thing to try with this model.
    """

    name: str
    looks: int
    seen: Callable[[Signals, Signals], bool]
    words: Callable[[Signals], str]
    advice: Callable[[Any], str]


def _haste(now: Signals, before: Signals) -> float:
    return max(now.generator_update, now.discriminator_update) / math.sqrt(max(now.step - before.step, 1))


def _nan_advice(model: Any) -> str:
    if model.dtype_policy.compute_dtype == "float16":
        return "precision float32 or bfloat16, from a model saved before; these weights are lost"
    return "half the learning rate, from a model saved before; these weights are lost"


def _weaker_critic(model: Any) -> str:
    if isinstance(model.adversarial_loss, losses.Minimax):
        return "the non_saturating loss, whose gradient does not vanish when the critic is sure"
    if not model.penalties:
        return "a penalty that keeps the critic smooth, such as R1"
    return "a quarter of the critic's learning rate, or of its updates"


def _collapse_advice(model: Any) -> str:
    if not model.penalties:
        return "a penalty that keeps the critic smooth, such as R1"
    return "half the generator's learning rate"


SYMPTOMS = (
    Symptom(
        NOT_A_NUMBER,
        looks=1,
        seen=lambda now, before: bool(now.not_finite),
        words=lambda now: f"NaN or infinity in {', '.join(now.not_finite)}",
        advice=_nan_advice,
    ),
    Symptom(
        "the generator stands still",
        looks=2,
        seen=lambda now, before: now.step > before.step and now.generator_update < STANDSTILL,
        words=lambda now: f"its weights moved by a share of {now.generator_update:.1g} since the last look",
        advice=lambda model: "a higher learning rate of the generator, and see that its weights are trainable",
    ),
    Symptom(
        "the critic stands still",
        looks=2,
        seen=lambda now, before: now.step > before.step and now.discriminator_update < STANDSTILL,
        words=lambda now: f"its weights moved by a share of {now.discriminator_update:.1g} since the last look",
        advice=lambda model: "a higher learning rate of the critic, and see that its weights are trainable",
    ),
    Symptom(
        DIVERGING,
        looks=1,
        seen=lambda now, before: now.leaps >= LEAPS or _haste(now, before) > HASTE,
        words=lambda now: (
            (
                f"the critic's loss leapt to {now.worst_loss:,.0f}"
                if now.leaps >= LEAPS
                else "the weights change faster than they can settle"
            )
            + f" (largest singular values: generator {now.generator_norm:.3g}, critic {now.discriminator_norm:.3g})"
        ),
        advice=lambda model: "a quarter of the learning rate, the critic's first",
    ),
    Symptom(
        "the critic does not learn",
        looks=2,
        seen=lambda now, before: now.separation < 0.6 and now.distance > FAR,
        words=lambda now: (
            f"it puts {now.separation:.0%} of the pairs of a real and a generated image in the right order, chance "
            f"being 50%, though samples are far from real images (distance {now.distance:.2f})"
        ),
        advice=lambda model: "a higher learning rate of the critic, at least the generator's",
    ),
    Symptom(
        "the critic has won",
        looks=2,
        seen=lambda now, before: now.separation > 0.99 and now.distance > max(FAR, 0.8 * before.distance),
        words=lambda now: (
            f"it tells {now.separation:.0%} of real images from generated ones, and the samples do not get closer to "
            f"real images (distance {now.distance:.2f}; norm of the generator's gradient {now.generator_gradient:.2g})"
        ),
        advice=_weaker_critic,
    ),
    Symptom(
        "samples are collapsing",
        looks=2,
        seen=lambda now, before: (
            (now.diversity < 0.5 and now.diversity < 1.2 * before.diversity)
            or (now.closeness < 0.4 and now.closeness < 1.2 * before.closeness)
        ),
        words=lambda now: (
            f"they differ from one another {now.diversity:.2f} times as much as real images do, "
            f"from the nearest other one {now.closeness:.2f} times"
        ),
        advice=_collapse_advice,
    ),
    Symptom(
        "the critic is memorising",
        looks=2,
        seen=lambda now, before: now.memorising > 0.7,
        words=lambda now: (
            f"it prefers training images to held-out ones in {now.memorising:.0%} of pairs "
            f"(mean logits {now.real_logit:.2g} and {now.held_out_logit:.2g}, generated {now.fake_logit:.2g})"
        ),
        advice=lambda model: "more training images, or a stronger penalty on the critic",
    ),
)
