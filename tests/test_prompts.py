import keras
import numpy as np
import pytest
import tensorflow as tf

from kgan.errors import InputError
from kgan.prompts import PromptEncoder

ATTRIBUTES = {"hair": ("blonde", "blue", "red"), "eyes": ("blue", "green", "red")}


@pytest.fixture(scope="module")
def encoder():
    return PromptEncoder(ATTRIBUTES)


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
    ],
)
def test_any_order_and_punctuation_say_the_same(encoder, prompt):
    np.testing.assert_array_equal(encoder.encode(prompt), row("blue", "red"))
    np.testing.assert_array_equal(encoder(tf.constant([prompt]))[0], row("blue", "red"))


def test_blue_hair_and_red_eyes_are_not_red_hair_and_blue_eyes(encoder):
    answers = encoder(tf.constant(["blue hair, red eyes", "red hair, blue eyes", "green eyes"]))
    np.testing.assert_array_equal(answers, [row("blue", "red"), row("red", "blue"), row(None, "green")])


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("blu hair", r"prompt 'blu hair': word for hair 'blu'; did you mean 'blue'"),
        ("green hair", r"word for hair 'green'; .*"),
        ("blue hair, red nose", r"word 'nose'|red what"),
        ("blue", "blue what\\? say blue hair or blue eyes"),
        ("blue hair, red hair", "hair is blue and red at once"),
        (" , ", "says nothing; say for example 'blonde hair, blue eyes'"),
        ("purple", "unknown prompt 'purple': word 'purple'"),
    ],
)
def test_what_cannot_be_understood_is_named(encoder, prompt, message):
    with pytest.raises(InputError, match=message):
        encoder.encode(prompt)


@pytest.mark.parametrize("prompt", ["blu hair", "blue hair red hair", "nonsense"])
def test_a_graph_refuses_it_too(encoder, prompt):
    ask = tf.function(lambda prompts: encoder(prompts), input_signature=[tf.TensorSpec([None], tf.string)])
    with pytest.raises(tf.errors.InvalidArgumentError, match="prompt"):
        ask(tf.constant([prompt]))


def test_it_comes_back_from_its_config(encoder):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(encoder))
    np.testing.assert_array_equal(again.encode("red hair"), row("red"))
    assert again.groups == (3, 3)


@pytest.mark.parametrize(
    "attributes", [{}, {"hair": ("blue",)}, {"hair": ("blue", "")}, {"hair": ("blue", "dark red")}, {"": ("a", "b")}]
)
def test_attributes_that_no_prompt_could_say_are_refused(attributes):
    with pytest.raises(InputError):
        PromptEncoder(attributes)
