"""Trains the classifier behind the extractor `lenet-mnist` and writes its weights, with what is known about them.

    python tools/train_lenet.py

writes kgan/metrics/features/weights/lenet-mnist.npz and .json. The seed fixes everything; the same machine and
versions give the same weights. The test split is looked at once, at the end.
"""

import argparse
import hashlib
import json
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from kgan.data import ImageSet, open_images
from kgan.files import atomic_file
from kgan.metrics.features.lenet import build_lenet
from kgan.pixels import from_uint8

WEIGHTS = Path(__file__).parent.parent / "kgan/metrics/features/weights/lenet-mnist.npz"
BATCH_SIZE = 128
LEARNING_RATE = 2e-3


def main() -> None:
    """Trains, tests and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--output", type=Path, default=WEIGHTS, help="the .npz file; the .json is put beside it")
    options = parser.parse_args()
    # Also seeds the augmentation's and Dropout's draws.
    keras.utils.set_random_seed(options.seed)
    tf.config.experimental.enable_op_determinism()
    lenet = build_lenet()
    train(lenet, open_images("mnist"), options.epochs)
    test = open_images("mnist", split="test")
    accuracy = float(np.mean(predict(lenet, test) == test.labels))
    write(lenet, options.output)
    about = {
        "sha256": hashlib.sha256(options.output.read_bytes()).hexdigest(),
        "test_accuracy": accuracy,
        "seed": options.seed,
        "epochs": options.epochs,
        "command": f"python tools/train_lenet.py --seed {options.seed} --epochs {options.epochs}",
        "trained_with": {"keras": keras.__version__, "tensorflow": tf.__version__},
    }
    with atomic_file(options.output.with_suffix(".json")) as file:
        file.write_text(json.dumps(about, indent=2) + "\n")
    print(json.dumps(about, indent=2))


def train(lenet: keras.Model, images: ImageSet, epochs: int) -> None:
    """Fits the network to digits turned by up to 10 degrees, shifted by up to 2 pixels and scaled by up to 10 %."""
    border = {"fill_mode": "constant", "fill_value": -1.0}
    augmentation = [
        keras.layers.RandomRotation(10 / 360, **border),
        keras.layers.RandomTranslation(2 / 28, 2 / 28, **border),
        keras.layers.RandomZoom(0.1, **border),
    ]
    inputs = x = keras.Input((28, 28, 1))
    for layer in augmentation:
        x = layer(x)
    model = keras.Model(inputs, lenet(x)[1])
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, epochs * -(-len(images) // BATCH_SIZE))
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=1e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(from_uint8(images[:]), images.labels, BATCH_SIZE, epochs, verbose=2)


def predict(lenet: keras.Model, images: ImageSet) -> np.ndarray:
    """Returns the most probable class of each image."""
    return lenet.predict(from_uint8(images[:]), batch_size=500, verbose=0)[1].argmax(axis=1)


def write(lenet: keras.Model, path: Path) -> None:
    """Writes the weights by name, `conv1/kernel`, ...: a plain file that does not depend on Keras' own formats."""
    arrays = {
        f"{layer.name}/{variable.name}": keras.ops.convert_to_numpy(variable)
        for layer in lenet.layers
        for variable in layer.trainable_weights
    }
    with atomic_file(path) as file:
        np.savez(file, **arrays)


if __name__ == "__main__":
    main()
