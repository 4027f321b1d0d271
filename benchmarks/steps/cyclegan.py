"""The steps of CycleGAN: kgan's, the authors' ported to TensorFlow, and their own in PyTorch.

The authors' code: github.com/junyanz/pytorch-CycleGAN-and-pix2pix, models/cycle_gan_model.py, `optimize_parameters`.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import keras
import tensorflow as tf

import kgan
from kgan.networks import patchgan, resnet
from kgan.pool import ImagePool
from steps.common import Family, Means, Step, Work, adam, both_sides, fused_adam, stock, update

CYCLE_WEIGHT, IDENTITY_WEIGHT, POOL_SIZE = 10.0, 5.0, 50


class Networks(NamedTuple):
    """Those that the cyclegan app trains."""

    ab: keras.Model
    ba: keras.Model
    critic_a: keras.Model
    critic_b: keras.Model


def networks(work: Work) -> Networks:
    """Returns two generators and two critics."""
    shape = (work.size, work.size, 3)
    return Networks(
        *(resnet.generator(shape, 3, work.width, name=name) for name in ("ab", "ba")),
        *(patchgan.discriminator(shape, None, work.width, name=name) for name in ("a", "b")),
    )


def ours(work: Work) -> Callable:
    """Returns kgan's train_step."""
    model = kgan.CycleGAN(*networks(work), CYCLE_WEIGHT, IDENTITY_WEIGHT, POOL_SIZE)
    model.compile(fused_adam(), fused_adam())
    return model.train_step


def original(work: Work, our_layers: bool = False) -> Callable:
    """Returns the authors' step: six passes of a generator, their update, and the critics' on images from the pools.

    Args:
        work: What it works on.
        our_layers: Whether the networks have kgan's norms and padding instead of Keras's and TensorFlow's.
    """
    nets = networks(work)
    if not our_layers:
        nets = Networks(*map(stock, nets))
    optimizers, means = (adam(), adam()), Means("g_loss", "d_loss")
    pools = [ImagePool(POOL_SIZE, (work.size, work.size, 3)) for _ in range(2)]

    def step(batch):
        a, b = batch
        with tf.GradientTape() as tape:
            fake_a, fake_b = nets.ba(b, training=True), nets.ab(a, training=True)
            g_loss = _generators_loss(nets, a, b, fake_a, fake_b)
        update(tape, g_loss, optimizers[0], nets.ab, nets.ba)
        seeds = tf.random.uniform((2, 2), maxval=2**31 - 1, dtype=tf.int32)
        old_a, old_b = (pools[i].exchange(fake, seeds[i]) for i, fake in enumerate((fake_a, fake_b)))
        with tf.GradientTape() as tape:
            d_loss = _critic_loss(nets.critic_a, a, old_a) + _critic_loss(nets.critic_b, b, old_b)
        update(tape, d_loss, optimizers[1], nets.critic_a, nets.critic_b)
        return means(g_loss=g_loss, d_loss=d_loss)

    return step


def _generators_loss(nets: Networks, a: tf.Tensor, b: tf.Tensor, fake_a: tf.Tensor, fake_b: tf.Tensor) -> tf.Tensor:
    cycled_a, cycled_b = nets.ba(fake_b, training=True), nets.ab(fake_a, training=True)
    same_a, same_b = nets.ba(a, training=True), nets.ab(b, training=True)
    game = _squares(nets.critic_b(fake_b, training=True), 1.0) + _squares(nets.critic_a(fake_a, training=True), 1.0)
    cycles = tf.reduce_mean(tf.abs(cycled_a - a)) + tf.reduce_mean(tf.abs(cycled_b - b))
    identities = tf.reduce_mean(tf.abs(same_a - a)) + tf.reduce_mean(tf.abs(same_b - b))
    return game + CYCLE_WEIGHT * cycles + IDENTITY_WEIGHT * identities


def _critic_loss(critic: keras.Model, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    return 0.5 * (_squares(critic(real, training=True), 1.0) + _squares(critic(fake, training=True), 0.0))


def _squares(logits: tf.Tensor, answer: float) -> tf.Tensor:
    return tf.reduce_mean((logits - answer) ** 2)


def torch_step(work: Work, precision: str) -> Step:
    """Returns the authors' step, eager, channels-last; bfloat16 by autocast."""
    import torch
    from torch import nn

    from steps import twins

    ab, ba = (twins.ready(twins.resnet(work.size, work.width)) for _ in "ab")
    critics = nn.ModuleList([twins.ready(twins.critic(3, work.width)) for _ in "ab"])
    g_adam, d_adam = twins.adam(nn.ModuleList([ab, ba])), twins.adam(critics)
    a, b = twins.both_sides(work)
    squares, l1, pools = nn.MSELoss(), nn.L1Loss(), [twins.Pool(POOL_SIZE) for _ in "ab"]
    autocast = partial(torch.autocast, "cpu", torch.bfloat16, enabled=precision == "bfloat16")

    def judge(critic, images, answer):
        logits = critic(images)
        return squares(logits, torch.full_like(logits, answer))

    def step() -> float:
        with autocast():
            fake_b, fake_a = ab(a), ba(b)
            cycled_a, cycled_b = ba(fake_b), ab(fake_a)
        twins.learn(critics, False)
        g_adam.zero_grad()
        with autocast():
            identities = l1(ba(a), a) + l1(ab(b), b)
            game = judge(critics[1], fake_b, 1.0) + judge(critics[0], fake_a, 1.0)
            cycles = l1(cycled_a, a) + l1(cycled_b, b)
            g_loss = game + CYCLE_WEIGHT * cycles + IDENTITY_WEIGHT * identities
        g_loss.backward()
        g_adam.step()
        twins.learn(critics, True)
        d_adam.zero_grad()
        for critic, pool, real, fake in zip(critics, pools, (a, b), (fake_a, fake_b), strict=True):
            old = pool.query(fake.detach())
            with autocast():
                d_loss = 0.5 * (judge(critic, real, 1.0) + judge(critic, old, 0.0))
            d_loss.backward()
        d_adam.step()
        return g_loss.item()

    return step


FAMILY = Family(
    work=Work(batch=1, size=128, width=32),
    data=both_sides,
    steps={"ours": ours, "original": original, "our layers": partial(original, our_layers=True)},
    torch_step=torch_step,
    calls=3,
    memory_calls=5,
)
