"""The steps of DCGAN: kgan's, keras.io's example, a simultaneous one, PyTorch's."""

from collections.abc import Callable

import keras
import tensorflow as tf

import kgan
from kgan.networks import dcgan
from steps.common import BETAS, RATE, Family, Means, Step, Work, adam, update

LATENT_DIM = 64


def networks(work: Work) -> tuple[keras.Model, keras.Model]:
    """Returns the pair that the dcgan app trains."""
    shape = (work.size, work.size, 1)
    options = {"width": work.width, "normalization": "none", "init_stddev": None}
    return dcgan.generator(LATENT_DIM, shape, slope=0.2, **options), dcgan.discriminator(shape, **options)


def data(work: Work) -> tf.Tensor:
    """Returns a batch of gray noise."""
    return tf.random.uniform((work.batch, work.size, work.size, 1), -1, 1)


def ours(work: Work) -> Callable:
    """Returns kgan's train_step."""
    gan = kgan.GAN(*networks(work), LATENT_DIM)
    gan.compile(adam(), adam(), loss="non_saturating")
    return gan.train_step


def two_pass(work: Work) -> Callable:
    """Returns the step of keras.io/examples/generative/dcgan_overriding_train_step."""
    generator, discriminator = networks(work)
    optimizers, means = (adam(), adam()), Means("d_loss", "g_loss")
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    shape = (work.batch, 1)

    def step(real):
        latents = tf.random.normal((work.batch, LATENT_DIM))
        combined = tf.concat([generator(latents), real], axis=0)
        labels = tf.concat([tf.zeros(shape), tf.ones(shape)], axis=0)
        with tf.GradientTape() as tape:
            d_loss = loss(labels, discriminator(combined))
        update(tape, d_loss, optimizers[0], discriminator)
        latents = tf.random.normal((work.batch, LATENT_DIM))
        with tf.GradientTape() as tape:
            g_loss = loss(tf.ones(shape), discriminator(generator(latents)))
        update(tape, g_loss, optimizers[1], generator)
        return means(d_loss=d_loss, g_loss=g_loss)

    return step


def one_tape(work: Work) -> Callable:
    """Returns a simultaneous step: both players' gradients from one pass, at the same weights."""
    generator, discriminator = networks(work)
    optimizers, means = (adam(), adam()), Means("d_loss", "g_loss")
    loss = keras.losses.BinaryCrossentropy(from_logits=True)

    def step(real):
        with tf.GradientTape(persistent=True) as tape:
            fakes = generator(tf.random.normal((work.batch, LATENT_DIM)), training=True)
            real_logits, fake_logits = discriminator(real, training=True), discriminator(fakes, training=True)
            d_loss = loss(tf.ones_like(real_logits), real_logits) + loss(tf.zeros_like(fake_logits), fake_logits)
            g_loss = loss(tf.ones_like(fake_logits), fake_logits)
        update(tape, d_loss, optimizers[0], discriminator)
        update(tape, g_loss, optimizers[1], generator)
        return means(d_loss=d_loss, g_loss=g_loss)

    return step


def torch_step(work: Work, precision: str) -> Step:
    """Returns the PyTorch twin: the same layers, optimizers and order; bfloat16 by autocast."""
    import torch
    from torch import nn

    act = lambda: nn.LeakyReLU(0.2, inplace=True)  # noqa: E731
    up = lambda i, o: nn.ConvTranspose2d(i, o, 4, 2, 1)  # noqa: E731
    down = lambda i, o: nn.Conv2d(i, o, 4, 2, 1)  # noqa: E731
    base, width, wide = work.size // 4, work.width, 2 * work.width
    dense = nn.Linear(LATENT_DIM, base**2 * wide)
    generator = nn.Sequential(
        dense, nn.Unflatten(1, (wide, base, base)), act(), up(wide, width), act(), up(width, 1), nn.Tanh()
    )
    discriminator = nn.Sequential(
        down(1, width), act(), down(width, wide), act(), nn.Flatten(), nn.Linear(base**2 * wide, 1)
    )
    players = [network.to(memory_format=torch.channels_last) for network in (generator, discriminator)]
    g_adam, d_adam = (torch.optim.Adam(network.parameters(), RATE, betas=BETAS) for network in players)
    real = (torch.rand(work.batch, 1, work.size, work.size) * 2 - 1).to(memory_format=torch.channels_last)
    softplus = nn.functional.softplus

    def step() -> float:
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            fakes = generator(torch.randn(work.batch, LATENT_DIM))
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


FAMILY = Family(
    work=Work(batch=64, size=28, width=32),
    data=data,
    steps={"ours": ours, "two-pass": two_pass, "one-tape": one_tape},
    torch_step=torch_step,
    calls=20,
    memory_calls=30,
)
