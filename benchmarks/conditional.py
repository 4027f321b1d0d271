"""What a classifier learns from generated digits alone, beside the same one from real digits: tested on real ones.

    TFDS_DATA_DIR=... python benchmarks/conditional.py RUN [--num 60000] [--epochs 5]

RUN is one of `kgan train conditional`. The classifier is the network of `lenet-mnist`, untrained; the classes of the
generated digits come up as often as in the training set, and no real image is seen.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from kgan import evaluation
from kgan.data import open_images
from kgan.metrics.features.lenet import build_lenet
from kgan.pixels import from_uint8
from kgan.runs import Run

BATCH_SIZE = 128


def accuracy(images: np.ndarray, labels: np.ndarray, epochs: int) -> float:
    """Returns the share of the real test digits that a classifier trained on these images gets right."""
    keras.utils.set_random_seed(0)
    network = build_lenet()
    model = keras.Model(network.input, network.output[1])
    rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * -(-len(images) // BATCH_SIZE))
    model.compile(keras.optimizers.AdamW(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(from_uint8(images), labels, BATCH_SIZE, epochs, verbose=0)
    test = open_images("mnist", split="test")
    found = model.predict(from_uint8(test[:]), batch_size=500, verbose=0).argmax(axis=1)
    return float(np.mean(found == test.labels))


def main() -> None:
    """Draws, trains both, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--num", type=int, default=60_000)
    parser.add_argument("--epochs", type=int, default=5)
    given = parser.parse_args()
    model = Run.open(given.run).load_model()
    fake = evaluation.draw(model, given.num)
    asked = np.asarray(model.latents(np.arange(given.num)))[:, model.noise_columns :].argmax(axis=1)
    real = open_images("mnist", num_images=given.num)
    for name, images, labels in (("generated", fake, asked), ("real", real[:], real.labels)):
        found = accuracy(images, labels, given.epochs)
        print(f"trained on {given.num:,} {name} digits: {found:.2%} of the 10,000 real test digits", flush=True)


if __name__ == "__main__":
    main()
