"""`CycleGAN`: from one domain to another and back, learnt without pairs."""

from functools import partial
from typing import Any

import keras
import tensorflow as tf

from kgan.errors import InputError
from kgan.losses import LeastSquares
from kgan.pool import ImagePool
from kgan.terms import Terms
from kgan.translation import Translation, check_domain

Batch = tuple[tf.Tensor, tf.Tensor]


@keras.saving.register_keras_serializable(package="kgan")
class CycleGAN(Translation):
    """Two translators that undo each other, and a critic in each domain.

    Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks (Zhu et al. 2017), equation 3, with
    the identity loss of section 5.2. With G = a_to_b and F = b_to_a the generators minimise

        L_adv(G, D_b) + L_adv(F, D_a) + cycle_weight (E||F(G(a)) - a||_1 + E||G(F(b)) - b||_1)
                                      + identity_weight (E||F(a) - a||_1 + E||G(b) - b||_1)

    and each critic its adversarial loss on real images and on those that a pool of generated ones gives back for the
    new ones. Norms are means over pixels and channels. It trains on batches `(a, b)`, whose rows have nothing to do
    with each other.

    The halves of least squares, `compile`'s default: the authors' generators minimise E[(D(G(a)) - 1)^2], without one,
    and the weights are meant against that; `kgan.losses.LeastSquares` has a half there, so that its generators' terms
    are doubled here. The critics' terms have the authors' half. Every other loss counts as it is.

    A step makes six passes of a generator and six of a critic, none twice: a_to_b and b_to_a on real images, whose
    images serve critics, adversarial loss and cycle alike; then each generator in one call on what the other has made,
    which closes the cycle, and on real images of the domain it makes, which is the identity. Without the identity it is
    four. Each critic passes real images and the pool's for its update, and generated ones for the generators', there
    without a gradient by its weights. One backward pass serves both generators, one both critics.

    Relatives, by one argument each: DiscoGAN (Kim et al. 2017), `identity_weight=0`, `pool_size=0`, the non-saturating
    loss (its distance is the squared one); DualGAN (Yi et al. 2017), `identity_weight=0`, `pool_size=0`, the
    Wasserstein loss with weight clipping, and a larger cycle weight.

    Args:
        generator_ab: Maps images of domain A to images of domain B, in [-1, 1].
        generator_ba: Maps images of domain B to images of domain A.
        discriminator_a: Maps images of domain A to logits of any rank; no sigmoid. Its input's size is the pool's.
        discriminator_b: Maps images of domain B to logits.
        cycle_weight: λ, the paper's 10: a number, or a `keras.optimizers.schedules.LearningRateSchedule` of the
            generators' step, such as `kgan.schedules.LinearDecay`, to let a cycle go that asks for too much.
        identity_weight: Of the identity loss as it stands above, 0 for none. 5 is the paper's 0.5 λ, with λ = 10; it
            does not follow a schedule of λ.
        pool_size: Generated images kept of each domain; 50 is the paper's, 0 shows critics the new ones.
        ema_decay: Decay of the averaged generators per step, or None; see `Adversarial`.
        augment: What images pass before the critics in training, or None; see `kgan.augment`.
        seed: Where all noise starts.

    Raises:
        InputError: If the networks do not fit each other, the pool finds no size, or a weight is negative.

    `model(images)` is `model.translate(images, "a_to_b")`.
    """

    def __init__(
        self,
        generator_ab: keras.Model,
        generator_ba: keras.Model,
        discriminator_a: keras.Model,
        discriminator_b: keras.Model,
        cycle_weight: Any = 10.0,
        identity_weight: float = 5.0,
        pool_size: int = 50,
        ema_decay: float | None = None,
        augment: Any = None,
        seed: int = 0,
        **kwargs: Any,
    ):
        super().__init__(
            translators={"a_to_b": generator_ab, "b_to_a": generator_ba},
            discriminators=[discriminator_a, discriminator_b],
            ema_decay=ema_decay,
            augment=augment,
            seed=seed,
            **kwargs,
        )
        self.generator_ab = generator_ab
        self.generator_ba = generator_ba
        self.discriminator_a = discriminator_a
        self.discriminator_b = discriminator_b
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        self.pool_size = pool_size
        self._check()
        self.pools = [ImagePool(pool_size, critic.input_shape[1:]) for critic in self.discriminators if pool_size]

    def _check(self) -> None:
        ab, ba = self.generator_ab, self.generator_ba
        for domain, critic, made, taken in (("A", self.discriminator_a, ba, ab), ("B", self.discriminator_b, ab, ba)):
            shapes = {
                f"the input of {taken.name!r}": taken.input_shape,
                f"the output of {made.name!r}": made.output_shape,
                f"the input of {critic.name!r}": critic.input_shape,
            }
            check_domain(domain, shapes)
            if self.pool_size and None in critic.input_shape[1:]:
                raise InputError(
                    f"the image pool holds images of the size that {critic.name!r} takes, and its input is open: "
                    f"{critic.input_shape[1:]}. Give the critic the size trained on, or set pool_size=0."
                )
        for name in ("cycle_weight", "identity_weight"):
            weight = getattr(self, name)
            if not callable(weight) and not weight >= 0.0:
                raise InputError(f"{name} must be at least 0; got {weight}.")
        if self.identity_weight and ab.input_shape[-1] != ab.output_shape[-1]:
            raise InputError(
                f"the identity loss needs as many channels in A as in B; they have {ab.input_shape[-1]} and "
                f"{ab.output_shape[-1]}. Set identity_weight=0."
            )

    def compile(
        self,
        generator_optimizer: Any,
        discriminator_optimizer: Any,
        loss: Any = "least_squares",
        *others: Any,
        **options: Any,
    ) -> None:
        """Sets the rules of the game, as `Adversarial.compile` does; the loss is least squares by default.

        Args:
            generator_optimizer: Of both generators.
            discriminator_optimizer: Of both critics.
            loss: An adversarial loss of `kgan.losses`, or its name.
            *others: See `Adversarial.compile`.
            **options: See `Adversarial.compile`.
        """
        super().compile(generator_optimizer, discriminator_optimizer, loss, *others, **options)

    # ------------------------------------------------------------------ the game

    def generate(self, batch: Batch, training: bool = True) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the generated images of A, made of the batch's b, and those of B, made of its a."""
        a, b = batch
        return self.generator_ba(b, training=training), self.generator_ab(a, training=training)

    def critic(self, images: tf.Tensor, batch: Any = None, training: bool = False) -> tf.Tensor:
        """Returns the logits of domain B's critic, which judges what `model(images)` makes."""
        return self.discriminator_b(images, training=training)

    def discriminator_losses(self, batch: Batch, fakes: tuple[tf.Tensor, tf.Tensor], training: bool = True) -> Terms:
        """Each critic's adversarial loss, on generated images from its pool, and its penalties."""
        terms, looks = {}, []
        for index, (domain, real, fake) in enumerate(zip("ab", batch, fakes, strict=True)):
            if training and self.pools:
                fake = self.pools[index].exchange(fake, self.next_seed())
            critic = partial(self.discriminators[index], training=training)
            # Two calls, never one on both: a joint batch would leak the label through BatchNorm's statistics.
            on_real, on_fake = self.augmented(critic, training), self.augmented(critic, training)
            logits = on_real(real)
            terms[f"discriminator_{domain}_loss"] = self.adversarial_loss.discriminator(logits, on_fake(fake))
            penalties = self.penalty_terms(on_real, real, fake, training)
            terms.update({f"{name}_{domain}": term for name, term in penalties.items()})
            looks.append(tf.reshape(logits, (tf.shape(logits)[0], -1)))
        self.observe(tf.concat(looks, axis=1), training)
        return terms

    def generator_losses(self, batch: Batch, fakes: tuple[tf.Tensor, tf.Tensor], training: bool = True) -> Terms:
        """Both generators' adversarial losses, both cycles and both identities."""
        (a, b), (fake_a, fake_b) = batch, fakes
        terms = {
            "generator_ab_loss": self._adversarial(self.discriminator_b, b, fake_b, training),
            "generator_ba_loss": self._adversarial(self.discriminator_a, a, fake_a, training),
        }
        cycle_weight = self._cycle_weight()
        for domain, generator, made, real in (("a", self.generator_ba, fake_b, a), ("b", self.generator_ab, fake_a, b)):
            if self.identity_weight:
                # One call on both: what has been made of the real images and these themselves, which is their size.
                cycled, same = tf.split(generator(tf.concat([made, real], axis=0), training=training), 2)
                terms[f"identity_{domain}_loss"] = self.identity_weight * tf.reduce_mean(tf.abs(same - real))
            else:
                cycled = generator(made, training=training)
            terms[f"cycle_{domain}_loss"] = cycle_weight * tf.reduce_mean(tf.abs(cycled - real))
        return terms

    def _adversarial(self, critic: keras.Model, real: tf.Tensor, fake: tf.Tensor, training: bool) -> tf.Tensor:
        critic = partial(critic, training=training)
        on_real, on_fake = self.augmented(critic, training), self.augmented(critic, training)
        real_logits = on_real(real) if self.adversarial_loss.relativistic else None
        loss = self.adversarial_loss.generator(real_logits, on_fake(fake))
        # The weights of cycle and identity are meant against the authors' least squares, which have no half here.
        return 2.0 * loss if isinstance(self.adversarial_loss, LeastSquares) else loss

    def _cycle_weight(self) -> Any:
        if callable(self.cycle_weight):
            return tf.cast(self.cycle_weight(self.generator_optimizer.iterations.value), tf.float32)
        return self.cycle_weight
