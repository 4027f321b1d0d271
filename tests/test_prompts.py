"""Prompts: every order says the same, in Python and in a graph, and what is not understood is named."""

import itertools
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import kgan
import tiny
from kgan.errors import InputError
from kgan.prompts import PromptEncoder

ATTRIBUTES = {"hair": ("blonde", "blue", "red"), "eyes": ("blue", "green", "red")}


@pytest.fixture(scope="module")
def encoder():
    return PromptEncoder(ATTRIBUTES)


@pytest.fixture(scope="module")
def ask(encoder):
    """The encoder as a server has it: a graph, asked for many prompts at once."""
    return tf.function(lambda prompts: encoder(prompts), input_signature=[tf.TensorSpec([None], tf.string)])


def row(hair=None, eyes=None):
    columns = [("hair", word) for word in ATTRIBUTES["hair"]] + [("eyes", word) for word in ATTRIBUTES["eyes"]]
    return [float(word == {"hair": hair, "eyes": eyes}[name]) for name, word in columns]


@pytest.mark.parametrize(
    "prompt",
    [
        "blue hair, red eyes",
        "red eyes, blue hair",
        "Red  eyes blue HAIR",
        "hair blue, eyes red",
        "hair blue eyes red",
        "red eyes; hair blue",
        "with blue hair and red eyes.",
        "a red eye, has blue hair",
        "  blue hair,,red eyes, ",
        "hair: blue\nEYES: red",
        "“blue hair”, 'red eyes'",
        "blue_hair (red_eyes)",
        "blue hair, blue hair, red eyes",
        "has" + " a" * 5 + " blue hair" + " and" * 9 + " with red" + " and" * 4 + " an eyes and",
    ],
)
def test_punctuation_fillers_and_repetition_mean_nothing(encoder, ask, prompt):
    np.testing.assert_array_equal(encoder.encode(prompt), row("blue", "red"))
    np.testing.assert_array_equal(ask(tf.constant([prompt]))[0], row("blue", "red"))


@pytest.mark.parametrize("separator", [" ", ", ", " and and and and "])
def test_every_order_says_the_same(separator):
    """Three attributes in each order, each of them before or after its word."""
    encoder = PromptEncoder(ATTRIBUTES | {"mouth": ("open", "red")})
    asked = [("blue", "hair"), ("red", "eyes"), ("open", "mouth")]
    prompts = [
        separator.join(" ".join(phrase[::turn]) for phrase, turn in zip(phrases, turns, strict=True))
        for phrases in itertools.permutations(asked)
        for turns in itertools.product([1, -1], repeat=3)
    ]
    assert len(set(prompts)) == 48
    expected = [*row("blue", "red"), 1.0, 0.0]
    np.testing.assert_array_equal(tf.function(lambda: encoder(tf.constant(prompts)))(), [expected] * 48)
    for prompt in prompts:
        np.testing.assert_array_equal(encoder.encode(prompt), expected, prompt)


def test_letters_of_other_scripts_are_words_and_case_means_nothing_in_them():
    encoder = PromptEncoder({"augen": ("grün", "blau"), "髪": ("黒", "é-2")})
    for prompt in ("GRÜN augen É-2 髪", "augen:grün、髪　é-2"):
        np.testing.assert_array_equal(encoder.encode(prompt), [1, 0, 0, 1])


def test_a_prompt_that_says_nothing_is_zeros_in_a_graph(ask):
    np.testing.assert_array_equal(ask(tf.constant(["", " , and", "red hair"])), [row(), row(), row("red")])
    assert ask(tf.constant([], tf.string)).shape == (0, 6)


