"""Images per second and peak memory of the DCGAN step, against three others with the same networks, in one run.

    make bench        or        python benchmarks/step.py [--repeats 15] [--steps 20] [--threads 2]

- ours: `kgan.GAN`, alternating, one generator pass a step;
- two-pass: the alternating step of keras.io's DCGAN example, which runs the generator once for each player;
- one-tape: a simultaneous step in the manner of TensorFlow's tutorial: both gradients on one tape;
- torch: the alternating step in PyTorch, eager, channels-last, as its own DCGAN example has it.

All in float32 and in bfloat16, with the machine's measured rates of matrix products and convolutions beside them. The
repeats alternate, so that a busy machine disturbs all alike; medians are printed. Memory is the peak of a process of
each step's own.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

BATCH, SIZE, LATENT_DIM, WIDTH = 64, 28, 64, 32
STEPS = ("ours", "two-pass", "one-tape", "torch")
PRECISIONS = ("float32", "bfloat16")
Step = Callable[[], float]


def networks() -> tuple:
    """Returns the pair that the dcgan app trains."""
    from kgan.networks import dcgan

    shape = (SIZE, SIZE, 1)
    options = {"width": WIDTH, "normalization": "none", "init_stddev": None}
    return dcgan.generator(LATENT_DIM, shape, slope=0.2, **options), dcgan.discriminator(shape, **options)


def adam():
    """Returns the optimizer that every step uses, each player its own."""
    import keras

    return keras.optimizers.Adam(2e-4, beta_1=0.5)


def ours():
    """Returns kgan's train_step."""
    import kgan

    gan = kgan.GAN(*networks(), LATENT_DIM)
    gan.compile(adam(), adam(), loss="non_saturating")
    return gan.train_step


def two_pass():
    """Returns the step of keras.io/examples/generative/dcgan_overriding_train_step."""
    import keras
    import tensorflow as tf

    generator, discriminator = networks()
    optimizers = adam(), adam()
    means = keras.metrics.Mean(), keras.metrics.Mean()
    loss = keras.losses.BinaryCrossentropy(from_logits=True)

    def step(real):
        latents = tf.random.normal((BATCH, LATENT_DIM))
        combined = tf.concat([generator(latents), real], axis=0)
        labels = tf.concat([tf.zeros((BATCH, 1)), tf.ones((BATCH, 1))], axis=0)
        with tf.GradientTape() as tape:
            d_loss = loss(labels, discriminator(combined))
        grads = tape.gradient(d_loss, discriminator.trainable_weights)
        optimizers[0].apply_gradients(zip(grads, discriminator.trainable_weights, strict=True))
        latents = tf.random.normal((BATCH, LATENT_DIM))
        with tf.GradientTape() as tape:
            g_loss = loss(tf.ones((BATCH, 1)), discriminator(generator(latents)))
        grads = tape.gradient(g_loss, generator.trainable_weights)
        optimizers[1].apply_gradients(zip(grads, generator.trainable_weights, strict=True))
        means[0].update_state(d_loss)
        means[1].update_state(g_loss)
        return {"d_loss": means[0].result(), "g_loss": means[1].result()}

    return step


def one_tape():
    """Returns a simultaneous step: both players' gradients from one pass, at the same weights."""
    import keras
    import tensorflow as tf

    generator, discriminator = networks()
    optimizers = adam(), adam()
    means = keras.metrics.Mean(), keras.metrics.Mean()
    loss = keras.losses.BinaryCrossentropy(from_logits=True)

    def step(real):
        with tf.GradientTape(persistent=True) as tape:
            fakes = generator(tf.random.normal((BATCH, LATENT_DIM)), training=True)
            real_logits, fake_logits = discriminator(real, training=True), discriminator(fakes, training=True)
            d_loss = loss(tf.ones_like(real_logits), real_logits) + loss(tf.zeros_like(fake_logits), fake_logits)
            g_loss = loss(tf.ones_like(fake_logits), fake_logits)
        for optimizer, value, network in ((optimizers[0], d_loss, discriminator), (optimizers[1], g_loss, generator)):
            grads = tape.gradient(value, network.trainable_weights)
            optimizer.apply_gradients(zip(grads, network.trainable_weights, strict=True))
        means[0].update_state(d_loss)
        means[1].update_state(g_loss)
        return {"d_loss": means[0].result(), "g_loss": means[1].result()}

    return step


