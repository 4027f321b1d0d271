"""Features by a network of the user's: a `.keras` file or a SavedModel folder."""

from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from kgan.errors import InputError
from kgan.metrics.features.digests import digest_of_files
from kgan.metrics.features.extractor import Extractor, Network
from kgan.metrics.features.isolation import isolated
from kgan.pixels import from_uint8

SIGNATURE = "serving_default"
Shape = tuple[int | None, ...]


def open_own_model(path: Path) -> Extractor:
    """Returns the extractor by a network in a file or folder.

    The network takes images `(n, height, width, 1 or 3)`, float32 in [-1, 1] as all of kgan's, and gives features
    `(n, d)`. Images are resized to its height and width where these are fixed. Of a SavedModel the signature
    `serving_default` is used.

    Args:
        path: A `.keras` file of a functional or sequential model, or a SavedModel folder.

    Raises:
        InputError: If there is no such file or folder, it cannot be read, or its input or output are not as above.
    """
    network, taken, given = _load(path)
    # Two parts of a path name a version folder: clip/1.
    name = "/".join(path.resolve().parts[-2:]) if path.is_dir() else path.name
    if len(taken) != 4 or taken[0] is not None or taken[3] not in (1, 3):
        raise InputError(
            f"extractor {name}: expected a network that takes images (None, height, width, 1 or 3); "
            f"this one takes {taken}."
        )
    if len(given) != 2:
        raise InputError(
            f"extractor {name}: expected a network that gives features (n, d); this one gives {given}. "
            "Flatten or pool its output, with GlobalAveragePooling2D for example."
        )
    digest = digest_of_files("images in [-1, 1] 1", path)
    return Extractor(name, digest, network, num_features=given[1], size=(taken[1], taken[2]), channels=taken[3])


def _load(path: Path) -> tuple[Network, Shape, Shape]:
    """Returns the network and the shapes of what it takes and gives."""
    if not path.exists():
        raise InputError(f"extractor {str(path)!r}: there is no such file or folder.")
    if path.is_dir() and not (path / "saved_model.pb").is_file():
        raise InputError(f"extractor {str(path)!r}: expected a SavedModel, with a saved_model.pb in its folder.")
    if path.is_file() and path.suffix != ".keras":
        raise InputError(f"extractor {str(path)!r}: expected a .keras file or a SavedModel folder.")
    try:
        loaded = tf.saved_model.load(str(path)) if path.is_dir() else _load_keras(path)
    except Exception as error:
        reason = " ".join(str(error).split())
        raise InputError(f"extractor {str(path)!r} cannot be read: {reason}") from error
    return _from_saved_model(path, loaded) if path.is_dir() else _from_keras(path, loaded)


def _load_keras(path: Path) -> keras.Model:
    with isolated():
        return keras.saving.load_model(path, compile=False)


def _from_keras(path: Path, model: keras.Model) -> tuple[Network, Shape, Shape]:
    def network(images: tf.Tensor) -> tuple[tf.Tensor, None]:
        return tf.cast(model(from_uint8(images), training=False), tf.float32), None

    inputs, outputs = getattr(model, "inputs", None) or [], getattr(model, "outputs", None) or []
    _check_count(path, inputs, outputs)
    return network, tuple(inputs[0].shape), tuple(outputs[0].shape)


def _from_saved_model(path: Path, loaded: Any) -> tuple[Network, Shape, Shape]:
    if SIGNATURE not in loaded.signatures:
        known = ", ".join(loaded.signatures) or "none"
        raise InputError(f"extractor {str(path)!r}: expected a signature {SIGNATURE!r}; it has: {known}.")
    signature = loaded.signatures[SIGNATURE]
    inputs, outputs = signature.structured_input_signature[1], signature.structured_outputs
    _check_count(path, inputs, outputs)
    taken, given = next(iter(inputs)), next(iter(outputs))

    def network(images: tf.Tensor) -> tuple[tf.Tensor, None]:
        # Found here, not outside, as a signature by itself does not keep the variables.
        features = loaded.signatures[SIGNATURE](**{taken: from_uint8(images)})[given]
        return tf.cast(features, tf.float32), None

    return network, tuple(inputs[taken].shape), tuple(outputs[given].shape)


def _check_count(path: Path, inputs: Any, outputs: Any) -> None:
    if (len(inputs), len(outputs)) != (1, 1):
        raise InputError(
            f"extractor {str(path)!r}: expected a functional or sequential model, or a signature, with one input and "
            f"one output; got {len(inputs)} and {len(outputs)}."
        )
