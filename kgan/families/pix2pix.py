"""`Pix2Pix`: from an image to the image that belongs to it, learnt from pairs."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from kgan.errors import InputError
from kgan.terms import Terms
from kgan.translation import Translation, check_domain

Batch = tuple[tf.Tensor, tf.Tensor]


@keras.saving.register_keras_serializable(package="kgan")
class Pix2Pix(Translation):
    """A generator that makes of image a the image b that belongs to it, and a critic that judges both together.

    Image-to-Image Translation with Conditional Adversarial Networks (Isola et al. 2017), equation 4:

        min_G max_D  E[log D(a, b)] + E[log(1 - D(a, G(a)))] + l1_weight E[||b - G(a)||_1]

    It trains on batches `(a, b)`, row by row a pair: a the input, such as a map of labels, b the target. The norm is
    the mean over pixels and channels, as in the authors' code. The noise is the generator's dropout.

    The paper's adversarial loss is `compile`'s default, the non-saturating one. The authors halve the critic's, which
    Adam undoes.

    A step makes one pass of the generator, which serves both players, and three of the critic: on real and on generated
    pairs for its own update, on the generated ones for the generator's, there without a gradient by its weights.

    Args:
        generator: Maps a `(n, h, w, channels of a)` to b `(n, h, w, channels of b)` in [-1, 1].
        discriminator: Maps `[a, b]` to logits of any rank, `(n, 1)` or a map of patches; no sigmoid.
        l1_weight: Of the L1 distance; 100 is the paper's.
        ema_decay: Decay of the averaged generator per step, or None; see `Adversarial`.
        augment: What the critic sees of a pair in training, both images changed alike, or None; see `kgan.augment`.
        seed: Where all noise starts.

    Raises:
        InputError: If the networks do not fit each other, or `l1_weight` is negative.

    `model(a)`, `model.translate(a)` and what is published use the averaged generator where there is one, at any size
    that it takes.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        l1_weight: float = 100.0,
        ema_decay: float | None = None,
        augment: Any = None,
        seed: int = 0,
        **kwargs: Any,
    ):
        super().__init__(
            translators={"a_to_b": generator},
            discriminators=[discriminator],
            ema_decay=ema_decay,
            augment=augment,
            seed=seed,
            **kwargs,
        )
        if len(discriminator.inputs) != 2:
            raise InputError(
                f"the discriminator must take two images, [a, b]; it takes {len(discriminator.inputs)}. "
                "kgan.networks.patchgan.discriminator(condition_channels=3) is such a one."
            )
        taken_a, taken_b = (tuple(tensor.shape) for tensor in discriminator.inputs)
        check_domain("A", {"the generator's input": generator.input_shape, "the discriminator's first": taken_a})
        check_domain("B", {"the generator's output": generator.output_shape, "the discriminator's second": taken_b})
        if not l1_weight >= 0.0:
            raise InputError(f"l1_weight must be at least 0; got {l1_weight}.")
        self.generator = generator
        self.discriminator = discriminator
        self.l1_weight = l1_weight

    def generate(self, batch: Batch, training: bool = True) -> tf.Tensor:
        """Returns the generator's b for each a of the batch."""
        return self.generator(batch[0], training=training)

    def critic(self, images: tf.Tensor, batch: Batch, training: bool = False) -> tf.Tensor:
        """Returns the critic's logits on images that stand in for the b of a batch."""
        return self.discriminator([batch[0], images], training=training)

    def discriminator_losses(self, batch: Batch, fakes: tf.Tensor, training: bool = True) -> Terms:
        """The adversarial loss of the critic, and the penalties, on b alone."""
        a, b = batch
        # Two calls, never one on both: a joint batch would leak the label through BatchNorm's statistics.
        on_real, on_fakes = self._judge(a, training), self._judge(a, training)
        real_logits = on_real(b)
        loss = self.adversarial_loss.discriminator(real_logits, on_fakes(fakes))
        terms = {"discriminator_loss": loss, **self.penalty_terms(on_real, b, fakes, training)}
        self.observe(real_logits, training)
        return terms

    def generator_losses(self, batch: Batch, fakes: tf.Tensor, training: bool = True) -> Terms:
        """The adversarial loss of the generator, and the weighted L1 distance from the target."""
        a, b = batch
        on_real, on_fakes = self._judge(a, training), self._judge(a, training)
        real_logits = on_real(b) if self.adversarial_loss.relativistic else None
        loss = self.adversarial_loss.generator(real_logits, on_fakes(fakes))
        return {"generator_loss": loss, "l1_loss": self.l1_weight * tf.reduce_mean(tf.abs(b - fakes))}

    def _judge(self, a: tf.Tensor, training: bool) -> Callable[[tf.Tensor], tf.Tensor]:
        """Returns the critic of images beside these a, both as they look after one draw of the augmentation."""
        # Called once for each image of a pair: one draw, so that they are changed alike.
        look = self.augmented(lambda images: images, training)
        return lambda images: self.discriminator([look(a), look(images)], training=training)