def tensorflow_step(make: Callable, precision: str) -> Step:
    """Returns a step in a graph, on one fixed batch."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(precision if precision == "float32" else f"mixed_{precision}")
    step = tf.function(make())
    keras.config.set_dtype_policy("float32")
    real = tf.random.uniform((BATCH, SIZE, SIZE, 1), -1, 1)
    return lambda: float(next(iter(step(real).values())))


def torch_step(precision: str, threads: int) -> Step:
    """Returns the PyTorch twin: the same layers, optimizers and order; bfloat16 by autocast."""
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    act = lambda: nn.LeakyReLU(0.2, inplace=True)  # noqa: E731
    up = lambda i, o: nn.ConvTranspose2d(i, o, 4, 2, 1)  # noqa: E731
    down = lambda i, o: nn.Conv2d(i, o, 4, 2, 1)  # noqa: E731
    wide = 2 * WIDTH
    dense = nn.Linear(LATENT_DIM, 49 * wide)
    generator = nn.Sequential(
        dense, nn.Unflatten(1, (wide, 7, 7)), act(), up(wide, WIDTH), act(), up(WIDTH, 1), nn.Tanh()
    )
    discriminator = nn.Sequential(
        down(1, WIDTH), act(), down(WIDTH, wide), act(), nn.Flatten(), nn.Linear(49 * wide, 1)
    )
    players = [network.to(memory_format=torch.channels_last) for network in (generator, discriminator)]
    g_adam, d_adam = (torch.optim.Adam(network.parameters(), 2e-4, betas=(0.5, 0.999)) for network in players)
    real = (torch.rand(BATCH, 1, SIZE, SIZE) * 2 - 1).to(memory_format=torch.channels_last)
    softplus = nn.functional.softplus

    def step() -> float:
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            fakes = generator(torch.randn(BATCH, LATENT_DIM))
            d_loss = softplus(-discriminator(real)).mean() + softplus(discriminator(fakes.detach())).mean()
        d_adam.zero_grad()
        d_loss.backward()
        d_adam.step()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            g_loss = softplus(-discriminator(fakes)).mean()
        g_adam.zero_grad()
        # Without the critic's own gradients, which this update would throw away.
        g_loss.backward(inputs=list(generator.parameters()))
        g_adam.step()
        return d_loss.item()

    return step


def make_step(name: str, precision: str, threads: int) -> Step:
    """Returns one of the steps by name."""
    if name == "torch":
        return torch_step(precision, threads)
    return tensorflow_step({"ours": ours, "two-pass": two_pass, "one-tape": one_tape}[name], precision)


def seconds(action: Callable[[], object], count: int) -> float:
    """Returns the mean time of `count` calls."""
    start = time.perf_counter()
    for _ in range(count):
        action()
    return (time.perf_counter() - start) / count


def machine_rates(precision: str) -> dict[str, float]:
    """Returns GFLOP/s of a 2048-square matrix product and of a 3x3 convolution of 64 channels."""
    import tensorflow as tf

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


def step_flops() -> float:
    """Returns the floating-point operations of one of our steps, two for each multiply-add.

    The generator goes forward once and backward twice, to its weights and its inputs. The critic goes forward three
    times (real, fake, and fake again once it has moved), backward to weights and inputs twice, to inputs once.
    """
    base, wide = SIZE // 4, 2 * WIDTH
    halves = [base * 2, base]
    g_layers = [LATENT_DIM * base**2 * wide, base**2 * 16 * wide * WIDTH, halves[0] ** 2 * 16 * WIDTH]
    d_first, d_rest = halves[0] ** 2 * 16 * WIDTH, base**2 * 16 * WIDTH * wide + base**2 * wide
    # No gradient to the latents, nor to the images of the critic's own update.
    generator = 3 * sum(g_layers) - g_layers[0]
    discriminator = 2 * (3 * (d_first + d_rest) - d_first) + 2 * (d_first + d_rest)
    return 2.0 * BATCH * (generator + discriminator)


def peak_megabytes(name: str, precision: str, threads: int) -> float:
    """Returns the peak memory that a process gained by 30 steps over its imports."""
    command = [sys.executable, __file__, "--memory-of", name, precision, "--threads", str(threads)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])


def print_own_memory(name: str, precision: str, threads: int) -> None:
    """Prints this process's gain in peak memory, in MB."""
    import kgan  # noqa: F401

    if name == "torch":
        import torch  # noqa: F401
    before = high_water_megabytes()
    step = make_step(name, precision, threads)
    for _ in range(30):
        step()
    print(json.dumps(high_water_megabytes() - before))


def high_water_megabytes() -> float:
    """Returns this process's peak memory; getrusage would give the parent's where that was larger."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def compare(precision: str, names: list[str], repeats: int, count: int, threads: int) -> dict[str, float]:
    """Returns the median seconds of each step over alternating repeats."""
    steps = {name: make_step(name, precision, threads) for name in names}
    for step in steps.values():
        seconds(step, 10)
    times: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(repeats):
        for name, step in steps.items():
            times[name].append(seconds(step, count))
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", nargs="*", choices=STEPS, default=list(STEPS))
    parser.add_argument("--memory-of", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()

    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(given.threads)
    if given.memory_of:
        print_own_memory(*given.memory_of, given.threads)
        return
    medians = {}
    for precision in PRECISIONS:
        rates = machine_rates(precision)
        print(f"\n{precision}: " + ", ".join(f"{name} {rate:.0f} GFLOP/s" for name, rate in rates.items()))
        medians[precision] = times = compare(precision, given.only, given.repeats, given.steps, given.threads)
        print(f"{'step':10}{'images/s':>10}{'ms':>8}{'ours is':>10}{'peak MB':>9}")
        for name, taken in times.items():
            memory = peak_megabytes(name, precision, given.threads)
            print(f"{name:10}{BATCH / taken:10.0f}{taken * 1e3:8.1f}{taken / times['ours']:9.2f}x{memory:9.0f}")
        share = step_flops() / times["ours"] / 1e9
        print(f"ours: {share:.0f} GFLOP/s, {share / rates['convolution']:.0%} of the convolution's rate")
    print(f"\nours in bfloat16 against float32: {medians['float32']['ours'] / medians['bfloat16']['ours']:.2f}x")


if __name__ == "__main__":
    main()
