"""The least-squares loss."""

from typing import Any

import keras
from keras import ops

from kgan.errors import InputError
from kgan.losses.base import AdversarialLoss, checked_flips, float32


@keras.saving.register_keras_serializable(package="kgan")
class LeastSquares(AdversarialLoss):
    """The least-squares loss (Mao et al. 2017, equation 2), in its a, b, c coding.

        L_D = 1/2 E_real[(D(x) - b)^2] + 1/2 E_fake[(D(x) - a)^2]        L_G = 1/2 E_fake[(D(x) - c)^2]

    With b - c = 1 and b - a = 2 the generator minimises a Pearson chi-squared divergence (section 3.2.2); the default
    is the paper's 0-1 coding (equation 9), that trains as well. Many implementations leave out the halves, which
    doubles both losses against any other term.

    A flipped label is the other label with probability p, and the loss is the expectation over that, nothing is drawn:
    (1 - p) (D(x) - b)^2 + p (D(x) - a)^2 for real images, and the same with a and b exchanged for generated ones.

    Args:
        real_label: b, what the critic should answer on real images; 0.9 is one-sided label smoothing.
        fake_label: a, what the critic should answer on generated images.
        generator_label: c, what the generator wants the critic to answer on its images.
        flip_labels: The fraction p of labels that the critic is given wrongly, in [0, 0.5).

    Raises:
        InputError: If `real_label` is not above `fake_label`, or `flip_labels` is out of its range.
    """

    def __init__(
        self,
        real_label: float = 1.0,
        fake_label: float = 0.0,
        generator_label: float = 1.0,
        flip_labels: float = 0.0,
    ):
        if not real_label > fake_label:
            raise InputError(f"`real_label` must be above `fake_label`; got {real_label!r} and {fake_label!r}.")
        self.real_label = real_label
        self.fake_label = fake_label
        self.generator_label = generator_label
        self.flip_labels = checked_flips(flip_labels)

    def discriminator(self, real_logits: Any, fake_logits: Any) -> Any:
        """Returns L_D."""
        real, fake, p = float32(real_logits), float32(fake_logits), self.flip_labels
        real_errors = (1.0 - p) * ops.square(real - self.real_label) + p * ops.square(real - self.fake_label)
        fake_errors = (1.0 - p) * ops.square(fake - self.fake_label) + p * ops.square(fake - self.real_label)
        return 0.5 * ops.mean(real_errors) + 0.5 * ops.mean(fake_errors)

    def generator(self, real_logits: Any, fake_logits: Any) -> Any:
        """Returns L_G; `real_logits` is not used."""
        return 0.5 * ops.mean(ops.square(float32(fake_logits) - self.generator_label))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {
            "real_label": self.real_label,
            "fake_label": self.fake_label,
            "generator_label": self.generator_label,
            "flip_labels": self.flip_labels,
        }
