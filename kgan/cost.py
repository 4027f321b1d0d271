"""What a training costs, told before it begins: parameters, arithmetic, memory, and time on this machine."""

import contextlib
import dataclasses
import math
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import keras
import tensorflow as tf

from kgan.devices import num_replicas
from kgan.translation import Translation

# Steps that are timed, after a first one; fewer where they are long.
TIMED_STEPS = 3
TIMED_SECONDS = 10.0


@dataclasses.dataclass(frozen=True)
class Cost:
    """What a model of images into images takes.

    Attributes:
        generator_parameters: Trainable weights of all generators.
        critic_parameters: The same of the critics.
        translation_flops: Floating-point operations that translate one image; see `count_flops`.
        step_flops: Those of a training step.
        step_seconds: Median time of a step.
        memory: Bytes that were in use at most, so far: the GPU's where there is one, else all of this process's.
    """

    generator_parameters: int
    critic_parameters: int
    translation_flops: int
    step_flops: int
    step_seconds: float
    memory: int

    def __str__(self) -> str:
        critics = _short(self.critic_parameters).rstrip()
        return (
            f"generators {_short(self.generator_parameters)} parameters, critics {critics}; "
            f"{_short(self.translation_flops)}FLOP to translate an image, {_short(self.step_flops)}FLOP a step; "
            f"{_short(self.memory)}B of memory; {self.step_seconds:.2g} s a step on this machine"
        )


def measure(model: Translation, batch: tuple[tf.Tensor, tf.Tensor]) -> Cost:
    """Measures a compiled model by a few training steps, and leaves no trace of them in it.

    All that the steps change is put back afterwards, random state and optimizers included, so that a training is the
    same bit for bit with this and without.

    Args:
        model: What is to be trained.
        batch: Images `(a, b)` as it is trained on, of the very batch size.
    """
    generator = model.translator(model.directions[0])
    forward = tf.function(generator, autograph=False).get_concrete_function(batch[0][:1])
    step = tf.function(model.train_step, autograph=False, jit_compile=model.jit_compile)
    with _kept(model):
        step_flops = count_flops(step.get_concrete_function(batch))
        seconds = _step_seconds(lambda: tf.nest.map_structure(lambda term: term.numpy(), step(batch)))
    return Cost(
        generator_parameters=_parameters(model.generators),
        critic_parameters=_parameters(model.discriminators),
        translation_flops=count_flops(forward),
        step_flops=step_flops,
        step_seconds=seconds,
        memory=_memory(),
    )


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
def _kept(model: Translation) -> Iterator[None]:
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
    times: list[float] = []
    while len(times) < TIMED_STEPS and sum(times) < TIMED_SECONDS:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


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


def _duration(hours: float) -> str:
    if hours >= 2:
        return f"about {hours:,.1f} hours"
    minutes = 60 * hours
    return f"about {minutes:,.0f} minutes" if minutes >= 1.5 else "a minute or so"


class Batches(Protocol):
    """What `CostLine` asks of data: `kgan.data.PairedImages` and `kgan.data.UnpairedImages` are such."""

    def __len__(self) -> int:
        """Returns the number of examples."""

    def batches(self, batch_size: int, *, shuffle: bool) -> tf.data.Dataset:
        """Returns the batches `(a, b)` of an epoch."""


class CostLine(keras.callbacks.Callback):
    """Says in one line, before the first step, what a training on one device will cost.

    Args:
        data: What is trained on.
        batch_size: Images a batch.
        epochs: How many in all, or None.
        minutes: How many in all, or None.
    """

    def __init__(self, data: Batches, batch_size: int, epochs: int | None, minutes: float | None) -> None:
        super().__init__()
        self.data = data
        self.batch_size = batch_size
        self.epochs = epochs
        self.minutes = minutes
        self.cost: Cost | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Measures, and says it."""
        if num_replicas() > 1:
            print("the cost of a step is measured on one device only; see the images/s below", file=sys.stderr)
        elif self.cost is None:
            batch = next(iter(self.data.batches(self.batch_size, shuffle=False)))
            self.cost = measure(self.model, batch)
            print(f"{self.cost}: {self._time(self.cost.step_seconds)}", file=sys.stderr, flush=True)

    def _time(self, step_seconds: float) -> str:
        """Returns in words how long the epochs take, or how many the minutes hold."""
        steps = len(self.data) // self.batch_size
        said = []
        if self.epochs:
            left = self.epochs * steps - int(self.model.optimizer.iterations.numpy())
            hours = max(left, 0) * step_seconds / 3600
            said.append(f"{left:,} steps, to the end of epoch {self.epochs}, take {_duration(hours)}")
        if self.minutes:
            said.append(f"{self.minutes:g} minutes hold about {self.minutes * 60 / step_seconds / steps:,.1f} epochs")
        return "; ".join(said)
