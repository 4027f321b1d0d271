"""What a training costs: parameters, arithmetic, memory, and time on this machine."""

import contextlib
import dataclasses
import math
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf

from kgan.adversarial import Adversarial
from kgan.translation import Translation

# Steps that are timed, after a first one, a multiple of those between two penalties; fewer where they are long.
TIMED_STEPS = 16
LEAST_TIMED_STEPS = 3
TIMED_SECONDS = 3.0


@dataclasses.dataclass(frozen=True)
class Cost:
    """What a model takes.

    Attributes:
        generator_parameters: Trainable weights of all generators.
        critic_parameters: The same of the critics.
        image_flops: Floating-point operations that draw, or translate, one image; see `count_flops`. None of a family
            that does not say what it answers.
        step_flops: Those of a training step.
        step_seconds: Mean time of a step.
        memory: Bytes that were in use at most, so far: the GPU's where there is one, else all of this process's.
        verb: What is done to an image, `"draw"` or `"translate"`.
    """

    generator_parameters: int
    critic_parameters: int
    image_flops: int | None
    step_flops: int
    step_seconds: float
    memory: int
    verb: str

    def __str__(self) -> str:
        critics = _short(self.critic_parameters).rstrip()
        image = "" if self.image_flops is None else f"{_short(self.image_flops)}FLOP to {self.verb} an image, "
        return (
            f"generators {_short(self.generator_parameters)} parameters, critics {critics}; "
            f"{image}{_short(self.step_flops)}FLOP a step; "
            f"{_short(self.memory)}B of memory; {self.step_seconds:.2g} s a step on this machine"
        )


def measure(model: Adversarial, batch: Any) -> Cost:
    """Measures a compiled model by a few training steps, and leaves no trace of them in it.

    All that the steps change is put back afterwards, random state and optimizers included, so that a training is the
    same bit for bit with this and without.

    Args:
        model: What is to be trained.
        batch: What it is trained on, of the very batch size.
    """
    step = tf.function(model.train_step, autograph=False, jit_compile=model.jit_compile)
    with _kept(model):
        step_flops = count_flops(step.get_concrete_function(batch))
        seconds = _step_seconds(lambda: tf.nest.map_structure(lambda term: term.numpy(), step(batch)))
    return Cost(
        generator_parameters=_parameters(model.generators),
        critic_parameters=_parameters(model.discriminators),
        image_flops=_image_flops(model, tf.nest.flatten(batch)[0].shape),
        step_flops=step_flops,
        step_seconds=seconds,
        memory=_memory(),
        verb="translate" if isinstance(model, Translation) else "draw",
    )


def _image_flops(model: Any, images: tf.TensorShape) -> int | None:
    """Returns the arithmetic of one image, a translator's of these images' size; None if there are no endpoints."""
    if not callable(getattr(model, "endpoints", None)):
        return None
    endpoint = model.endpoints()["serving_default"]
    given = endpoint.inputs[0].spec
    size = [there or like for there, like in zip(given.shape[1:], images[1:], strict=False)]
    one = tf.TensorSpec((1, *size), given.dtype)
    return count_flops(tf.function(endpoint.function, autograph=False).get_concrete_function(one))


def count_flops(function: Any) -> int:
    """Returns the floating-point operations of a traced function's 2D convolutions and dense layers.

    Two for each multiply-add, those with padding included. What else there is, such as norms and activations, is a few
    per cent of the work of convolutional networks and is not counted, nor is what stands inside `tf.cond`.

    Counted is the graph, not the layers: so a training step counts as it is run, gradients that nobody asks for left
    out and passes that serve twice counted once. TensorFlow's profiler counts nodes that are never run, too.

    Args:
        function: A concrete function, traced with all shapes known.
    """
    waiting = [*(output.op for output in function.graph.outputs), *function.graph.control_outputs]
    seen, total = set(), 0
    while waiting:
        op = waiting.pop()
        if op.name not in seen:
            seen.add(op.name)
            total += 2 * _multiply_adds(op)
            waiting += [*(tensor.op for tensor in op.inputs), *op.control_inputs]
    return total


def _multiply_adds(op: tf.Operation) -> int:
    """Returns an operation's multiply-adds; 0 for what is neither convolution nor dense layer."""
    if op.type == "MatMul":
        inner = op.inputs[0].shape[0 if op.get_attr("transpose_a") else 1]
        return op.outputs[0].shape.num_elements() * inner
    # The kernel, and the maps that a convolution makes: its gradients, too, go once through each pair of these.
    kernel_and_maps: dict[str, Callable[[], tuple[tf.Tensor, tf.Tensor]]] = {
        "Conv2D": lambda: (op.inputs[1], op.outputs[0]),
        "Conv2DBackpropInput": lambda: (op.inputs[1], op.inputs[2]),
        "Conv2DBackpropFilter": lambda: (op.outputs[0], op.inputs[2]),
    }
    if op.type not in kernel_and_maps:
        return 0
    kernel, maps = kernel_and_maps[op.type]()
    return maps.shape.num_elements() * math.prod(kernel.shape[:3])


@contextlib.contextmanager
def _kept(model: Adversarial) -> Iterator[None]:
    """Puts back afterwards all that a training step changes."""
    optimizers = (model.generator_optimizer, model.discriminator_optimizer)
    variables = [*model.variables, *(variable for optimizer in optimizers for variable in optimizer.variables)]
    values = [keras.ops.convert_to_numpy(variable) for variable in variables]
    try:
        yield
    finally:
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        model.reset_metrics()


def _step_seconds(step: Callable[[], Any]) -> float:
    # The first one prepares what the others find ready.
    step()
    start, steps = time.perf_counter(), 0
    while steps < LEAST_TIMED_STEPS or (steps < TIMED_STEPS and time.perf_counter() - start < TIMED_SECONDS):
        step()
        steps += 1
    return (time.perf_counter() - start) / steps


def _memory() -> int:
    if tf.config.list_physical_devices("GPU"):
        return tf.config.experimental.get_memory_info("GPU:0")["peak"]
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts kilobytes.
    return most if sys.platform == "darwin" else 1024 * most


def _parameters(networks: Sequence[keras.Model]) -> int:
    return sum(math.prod(weight.shape) for network in networks for weight in network.trainable_weights)


def _short(number: float) -> str:
    """Returns three digits and a prefix: 54.4 M."""
    for prefix, unit in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= unit:
            return f"{number / unit:.3g} {prefix}"
    return f"{number:.3g} "
