"""A folder of small published models, one of each kind of question, for what asks servers."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path
from unittest import mock

import keras

import kgan
import tiny
from kgan.codes import Categorical, Continuous
from kgan.export import exporting, publish, write_configs
from kgan.prompts import PromptEncoder

WORDS = {"hair": ("blue", "green", "red")}


def infogan():
    """Codes of a class and of a number."""
    keras.utils.set_random_seed(3)
    layers, shape, noise, codes = keras.layers, (8, 8, 1), 6, (Categorical(4), Continuous(0.5))
    columns, answers = sum(code.size for code in codes), sum(code.answers for code in codes)
    generator = keras.Sequential([keras.Input((noise + columns,)), layers.Dense(64, "tanh"), layers.Reshape(shape)])
    body = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(8)])
    heads = [keras.Sequential([keras.Input((8,)), layers.Dense(size)]) for size in (1, answers)]
    model = kgan.InfoGAN(generator, body, *heads, codes, noise, seed=1)
    model.compile("adam", "adam")
    return model


def conditional(prior=None):
    """Of one attribute, so that it answers labels and prompts."""
    keras.utils.set_random_seed(4)
    layers, count = keras.layers, len(WORDS["hair"])
    latents, conditions = keras.Input((tiny.LATENT_DIM,)), keras.Input((count,))
    image = layers.Reshape((8, 8, 3))(layers.Dense(192, "tanh")(layers.Concatenate()([latents, conditions])))
    images, asked = keras.Input((8, 8, 3)), keras.Input((count,))
    logit = layers.Dense(1)(layers.Concatenate()([layers.Flatten()(images), asked]))
    networks = keras.Model([latents, conditions], image), keras.Model([images, asked], logit)
    model = kgan.ConditionalGAN(*networks, tiny.LATENT_DIM, (count,), prior, encoder=PromptEncoder(WORDS), seed=1)
    model.compile("adam", "adam")
    return model


@functools.cache
def published():
    """Publishes them, once in a process, and returns the folder and the live models by name."""
    folder = Path(tempfile.mkdtemp(prefix="kgan-served-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    models = {"digits": infogan(), "faces": conditional(), "horses": tiny.cyclegan()}
    # What is written is compared with the live model in the tests of publishing.
    nothing = {"ask_live_model": lambda served: {}, "_check": lambda folder, cases: None}
    with mock.patch.multiple(exporting, **nothing):
        for name, model in models.items():
            publish(model, folder / name, label="stable" if name == "digits" else None)
    # A newer version without the label.
    shutil.copytree(folder / "digits" / "1", folder / "digits" / "2")
    write_configs(folder)
    return folder, models
