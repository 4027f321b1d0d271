"""`ConditionalGAN`: the image that was asked for."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from kgan.adversarial import Adversarial
from kgan.conditions import Groups, Prior
from kgan.endpoints import Endpoint, Input
from kgan.errors import InputError
from kgan.latents import from_seeds
from kgan.terms import Terms

Batch = tuple[tf.Tensor, tf.Tensor]


@keras.saving.register_keras_serializable(package="kgan")
class ConditionalGAN(Adversarial):
    """A GAN whose generator is told what to draw, and whose critic sees whether it did (Mirza and Osindero 2014).

    It trains on batches `(images, conditions)`. How the critic uses a condition is a matter of its network:

    - a critic of `[images, conditions]` judges both together: by concatenation (Mirza and Osindero 2014; Reed et al.
      2016) or by projection (Miyato and Koyama 2018);
    - a critic of images alone with two outputs, logits and class logits, has an auxiliary classifier (ACGAN; Odena et
      al. 2017, equations 2 and 3): both players also minimise its cross-entropy, on real and on generated images; or
      the critic on real ones alone (StarGAN; Choi et al. 2018, equations 2 and 3), so that the two cannot agree on
      signs of a class that real images do not have.

    With `mismatch` the first kind is matching-aware (GAN-CLS; Reed et al. 2016, algorithm 1): real images with a wrong
    condition count as fakes, that share of them; the paper's is 0.5.

    Args:
        generator: Maps `[latents (n, latent_dim), conditions (n, columns)]` to images in [-1, 1].
        discriminator: The critic, of one of the two kinds above; no sigmoid or softmax.
        latent_dim: Size of the latents, drawn from N(0, 1).
        groups: How many values each one-hot group of a condition has; see `kgan.conditions.Groups`.
        prior: The conditions that occur and how often, for `sample` and for wrong ones; see `Groups`.
        mismatch: Share of the fakes' loss that real images with wrong conditions have, in [0, 1).
        classification_weight: Of the auxiliary classifier's cross-entropy.
        classify_fakes: Whether the critic learns to classify generated images too.
        encoder: A `kgan.PromptEncoder` of the same groups: prompts `(n,)`, strings, to conditions, zeros where a prompt
            says nothing of a group; or None.
        ema_decay: Decay of the averaged generator per step, or None; see `Adversarial`.
        augment: What images pass before the critic in training, or None; see `kgan.augment`.
        seed: Where all noise starts.

    Raises:
        InputError: If the networks do not fit each other and the groups.

    A latent of `model(latents)`, `model.latents(seeds)` and the tools for latents is the noise and the condition in one
    row, `(latent_dim + columns,)`.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: int,
        groups: Sequence[int],
        prior: Prior | None = None,
        mismatch: float = 0.0,
        classification_weight: float = 1.0,
        classify_fakes: bool = True,
        encoder: keras.layers.Layer | None = None,
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
        self.generator = generator
        self.discriminator = discriminator
        self.latent_dim = latent_dim
        self.groups = tuple(groups)
        self.prior = None if prior is None else [list(map(list, prior[0])), list(prior[1])]
        self.mismatch = mismatch
        self.classification_weight = classification_weight
        self.classify_fakes = classify_fakes
        self.encoder = encoder
        self.conditions = Groups(self.groups, prior)
        self.auxiliary = len(discriminator.inputs) == 1
        self._check_networks()

    def _check_networks(self) -> None:
        columns = self.conditions.columns
        expected = [(None, self.latent_dim), (None, columns)]
        inputs = [tuple(tensor.shape) for tensor in self.generator.inputs]
        if inputs != expected:
            raise InputError(
                f"the generator must take latents and conditions, {expected[0][1:]} and {expected[1][1:]} a row; it "
                f"takes {inputs}."
            )
        made, taken = self.generator.output_shape, tuple(self.discriminator.inputs[0].shape)
        if made != taken:
            raise InputError(f"the generator makes images {made[1:]}, but the discriminator takes {taken[1:]}.")
        critic = self.discriminator
        asked, outputs = (critic.outputs, 2) if self.auxiliary else (critic.inputs, 1)
        counted = len(critic.inputs) <= 2 and len(critic.outputs) == outputs
        if not counted or tuple(asked[-1].shape) != (None, columns):
            raise InputError(
                f"the discriminator must take images and conditions of {columns} columns, or images alone and answer "
                f"logits and {columns} class logits."
            )
        if self.encoder is not None and tuple(self.encoder.groups) != self.groups:
            raise InputError(f"the encoder's prompts have groups {self.encoder.groups}; the model's are {self.groups}.")
        if not 0.0 <= self.mismatch < 1.0:
            raise InputError(f"mismatch is a share and must lie in [0, 1); got {self.mismatch}.")
        if self.mismatch and self.auxiliary:
            raise InputError("mismatch needs a discriminator that takes conditions; an auxiliary classifier has none.")

    # ------------------------------------------------------------------ the game

    def generate(self, batch: Batch, training: bool = True) -> tf.Tensor:
        """Draws a latent for each condition of the batch and returns the generator's images."""
        conditions = batch[1]
        shape = (tf.shape(conditions)[0], self.latent_dim)
        latents = tf.random.stateless_normal(shape, self.next_seed(), alg="philox")
        return self.generator([latents, conditions], training=training)

    def critic(self, images: tf.Tensor, batch: Batch, training: bool = False) -> tf.Tensor:
        """Returns the critic's logits on images that stand in for those of a batch with these conditions."""
        return self._judge(images, batch[1], training)[0]

    def discriminator_losses(self, batch: Batch, fakes: tf.Tensor, training: bool = True) -> Terms:
        """The adversarial loss of the critic, of wrong conditions and of the classifier, and the penalties."""
        real, conditions = batch
        on_real, on_fakes = self._sight(training), self._sight(training)
        seen = on_real(real)
        real_logits, real_classes = self._judge(seen, conditions, training)
        fake_logits, fake_classes = self._judge(on_fakes(fakes), conditions, training)
        loss = self.adversarial_loss.discriminator(real_logits, fake_logits)
        terms = {"discriminator_loss": (1.0 - self.mismatch) * loss}
        if self.mismatch:
            wrong = self.conditions.wrong(conditions, self.next_seed())
            wrong_logits, _ = self._judge(seen, wrong, training)
            terms["mismatch_loss"] = self.mismatch * self.adversarial_loss.discriminator(real_logits, wrong_logits)
        if self.auxiliary:
            entropy = self._cross_entropy(conditions, real_classes)
            if self.classify_fakes:
                entropy += self._cross_entropy(conditions, fake_classes)
            terms["discriminator_classification"] = self.classification_weight * entropy
        critic = partial(self.critic, batch=batch, training=training)
        terms.update(self.penalty_terms(lambda images: critic(on_real(images)), real, fakes, training))
        self.observe(real_logits, training)
        return terms

    def generator_losses(self, batch: Batch, fakes: tf.Tensor, training: bool = True) -> Terms:
        """The adversarial loss of the generator, and the classifier's."""
        real, conditions = batch
        on_real, on_fakes = self._sight(training), self._sight(training)
        relativistic = self.adversarial_loss.relativistic
        real_logits = self._judge(on_real(real), conditions, training)[0] if relativistic else None
        logits, classes = self._judge(on_fakes(fakes), conditions, training)
        terms = {"generator_loss": self.adversarial_loss.generator(real_logits, logits)}
        if self.auxiliary:
            entropy = self._cross_entropy(conditions, classes)
            terms["generator_classification"] = self.classification_weight * entropy
        return terms

    def _sight(self, training: bool) -> Callable[[tf.Tensor], tf.Tensor]:
        """Returns what the critic sees of images: one draw of the augmentation, or the images themselves."""
        return self.augmented(lambda images: images, training)

    def _judge(self, images: tf.Tensor, conditions: tf.Tensor, training: bool) -> tuple[tf.Tensor, tf.Tensor | None]:
        """Returns the critic's logits, and the auxiliary classifier's where there is one."""
        if self.auxiliary:
            logits, classes = self.discriminator(images, training=training)
            return logits, classes
        return self.discriminator([images, conditions], training=training), None

    def _cross_entropy(self, conditions: tf.Tensor, class_logits: tf.Tensor) -> tf.Tensor:
        """Returns the mean over images of the groups' summed cross-entropies, in nats."""
        pairs = zip(self.conditions.split(conditions), self.conditions.split(class_logits), strict=True)
        each = [tf.nn.softmax_cross_entropy_with_logits(labels, tf.cast(logits, "float32")) for labels, logits in pairs]
        return tf.reduce_mean(tf.add_n(each))

    # ------------------------------------------------------------------ what a user asks

    def call(self, latents: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Returns images in [-1, 1] for rows of noise and condition, from the averaged generator.

        Args:
            latents: `(n, latent_dim + columns)`.
            training: Whether the network runs in training mode.
        """
        noise, conditions = tf.split(latents, [self.latent_dim, self.conditions.columns], axis=1)
        return self.averaged(self.generator)([noise, conditions], training=training)

    @property
    def noise_columns(self) -> int:
        """How many columns of a row of `latents` are noise; the condition follows."""
        return self.latent_dim

    def latents(self, seeds: tf.Tensor, conditions: tf.Tensor | None = None) -> tf.Tensor:
        """Returns noise and conditions `(n, latent_dim + columns)`; row i is a function of `seeds[i]` alone.

        Args:
            seeds: `(n,)` int64.
            conditions: `(n, columns)`, or None to draw them; groups of zeros are drawn too.
        """
        if conditions is None:
            conditions = self.conditions.from_seeds(seeds)
        else:
            conditions = self.conditions.complete(conditions, seeds)
        return tf.concat([from_seeds(seeds, self.latent_dim), conditions], axis=1)

    def sample(self, num_images: int, seed: int = 0, conditions: Any = None) -> tf.Tensor:
        """Returns `num_images` images in [-1, 1]: those of the seeds `seed`, `seed + 1`, ...

        Args:
            num_images: How many.
            seed: The first.
            conditions: `(columns,)` for all of them, or `(num_images, columns)`; None draws them from the prior.
        """
        seeds = tf.range(seed, seed + num_images, dtype="int64")
        if conditions is None:
            conditions = tf.zeros((num_images, self.conditions.columns))
        conditions = tf.broadcast_to(tf.cast(conditions, tf.float32), (num_images, self.conditions.columns))
        return self._images(seeds, conditions)

    # A graph, several times as quick as the layers one by one.
    @tf.function(reduce_retracing=True)
    def _images(self, seeds: tf.Tensor, conditions: tf.Tensor) -> tf.Tensor:
        return self(self.latents(seeds, conditions))

    def endpoints(self) -> dict[str, Endpoint]:
        """What the published model answers: latents, seeds, labels and, where it has an encoder, prompts to images."""
        columns = self.conditions.columns
        row = tf.TensorSpec((None, self.latent_dim + columns), tf.float32, name="latents")
        seed = Input(tf.TensorSpec((None,), tf.int64, name="seed"), "any integers, one for each image")
        meaning = f"{self.latent_dim} numbers from N(0, 1), then the condition, {columns} columns"
        endpoints = {
            "serving_default": Endpoint(self.call, (Input(row, meaning),)),
            "sample": Endpoint(lambda seeds: self.call(self.latents(seeds)), (seed,)),
        }
        if len(self.groups) == 1:
            label = tf.TensorSpec((None,), tf.int64, name="label")
            known = tuple(range(columns))
            endpoints["label"] = Endpoint(self._labelled, (Input(label, f"0 to {columns - 1}", known), seed))
        if self.encoder is not None:
            prompt = tf.TensorSpec((None,), tf.string, name="prompt")
            meaning = f"such as {self.encoder.example!r}; what it leaves out is drawn by the seed"
            given = Input(prompt, meaning, examples=(self.encoder.example,))
            endpoints["prompt"] = Endpoint(self._prompted, (given, seed), as_files=True, tables=(self.encoder,))
        return endpoints

    def _prompted(self, prompts: tf.Tensor, seeds: tf.Tensor) -> tf.Tensor:
        assert self.encoder is not None
        return self.call(self.latents(seeds, self.encoder(prompts)))

    def _labelled(self, labels: tf.Tensor, seeds: tf.Tensor) -> tf.Tensor:
        size = self.groups[0]
        checks = [tf.debugging.assert_less(labels, tf.cast(size, tf.int64)), tf.debugging.assert_non_negative(labels)]
        with tf.control_dependencies([check for check in checks if check is not None]):
            return self.call(self.latents(seeds, tf.one_hot(labels, size)))
