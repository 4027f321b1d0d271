"""`keras-inception-v3`: Inception v3 (Szegedy et al. 2016) with the ImageNet weights of keras.applications.

These are not the network and weights that the FID is defined by (Heusel et al. 2017), so a Frechet distance in its
features is no FID and must not be compared with one.
"""

import contextlib
import hashlib
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

import keras
import tensorflow as tf

from kgan.errors import InputError
from kgan.metrics.features.digests import digest_of_arrays
from kgan.metrics.features.extractor import Extractor
from kgan.metrics.features.isolation import isolated
from kgan.pixels import from_uint8

NAME = "keras-inception-v3"
SIZE = (299, 299)
NUM_FEATURES = 2048
NUM_CLASSES = 1000
FILE = "inception_v3_weights_tf_dim_ordering_tf_kernels.h5"
URL = f"https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/{FILE}"
# As keras.applications states it.
MD5 = "9a0d58056eeedaa3f26cb7ebd46da564"
PROBE_SECONDS = 5.0


def open_inception() -> Extractor:
    """Returns the extractor of images resized to 299x299, gray ones repeated.

    Features are the 2048 of the global average pooling; probabilities are those of ImageNet's 1000 classes.

    Raises:
        InputError: If the weights are neither on this machine nor can be downloaded, or are damaged.
    """
    weights = find_weights()
    with isolated():
        model = keras.applications.InceptionV3(weights=weights, name=NAME)
        inception = keras.Model(model.input, [model.get_layer("avg_pool").output, model.output])

    def network(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # keras.applications.inception_v3.preprocess_input is x / 127.5 - 1 too.
        features, probabilities = inception(from_uint8(images), training=False)
        return features, probabilities

    # By place, as Keras numbers the layers' names anew in every process.
    arrays = {f"{place:03d}": array for place, array in enumerate(model.get_weights())}
    return Extractor(
        NAME,
        digest_of_arrays(f"{NAME} 1", arrays),
        network,
        num_features=NUM_FEATURES,
        num_classes=NUM_CLASSES,
        size=SIZE,
        channels=3,
    )


def find_weights() -> str:
    """Returns the file of weights (92 MB) in Keras' folder, `~/.keras` or KERAS_HOME, downloading it on first use."""
    home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    file = home / "models" / FILE
    if not file.is_file():
        _download(home, file)
    if hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest() != MD5:
        raise InputError(f"extractor {NAME}: its weights, {file}, are damaged; delete the file, or get it from {URL}.")
    return str(file)


def _download(home: Path, file: Path) -> None:
    missing = f"extractor {NAME}: its weights are not at {file}"
    fix = f"get them from {URL} and put them there, or take 'random-conv', which works offline."
    # Keras itself waits for minutes.
    if not _answers(URL):
        raise InputError(f"{missing} and cannot be downloaded, as the server does not answer; {fix}")
    try:
        # Keras reports on stdout, which is for results.
        with contextlib.redirect_stdout(sys.stderr):
            keras.utils.get_file(FILE, URL, cache_dir=str(home), cache_subdir="models", file_hash=MD5)
    except Exception as error:
        raise InputError(f"{missing} and cannot be downloaded: {' '.join(str(error).split())}; {fix}") from error


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=PROBE_SECONDS).close()
    except OSError:
        return False
    return True
