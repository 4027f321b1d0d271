"""`lenet-mnist`: a small classifier of MNIST's digits, in the manner of LeNet-5 (LeCun et al. 1998)."""

import hashlib
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from kgan.errors import InputError
from kgan.metrics.features.digests import digest_of_arrays
from kgan.metrics.features.extractor import Extractor
from kgan.metrics.features.isolation import isolated
from kgan.pixels import from_uint8

NAME = "lenet-mnist"
SIZE = (28, 28)
NUM_FEATURES = 128
NUM_CLASSES = 10
# Written by tools/train_lenet.py, with a .json beside it that states hash, seed and accuracy.
WEIGHTS = Path(__file__).parent / "weights" / "lenet-mnist.npz"


def open_lenet() -> Extractor:
    """Returns the extractor of gray images, resized to 28x28.

    Features are the 128 units before the logits, after their ReLU; probabilities are the softmax of the logits.

    Raises:
        InputError: If the file of weights is missing or not the one that was shipped.
    """
    weights = _read_weights(WEIGHTS)
    with isolated():
        lenet = build_lenet()
    for layer in lenet.layers:
        for variable in layer.trainable_weights:
            variable.assign(weights[f"{layer.name}/{variable.name}"])

    def network(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        features, logits = lenet(from_uint8(images), training=False)
        return features, tf.nn.softmax(logits)

    digest = digest_of_arrays(f"{NAME} 1", weights)
    return Extractor(NAME, digest, network, num_features=NUM_FEATURES, num_classes=NUM_CLASSES, size=SIZE, channels=1)


def build_lenet() -> keras.Model:
    """Returns the network, untrained: images `(n, 28, 28, 1)` in [-1, 1] to `[features, logits]`.

    Three 3x3 convolutions of 16, 32 and 64 channels, each with ReLU and 2x2 max pooling, a layer of 128 units with
    ReLU, whose outputs are the features, and a linear layer to the 10 logits: 98,442 weights.
    """
    x = images = keras.Input((*SIZE, 1), name="images")
    for index, channels in enumerate((16, 32, 64), 1):
        x = layers.Conv2D(channels, 3, padding="same", activation="relu", name=f"conv{index}")(x)
        x = layers.MaxPooling2D(2, name=f"pool{index}")(x)
    x = layers.Flatten(name="flatten")(x)
    features = layers.Dense(NUM_FEATURES, activation="relu", name="features")(x)
    kept = layers.Dropout(0.4, name="dropout")(features)
    logits = layers.Dense(NUM_CLASSES, name="logits")(kept)
    return keras.Model(images, [features, logits], name="lenet")


def about_weights(path: Path = WEIGHTS) -> dict[str, Any]:
    """Returns what is stated about the weights: sha256 of the file, seed, epochs, test accuracy, command."""
    return json.loads(path.with_suffix(".json").read_text())


def _read_weights(path: Path) -> dict[str, np.ndarray]:
    """Returns the weights by name, `conv1/kernel` and so on."""
    fix = "it comes with kgan: install kgan anew."
    if not path.is_file():
        raise InputError(f"extractor {NAME}: its weights, {path}, are missing; {fix}")
    if hashlib.sha256(path.read_bytes()).hexdigest() != about_weights(path)["sha256"]:
        raise InputError(f"extractor {NAME}: its weights, {path}, are not those that were shipped; {fix}")
    with np.load(path) as file:
        return dict(file)
