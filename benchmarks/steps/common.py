"""What the steps of all families share: what they work on, their optimizers, updates, means and batches."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from kgan.optimizers import FusedAdam

RATE, BETAS = 2e-4, (0.5, 0.999)
Step = Callable[[], float]


class Work(NamedTuple):
    """What a step works on: images a batch, of each side; their side in pixels; the networks' width."""

    batch: int
    size: int
    width: int


class Family(NamedTuple):
    """The steps of a family.

    Attributes:
        work: What they work on by default.
        data: Makes a batch, as the steps in TensorFlow take it.
        steps: What makes these, by name, `"ours"` among them: functions of a batch to a dict of scalars.
        torch_step: Makes PyTorch's, for a precision, its batch included.
        calls: Steps a repeat, by default.
        memory_calls: Steps after which the memory is read.
    """

    work: Work
    data: Callable[[Work], Any]
    steps: dict[str, Callable[[Work], Callable]]
    torch_step: Callable[[Work, str], Step]
    calls: int
    memory_calls: int


def adam() -> keras.optimizers.Adam:
    """Returns the optimizer that every step but ours uses, each player its own."""
    return keras.optimizers.Adam(RATE, beta_1=BETAS[0], beta_2=BETAS[1])


def fused_adam() -> FusedAdam:
    """Returns the same in one kernel, which kgan's apps use."""
    return FusedAdam(RATE, beta_1=BETAS[0], beta_2=BETAS[1])


def update(tape: tf.GradientTape, loss: tf.Tensor, optimizer: keras.optimizers.Optimizer, *networks: Any) -> None:
    """Moves the weights of networks, as one player, down the gradient of a loss."""
    weights = [weight for network in networks for weight in network.trainable_weights]
    optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))


class Means:
    """Means of losses over the steps, as a training would log them."""

    def __init__(self, *names: str) -> None:
        self.by_name = {name: keras.metrics.Mean() for name in names}

    def __call__(self, **losses: tf.Tensor) -> dict[str, tf.Tensor]:
        """Takes the losses of a step; returns the means so far."""
        for name, loss in losses.items():
            self.by_name[name].update_state(loss)
        return {name: mean.result() for name, mean in self.by_name.items()}


def both_sides(work: Work) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns a batch of coloured noise `(a, b)`, as translators are trained on."""
    shape = (work.batch, work.size, work.size, 3)
    return tf.random.uniform(shape, -1, 1), tf.random.uniform(shape, -1, 1)


class MirrorPadding(keras.layers.Layer):
    """Reflection padding by TensorFlow's own operation."""

    def __init__(self, padding: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.padding = padding

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the padded maps."""
        sides = [self.padding, self.padding]
        return tf.pad(inputs, [[0, 0], sides, sides, [0, 0]], mode="REFLECT")


def stock(network: keras.Model) -> keras.Model:
    """Returns the same network with what Keras and TensorFlow have for instance norm and padding instead of kgan's."""
    from kgan.layers import ReflectionPadding2D
    from kgan.norms import InstanceNormalization

    def swap(layer: keras.Layer) -> keras.Layer:
        if isinstance(layer, ReflectionPadding2D):
            return MirrorPadding(layer.padding, dtype=layer.dtype_policy, name=layer.name)
        if not isinstance(layer, InstanceNormalization):
            return layer.__class__.from_config(layer.get_config())
        options = {"epsilon": layer.epsilon, "center": False, "scale": False}
        return keras.layers.GroupNormalization(groups=-1, dtype=layer.dtype_policy, name=layer.name, **options)

    return keras.models.clone_model(network, clone_function=swap)
