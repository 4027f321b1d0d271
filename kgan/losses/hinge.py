"""The hinge loss."""

from typing import Any

import keras
from keras import ops

from kgan.losses.base import AdversarialLoss, float32


@keras.saving.register_keras_serializable(package="kgan")
class Hinge(AdversarialLoss):
    """The hinge loss (Lim and Ye 2017, "Geometric GAN"; Miyato et al. 2018, "Spectral normalization", equations 16-17).

        L_D = E_real[max(0, 1 - D(x))] + E_fake[max(0, 1 + D(x))]        L_G = -E_fake[D(x)]

    The critic stops caring about images that it already has on the right side of the margin.
    """

    def discriminator(self, real_logits: Any, fake_logits: Any) -> Any:
        """Returns L_D."""
        return ops.mean(ops.relu(1.0 - float32(real_logits))) + ops.mean(ops.relu(1.0 + float32(fake_logits)))

    def generator(self, real_logits: Any, fake_logits: Any) -> Any:
        """Returns L_G; `real_logits` is not used."""
        return -ops.mean(float32(fake_logits))
