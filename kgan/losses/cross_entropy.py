"""The original game: the critic is a classifier, D(x) = sigmoid(logit), trained by cross-entropy."""

from typing import Any

import keras
from keras import ops

from kgan.errors import InputError
from kgan.losses.base import AdversarialLoss, checked_flips, float32


def cross_entropy(logits: Any, label: float) -> Any:
    """Returns -label log D - (1 - label) log(1 - D) for D = sigmoid(logit), per logit, exact for any logit."""
    return label * ops.softplus(-logits) + (1.0 - label) * ops.softplus(logits)


class CrossEntropyGame(AdversarialLoss):
    """The critic's half of the original game; `Minimax` and `NonSaturating` add the generator's.

        L_D = -E_real[log D(x)] - E_fake[log(1 - D(x))]

    Cross-entropy is linear in its label, so the loss expected over random flips is the cross-entropy to the expected
    label: nothing is drawn. With `real_label` a and `flip_labels` p the labels are (1 - p) a for real images and p a
    for generated ones.

    Args:
        real_label: The label of real images in the critic's loss, in (0.5, 1]. Below 1, usually 0.9, it is one-sided
            label smoothing (Salimans et al. 2016, section 3.4). The label of generated images stays 0: lifting it too
            would make the critic reward the generator for what it already draws.
        flip_labels: The fraction p of labels that the critic is given wrongly, in [0, 0.5).

    Raises:
        InputError: If an argument is out of its range.
    """

    def __init__(self, real_label: float = 1.0, flip_labels: float = 0.0):
        if not 0.5 < real_label <= 1.0:
            raise InputError(
                f"`real_label` must be above 0.5 and at most 1; 0.9 is the usual smoothing. Got {real_label!r}."
            )
        self.real_label = real_label
        self.flip_labels = checked_flips(flip_labels)

    def discriminator(self, real_logits: Any, fake_logits: Any) -> Any:
        """Returns L_D."""
        real_label = (1.0 - self.flip_labels) * self.real_label
        fake_label = self.flip_labels * self.real_label
        return ops.mean(cross_entropy(float32(real_logits), real_label)) + ops.mean(
            cross_entropy(float32(fake_logits), fake_label)
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {"real_label": self.real_label, "flip_labels": self.flip_labels}


@keras.saving.register_keras_serializable(package="kgan")
class Minimax(CrossEntropyGame):
    """The saturating game (Goodfellow et al. 2014, equation 1): the generator minimises what the critic maximises.

        L_D = -E_real[log D(x)] - E_fake[log(1 - D(x))]        L_G = E_fake[log(1 - D(x))]

    Where the critic is sure that an image is generated, L_G is flat and the generator learns nothing; that is why
    `NonSaturating` is what is used. Label smoothing and flips touch the critic's loss alone.

    Args:
        real_label: As in `CrossEntropyGame`; 0.9 is one-sided label smoothing.
        flip_labels: As in `CrossEntropyGame`: the fraction of labels that the critic is given wrongly.

    Raises:
        InputError: If an argument is out of its range.
    """

    def generator(self, real_logits: Any, fake_logits: Any) -> Any:
        """Returns L_G; `real_logits` is not used."""
        return -ops.mean(ops.softplus(float32(fake_logits)))


@keras.saving.register_keras_serializable(package="kgan")
class NonSaturating(CrossEntropyGame):
    """The game with the non-saturating generator (Goodfellow et al. 2014, section 3).

        L_D = -E_real[log D(x)] - E_fake[log(1 - D(x))]        L_G = -E_fake[log D(x)]

    The generator's loss is the cross-entropy to the flipped, "real" label: its gradient is largest where the critic is
    sure that an image is generated. Label smoothing and flips touch the critic's loss alone.

    Args:
        real_label: As in `CrossEntropyGame`; 0.9 is one-sided label smoothing.
        flip_labels: As in `CrossEntropyGame`: the fraction of labels that the critic is given wrongly.

    Raises:
        InputError: If an argument is out of its range.
    """

    def generator(self, real_logits: Any, fake_logits: Any) -> Any:
        """Returns L_G; `real_logits` is not used."""
        return ops.mean(ops.softplus(-float32(fake_logits)))
