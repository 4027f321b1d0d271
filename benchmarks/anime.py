"""Whether drawn faces are of the colours that were asked for, by classifiers of hair and eyes trained on tagged ones.

    python benchmarks/anime.py RUN FOLDER_WITH_TAGS [--num 2000] [--epochs 20]

RUN is one of `kgan train anime` with words. The classifiers, one for hair and one for eyes, learn nine tenths of the
tagged pictures and are tested on the last tenth; then both see samples whose prompts are the tags of the training set,
drawn as often.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers

import kgan
from kgan import evaluation
from kgan.pixels import from_uint8
from kgan.runs import Run

HELD_OUT = 10


def classifier(classes: int, size: int) -> keras.Model:
    """Returns a small convolutional network: pictures turned a little, mirrored and moved, to class logits."""
    mild = [layers.RandomFlip("horizontal"), layers.RandomTranslation(0.06, 0.06), layers.RandomZoom(0.1)]
    parts = [keras.Input((size, size, 3)), *mild]
    for width in (32, 64, 128, 128):
        parts += [layers.Conv2D(width, 3, padding="same", use_bias=False), layers.BatchNormalization()]
        parts += [layers.ReLU(), layers.MaxPooling2D()]
    return keras.Sequential([*parts, layers.Flatten(), layers.Dropout(0.5), layers.Dense(classes)])


def train(images: np.ndarray, values: np.ndarray, classes: int, epochs: int) -> keras.Model:
    """Trains a classifier."""
    keras.utils.set_random_seed(0)
    model = classifier(classes, images.shape[1])
    steps = epochs * -(-len(images) // 64)
    model.compile(
        keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(2e-3, steps), weight_decay=1e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(from_uint8(images), values, 64, epochs, verbose=0)
    return model


def agreement(model: keras.Model, images: np.ndarray, values: np.ndarray) -> float:
    """Returns the share of images in which the classifier sees what was asked for."""
    return float(np.mean(model.predict(from_uint8(images), batch_size=250, verbose=0).argmax(axis=1) == values))


def main() -> None:
    """Trains the classifiers, draws, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("tagged")
    parser.add_argument("--num", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=20)
    given = parser.parse_args()
    model = Run.open(given.run).load_model()
    size = model.generator.output_shape[1]
    images, tags = kgan.data.open_tagged(given.tagged, image_size=size, channels=3)
    held_out = np.arange(len(images)) % HELD_OUT == 0
    fake = evaluation.draw(model, given.num)
    rows = np.asarray(model.latents(np.arange(given.num)))[:, model.noise_columns :]
    asked = [group.numpy().argmax(axis=1) for group in model.conditions.split(rows)]
    pixels = images[:]
    for (name, words), wanted in zip(tags.attributes.items(), asked, strict=True):
        values = tags.values[name]
        judge = train(pixels[~held_out], values[~held_out], len(words), given.epochs)
        real = agreement(judge, pixels[held_out], values[held_out])
        found = agreement(judge, fake, wanted)
        print(f"{name}: {found:.1%} of {given.num:,} samples as asked; {real:.1%} of held-out pictures", flush=True)


if __name__ == "__main__":
    main()
