"""Whether translated horses are zebras, and zebras horses, to a classifier that has learnt from real ones.

    TFDS_DATA_DIR=... python benchmarks/horse2zebra.py RUN [--epochs 60] [--num ...] [--grid horse2zebra.png]

RUN is one of `kgan train cyclegan` with horse2zebra. The classifier learns the training split, and what it gets right
of the real test split is said; then it sees the test images translated, beside the same ones as they are. The grid
shows test images, every so many of them: a horse, as a zebra, back again, then a zebra, as a horse, back again.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers

from kgan import pixels
from kgan.data import UnpairedImages, open_domains
from kgan.evaluation import translated
from kgan.runs import Run

KINDS = ("horse", "zebra")
ROWS = 8
BATCH_SIZE = 32


def labelled(images: UnpairedImages) -> tuple[np.ndarray, np.ndarray]:
    """Returns the images of both domains, and of each which domain it is of."""
    return np.concatenate([images.a[:], images.b[:]]), np.repeat([0, 1], [len(images.a), len(images.b)])


def classifier(size: int) -> keras.Model:
    """Returns a small convolutional network: pictures enlarged a little, mirrored and moved, to class logits.

    It ends in the mean over the picture: a flattened map learns where animals stand in the training images (83.5 % of
    the test images right).
    """
    mild = [layers.RandomFlip("horizontal"), layers.RandomTranslation(0.1, 0.1), layers.RandomZoom(0.15)]
    parts = [keras.Input((size, size, 3)), *mild]
    for width in (32, 64, 128, 128):
        # Keras's momentum of 0.99 is too slow for the few steps that so few images make.
        parts += [layers.Conv2D(width, 3, padding="same", use_bias=False), layers.BatchNormalization(momentum=0.9)]
        parts += [layers.ReLU(), layers.MaxPooling2D()]
    return keras.Sequential([*parts, layers.GlobalAveragePooling2D(), layers.Dropout(0.3), layers.Dense(len(KINDS))])


def train(images: np.ndarray, kinds: np.ndarray, epochs: int) -> keras.Model:
    """Trains a classifier."""
    keras.utils.set_random_seed(0)
    model = classifier(images.shape[1])
    rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * -(-len(images) // BATCH_SIZE))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=1e-3), loss)
    model.fit(pixels.from_uint8(images), kinds, BATCH_SIZE, epochs, verbose=0)
    return model


def agreement(judge: keras.Model, images: np.ndarray, kinds: int | np.ndarray) -> float:
    """Returns the share of images that the classifier takes for these kinds."""
    logits = judge.predict(pixels.from_uint8(images), batch_size=BATCH_SIZE, verbose=0)
    return float(np.mean(logits.argmax(axis=1) == kinds))


def columns_of(model, images: np.ndarray, made: np.ndarray, back: str, count: int) -> list[np.ndarray]:
    """Returns the columns of one direction: images from all over the set, as translated, and back again."""
    which = np.linspace(0, len(images) - 1, count).astype(int)
    return [images[which], made[which], translated(model, made[which], back)]


def main() -> None:
    """Trains the classifier, translates, prints, draws."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--data", default="cycle_gan/horse2zebra")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--num", type=int, help="images of each kind at most, to learn from and to test")
    parser.add_argument("--grid", type=Path, default=Path("horse2zebra.png"))
    given = parser.parse_args()
    model = Run.open(given.run).load_model()
    # The critics' own size is that of the training.
    size = model.discriminator_a.input_shape[1]
    known, test = (
        open_domains(given.data, split=split, image_size=size, channels=3, num_images=given.num)
        for split in ("train", "test")
    )
    judge = train(*labelled(known), given.epochs)
    right = agreement(judge, *labelled(test))
    print(f"the classifier gets {right:.1%} of {len(test.a)} horses and {len(test.b)} zebras of the test split right")
    columns: list[np.ndarray] = []
    count = min(ROWS, len(test.a), len(test.b))
    for direction, back, source, kind in (("a_to_b", "b_to_a", test.a, 1), ("b_to_a", "a_to_b", test.b, 0)):
        images = source[:]
        made = translated(model, images, direction)
        before, after = agreement(judge, images, kind), agreement(judge, made, kind)
        source_kind, target_kind = KINDS[1 - kind], KINDS[kind]
        print(f"{after:.1%} of translated {source_kind}s are called {target_kind}; untranslated, {before:.1%}")
        columns += columns_of(model, images, made, back, count)
    tiles = np.stack(columns, axis=1)
    pixels.save_png(given.grid, pixels.grid(tiles.reshape(-1, *tiles.shape[2:]), columns=len(columns)))
    print(f"drew {given.grid}")


if __name__ == "__main__":
    main()
