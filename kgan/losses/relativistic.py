"""Relativistic losses: the critic says whether a real image is more real than a generated one."""

import abc
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from kgan.errors import InputError, unknown_name
from kgan.losses.base import AdversarialLoss, float32

# Each form is a loss of the margin by which "real" beats "fake"; the mirrored term is the loss of minus the margin.
_FORMS: dict[str, Callable[[Any], Any]] = {
    "logistic": lambda margin: ops.softplus(-margin),
    "least_squares": lambda margin: ops.square(margin - 1.0),
    "hinge": lambda margin: ops.relu(1.0 - margin),
}


class RelativisticLoss(AdversarialLoss):
    """What the two relativistic losses share: a form φ, and players that exchange the roles of real and fake.

        φ(m) = log(1 + exp(-m))  "logistic",    (m - 1)^2  "least_squares",    max(0, 1 - m)  "hinge"

    Args:
        form: The name of φ.

    Raises:
        InputError: If `form` is unknown.
    """

    relativistic = True

    def __init__(self, form: str = "logistic"):
        if form not in _FORMS:
            raise unknown_name("form of a relativistic loss", form, _FORMS)
        self.form = form

    def discriminator(self, real_logits: Any, fake_logits: Any) -> Any:
        """Returns L_D."""
        return self._loss(float32(real_logits), float32(fake_logits))

    def generator(self, real_logits: Any, fake_logits: Any) -> Any:
        """Returns L_G: L_D with the roles of real and generated images exchanged.

        Raises:
            InputError: If `real_logits` is None.
        """
        if real_logits is None:
            raise InputError(
                f"{type(self).__name__} compares generated images with real ones: `generator` needs `real_logits` "
                f"too, got None. A caller that leaves them out must look at `relativistic` first."
            )
        return self._loss(float32(fake_logits), float32(real_logits))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {"form": self.form}

    @abc.abstractmethod
    def _loss(self, wanted: Any, unwanted: Any) -> Any:
        """Returns the loss of a player who wants the first logits above the second."""


@keras.saving.register_keras_serializable(package="kgan")
class RelativisticPaired(RelativisticLoss):
    """RpGAN: each real image against the generated one at its place (Jolicoeur-Martineau 2018).

        L_D = E[φ(D(x_real) - D(x_fake))]        L_G = E[φ(D(x_fake) - D(x_real))]

    The logistic form is RSGAN, and the loss of R3GAN (Huang et al. 2024), where it needs R1 and R2 beside it.

    Args:
        form: φ: `"logistic"` log(1 + exp(-m)), `"least_squares"` (m - 1)^2, or `"hinge"` max(0, 1 - m).

    Raises:
        InputError: If `form` is unknown; when called, if the two logits differ in shape.
    """

    def _loss(self, wanted: Any, unwanted: Any) -> Any:
        # A (batch, 1) against a (batch,) would broadcast to (batch, batch) and train on without a word.
        if not wanted.shape.is_compatible_with(unwanted.shape):
            raise InputError(
                f"the logits of real and generated images are compared in pairs and must have one shape; "
                f"got {wanted.shape} and {unwanted.shape}."
            )
        return ops.mean(_FORMS[self.form](wanted - unwanted))


@keras.saving.register_keras_serializable(package="kgan")
class RelativisticAverage(RelativisticLoss):
    """RaGAN: each image against the average of the other kind (Jolicoeur-Martineau 2018).

        L_D = E_real[φ(D(x) - E_fake[D])] + E_fake[φ(E_real[D] - D(x))]
        L_G = E_fake[φ(D(x) - E_real[D])] + E_real[φ(E_fake[D] - D(x))]

    The averages are over all logits of the batch. The author's code halves both losses; the paper, and this, do not.

    Args:
        form: φ: `"logistic"` log(1 + exp(-m)), `"least_squares"` (m - 1)^2, or `"hinge"` max(0, 1 - m).

    Raises:
        InputError: If `form` is unknown.
    """

    def _loss(self, wanted: Any, unwanted: Any) -> Any:
        loss = _FORMS[self.form]
        return ops.mean(loss(wanted - ops.mean(unwanted))) + ops.mean(loss(ops.mean(wanted) - unwanted))
