"""How true translated facades are to their labels, by a segmentation network trained on real pairs; L1 and SSIM.

    python benchmarks/facades.py RUN FOLDER [--epochs 60] [--num 400]

RUN is one of `kgan train pix2pix --data FOLDER`, FOLDER that of the CMP facades as they came with pix2pix: `train/` and
`test/`, photo and label map in one picture. The network learns to tell the 12 classes of the photos' pixels from the
real training pairs; then it sees the real photos of the test split, and what the run made of their label maps (the
"FCN score" of Isola et al. 2017, section 4.1). Beside L1 and SSIM against the true photos are those of the photo of
another facade.
"""

import argparse
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from scipy import ndimage

from kgan.data import PairedImages, open_pairs
from kgan.data.synthetic import FACADE_CLASSES
from kgan.data.synthetic.facades_materials import COLOURS
from kgan.evaluation import translated
from kgan.pixels import from_uint8
from kgan.runs import Run

CLASSES = len(FACADE_CLASSES)
# The label maps' own size: they are read there, and not after their colours have run into each other.
LABEL_SIZE = 256
# How far a pixel may be from the colour of its class and be sure of it, in RGB: a JPEG's noise.
SURE = 40.0
BATCH_SIZE = 16
SPLITS = ("train", "test")


def decode(label_maps: np.ndarray, size: int) -> np.ndarray:
    """Reads label maps that were JPEG files: of each pixel, at `size`, the index of its class, uint8.

    Along an edge a JPEG has colours of neither side, which may be those of a third class. So a pixel that is far from
    all of the palette gets the class that most pixels about it are sure of; and a pixel at `size` that of most of its
    area.
    """
    classes = np.empty((len(label_maps), size, size), np.uint8)
    for index, label_map in enumerate(label_maps):
        distances = ((label_map[..., None, :] - COLOURS.astype(np.float32)) ** 2).sum(-1)
        nearest = np.eye(CLASSES, dtype=np.float32)[distances.argmin(-1)]
        sure = nearest * (distances.min(-1, keepdims=True) < SURE**2)
        about = ndimage.uniform_filter(sure, (5, 5, 0))
        # Its own colour where it is sure, else its neighbours, else the nearest colour after all.
        votes = np.eye(CLASSES, dtype=np.float32)[(2.0 * sure + about + 1e-3 * nearest).argmax(-1)]
        classes[index] = tf.image.resize(votes, (size, size), method="area").numpy().argmax(-1)
    return classes


def open_labelled(folder: str, split: str, size: int, **options: Any) -> tuple[PairedImages, np.ndarray]:
    """Returns the pairs of a split, label map and photo, at `size`, and the classes of their pixels."""
    small, large = (open_pairs(folder, split=split, image_size=each, **options) for each in (size, LABEL_SIZE))
    return small, decode(large.a[:], size)


def network(size: int) -> keras.Model:
    """Returns a small U-Net of photos in [-1, 1] to class logits of each pixel."""
    photos = x = keras.Input((size, size, 3))
    skips = []
    for width in (16, 32, 64, 128):
        skips.append(_convolve(x, width))
        x = layers.MaxPooling2D()(skips[-1])
    x = _convolve(x, 128)
    for skip in reversed(skips):
        x = _convolve(layers.Concatenate()([layers.UpSampling2D()(x), skip]), skip.shape[-1])
    return keras.Model(photos, layers.Conv2D(CLASSES, 1)(x))


