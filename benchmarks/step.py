"""Images per second and peak memory of our training steps, against others with the same networks, in one run.

    make bench        or        python benchmarks/step.py [FAMILY ...] [--repeats 15] [--threads 2] [--size 128 ...]

Families and their steps (`steps/`), "ours" being kgan's:

- dcgan: alternating, one generator pass a step. `two-pass`: the alternating step of keras.io's DCGAN example, which
  runs the generator once for each player; `one-tape`: a simultaneous step in the manner of TensorFlow's tutorial, both
  gradients on one tape.
- pix2pix: U-Net and PatchGAN with instance norm. `original`: the authors' step in TensorFlow, with Keras's layers and
  optimizer, alternating, one generator pass; `our layers`: the same with kgan's norms and padding; `two-pass`: with
  these, and a generator pass for each player.
- cyclegan: ResNets and PatchGANs. `original`: the authors' step in TensorFlow, with Keras's layers and optimizer,
  alternating, six generator passes, both cycle losses through both generators; `our layers` likewise.
- torch, of each: the authors' alternating step in PyTorch, eager, channels-last; left out where there is no PyTorch.

All in float32 and in bfloat16, with the machine's measured rates of matrix products and convolutions beside them. The
repeats alternate, so that a busy machine disturbs all alike; medians are printed. Memory is what a process of each
step's own gained at its peak over its imports.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf
from steps import Family, Step, families

from kgan.cost import count_flops

PRECISIONS = ("float32", "bfloat16")
TORCH = "torch"
# Calls of a step before it is timed.
WARM_UP = 10


def traced(family: Family, name: str, precision: str) -> tuple[tf.types.experimental.PolymorphicFunction, tuple]:
    """Returns a step as a graph, and its fixed batch."""
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(precision if precision == "float32" else f"mixed_{precision}")
    step = tf.function(family.steps[name](family.work))
    keras.config.set_dtype_policy("float32")
    return step, family.data(family.work)


def make_step(family: Family, name: str, precision: str, threads: int) -> Step:
    """Returns one of the steps by name."""
    if name == TORCH:
        import torch

        torch.set_num_threads(threads)
        return family.torch_step(family.work, precision)
    step, batch = traced(family, name, precision)
    return lambda: float(next(iter(step(batch).values())))


def step_flops(family: Family) -> int:
    """Returns the floating-point operations of one of our steps, two for each multiply-add."""
    step, batch = traced(family, "ours", "float32")
    return count_flops(step.get_concrete_function(batch))


def seconds(action: Callable[[], object], count: int) -> float:
    """Returns the mean time of `count` calls."""
    start = time.perf_counter()
    for _ in range(count):
        action()
    return (time.perf_counter() - start) / count


def machine_rates(precision: str) -> dict[str, float]:
    """Returns GFLOP/s of a 2048-square matrix product and of a 3x3 convolution of 64 channels."""
    matrix = tf.cast(tf.random.normal((2048, 2048)), precision)
    images = tf.cast(tf.random.normal((64, 28, 28, 64)), precision)
    kernel = tf.cast(tf.random.normal((3, 3, 64, 64)), precision)
    product = tf.function(lambda: tf.matmul(matrix, matrix)[0, 0])
    convolve = tf.function(lambda: tf.nn.conv2d(images, kernel, 1, "SAME")[0, 0, 0, 0])
    work = {"matrix product": (product, 2 * 2048**3), "convolution": (convolve, 2 * 64 * 28 * 28 * 9 * 64 * 64)}
    rates = {}
    for name, (function, flops) in work.items():
        function()
        rates[name] = flops / statistics.median(seconds(lambda f=function: f().numpy(), 1) for _ in range(9)) / 1e9
    return rates


def peak_megabytes(family: str, name: str, precision: str, given: argparse.Namespace) -> float:
    """Returns the peak memory that a process gained by some steps over its imports."""
    sizes = [f"--{key}={value}" for key in ("batch", "size", "width") if (value := getattr(given, key))]
    command = [sys.executable, __file__, family, "--memory-of", name, precision, "--threads", str(given.threads)]
    finished = subprocess.run([*command, *sizes], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(finished.stdout.splitlines()[-1])


def print_own_memory(family: Family, name: str, precision: str, threads: int) -> None:
    """Prints this process's gain in peak memory, in MB."""
    if name == TORCH:
        import torch  # noqa: F401
    before = high_water_megabytes()
    step = make_step(family, name, precision, threads)
    for _ in range(family.memory_calls):
        step()
    print(json.dumps(high_water_megabytes() - before))


