"""`GAN`: noise to image, the game of Goodfellow et al. 2014 with any loss and penalty."""

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from kgan.adversarial import Adversarial
from kgan.endpoints import Endpoint, Input
from kgan.errors import InputError
from kgan.latents import from_seeds
from kgan.terms import Terms


@keras.saving.register_keras_serializable(package="kgan")
class GAN(Adversarial):
    """A generator that turns noise into images, and a discriminator that tells them from real ones.

    Generative Adversarial Nets (Goodfellow et al. 2014). With the loss and penalty given to `compile` this is DCGAN,
    WGAN, WGAN-GP, SNGAN, LSGAN, a relativistic GAN or an f-GAN.

    Args:
        generator: Maps latents `(n, latent_dim)` to images `(n, height, width, channels)` in [-1, 1].
        discriminator: Maps such images to logits of any rank, `(n, 1)` or a map of patches; no sigmoid.
        latent_dim: Size of the latents, drawn from N(0, 1).
        ema_decay: Decay of the averaged generator per step, or None; see `Adversarial`.
        augment: What real and generated images pass before the discriminator in training, such as
            `kgan.augment.DiffAugment()`, `"ada"`, or None; see `kgan.augment`.
        seed: Where all noise starts.

    `model(latents)` and `model.sample` use the averaged generator where there is one.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: int,
        ema_decay: float | None = None,
        augment: Any = None,
        seed: int = 0,
        **kwargs: Any,
    ):
        super().__init__(
            generators=[generator],
            discriminators=[discriminator],
            ema_decay=ema_decay,
            augment=augment,
            seed=seed,
            **kwargs,
        )
        if generator.input_shape != (None, latent_dim):
            raise InputError(f"latent_dim is {latent_dim}, but the generator takes {generator.input_shape[1:]}.")
        if generator.output_shape != discriminator.input_shape:
            raise InputError(
                f"the generator makes images {generator.output_shape[1:]}, "
                f"but the discriminator takes {discriminator.input_shape[1:]}."
            )
        self.generator = generator
        self.discriminator = discriminator
        self.latent_dim = latent_dim

    def generate(self, real: tf.Tensor, training: bool = True) -> tf.Tensor:
        """Draws one latent for each real image and returns the generator's images."""
        shape = (tf.shape(real)[0], self.latent_dim)
        latents = tf.random.stateless_normal(shape, self.next_seed(), alg="philox")
        return self.generator(latents, training=training)

    def discriminator_losses(self, real: tf.Tensor, fakes: tf.Tensor, training: bool = True) -> Terms:
        """The adversarial loss of the critic, and the penalties."""
        # Two calls, never one on both: a joint batch would leak the label through BatchNorm's statistics.
        on_real, on_fakes = self._critics(training)
        real_logits = on_real(real)
        loss = self.adversarial_loss.discriminator(real_logits, on_fakes(fakes))
        terms = {"discriminator_loss": loss, **self.penalty_terms(on_real, real, fakes, training)}
        self.observe(real_logits, training)
        return terms

    def generator_losses(self, real: tf.Tensor, fakes: tf.Tensor, training: bool = True) -> Terms:
        """The adversarial loss of the generator; only a relativistic one looks at the real images."""
        on_real, on_fakes = self._critics(training)
        real_logits = on_real(real) if self.adversarial_loss.relativistic else None
        return {"generator_loss": self.adversarial_loss.generator(real_logits, on_fakes(fakes))}

    def _critics(self, training: bool) -> tuple[Callable, Callable]:
        """Returns the critic as it sees real images, and as it sees generated ones, each augmented by its own draw."""
        critic = partial(self.discriminator, training=training)
        return self.augmented(critic, training), self.augmented(critic, training)

    def call(self, latents: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Returns images in [-1, 1] for latents `(n, latent_dim)`, from the averaged generator."""
        return self.averaged(self.generator)(latents, training=training)

    @property
    def noise_columns(self) -> int:
        """How many columns of a latent are noise: all."""
        return self.latent_dim

    def latents(self, seeds: tf.Tensor) -> tf.Tensor:
        """Returns N(0, 1) latents `(n, latent_dim)`; row i is a function of `seeds[i]` alone, on any machine.

        Args:
            seeds: `(n,)` int64.
        """
        return from_seeds(seeds, self.latent_dim)

    def sample(self, num_images: int, seed: int = 0) -> tf.Tensor:
        """Returns `num_images` images in [-1, 1]: those of the seeds `seed`, `seed + 1`, ..."""
        return self._images(tf.range(seed, seed + num_images, dtype="int64"))

    # A graph, several times as quick as the layers one by one.
    @tf.function(input_signature=[tf.TensorSpec([None], tf.int64)])
    def _images(self, seeds: tf.Tensor) -> tf.Tensor:
        return self(self.latents(seeds))

    def endpoints(self) -> dict[str, Endpoint]:
        """What the published model answers: latents to images by default, and seeds to images."""
        latents = tf.TensorSpec((None, self.latent_dim), tf.float32, name="latents")
        seed = tf.TensorSpec((None,), tf.int64, name="seed")
        return {
            "serving_default": Endpoint(self.call, (Input(latents, "drawn from N(0, 1)"),)),
            "sample": Endpoint(lambda seeds: self.call(self.latents(seeds)), (Input(seed, "any integers"),)),
        }
