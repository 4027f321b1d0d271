"""Prompts: "blue hair, red eyes" to the condition that says so, in-graph, so that a server can do it too."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgan.errors import InputError, unknown_name

FILLERS = ("a", "an", "and", "has", "with")


@keras.saving.register_keras_serializable(package="kgan")
class PromptEncoder(keras.layers.Layer):
    """Turns prompts `(n,)` into conditions `(n, columns)`, one-hot in each group that a prompt speaks of.

    A prompt is a list of phrases, in any order, with commas or without: `"blue hair, red eyes"`, `"red eyes blue
    hair"`; within a phrase the attribute may come first, `"hair blue"`. Case, punctuation and the words a, an, and,
    has, with do not matter. A phrase becomes one token, for a bag of words would not tell blue hair and red eyes from
    red hair and blue eyes. A `TextVectorization` layer makes the tokens a vector of zeros and ones, which the networks
    embed.

    Args:
        attributes: The words of each attribute: `{"hair": ("black", "blue"), "eyes": ("blue", "red")}`. A plural
            attribute is also known by its singular.

    Raises:
        InputError: If there are no attributes, one has fewer than 2 words, or a name or word is empty or holds a space.
    """

    def __init__(self, attributes: Mapping[str, Sequence[str]], **kwargs: Any):
        super().__init__(**kwargs)
        self.attributes = {str(name): tuple(words) for name, words in attributes.items()}
        _check(self.attributes)
        self.nouns = {_singular(name): name for name in self.attributes} | {name: name for name in self.attributes}
        self.phrases = [f"{word}_{name}" for name, words in self.attributes.items() for word in words]
        self.vectorize = keras.layers.TextVectorization(
            standardize=None, split="whitespace", output_mode="multi_hot", vocabulary=self.phrases
        )
        self.built = True

    @property
    def groups(self) -> tuple[int, ...]:
        """How many words each attribute has, in order: the groups of the conditions."""
        return tuple(len(words) for words in self.attributes.values())

    def call(self, prompts: tf.Tensor) -> tf.Tensor:
        """Returns the conditions; an unknown or doubled phrase fails, in a server with the prompts in its error."""
        found = tf.cast(self.vectorize(self._tokens(prompts)), tf.float32)
        sums = [tf.reduce_sum(group, axis=1) for group in tf.split(found[:, 1:], self.groups, axis=1)]
        known = ", ".join(f"{name}: {' '.join(words)}" for name, words in self.attributes.items())
        checks = [
            tf.debugging.Assert(
                tf.reduce_all(found[:, 0] < 0.5), ["unknown words in a prompt:", prompts, f"known are {known}"]
            ),
            tf.debugging.Assert(
                tf.reduce_all(tf.stack(sums) < 1.5), ["a prompt says two things of one attribute:", prompts]
            ),
        ]
        with tf.control_dependencies([check for check in checks if check is not None]):
            return tf.identity(found[:, 1:])

    def encode(self, prompt: str) -> np.ndarray:
        """Returns the condition `(columns,)` of one prompt.

        Raises:
            InputError: If a word is unknown (the nearest known one is named), or two are said of one attribute.
        """
        tokens = self._tokens(tf.constant([prompt]))[0].numpy().decode().split()
        said: dict[str, str] = {}
        for token in tokens:
            word, _, name = token.rpartition("_")
            if token not in self.phrases:
                self._refuse(prompt, word, name)
            if name in said:
                raise InputError(f"prompt {prompt!r}: {name} is {said[name]} and {word} at once; say one.")
            said[name] = word
        if not said:
            raise InputError(f"prompt {prompt!r} says nothing; say for example {self.example!r}.")
        return np.array([float(phrase in tokens) for phrase in self.phrases], np.float32)

    @property
    def example(self) -> str:
        """A prompt, of the first word of each attribute."""
        return ", ".join(f"{words[0]} {name}" for name, words in self.attributes.items())

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "attributes": {name: list(words) for name, words in self.attributes.items()}}

    def _tokens(self, prompts: tf.Tensor) -> tf.Tensor:
        """Returns the prompts as phrases between spaces: `blue_hair red_eyes`."""
        text = tf.strings.regex_replace(tf.strings.lower(prompts), r"[;.!?&+/]", ",")
        phrases = tf.strings.split(text, ",")
        joined = phrases.with_flat_values(self._joined(phrases.flat_values))
        return tf.strings.reduce_join(joined, axis=-1, separator=" ")

    def _joined(self, phrase: tf.Tensor) -> tf.Tensor:
        # Twice, for neighbouring fillers share the space between them.
        for _ in range(2):
            phrase = tf.strings.regex_replace(phrase, rf"(^|\s)({'|'.join(FILLERS)})(\s|$)", " ")
        phrase = tf.strings.strip(tf.strings.regex_replace(phrase, r"\s+", " "))
        for singular, name in self.nouns.items():
            phrase = tf.strings.regex_replace(phrase, rf"(^|\s){singular}(\s|$)", rf"\1{name}\2")
        noun = f"({'|'.join(self.attributes)})"
        first = tf.strings.regex_full_match(phrase, rf"{noun} .*")
        noun_first = tf.strings.regex_replace(phrase, rf"(^|\s){noun} (\S+)", r"\1\3_\2")
        noun_last = tf.strings.regex_replace(phrase, rf"(^|\s)(\S+) {noun}", r"\1\2_\3")
        return tf.where(first, noun_first, noun_last)

    def _refuse(self, prompt: str, word: str, name: str) -> None:
        """Says which word is unknown, and the nearest that is known."""
        if word and name in self.attributes:
            raise unknown_name(f"prompt {prompt!r}: word for {name}", word, self.attributes[name])
        unknown = name or word
        words = {word for known in self.attributes.values() for word in known}
        if unknown in words:
            raise InputError(
                f"prompt {prompt!r}: {unknown} what? say {' or '.join(f'{unknown} {n}' for n in self.attributes)}."
            )
        raise unknown_name(f"prompt {prompt!r}: word", unknown, [*sorted(words), *self.attributes])


def _singular(name: str) -> str:
    return name[:-1] if name.endswith("s") and len(name) > 2 else name


def _check(attributes: Mapping[str, Sequence[str]]) -> None:
    if not attributes:
        raise InputError("a prompt needs attributes, such as {'hair': ('black', 'blue')}; got none.")
    for name, words in attributes.items():
        if len(words) < 2:
            raise InputError(f"attribute {name!r} needs at least 2 words to choose from; got {list(words)}.")
        for word in (name, *words):
            if not word or not word.replace("-", "").isalnum():
                raise InputError(f"attributes and their words are single words in letters and digits; got {word!r}.")