def high_water_megabytes() -> float:
    """Returns this process's peak memory; getrusage would give the parent's where that was larger."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def compare(family: Family, precision: str, names: list[str], given: argparse.Namespace) -> dict[str, float]:
    """Returns the median seconds of each step over alternating repeats."""
    calls = given.steps or family.calls
    steps = {name: make_step(family, name, precision, given.threads) for name in names}
    for step in steps.values():
        seconds(step, min(calls, WARM_UP))
    times: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(given.repeats):
        for name, step in steps.items():
            times[name].append(seconds(step, calls))
    return {name: statistics.median(values) for name, values in times.items()}


def show(title: str, family: Family, names: list[str], given: argparse.Namespace) -> None:
    """Prints the tables of a family, and how ours compares with the best of the others."""
    ours, flops = {}, step_flops(family)
    print(f"\n{title}: batches of {family.work.batch}, {family.work.size} pixels, width {family.work.width}")
    for precision in PRECISIONS:
        rates = machine_rates(precision)
        print(f"\n{precision}: " + ", ".join(f"{name} {rate:.0f} GFLOP/s" for name, rate in rates.items()))
        times = compare(family, precision, names, given)
        memory = {name: peak_megabytes(title, name, precision, given) for name in names}
        ours[precision] = times["ours"]
        print(f"{'step':12}{'images/s':>10}{'ms':>10}{'ours is':>10}{'peak MB':>9}")
        for name, taken in times.items():
            rate = f"{family.work.batch / taken:10.1f}{taken * 1e3:10.1f}"
            print(f"{name:12}{rate}{taken / times['ours']:9.2f}x{memory[name]:9.0f}", flush=True)
        share = flops / times["ours"] / 1e9
        print(f"ours: {share:.0f} GFLOP/s, {share / rates['convolution']:.0%} of the convolution's rate")
        others = [name for name in names if name != "ours"]
        if others:
            best, least = min(others, key=times.__getitem__), min(others, key=memory.__getitem__)
            print(
                f"ours is {times[best] / times['ours']:.2f}x the best of the others, {best}, and takes "
                f"{memory['ours'] / memory[least]:.2f}x the memory of the least, {least}"
            )
    print(f"\nours in bfloat16 is {ours['float32'] / ours['bfloat16']:.2f}x ours in float32", flush=True)


def choose(family: Family, only: list[str] | None) -> list[str]:
    """Returns the steps to compare: those asked for that this family has, ours always, PyTorch's where there is one."""
    names = [name for name in (*family.steps, TORCH) if only is None or name in (*only, "ours")]
    if TORCH in names and importlib.util.find_spec("torch") is None:
        print("without torch, which is not installed: pip install -e '.[bench]'", file=sys.stderr)
        names.remove(TORCH)
    return names


def main() -> None:
    """Prints the tables."""
    known = families()
    steps = dict.fromkeys([*(name for family in known.values() for name in family.steps), TORCH])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="*", metavar="FAMILY", help=f"of {', '.join(known)}; by default all")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--steps", type=int, help="a repeat; by default each family's own")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, help="by default each family's own, as the two that follow")
    parser.add_argument("--size", type=int, help="of the images, a power of two")
    parser.add_argument("--width", type=int, help="of the networks")
    parser.add_argument("--only", nargs="*", choices=list(steps), help="of the steps, beside ours")
    parser.add_argument("--memory-of", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    unknown = set(given.families) - set(known)
    if unknown:
        parser.error(f"no such family: {', '.join(unknown)}; known: {', '.join(known)}")
    tf.config.threading.set_intra_op_parallelism_threads(given.threads)
    sizes = {key: value for key in ("batch", "size", "width") if (value := getattr(given, key))}
    for name in given.families or known:
        family = known[name]._replace(work=known[name].work._replace(**sizes))
        if given.memory_of:
            print_own_memory(family, *given.memory_of, given.threads)
        else:
            show(name, family, choose(family, given.only), given)


if __name__ == "__main__":
    main()
