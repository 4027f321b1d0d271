"""`InfoGAN`: a GAN whose codes can be read back from its images (Chen et al. 2016)."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgan.adversarial import Adversarial
from kgan.codes import Categorical, Code, CodeSet
from kgan.codes.agreement import agreement
from kgan.endpoints import Endpoint, Input
from kgan.errors import InputError
from kgan.latents import from_seeds
from kgan.terms import Terms

AT_ONCE = 500


@keras.saving.register_keras_serializable(package="kgan")
class InfoGAN(Adversarial):
    """A GAN whose generator is told codes c beside noise z, and whose images must show them.

    InfoGAN: Interpretable Representation Learning by Information Maximizing Generative Adversarial Nets (Chen et al.
    2016), equation 6, with a weight λ for each code:

        min_{G, Q} max_D  V(D, G) - λ L_I(G, Q),   L_I = H(c) + E[log Q(c|x)] <= I(c; x),   x = G(z, c)

    Where the term enters: G and Q minimise -λ L_I, D does not. But Q shares D's body, and in the authors' code
    (openai/InfoGAN) both players' losses have the term, Q's variables being among the discriminator's. So here: the
    generator's optimizer takes it to G; the critic's takes it, on generated images without a gradient to G, to Q and
    the shared body, for a body that learnt from V alone would not serve Q. The critic's own head has no part in it.

    Codes that have a channel (see `kgan.codes`) are read from images that passed it: beside the critic's pass through
    the body there is one more, image i through the channel of one code after the other in turn.

    Beyond the paper, a categorical code can ask for agreement: that Q reads one value in two draws of its channel from
    a real image, which is what ties values to kinds of real images (`kgan.codes.agreement`). In the paper Q never sees
    one, and on MNIST a value may hold two digits for good. The term is Q's and the body's.

    Logged beside the terms: `<code>_nats`, L_I of each code as the critic's step finds it.

    Args:
        generator: Maps latents `(n, noise_dim + columns of the codes)` to images in [-1, 1].
        body: Maps images to features, for the critic and for Q.
        critic_head: Maps features to logits of any rank; no sigmoid.
        posterior: Q's own layers: maps features to the codes' answers, `(n, columns)`.
        codes: The codes, such as `(kgan.codes.Categorical(10), kgan.codes.Continuous(), kgan.codes.Continuous())`.
        noise_dim: Size of the noise, drawn from N(0, 1) as in every family here; the authors' is U(-1, 1).
        ema_decay: Decay, per step, of the averages of the generator and of Q, or None; see `Adversarial`.
        augment: What real and generated images pass before the body in training, or None; see `kgan.augment`. Codes
            without a channel are read from augmented images too.
        seed: Where all noise starts.

    Raises:
        InputError: If the networks do not fit each other and the codes.
    """

    def __init__(
        self,
        generator: keras.Model,
        body: keras.Model,
        critic_head: keras.Model,
        posterior: keras.Model,
        codes: Sequence[Code],
        noise_dim: int = 62,
        ema_decay: float | None = None,
        augment: Any = None,
        seed: int = 0,
        **kwargs: Any,
    ):
        networks = [body, critic_head, posterior]
        super().__init__(
            generators=[generator],
            discriminators=networks,
            ema_decay=ema_decay,
            augment=augment,
            seed=seed,
            also_averaged=[body, posterior],
            **kwargs,
        )
        self.generator = generator
        self.body = body
        self.critic_head = critic_head
        self.posterior = posterior
        self.codes = tuple(codes)
        self.noise_dim = noise_dim
        self.code_set = CodeSet(self.codes)
        self.latent_dim = noise_dim + self.code_set.size
        self._check_networks()

    def _check_networks(self) -> None:
        if self.noise_dim < 1:
            raise InputError(f"noise_dim must be at least 1; got {self.noise_dim}.")
        if self.generator.input_shape != (None, self.latent_dim):
            raise InputError(
                f"noise_dim={self.noise_dim} and codes of {self.code_set.size} columns make latents of "
                f"{self.latent_dim}, but the generator takes {self.generator.input_shape[1:]}."
            )
        if self.generator.output_shape != self.body.input_shape:
            made, taken = self.generator.output_shape[1:], self.body.input_shape[1:]
            raise InputError(f"the generator makes images {made}, but the body takes {taken}.")
        for name, head in (("critic_head", self.critic_head), ("posterior", self.posterior)):
            if head.input_shape != self.body.output_shape:
                made, taken = self.body.output_shape[1:], head.input_shape[1:]
                raise InputError(f"the body makes features {made}, but {name} takes {taken}.")
        if self.posterior.output_shape != (None, self.code_set.answers):
            asked = ", ".join(f"{name} {code.answers}" for name, code in self.code_set.by_name.items())
            raise InputError(
                f"posterior must answer {self.code_set.answers} numbers ({asked}); "
                f"it gives {self.posterior.output_shape[1:]}."
            )

    # ------------------------------------------------------------------ the game

    def generate(self, real: tf.Tensor, training: bool = True) -> tuple[tf.Tensor, tf.Tensor]:
        """Draws noise and codes for each real image; returns the generator's images, and their codes `(n, columns)`."""
        count = tf.shape(real)[0]
        noise = tf.random.stateless_normal((count, self.noise_dim), self.next_seed(), alg="philox")
        codes = self.code_set.draw(count, self.next_seed())
        return self.generator(tf.concat([noise, codes], axis=1), training=training), codes

    def critic(self, images: tf.Tensor, batch: Any = None, training: bool = False) -> tf.Tensor:
        """Returns the critic's logits on images: its head on the body's features."""
        return self.critic_head(self.body(images, training=training), training=training)

    def discriminator_losses(self, real: tf.Tensor, fakes: tuple[tf.Tensor, tf.Tensor], training: bool = True) -> Terms:
        """The adversarial loss of the critic, minus each code's weighted bound, and the penalties."""
        on_real, features = self._look(fakes[0], training)
        real_logits = on_real(real)
        loss = self.adversarial_loss.discriminator(real_logits, self.critic_head(features, training=training))
        bounds, weights = self._bounds(*fakes, features, training), self._weights()
        information = {f"{name}_loss": -weight * bounds[name] for name, weight in weights.items()}
        agreement = self._agreement(real, weights, training)
        penalties = self.penalty_terms(on_real, real, fakes[0], training)
        self.observe(real_logits, training)
        return {"discriminator_loss": loss, **information, **agreement, **penalties}

    def generator_losses(self, real: tf.Tensor, fakes: tuple[tf.Tensor, tf.Tensor], training: bool = True) -> Terms:
        """The adversarial loss of the generator, and minus the sum of the codes' weighted bounds."""
        on_real, features = self._look(fakes[0], training)
        real_logits = on_real(real) if self.adversarial_loss.relativistic else None
        loss = self.adversarial_loss.generator(real_logits, self.critic_head(features, training=training))
        bounds = self._bounds(*fakes, features, training)
        weighted = [weight * bounds[name] for name, weight in self._weights().items()]
        return {"generator_loss": loss, "information_loss": -tf.add_n(weighted)}

    def _look(self, images: tf.Tensor, training: bool) -> tuple[Callable, tf.Tensor]:
        """Returns the critic as it sees real images, and generated ones' features: two draws of the augmentation."""
        body, critic = partial(self.body, training=training), partial(self.critic, training=training)
        return self.augmented(critic, training), self.augmented(body, training)(images)

    def _bounds(self, images: tf.Tensor, codes: tf.Tensor, features: tf.Tensor, training: bool) -> Terms:
        """Returns L_I of each code, in nats, by name; `features` are what the critic saw of the images."""
        drawn, by_name = self.code_set.split(codes), self.code_set.by_name
        direct = [name for name, code in by_name.items() if code.channel is None]
        bounds = {}
        if direct:
            answers = self._answers(features, training)
            bounds = {name: by_name[name].bound(drawn[name], answers[name]) for name in direct}
        if len(direct) < len(by_name):
            bounds.update(self._bounds_through_channels(images, drawn, training))
        return bounds

    def _bounds_through_channels(self, images: tf.Tensor, drawn: Terms, training: bool) -> Terms:
        codes = {name: code for name, code in self.code_set.by_name.items() if code.channel is not None}
        turns = {name: slice(turn, None, len(codes)) for turn, name in enumerate(codes)}
        parts = [code.pass_channel(images[turns[name]], self.next_seed()) for name, code in codes.items()]
        answers = self._answers(self.body(tf.concat(parts, axis=0), training=training), training)
        sizes, bounds = [tf.shape(part)[0] for part in parts], {}
        for index, (name, code) in enumerate(codes.items()):
            answer = tf.split(answers[name], sizes)[index]
            bounds[name] = code.bound(drawn[name][turns[name]], answer)
        return bounds

    def _weights(self) -> Terms:
        """Returns what each code's bound counts now, by name."""
        return {name: code.weight_at(self.critic_updates.value) for name, code in self.code_set.by_name.items()}

    def _agreement(self, real: tf.Tensor, weights: Terms, training: bool) -> Terms:
        """Returns the terms of the codes that Q is to read alike in two draws of their channel from real images."""
        terms = {}
        for name, code in self.code_set.by_name.items():
            if isinstance(code, Categorical) and code.agreement:
                seen = tf.concat([code.pass_channel(real, self.next_seed()) for _ in range(2)], axis=0)
                answer = self._answers(self.body(seen, training=training), training)[name]
                first, second = tf.split(code.posterior(answer), 2)
                alike = agreement(first, second, code.balance)
                terms[f"{name}_agreement"] = -code.agreement * weights[name] * alike
        return terms

    def _read(self, images: tf.Tensor) -> Terms:
        """Returns the answers of Q as it is asked after training: averaged, as the generator is."""
        return self.code_set.split_answer(self.averaged(self.posterior)(self.averaged(self.body)(images)))

    def _answers(self, features: tf.Tensor, training: bool) -> Terms:
        return self.code_set.split_answer(self.posterior(features, training=training))

    def _logged(self, terms: Terms) -> Terms:
        """Adds each code's bound, of which its term is the negative, weighted; 0 while the weight is still 0."""
        weights = self._weights()
        nats = {f"{name}_nats": tf.math.divide_no_nan(-terms[f"{name}_loss"], by) for name, by in weights.items()}
        return {**super()._logged(terms), **nats}

    # ------------------------------------------------------------------ what a user asks

    def call(self, latents: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Returns images in [-1, 1] for latents `(n, latent_dim)`, from the averaged generator."""
        return self.averaged(self.generator)(latents, training=training)

    @property
    def noise_columns(self) -> int:
        """How many columns of a latent are noise; the codes follow."""
        return self.noise_dim

    def latents(self, seeds: Any, **chosen: Any) -> tf.Tensor:
        """Returns latents `(n, latent_dim)`, noise first; row i is a function of `seeds[i]` alone, on any machine.

        Args:
            seeds: `(n,)` integers.
            **chosen: Codes that are not to be drawn, by name, one value for all rows or one for each:
                `model.latents([0, 1, 2], categorical_1=7, continuous_1=[-2, 0, 2])`. The names are those in the logs.

        Raises:
            InputError: If there is no code of a name, no such value of it, or there are not n values.
        """
        seeds = tf.convert_to_tensor(seeds, tf.int64)
        return tf.concat([from_seeds(seeds, self.noise_dim), self.code_set.from_seeds(seeds, chosen)], axis=1)

    def sample(self, num_images: int, seed: int = 0) -> tf.Tensor:
        """Returns `num_images` images in [-1, 1]: those of the seeds `seed`, `seed + 1`, ..., codes drawn too."""
        return self._images(tf.range(seed, seed + num_images, dtype="int64"))

    # A graph, several times as quick as the layers one by one.
    @tf.function(input_signature=[tf.TensorSpec([None], tf.int64)])
    def _images(self, seeds: tf.Tensor) -> tf.Tensor:
        return self(self.latents(seeds))

    def encode(self, images: Any) -> dict[str, np.ndarray]:
        """Returns what Q reads in images, by code.

        Args:
            images: `(n, height, width, channels)` in [-1, 1], generated or real.

        Returns:
            float32 arrays: of a categorical code the probabilities of its values, `(n, size)`; of a continuous one the
            mean and the standard deviation, `(n, 2)`.
        """
        starts = range(0, len(images), AT_ONCE)
        parts = [self._posteriors(images[start : start + AT_ONCE]) for start in starts]
        return {name: np.concatenate([part[name] for part in parts]) for name in self.code_set.by_name}

    @tf.function(reduce_retracing=True)
    def _posteriors(self, images: tf.Tensor) -> Terms:
        answers = self._read(images)
        return {name: code.posterior(answers[name]) for name, code in self.code_set.by_name.items()}

    def information(self, num_images: int, seed: int = 0) -> dict[str, float]:
        """Returns L_I of each code, in nats, on the images of the seeds `seed`, `seed + 1`, ..., read as they are."""
        seeds = tf.range(seed, seed + num_images, dtype="int64")
        parts = [seeds[start : start + AT_ONCE] for start in range(0, num_images, AT_ONCE)]
        sums = [{name: len(part) * float(nats) for name, nats in self._nats(part).items()} for part in parts]
        return {name: sum(part[name] for part in sums) / num_images for name in self.code_set.by_name}

    @tf.function(reduce_retracing=True)
    def _nats(self, seeds: tf.Tensor) -> Terms:
        latents = self.latents(seeds)
        answers, drawn = self._read(self(latents)), self.code_set.split(latents[:, self.noise_dim :])
        return {name: code.bound(drawn[name], answers[name]) for name, code in self.code_set.by_name.items()}

    def endpoints(self) -> dict[str, Endpoint]:
        """What the published model answers: latents to images by default, and seeds to images."""
        latents = tf.TensorSpec((None, self.latent_dim), tf.float32, name="latents")
        seed = tf.TensorSpec((None,), tf.int64, name="seed")
        meaning = f"{self.noise_dim} numbers from N(0, 1), then the codes: " + ", ".join(
            f"{name} ({code.size})" for name, code in self.code_set.by_name.items()
        )
        return {
            "serving_default": Endpoint(self.call, (Input(latents, meaning),)),
            "sample": Endpoint(lambda seeds: self.call(self.latents(seeds)), (Input(seed, "any integers"),)),
        }
