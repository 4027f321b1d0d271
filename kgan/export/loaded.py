"""Published models, to draw and translate with as with those of a run: nothing but the SavedModel is needed."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from kgan.codes import Categorical, Code, CodeSet, Continuous
from kgan.conditions import Groups
from kgan.errors import InputError, unknown_name
from kgan.export import manifest
from kgan.latents import from_seeds
from kgan.prompts import PromptEncoder


class PublishedGenerator:
    """A published generator of images, with what `kgan.GAN` and its relatives have for drawing.

    Args:
        version: The folder of a version that kgan published.

    Attributes:
        noise_columns: The first columns of a latent, which are N(0, 1).
        groups: How many values each group of a condition has; empty where there are no conditions.
        conditions: The groups, or None.
        encoder: Of prompts, or None.

    Raises:
        InputError: If kgan did not publish it, or one that did not write down yet what this needs.
    """

    def __init__(self, version: Path):
        about = manifest.read(version)
        # Kept, for the functions of a SavedModel do not keep its weights alive.
        self._loaded = tf.saved_model.load(str(version))
        self._function = self._loaded.signatures["serving_default"]
        noise, *columns = about["latents"]
        self.noise_columns: int = noise["columns"]
        infogan = about["family"] == "InfoGAN"
        self._codes = CodeSet([_code(column) for column in columns]) if infogan else None
        self.groups = () if infogan else tuple(column["columns"] for column in columns)
        if self.groups and "prior" not in about:
            raise InputError(f"{version} does not say which conditions occur; publish the run anew: kgan export RUN")
        self.conditions = Groups(self.groups, about["prior"]) if self.groups else None
        self.encoder = PromptEncoder(about["words"]) if about["words"] else None

    def latents(self, seeds: Any, conditions: Any = None) -> tf.Tensor:
        """Returns latents, noise first; row i is a function of `seeds[i]` alone.

        Args:
            seeds: `(n,)` int64.
            conditions: `(n, columns)`, or None to draw them; groups of zeros are drawn too.
        """
        seeds = tf.convert_to_tensor(seeds, tf.int64)
        noise = from_seeds(seeds, self.noise_columns)
        if self._codes is not None:
            return tf.concat([noise, self._codes.from_seeds(seeds, {})], axis=1)
        if self.conditions is None:
            return noise
        if conditions is None:
            return tf.concat([noise, self.conditions.from_seeds(seeds)], axis=1)
        return tf.concat([noise, self.conditions.complete(conditions, seeds)], axis=1)

    def __call__(self, latents: Any) -> tf.Tensor:
        """Returns the images of latents, `(n, height, width, channels)` in [-1, 1]."""
        return self._function(latents=tf.convert_to_tensor(latents, tf.float32))["images"]

    def sample(self, num_images: int, seed: int = 0) -> tf.Tensor:
        """Returns the images of the seeds `seed`, `seed + 1`, ..., `(n, height, width, channels)` in [-1, 1]."""
        return self(self.latents(tf.range(seed, seed + num_images, dtype=tf.int64)))


class PublishedTranslator:
    """A published translator, with what `kgan.translation.Translation` has for translating.

    Args:
        version: The folder of a version that kgan published.

    Attributes:
        directions: What it knows, the first first.
    """

    def __init__(self, version: Path):
        about = manifest.read(version)
        self._loaded = tf.saved_model.load(str(version))
        self.directions = tuple(about["directions"])
        self._signatures = about["signatures"]

    def channels(self, direction: str) -> tuple[int, int]:
        """Returns how many channels the images of a direction have before and after."""
        signature = self._signatures[self._name(direction)]
        return signature["inputs"]["images"]["shape"][-1], signature["outputs"]["images"]["shape"][-1]

    def translate(self, images: Any, direction: str = "a_to_b") -> tf.Tensor:
        """Returns float images `(n, h, w, channels)` in [-1, 1] translated.

        Raises:
            InputError: If there is no such direction.
        """
        function = self._loaded.signatures[self._name(direction)]
        return function(images=tf.convert_to_tensor(images, tf.float32))["images"]

    def _name(self, direction: str) -> str:
        if direction not in self.directions:
            raise unknown_name("direction", direction, self.directions)
        return f"translate_{direction}"


def load_published(version: str | os.PathLike) -> PublishedGenerator | PublishedTranslator:
    """Returns a published model, to draw or translate with.

    Args:
        version: Its version's folder, such as `find_model` returns.

    Raises:
        InputError: If kgan did not publish it.
    """
    version = Path(version)
    return (PublishedTranslator if manifest.read(version)["directions"] else PublishedGenerator)(version)


def _code(column: Mapping[str, Any]) -> Code:
    if column["kind"] == "categorical":
        return Categorical(column["columns"])
    if column["kind"] == "continuous":
        return Continuous()
    raise InputError(f"{column['name']}: only the run itself can draw a code of a kind of your own.")
