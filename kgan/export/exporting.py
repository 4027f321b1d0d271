"""Publishing: write, check in a fresh process, and only then give the version its name."""

import errno
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgan import pixels
from kgan.errors import InputError
from kgan.export import manifest
from kgan.export.cases import ask_live_model
from kgan.export.errors import ExportError
from kgan.export.formats import check_formats, write_formats
from kgan.export.origin import Origin
from kgan.export.questions import questions
from kgan.export.signatures import Signature, signatures
from kgan.export.versions import check_name, next_version
from kgan.export.warmup import write_warmup
from kgan.files import flush_to_disk

CHECK_SECONDS = 600.0
SAMPLES = 16


def export(
    model: keras.Model,
    folder: str | os.PathLike,
    origin: Origin | None = None,
    formats: Sequence[str] = (),
    training: bool = True,
) -> Path:
    """Publishes a model as the next version of a SavedModel, `<folder>/<version>/`, ready for TensorFlow Serving.

    The SavedModel holds the generators alone, their averages where there are any, in inference form. Its signatures:

    - of a family with latents: `serving_default`, `latents` `(n, latent_dim)` float32 -> `images`
      `(n, height, width, channels)` float32 in [-1, 1]; `sample` and `sample_png`, `seed` `(n,)` int64 -> an image
      each, a function of its own seed alone: that of `model.sample(1, seed)`;
    - of a `kgan.ConditionalGAN` also `label` and `label_png` (`label` `(n,)` int64, `seed`) where its conditions are
      one group, and where it has an encoder `prompt` (`prompt` `(n,)` string, `seed`), which answers with PNG files;
    - of a `kgan.InfoGAN` also `codes` and `codes_png`: `seed`, and a value `(n,)` for each code by its name;
    - of a translator: `serving_default`, which is its first direction, and `translate_a_to_b` and, of a CycleGAN,
      `translate_b_to_a`: `images` -> `images`; and of each direction `..._png`: `image_bytes` `(n,)`, PNG or JPEG files
      of any sizes -> `image_bytes` `(n,)`.

    All whose name ends in `_png`, and `prompt`, answer with `image_bytes` `(n,)`, PNG files.

    In `assets.extra/` lie the manifest, `kgan.json`, which says what goes in and what comes out (see
    `kgan.export.manifest.describe`), a request of each signature that servers warm up with, the images of the seeds 0
    to 15 where it samples, and of a compiled model `model.keras`: both players and both optimizers, to train on from.

    The files are written under a hidden name, loaded in a fresh process that knows TensorFlow alone, and asked the same
    questions as `model`; they get the version's name only if all answers agree within 1e-5 (PNG: 1 level of 255). So a
    server that watches the folder never sees half a model, and no version is ever changed. An export that is killed
    leaves nothing but a hidden folder `.tmp-...`, which can be deleted.

    Args:
        model: A model of a kgan family; trained, or loaded from a `.keras` file.
        folder: The folder of versions; made if it does not exist. Its name is the model's name in a URL.
        origin: Which training the model comes from, for the manifest.
        formats: `"onnx"` or `"litert"`, in which the plain image signatures, latents to images and images to images,
            are written too: `assets.extra/<signature>.onnx` and `.tflite`, if they answer alike within 1e-4.
        training: Whether `model.keras` is written, which is several times as large as all else.

    Returns:
        The path of the new version.

    Raises:
        InputError: If `model` has nothing to publish, or its images are not finite, or `folder` is a file or has a name
            that cannot be part of a URL, or a format is unknown or lacks its packages.
        ExportError: If the written model's answers differ, or it does not load, or a format cannot hold it.
        OSError: If the folder cannot be written to.
    """
    served = _signatures(model)
    folder = Path(folder)
    name = check_name(folder)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"folder must be a folder of versions; {folder} is a file.")
    check_formats(formats)
    cases = ask_live_model(served)
    # Unique even among containers that share a disk and, all, have the same process id.
    temporary = folder / f".tmp-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    temporary.mkdir(parents=True)
    try:
        outputs = _write_saved_model(temporary, served)
        files = write_formats(temporary, served, cases, formats)
        # Without optimizers there is nothing to go on from.
        training = training and model.compiled
        manifest.write(temporary, manifest.describe(model, served, outputs, origin, files, training))
        write_warmup(temporary, name, served)
        if training:
            model.save(temporary / manifest.EXTRA / manifest.TRAINING)
        if hasattr(model, "sample"):
            pixels.save_png(temporary / manifest.EXTRA / manifest.SAMPLES, pixels.grid(model.sample(SAMPLES, seed=0)))
        _check(temporary, cases)
        for file in temporary.rglob("*"):
            if file.is_file():
                flush_to_disk(file)
        return _rename_to_next_version(temporary)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _signatures(model: keras.Model) -> dict[str, Signature]:
    if not callable(getattr(model, "endpoints", None)):
        raise InputError(
            f"model must be of a kgan family, such as kgan.GAN, which says what is served; got {type(model).__name__}. "
            "A network alone is exported by Keras: network.export(folder)."
        )
    if not model.built:
        raise InputError(
            f"model {model.name!r} has no weights yet; call it once, train it or load it before the export."
        )
    return signatures(questions(model))


def _write_saved_model(folder: Path, served: dict[str, Signature]) -> dict[str, Any]:
    """Writes the SavedModel and returns what its signatures give, specs by name."""
    archive = keras.export.ExportArchive()
    outputs = {}
    for name, signature in served.items():
        for layer in signature.endpoint.tables:
            archive.track(layer)
        function = archive.add_endpoint(name, signature.serve, input_signature=signature.specs)
        outputs[name] = function.get_concrete_function().structured_outputs
    try:
        archive.write_out(str(folder), verbose=False)
    except tf.errors.OpError as error:
        if isinstance(error, tf.errors.ResourceExhaustedError):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder)) from error
        raise OSError(errno.EIO, error.message, str(folder)) from error
    (folder / manifest.EXTRA).mkdir()
    return outputs


def _check(folder: Path, cases: dict[str, Any]) -> None:
    file = folder / "cases.npz"
    np.savez(file, **cases)
    command = [sys.executable, str(Path(__file__).with_name("check.py")), str(folder), str(file)]
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=CHECK_SECONDS)
    except subprocess.TimeoutExpired:
        raise ExportError(
            f"the written SavedModel could not be checked within {CHECK_SECONDS:.0f} s, and was not published; "
            "is the machine overloaded?"
        ) from None
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"the check ended with code {done.returncode}"])[-1]
        raise ExportError(f"the written SavedModel does not answer as the model does, and was not published: {reason}")
    file.unlink()


def _rename_to_next_version(temporary: Path) -> Path:
    while True:
        path = temporary.with_name(str(next_version(temporary.parent)))
        try:
            return temporary.rename(path)
        except OSError:
            # Another export took the number first; without that it is a true error.
            if not path.exists():
                raise
