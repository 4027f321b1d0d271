"""The steps of pix2pix: kgan's, the authors' ported to TensorFlow, and their own in PyTorch.

The authors' code: github.com/junyanz/pytorch-CycleGAN-and-pix2pix, models/pix2pix_model.py, `optimize_parameters`.
"""

from collections.abc import Callable
from functools import partial

import keras
import tensorflow as tf

import kgan
from kgan.networks import patchgan, unet
from steps.common import Family, Means, Step, Work, adam, both_sides, fused_adam, stock, update

L1_WEIGHT = 100.0


def networks(work: Work) -> tuple[keras.Model, keras.Model]:
    """Returns the pair that the pix2pix app trains."""
    shape = (work.size, work.size, 3)
    return unet.generator(shape, 3, work.width), patchgan.discriminator(shape, 3, work.width)


def ours(work: Work) -> Callable:
    """Returns kgan's train_step."""
    model = kgan.Pix2Pix(*networks(work), l1_weight=L1_WEIGHT)
    model.compile(fused_adam(), fused_adam())
    return model.train_step


def original(work: Work, our_layers: bool = False) -> Callable:
    """Returns the authors' step: one pass of the generator, the critic's update, the generator's.

    Args:
        work: What it works on.
        our_layers: Whether the networks have kgan's norms and padding instead of Keras's and TensorFlow's.
    """
    generator, discriminator = networks(work) if our_layers else map(stock, networks(work))
    optimizers, means = (adam(), adam()), Means("d_loss", "g_loss", "l1_loss")
    loss = keras.losses.BinaryCrossentropy(from_logits=True)

    def step(batch):
        a, b = batch
        with tf.GradientTape() as g_tape:
            fakes = generator(a, training=True)
        with tf.GradientTape() as tape:
            d_loss = _critic_loss(loss, discriminator, a, b, tf.stop_gradient(fakes))
        update(tape, d_loss, optimizers[0], discriminator)
        # The generator's own tape has ended: the gradient by its images, from the critic that has moved.
        with tf.GradientTape() as tape:
            tape.watch(fakes)
            logits = discriminator([a, fakes], training=True)
            g_loss, l1_loss = loss(tf.ones_like(logits), logits), L1_WEIGHT * tf.reduce_mean(tf.abs(b - fakes))
            total = g_loss + l1_loss
        weights = generator.trainable_weights
        gradients = g_tape.gradient(fakes, weights, output_gradients=tape.gradient(total, fakes))
        optimizers[1].apply_gradients(zip(gradients, weights, strict=True))
        return means(d_loss=d_loss, g_loss=g_loss, l1_loss=l1_loss)

    return step


def two_pass(work: Work) -> Callable:
    """Returns the same in the manner of a Keras train_step: each player's update has a generator pass of its own."""
    generator, discriminator = networks(work)
    optimizers, means = (adam(), adam()), Means("d_loss", "g_loss", "l1_loss")
    loss = keras.losses.BinaryCrossentropy(from_logits=True)

    def step(batch):
        a, b = batch
        fakes = generator(a, training=True)
        with tf.GradientTape() as tape:
            d_loss = _critic_loss(loss, discriminator, a, b, fakes)
        update(tape, d_loss, optimizers[0], discriminator)
        with tf.GradientTape() as tape:
            fakes = generator(a, training=True)
            logits = discriminator([a, fakes], training=True)
            g_loss, l1_loss = loss(tf.ones_like(logits), logits), L1_WEIGHT * tf.reduce_mean(tf.abs(b - fakes))
            total = g_loss + l1_loss
        update(tape, total, optimizers[1], generator)
        return means(d_loss=d_loss, g_loss=g_loss, l1_loss=l1_loss)

    return step


def _critic_loss(loss: Callable, discriminator: keras.Model, a: tf.Tensor, b: tf.Tensor, fakes: tf.Tensor) -> tf.Tensor:
    on_fakes, on_real = discriminator([a, fakes], training=True), discriminator([a, b], training=True)
    return 0.5 * (loss(tf.zeros_like(on_fakes), on_fakes) + loss(tf.ones_like(on_real), on_real))


def torch_step(work: Work, precision: str) -> Step:
    """Returns the authors' step, eager, channels-last; bfloat16 by autocast."""
    import torch
    from torch import nn

    from steps import twins

    generator, discriminator = twins.ready(twins.UNet(work.size, work.width)), twins.ready(twins.critic(6, work.width))
    g_adam, d_adam = twins.adam(generator), twins.adam(discriminator)
    a, b = twins.both_sides(work)
    cross_entropy, l1 = nn.BCEWithLogitsLoss(), nn.L1Loss()
    autocast = partial(torch.autocast, "cpu", torch.bfloat16, enabled=precision == "bfloat16")

    def judge(images, answer):
        logits = discriminator(torch.cat([a, images], 1))
        return cross_entropy(logits, torch.full_like(logits, answer))

    def step() -> float:
        with autocast():
            fakes = generator(a)
        twins.learn(discriminator, True)
        d_adam.zero_grad()
        with autocast():
            d_loss = 0.5 * (judge(fakes.detach(), 0.0) + judge(b, 1.0))
        d_loss.backward()
        d_adam.step()
        twins.learn(discriminator, False)
        g_adam.zero_grad()
        with autocast():
            g_loss = judge(fakes, 1.0) + L1_WEIGHT * l1(fakes, b)
        g_loss.backward()
        g_adam.step()
        return d_loss.item()

    return step


FAMILY = Family(
    work=Work(batch=1, size=128, width=32),
    data=both_sides,
    steps={
        "ours": ours,
        "original": original,
        "two-pass": two_pass,
        "our layers": partial(original, our_layers=True),
    },
    torch_step=torch_step,
    calls=10,
    memory_calls=15,
)
