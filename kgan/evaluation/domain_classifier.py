"""Features that tell two domains apart: those of a small network that has learnt to, from the training images."""

import random
import tempfile
from functools import partial
from pathlib import Path

import keras
import numpy as np
from keras import layers

from kgan import pixels
from kgan.data import ImageSet, UnpairedImages
from kgan.devices import apart
from kgan.evaluation.cache import Note
from kgan.files import atomic_file
from kgan.metrics.features import Extractor
from kgan.metrics.features.isolation import isolated
from kgan.metrics.features.own_model import open_own_model
from kgan.metrics.features.preprocessing import preprocess

# Larger images are made this small: what tells a horse from a zebra is seen at 64 pixels.
LARGEST = 64
WIDTHS = (16, 32, 64, 128)
BATCH_SIZE = 32
EPOCHS, LEAST_STEPS, MOST_STEPS = 40, 50, 800
# Images of each domain that it learns from at most.
MOST_IMAGES = 5000
SHIFT = 1 / 16
SEED = 0
# Share of unseen images told right, where a coin gets half.
CLEAR = 0.75


def domain_classifier(
    images: UnpairedImages, held_out: UnpairedImages | None, file: Path | None, note: Note
) -> Extractor:
    """Returns features by a network that tells A from B, trained now if `file` is not there yet.

    Features of any kind of image may not see what two domains differ in: to `random-conv` a hundred horses are hardly
    other than a hundred zebras. Which domain a training image is of, however, is known without labels. The network has
    a 3x3 convolution, BatchNorm, ReLU and pooling for each of 16, 32, 64 and 128 channels; the means of the last ones
    over the picture are the features, from which one linear layer tells the domains apart while it is trained.

    Args:
        images: What it learns from, mirrored half the time and moved a little.
        held_out: Others; how many of them it tells right is said. None: it is not said.
        file: Where the network is kept, a `.keras` file, so that a resumed training is scored as before; None for
            nowhere.
        note: Told how well it does.

    Raises:
        OSError: If `file` cannot be written.
    """
    if file is not None and file.exists():
        return open_own_model(file)
    with isolated():
        features, accuracy = apart(partial(_learnt, images, held_out))
        if accuracy is not None:
            note(f"a network has learnt to tell A from B, to score by: {accuracy}")
        with tempfile.TemporaryDirectory() as folder:
            if file is None:
                file = Path(folder, "domain-classifier.keras")
            with atomic_file(file) as path:
                features.save(path)
            return open_own_model(file)


def _learnt(images: UnpairedImages, held_out: UnpairedImages | None) -> tuple[keras.Model, str | None]:
    """Returns the features of a trained network, and in words how well it does on others, if there are any."""
    classifier, features = _networks(images)
    _train(classifier, images)
    return features, None if held_out is None else _accuracy(classifier, held_out)


def _networks(images: UnpairedImages) -> tuple[keras.Model, keras.Model]:
    """Returns the classifier, of images in [-1, 1] to a logit of B, and its part that ends in the features."""
    # Keras draws the initializers' seeds from here.
    random.seed(SEED)
    height, width = (min(side, LARGEST) for side in images.image_shapes[0][:2])
    x = inputs = keras.Input((height, width, max(shape[-1] for shape in images.image_shapes)))
    for channels in WIDTHS:
        x = layers.Conv2D(channels, 3, padding="same", use_bias=False)(x)
        # Keras's momentum of 0.99 is too slow for so few steps.
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
        if min(x.shape[1:3]) >= 2:
            x = layers.MaxPooling2D()(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(1)(x)), keras.Model(inputs, x)


def _train(classifier: keras.Model, images: UnpairedImages) -> None:
    shown, is_b = _labelled(images, classifier.input_shape)
    steps = int(np.clip(EPOCHS * len(shown) // BATCH_SIZE, LEAST_STEPS, MOST_STEPS))
    rate = keras.optimizers.schedules.CosineDecay(2e-3, steps)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    classifier.compile(keras.optimizers.AdamW(rate, weight_decay=1e-3), loss)
    rng = np.random.default_rng(SEED)
    rows_of = [np.flatnonzero(is_b == domain) for domain in (0, 1)]
    for _ in range(steps):
        # As many of each domain, however few there are of one.
        rows = np.concatenate([rng.choice(rows, BATCH_SIZE // 2) for rows in rows_of])
        classifier.train_on_batch(_varied(shown[rows], rng), is_b[rows][:, None])


def _varied(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mirrors half of the images and moves all a little, what leaves on one side coming in on the other."""
    most = [round(SHIFT * side) for side in images.shape[1:3]]
    moved = [np.roll(image, [rng.integers(-m, m + 1) for m in most], (0, 1)) for image in images]
    return np.stack([image[:, ::-1] if rng.random() < 0.5 else image for image in moved])


def _labelled(images: UnpairedImages, input_shape: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Returns the images of both domains in [-1, 1], at the network's size, and which are of B."""
    shown = [_shown(side, input_shape) for side in (images.a, images.b)]
    return np.concatenate(shown), np.repeat([0.0, 1.0], [len(side) for side in shown])


def _shown(images: ImageSet, input_shape: tuple) -> np.ndarray:
    _, height, width, channels = input_shape
    rows = np.random.default_rng(SEED).permutation(len(images))[:MOST_IMAGES]
    parts = (images[np.sort(part)] for part in np.array_split(rows, -(-len(rows) // 256)))
    small = [np.asarray(preprocess(part, (height, width), channels)) for part in parts]
    return np.asarray(pixels.from_uint8(np.concatenate(small)))


def _accuracy(classifier: keras.Model, images: UnpairedImages) -> str:
    shown, is_b = _labelled(images, classifier.input_shape)
    logits = np.concatenate([classifier.predict_on_batch(shown[i : i + 256])[:, 0] for i in range(0, len(shown), 256)])
    share = np.mean((logits > 0) == is_b)
    said = f"of {len(shown):,} images that it had not seen it tells {share:.0%} right"
    return said if share >= CLEAR else f"{said}, so that scores say little; give more images"
