"""The Wasserstein loss."""

from typing import Any

import keras
from keras import ops

from kgan.losses.base import AdversarialLoss, float32


@keras.saving.register_keras_serializable(package="kgan")
class Wasserstein(AdversarialLoss):
    """The Wasserstein loss (Arjovsky et al. 2017, equations 2 and 3).

        L_D = E_fake[D(x)] - E_real[D(x)]        L_G = -E_fake[D(x)]

    -L_D estimates the earth mover's distance, times the critic's Lipschitz constant; so the critic must be held
    Lipschitz, by `kgan.penalties.GradientPenalty`, `WeightClipping` or spectral normalisation, or L_D has no minimum.
    """

    def discriminator(self, real_logits: Any, fake_logits: Any) -> Any:
        """Returns L_D."""
        return ops.mean(float32(fake_logits)) - ops.mean(float32(real_logits))

    def generator(self, real_logits: Any, fake_logits: Any) -> Any:
        """Returns L_G; `real_logits` is not used."""
        return -ops.mean(float32(fake_logits))