def test_blue_hair_and_red_eyes_are_not_red_hair_and_blue_eyes(encoder):
    answers = encoder(tf.constant(["blue hair, red eyes", "red hair, blue eyes", "green eyes"]))
    np.testing.assert_array_equal(answers, [row("blue", "red"), row("red", "blue"), row(None, "green")])


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("blu hair", r"prompt 'blu hair': word for hair 'blu'; did you mean 'blue'"),
        ("green hair", r"no green hair; known are blonde, blue, red\.$"),
        ("blue hair, red nose", "word 'nose'"),
        ("red hair, green eyez", "word 'eyez'; did you mean 'eyes'"),
        ("blonde hiar", "word 'hiar'; did you mean 'hair'"),
        ("green hair, blue hiar", "word 'hiar'"),
        ("hair, red eyes, very", "word 'very'"),
        ("light blue hair", "word 'light'"),
        ("hair", r"which hair\? known are blonde, blue, red\.$"),
        ("red hair, eyes", r"which eyes\? known are blue, green, red\.$"),
        ("hair eyes", r"which hair\?"),
        ("blonde", r"blonde what\? say blonde hair\.$"),
        ("blue hair green", r"green what\? say green eyes\.$"),
        ("blue", r"blue what\? say blue hair or blue eyes\.$"),
        ("blue red hair", r"blue what\? say blue hair or blue eyes\.$"),
        ("blue hair, red hair", "hair is blue and red at once"),
        (" , ", "says nothing; say for example 'blonde hair, blue eyes'"),
        ("purple", "unknown prompt 'purple': word 'purple'"),
    ],
)
def test_what_cannot_be_understood_is_named(encoder, prompt, message):
    with pytest.raises(InputError, match=message):
        encoder.encode(prompt)


@pytest.mark.parametrize("prompt", ["blu hair", "blue hair red hair", "nonsense"])
def test_a_graph_refuses_it_too(ask, prompt):
    with pytest.raises(tf.errors.InvalidArgumentError, match="prompt"):
        ask(tf.constant([prompt]))


def test_it_comes_back_from_its_config(encoder):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(encoder))
    np.testing.assert_array_equal(again.encode("red hair"), row("red"))
    assert again.groups == (3, 3)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({}, "got none"),
        ({"hair": ("blue",)}, r"attribute 'hair' needs 2 words or more to choose from, each once; got \['blue'\]"),
        ({"hair": ("blue", "blue")}, "2 words or more"),
        ({"hair": ("blue", "")}, "got ''"),
        ({"hair": ("blue", "dark red")}, "single words in small letters, digits and hyphens.* got 'dark red'"),
        ({"hair": ("blue", "dark_red")}, "got 'dark_red'"),
        ({"hair": ("blue", "-")}, "got '-'"),
        ({"hair": ("blue", "Red")}, "got 'Red'"),
        ({"": ("red", "blue")}, "got ''"),
        ({"grade": ("a", "b")}, "none of a, an, and, has, with; got 'a'"),
        ({"hair": ("red", "eye"), "eyes": ("red", "blue")}, "'hair' has a word that names an attribute, 'eye'"),
    ],
)
def test_attributes_that_no_prompt_could_say_are_refused(attributes, message):
    with pytest.raises(InputError, match=message):
        PromptEncoder(attributes)


def dense(*shapes, units, out):
    """A network of one dense layer, from inputs of these shapes to one of another."""
    inputs = [keras.Input(shape) for shape in shapes]
    flat = keras.layers.Concatenate()([keras.layers.Flatten()(x) for x in inputs])
    return keras.Model(inputs, keras.layers.Reshape(out)(keras.layers.Dense(units)(flat)))


def test_a_model_with_an_encoder_trains_with_xla(encoder, tmp_path):
    shape, columns = tiny.SHAPE, sum(encoder.groups)
    model = kgan.ConditionalGAN(
        dense((4,), (columns,), units=16, out=shape),
        dense(shape, (columns,), units=1, out=(1,)),
        latent_dim=4,
        groups=encoder.groups,
        encoder=encoder,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.compile("adam", "adam", jit_compile=True)
        assert model.jit_compile
        logs = model.train_on_batch(tiny.images(4), np.array([row("blue", "red")] * 4, np.float32), return_dict=True)
    assert all(np.isfinite(value) for value in logs.values())
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.jit_compile
    np.testing.assert_array_equal(again.encoder.encode("red hair"), row("red"))