def _convolve(x: keras.KerasTensor, width: int) -> keras.KerasTensor:
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
    # Keras's momentum of 0.99 is too slow for the few steps that so few pairs make.
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def train(photos: np.ndarray, classes: np.ndarray, epochs: int) -> keras.Model:
    """Trains the network on photos, mirrored, moved, lighter and darker at random."""
    keras.utils.set_random_seed(0)
    size, margin = photos.shape[1], photos.shape[1] // 8

    def vary(photo: tf.Tensor, answer: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        both = tf.concat([from_uint8(photo), tf.cast(answer[..., None], tf.float32)], axis=-1)
        both = tf.pad(both, [[margin, margin], [margin, margin], [0, 0]], "REFLECT")
        both = tf.image.random_flip_left_right(tf.image.random_crop(both, (size, size, 4)))
        light, contrast = tf.random.uniform((), -0.2, 0.2), tf.random.uniform((), 0.8, 1.2)
        return contrast * both[..., :3] + light, both[..., 3]

    examples = tf.data.Dataset.from_tensor_slices((photos, classes)).shuffle(len(photos), seed=0)
    batches = examples.map(vary).batch(BATCH_SIZE).prefetch(2)
    model = network(size)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * len(batches))
    model.compile(keras.optimizers.AdamW(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    # Shuffled above.
    model.fit(batches, epochs=epochs, shuffle=False, verbose=0)
    return model


def segmentation_scores(model: keras.Model, photos: np.ndarray, classes: np.ndarray) -> dict[str, float]:
    """Returns the shares of pixels seen as what they are, over all and as a mean over classes, and the mean IoU."""
    found = model.predict(from_uint8(photos), batch_size=BATCH_SIZE, verbose=0).argmax(-1)
    pairs = np.bincount(CLASSES * classes.ravel().astype(int) + found.ravel(), minlength=CLASSES**2)
    counts = pairs.reshape(CLASSES, CLASSES)
    right, there, seen = counts.diagonal(), counts.sum(1), counts.sum(0)
    present = there > 0
    return {
        "pixels": right.sum() / counts.sum(),
        "classes": (right[present] / there[present]).mean(),
        "IoU": (right[present] / (there + seen - right)[present]).mean(),
    }


def likeness(photos: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Returns the mean absolute difference in [-1, 1] and the mean SSIM (Wang et al. 2004) of photos and the truth."""
    difference = np.abs(photos.astype(np.float32) - truth).mean() / 127.5
    return float(difference), float(tf.reduce_mean(tf.image.ssim(photos, truth, max_val=255)))


def report(made: np.ndarray, test: PairedImages, classes: np.ndarray, model: keras.Model) -> None:
    """Prints the tables."""
    truth = test.b[:]
    print("\n| photos | L1 | SSIM |\n|---|---|---|")
    for name, photos in (("translated", made), ("another facade's", np.roll(truth, 1, axis=0))):
        difference, ssim = likeness(photos, truth)
        print(f"| {name} | {difference:.3f} | {ssim:.3f} |")
    print("\n| segmented | pixels right | mean over classes | mean IoU |\n|---|---|---|---|")
    rows = {"translated": made, "real test photos": truth, "label maps as photos": test.a[:]}
    scores = {name: segmentation_scores(model, photos, classes) for name, photos in rows.items()}
    for name, values in scores.items():
        print(f"| {name} | {' | '.join(f'{value:.1%}' for value in values.values())} |")
    share = scores["translated"]["pixels"] / scores["real test photos"]["pixels"]
    common = np.bincount(classes.ravel(), minlength=CLASSES).max() / classes.size
    print(f"\ntranslated photos score {share:.1%} of real ones, by pixels; the commonest class is {common:.1%} of them")


def main() -> None:
    """Translates, trains, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("folder")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--num", type=int, help="pairs at most, to learn from and to test; by default all")
    parser.add_argument("--input-side", choices=["left", "right"], help="the label maps'; by default the run's")
    given = parser.parse_args()
    run = Run.open(given.run)
    model = run.load_model()
    # Critics are of the size trained on.
    size = model.discriminator.inputs[0].shape[1]
    options = {"input_side": given.input_side or run.options["input_side"], "num_images": given.num}
    (known, answers), (test, classes) = (open_labelled(given.folder, split, size, **options) for split in SPLITS)
    print(f"{len(known)} real pairs to learn from, {len(test)} to test, {size} pixels", flush=True)
    report(translated(model, test.a[:], "a_to_b"), test, classes, train(known.b[:], answers, given.epochs))


if __name__ == "__main__":
    main()
