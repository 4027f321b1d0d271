"""Prompts: "blue hair, red eyes" to the condition that says so, in-graph, so that a server can do it too."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgan.data.tag_table import is_word
from kgan.errors import InputError, unknown_name

FILLERS = ("a", "an", "and", "has", "with")


@keras.saving.register_keras_serializable(package="kgan")
class PromptEncoder(keras.layers.Layer):
    """Turns prompts `(n,)` into conditions `(n, columns)`, one-hot in each group that a prompt speaks of.

    A prompt is a list of phrases, in any order, with commas or without: `"blue hair, red eyes"`, `"red eyes blue
    hair"`; within each phrase the attribute may come first, `"hair blue red eyes"`. Case, punctuation and the words a,
    an, and, has, with do not matter. A phrase becomes one token, for a bag of words would not tell blue hair and red
    eyes from red hair and blue eyes. A `TextVectorization` layer makes the tokens a vector of zeros and ones, which the
    networks embed.

    Args:
        attributes: The words of each attribute: `{"hair": ("black", "blue"), "eyes": ("blue", "red")}`. A plural
            attribute is also known by its singular.

    Raises:
        InputError: If there are no attributes, one has fewer than 2 words or one of them twice, or a name or word is
            such that no prompt could say it: empty, more than one word, with capitals, one of a, an, and, has, with,
            or a word that is an attribute's name.
    """

    def __init__(self, attributes: Mapping[str, Sequence[str]], **kwargs: Any):
        super().__init__(**kwargs)
        self.attributes = {str(name): tuple(words) for name, words in attributes.items()}
        self.nouns = {_singular(name): name for name in self.attributes} | {name: name for name in self.attributes}
        _check(self.attributes, self.nouns)
        self.phrases = [f"{word}_{name}" for name, words in self.attributes.items() for word in words]
        self.vectorize = keras.layers.TextVectorization(
            standardize=None, split="whitespace", output_mode="multi_hot", vocabulary=self.phrases
        )
        # Keras compiles no model with XLA that has a layer of strings, though a training never calls these.
        for layer in self._flatten_layers():
            layer.supports_jit = True
        self.built = True

    @property
    def groups(self) -> tuple[int, ...]:
        """How many words each attribute has, in order: the groups of the conditions."""
        return tuple(len(words) for words in self.attributes.values())

    def call(self, prompts: tf.Tensor) -> tf.Tensor:
        """Returns the conditions of prompts.

        An unknown word, or two words for one attribute, fail, in a server with the prompts in its error. An empty
        prompt says nothing, which `encode` refuses: here its row is zeros, and a model draws all of it by the seed.

        Args:
            prompts: `(n,)` strings.
        """
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
            InputError: If a word is unknown (the nearest known one is named), two are said of one attribute, or nothing
                is said.
        """
        tokens = self._tokens(tf.constant([prompt]))[0].numpy().decode().split()
        wrong = [token for token in tokens if token not in self.phrases]
        if wrong:
            raise self._refusal(prompt, wrong)
        said: dict[str, str] = {}
        for token in tokens:
            word, _, name = token.rpartition("_")
            if said.setdefault(name, word) != word:
                raise InputError(f"prompt {prompt!r}: {name} is {said[name]} and {word} at once; say one.")
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
        text = tf.strings.lower(prompts, encoding="utf-8")
        text = tf.strings.regex_replace(text, r"[;.!?&+/]", ",")
        # What else is no part of a word: quotes, colons, the spaces of other scripts.
        text = tf.strings.regex_replace(text, r"[^\pL\pN\s,-]", " ")
        phrases = tf.strings.split(text, ",")
        joined = phrases.with_flat_values(self._joined(phrases.flat_values))
        return tf.strings.reduce_join(joined, axis=-1, separator=" ")

    def _joined(self, phrase: tf.Tensor) -> tf.Tensor:
        # Two spaces between words: a match takes those around it, and neighbours must not share them.
        phrase = tf.strings.regex_replace(phrase, r"\s+", "  ")
        phrase = tf.strings.regex_replace(phrase, rf"(^|\s)({'|'.join(FILLERS)})(\s|$)", " ")
        for singular, name in self.nouns.items():
            phrase = tf.strings.regex_replace(phrase, rf"(^|\s){singular}(\s|$)", rf"\1{name}\2")
        phrase = tf.strings.strip(tf.strings.regex_replace(phrase, r"\s+", " "))
        # Every two words that are left belong together, whichever of them comes first.
        pairs = tf.strings.regex_replace(phrase, r"(\S+) (\S+)", r"\1_\2")
        return tf.strings.regex_replace(pairs, rf"(^|\s)({'|'.join(self.attributes)})_(\S+)", r"\1\3_\2")

    def _refusal(self, prompt: str, wrong: Sequence[str]) -> InputError:
        """Returns the error for tokens that are no phrases: the first unknown word, or else what a word lacks."""
        words = {word for known in self.attributes.values() for word in known}
        names = [*sorted(words), *self.attributes]
        pairs = [(word, name) for word, _, name in (token.rpartition("_") for token in wrong)]
        for word, name in pairs:
            unknown = next((part for part in (word, name) if part and part not in names), None)
            if unknown and name in self.attributes:
                return unknown_name(f"prompt {prompt!r}: word for {name}", unknown, self.attributes[name])
            if unknown:
                return unknown_name(f"prompt {prompt!r}: word", unknown, names)
        word, name = pairs[0]
        if name in self.attributes and word in words:
            return InputError(f"prompt {prompt!r}: no {word} {name}; known are {', '.join(self.attributes[name])}.")
        if name in self.attributes:
            return InputError(f"prompt {prompt!r}: which {name}? known are {', '.join(self.attributes[name])}.")
        word = word or name
        phrases = [f"{word} {name}" for name, known in self.attributes.items() if word in known]
        return InputError(f"prompt {prompt!r}: {word} what? say {' or '.join(phrases)}.")


def _singular(name: str) -> str:
    return name[:-1] if name.endswith("s") and len(name) > 2 else name


def _check(attributes: Mapping[str, Sequence[str]], nouns: Collection[str]) -> None:
    if not attributes:
        raise InputError("a prompt needs attributes, such as {'hair': ('black', 'blue')}; got none.")
    for name, words in attributes.items():
        if len(words) < 2 or len(set(words)) < len(words):
            raise InputError(f"attribute {name!r} needs 2 words or more to choose from, each once; got {list(words)}.")
        for word in (name, *words):
            if not is_word(word) or word in FILLERS:
                raise InputError(
                    "attributes and their words are single words in small letters, digits and hyphens, and none of "
                    f"{', '.join(FILLERS)}; got {word!r}."
                )
        for word in nouns:
            if word in words:
                raise InputError(f"attribute {name!r} has a word that names an attribute, {word!r}; rename one.")
