"""`Adversarial`: the one training step that every two-player family shares."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from kgan import augment as augmentations
from kgan import losses, penalties
from kgan.averages import frozen_copy, move_towards
from kgan.devices import num_replicas
from kgan.errors import InputError
from kgan.parts import critic_parts, without_padding
from kgan.persistent import Persistent
from kgan.terms import TermMeans, Terms, as_float32


class Adversarial(Persistent):
    """Two players, two optimizers, one training step (Goodfellow et al. 2014, Algorithm 1).

    Abstract. A family takes its networks in the constructor, names them to `super().__init__`, and supplies three
    methods:

    - `generate(batch, training) -> fakes`: what the generators make, for this batch;
    - `discriminator_losses(batch, fakes, training) -> {term: scalar}`: what the critics minimise;
    - `generator_losses(batch, fakes, training) -> {term: scalar}`: what the generators minimise.

    Every term is already weighted. A player is trained on the sum of its terms, and the same dict is logged, as means
    over the epoch: nothing is trained that is not seen.

    The constructor's arguments are the model's config (see `Persistent`), and all that training depends on lives in
    weights: a `.keras` file holds the networks, both optimizers, the averaged generators, the counters behind the noise
    and the seeds of Dropout, and goes on exactly where it stopped.

    Args:
        generators: The networks that the generator's optimizer trains; built.
        discriminators: The networks that the discriminator's optimizer trains; built.
        ema_decay: Decay of the average of the generators' weights per generator step, in [0, 1), or None for no
            average. The average is what `averaged` returns, and so what call, sample and export use. It warms up as
            min(ema_decay, (1 + step) / (10 + step)), so that the first pictures are not those of the initial weights.
        augment: What all images pass before the critics see them in training: None, an augmentation of `kgan.augment`,
            or its name.
        seed: Where all noise starts, an integer in [0, 2^31).
        also_averaged: Networks beside the generators of which an average is kept too.
    """

    def __init__(
        self,
        *,
        generators: Sequence[keras.Model],
        discriminators: Sequence[keras.Model],
        ema_decay: float | None,
        augment: Any = None,
        seed: int,
        also_averaged: Sequence[keras.Model] = (),
        **kwargs: Any,
    ):
        super().__init__(seed=seed, **kwargs)
        _check_built([*generators, *discriminators])
        if ema_decay is not None and not 0 <= ema_decay < 1:
            raise InputError(f"ema_decay must lie in [0, 1) or be None; got {ema_decay}.")
        self.generators = list(generators)
        self.discriminators = list(discriminators)
        self.ema_decay = ema_decay
        self.augment = augmentations.get(augment)
        self.averages = [] if ema_decay is None else [frozen_copy(network) for network in generators]
        self.also_averaged = list(also_averaged)
        self.other_averages = [] if ema_decay is None else [frozen_copy(network) for network in self.also_averaged]
        self.critic_updates = self.add_counter("critic_updates")
        self._means = TermMeans()
        # A model that only calls its sub-models is never marked built by Keras, and then cannot save its weights.
        self.built = True

    # ------------------------------------------------------------------ what a family supplies

    def generate(self, batch: Any, training: bool = True) -> Any:
        """Returns the generators' output for this batch, in [-1, 1]."""
        raise NotImplementedError(f"{type(self).__name__} must define generate(batch, training).")

    def discriminator_losses(self, batch: Any, fakes: Any, training: bool = True) -> Terms:
        """Returns the critics' loss terms, each a weighted scalar; `fakes` carry no gradient to the generators."""
        raise NotImplementedError(f"{type(self).__name__} must define discriminator_losses(batch, fakes, training).")

    def generator_losses(self, batch: Any, fakes: Any, training: bool = True) -> Terms:
        """Returns the generators' loss terms, each a weighted scalar."""
        raise NotImplementedError(f"{type(self).__name__} must define generator_losses(batch, fakes, training).")

    def critic(self, images: Any, batch: Any, training: bool = False) -> Any:
        """Returns the first critic's logits on images that stand in for those of `batch`.

        The same network for every family without conditions; one with conditions takes them from the batch.
        """
        return self.discriminators[0](images, training=training)

    # ------------------------------------------------------------------ what a family may use

    def augmented(self, critic: Callable[[tf.Tensor], Any], training: bool = True) -> Callable[[tf.Tensor], Any]:
        """Returns a critic that sees images through the augmentation; without one, or out of training, the critic.

        Each call of `augmented` is one draw, of one change for each image of a batch: take one for the real images and
        another for the generated ones. A penalty gets one of these, and so looks at the gradient by the images before
        their augmentation, as StyleGAN2-ADA's R1 does.
        """
        augment = self.augment
        if augment is None or not training:
            return critic
        # Drawn here, not when the critic is called: that may be inside a tf.cond, where replicas cannot count together.
        seed = self.next_seed()
        return lambda images: critic(augment.augment(images, seed))

    def observe(self, real_logits: tf.Tensor, training: bool = True) -> None:
        """Shows the augmentation the critic's logits on augmented real images, once a critic update."""
        if self.augment is not None and training:
            self.augment.observe(real_logits)

    # ------------------------------------------------------------------ compile

    def compile(
        self,
        generator_optimizer: Any,
        discriminator_optimizer: Any,
        loss: Any = "non_saturating",
        penalty: Any = None,
        critic_steps: int = 1,
        jit_compile: bool = False,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
    ) -> None:
        """Sets the rules of the game.

        Args:
            generator_optimizer: A Keras optimizer, or its name. `model.optimizer` is this one, so that callbacks such
                as ReduceLROnPlateau act on the generator.
            discriminator_optimizer: Another Keras optimizer, or its name; never the same object.
            loss: An adversarial loss of `kgan.losses`, or its name.
            penalty: None, a penalty or constraint of `kgan.penalties`, its name, or a list of these.
            critic_steps: Critic updates per generator update. A batch is cut in that many equal parts, one for each
                critic update, so that each sees fresh data (as in the code of BigGAN and StudioGAN): for parts of 64
                with 5 critic steps, load batches of 320.
            jit_compile: Compile the step with XLA.
            run_eagerly: Run the step outside a graph, for debugging.
            steps_per_execution: Training steps per call of the graph.

        Raises:
            InputError: If both optimizers are one object, `critic_steps` is no positive integer, the augmentation
                cannot make sense of this loss's logits, or XLA is asked for on several devices.
        """
        if jit_compile and num_replicas() > 1:
            raise InputError("XLA (jit_compile, --xla) does not work on several devices: TensorFlow has no such step.")
        if int(critic_steps) != critic_steps or critic_steps < 1:
            raise InputError(f"critic_steps must be an integer >= 1; got {critic_steps}.")
        if generator_optimizer is discriminator_optimizer and not isinstance(generator_optimizer, str):
            raise InputError("the two players need two optimizers; the same object was given for both.")
        self.generator_optimizer = self._ready_optimizer(generator_optimizer, self.generators)
        self.discriminator_optimizer = self._ready_optimizer(discriminator_optimizer, self.discriminators)
        self.adversarial_loss = losses.get(loss)
        if self.augment is not None and self.augment.needs_signs and self.adversarial_loss.relativistic:
            raise InputError(
                f"augment={self.augment.name!r} goes by the signs of the critic's logits, to which the relativistic "
                "loss gives no meaning; use kgan.augment.DiffAugment(), or another loss."
            )
        regularisers = penalties.get(penalty)
        self.penalties = [r for r in regularisers if isinstance(r, penalties.Penalty)]
        self.constraints = [r for r in regularisers if isinstance(r, penalties.Constraint)]
        self.critic_steps = int(critic_steps)
        super().compile(
            optimizer=self.generator_optimizer,
            jit_compile=jit_compile,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
            auto_scale_loss=False,
        )
        self._keras_compile_options = {
            "jit_compile": jit_compile,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
        }

    def _ready_optimizer(self, optimizer: Any, networks: Sequence[keras.Model]) -> keras.optimizers.Optimizer:
        optimizer = keras.optimizers.get(optimizer)
        # Keras scales only `model.optimizer`; a reloaded one arrives wrapped.
        scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        if self.dtype_policy.name == "mixed_float16" and not scaled:
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        # Built now, or its slots could not be restored from a file.
        optimizer.build(_trainable(networks))
        return optimizer

    def get_compile_config(self) -> dict[str, Any]:
        """Returns what `compile` was given, serialised."""
        serialize = keras.saving.serialize_keras_object
        return {
            "generator_optimizer": serialize(self.generator_optimizer),
            "discriminator_optimizer": serialize(self.discriminator_optimizer),
            "loss": serialize(self.adversarial_loss),
            "penalty": [serialize(item) for item in [*self.penalties, *self.constraints]],
            "critic_steps": self.critic_steps,
            **self._keras_compile_options,
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles as `get_compile_config` says, both optimizers built so that their state can be restored."""
        self.compile(**keras.saving.deserialize_keras_object(config))

    # ------------------------------------------------------------------ the step

    def train_step(self, data: Any) -> Terms:
        """Updates the critics `critic_steps` times and the generators once; returns the epoch means of all terms.

        One generator pass serves the generators' update and the critic update before it.
        """
        *earlier, batch = critic_parts(data, self.critic_steps)
        for part in earlier:
            self._update_discriminators(part, self.generate(part))
        with tf.GradientTape() as tape:
            fakes = self.generate(batch)
            with tape.stop_recording():
                self._update_discriminators(batch, tf.nest.map_structure(tf.stop_gradient, fakes))
            terms = as_float32(self.generator_losses(batch, fakes))
            loss = self._replica_share(self.generator_optimizer, terms)
        variables = _trainable(self.generators)
        self.generator_optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)
        self._update_averages()
        self._means.update(terms)
        return self._means.results()

    def _update_discriminators(self, batch: Any, fakes: Any) -> None:
        with tf.GradientTape() as tape:
            terms = as_float32(self.discriminator_losses(batch, fakes))
            loss = self._replica_share(self.discriminator_optimizer, terms)
        variables = _trainable(self.discriminators)
        self.discriminator_optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)
        for constraint in self.constraints:
            self._when_due(constraint.every, partial(constraint.project, variables))
        self._means.update({**terms, **self._logged(terms)})
        self.critic_updates.assign_add(1)

    def _replica_share(self, optimizer: keras.optimizers.Optimizer, terms: Terms) -> tf.Tensor:
        """Sums the terms into what is differentiated: a replica's share, for optimizers sum gradients over replicas."""
        return optimizer.scale_loss(tf.add_n(list(terms.values())) / num_replicas())

    def _when_due(self, every: int, action: Callable[[], Any]) -> None:
        if every == 1:
            action()
        else:
            tf.cond(self.critic_updates.value % every == 0, lambda: (action(), tf.no_op())[1], tf.no_op)

    def penalty_terms(
        self, critic: Callable[[tf.Tensor], tf.Tensor], real: tf.Tensor, fake: tf.Tensor, training: bool = True
    ) -> Terms:
        """Returns the compiled penalties' terms for a critic, lazily (Karras et al. 2020, StyleGAN2, section 3.1).

        A penalty with `every` = k is computed at each k-th critic update and multiplied by k there, 0 in between, so
        its mean over time, in the gradient and in the log, is that of a penalty computed every time.

        Args:
            critic: Maps images to logits.
            real: Real images.
            fake: Generated images, of the same shape.
            training: False computes each penalty once, unmultiplied.
        """
        terms = {}
        for penalty in self.penalties:
            value = partial(penalty, critic, real, fake, self.next_seed())
            if training and penalty.every > 1:
                due = self.critic_updates.value % penalty.every == 0
                terms[penalty.name] = tf.cond(
                    due, lambda value=value, k=penalty.every: k * value(), lambda: tf.constant(0.0)
                )
            else:
                terms[penalty.name] = value()
        return terms

    def test_step(self, data: Any) -> Terms:
        """Returns the means of all terms on held-out data, networks in inference mode, changing nothing.

        The critic's loss here, against its training loss, shows how far it has learnt the training images by heart.
        """
        batch = without_padding(data)
        draws = tf.identity(self.draws.value)
        fakes = self.generate(batch, training=False)
        terms = self.discriminator_losses(batch, fakes, training=False)
        terms.update(self.generator_losses(batch, fakes, training=False))
        self.draws.assign(draws)
        self._means.update({**as_float32(terms), **self._logged(terms)})
        return self._means.results()

    def _logged(self, terms: Terms) -> Terms:
        """Returns what the log says beside the critics' terms."""
        return {} if self.augment is None else self.augment.logged()

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The means that Keras resets at the start of every epoch."""
        return list(self._means.by_name.values())

    # ------------------------------------------------------------------ averages

    def averaged(self, network: keras.Model) -> keras.Model:
        """Returns the averaged copy of a network of which one is kept, or the network itself where none are."""
        if self.ema_decay is None:
            return network
        return next(mean for mean, raw in self._averaged_pairs() if raw is network)

    def _averaged_pairs(self) -> list[tuple[keras.Model, keras.Model]]:
        """Returns each average beside the network that it is of."""
        means = [*self.averages, *self.other_averages]
        return list(zip(means, [*self.generators, *self.also_averaged], strict=True))

    def _update_averages(self) -> None:
        if self.ema_decay is None:
            return
        step = tf.cast(self.generator_optimizer.iterations.value, "float32")
        rate = 1.0 - tf.minimum(self.ema_decay, (1.0 + step) / (10.0 + step))
        for mean, raw in self._averaged_pairs():
            move_towards(mean, raw, rate)


def _trainable(networks: Sequence[keras.Model]) -> list[keras.Variable]:
    return [variable for network in networks for variable in network.trainable_variables]


def _check_built(networks: Sequence[keras.Model]) -> None:
    for network in networks:
        if not isinstance(network, keras.Model):
            raise InputError(f"a network must be a keras.Model; got {type(network).__name__}.")
        if not network.built:
            raise InputError(f"network {network.name!r} has no weights yet; give it an Input or call it once.")
