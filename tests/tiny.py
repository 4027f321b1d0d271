"""GANs small enough to be checked by hand."""

import keras
import numpy as np
import tensorflow as tf

import kgan

SHAPE = (4, 4, 1)
LATENT_DIM = 3


def generator(*extra, bias=True):
    """A dense generator; `extra` layers stand before the image."""
    return keras.Sequential(
        [
            keras.Input((LATENT_DIM,)),
            *extra,
            keras.layers.Dense(16, activation="tanh", use_bias=bias, dtype="float32"),
            keras.layers.Reshape(SHAPE),
        ]
    )


def discriminator(*extra, hidden=8):
    """A dense critic; `extra` layers stand before the logits."""
    return keras.Sequential(
        [
            keras.Input(SHAPE),
            keras.layers.Flatten(),
            keras.layers.Dense(hidden, activation="softplus"),
            *extra,
            keras.layers.Dense(1, dtype="float32"),
        ]
    )


def linear_critic():
    """D(x) = w . x, without bias: its gradients are known."""
    return keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten(), keras.layers.Dense(1, use_bias=False)])


def gan(
    make_generator=generator,
    make_discriminator=discriminator,
    ema_decay=0.9,
    seed=1,
    optimizer=None,
    augment=None,
    **compile,
):
    """A compiled GAN whose weights are the same at every call."""
    keras.utils.set_random_seed(7)
    options = {"ema_decay": ema_decay, "augment": augment, "seed": seed}
    model = kgan.GAN(make_generator(), make_discriminator(), LATENT_DIM, **options)
    optimizer = optimizer or (lambda: keras.optimizers.Adam(0.01, beta_1=0.5))
    model.compile(optimizer(), optimizer(), **compile)
    return model


def images(num_images=32, seed=0):
    """Real images in [-1, 1]."""
    return np.random.default_rng(seed).uniform(-1, 1, (num_images, *SHAPE)).astype("float32")


def batches(num_images=32, batch_size=8):
    """The same, as a dataset."""
    return tf.data.Dataset.from_tensor_slices(images(num_images)).batch(batch_size, drop_remainder=True)


def differences(one, other):
    """The paths of the weights in which two models differ by a single bit: optimizers and Dropout's seeds included."""

    def state(model):
        optimizers = (model.generator_optimizer, model.discriminator_optimizer)
        means = {id(variable) for metric in model.metrics for variable in metric.variables}
        variables = [*model.variables, *(variable for optimizer in optimizers for variable in optimizer.variables)]
        return [(v.path, v.numpy()) for v in variables if id(v) not in means]

    pairs = zip(state(one), state(other), strict=True)
    return [path for (path, a), (_, b) in pairs if not np.array_equal(a, b, equal_nan=True)]


PICTURE = (16, 16, 3)


def pix2pix(norm="instance", l1_weight=10.0, ema_decay=0.9, seed=1, augment=None, **compile):
    """A compiled Pix2Pix of real, narrow networks; the same weights at every call."""
    keras.utils.set_random_seed(7)
    generator = kgan.networks.unet.generator(PICTURE, width=2, norm=norm)
    critic = kgan.networks.patchgan.discriminator(PICTURE, 3, width=2, receptive_field=16, norm=norm)
    options = {"l1_weight": l1_weight, "ema_decay": ema_decay, "seed": seed, "augment": augment}
    model = kgan.Pix2Pix(generator, critic, **options)
    model.compile(keras.optimizers.Adam(0.01, beta_1=0.5), keras.optimizers.Adam(0.01, beta_1=0.5), **compile)
    return model


def cyclegan(
    make_generator=None, make_discriminator=None, ema_decay=0.9, pool_size=3, seed=1, optimizer=None, **options
):
    """A compiled CycleGAN of real, narrow networks; the same weights at every call."""
    keras.utils.set_random_seed(7)
    make_generator = make_generator or (lambda: kgan.networks.resnet.generator(PICTURE, width=2, blocks=0))
    make_discriminator = make_discriminator or (
        lambda: kgan.networks.patchgan.discriminator(PICTURE, width=2, receptive_field=16)
    )
    of_family = ("cycle_weight", "identity_weight", "augment")
    given = {name: options.pop(name) for name in of_family if name in options}
    given |= {"ema_decay": ema_decay, "pool_size": pool_size, "seed": seed}
    networks = [make_generator(), make_generator(), make_discriminator(), make_discriminator()]
    model = kgan.CycleGAN(*networks, **given)
    optimizer = optimizer or (lambda: keras.optimizers.Adam(0.01, beta_1=0.5))
    model.compile(optimizer(), optimizer(), **options)
    return model


def pictures(num_images=8, seed=0, shape=PICTURE):
    """Images for the families that translate, in [-1, 1]."""
    return np.random.default_rng(seed).uniform(-1, 1, (num_images, *shape)).astype("float32")


def pairs(num_images=8, batch_size=2):
    """Batches `(a, b)` of them, as a dataset."""
    both = pictures(num_images), pictures(num_images, seed=1)
    return tf.data.Dataset.from_tensor_slices(both).batch(batch_size, drop_remainder=True)
