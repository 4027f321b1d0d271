"""Publishing: write, check in a fresh process, and only then give the version its name."""

import datetime
import errno
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgan.errors import InputError
from kgan.export.signatures import Signature, signatures
from kgan.files import flush_to_disk

CHECKED_BATCH_SIZES = (0, 1, 3)
CHECK_SECONDS = 600.0
# What TensorFlow Serving parses a version's name as.
LARGEST_VERSION = 2**63 - 1


class ExportError(RuntimeError):
    """What was written could not be shown to answer as the live model does; nothing was published."""


def export(model: keras.Model, folder: str | os.PathLike) -> Path:
    """Publishes a model as the next version of a SavedModel, `<folder>/<version>/`, ready for TensorFlow Serving.

    Only the generator is written, its average where there is one, in inference form: neither the discriminator nor the
    optimizers. For a `kgan.GAN` the signatures are

    - `serving_default`: `latents` `(n, latent_dim)` float32 from N(0, 1) -> `images` `(n, height, width, channels)`
      float32 in [-1, 1];
    - `sample`: `seed` `(n,)` int64 -> `images`, each a function of its own seed alone: that of `model.sample(1, seed)`;
    - `sample_png`: `seed` `(n,)` int64 -> `image_bytes` `(n,)`, PNG files.

    A `kgan.ConditionalGAN` whose conditions are one group also has `label` and `label_png` (`label` `(n,)` int64,
    `seed`); one that has an encoder also has `prompt` (`prompt` `(n,)` string, `seed`), which answers with PNG files.

    What goes in and comes out is also written beside them, in `assets.extra/kgan.json`.

    The files are written under a hidden name, loaded in a fresh process that knows TensorFlow alone, and asked the same
    questions as `model`; they get the version's name only if all answers agree within 1e-5 (PNG: 1 level of 255). So a
    server that watches the folder never sees half a model, and no version is ever changed. An export that is killed
    leaves nothing but a hidden folder `.tmp-...`, which can be deleted.

    Args:
        model: A model of a kgan family; trained, or loaded from a `.keras` file.
        folder: The folder of versions; made if it does not exist. Its name is the model's name in a URL.

    Returns:
        The path of the new version.

    Raises:
        InputError: If `model` has nothing to publish, or its images are not finite, or `folder` is a file.
        ExportError: If the written model's answers differ, or it does not load.
        OSError: If the folder cannot be written to.
    """
    served = _signatures(model)
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"folder must be a folder of versions; {folder} is a file.")
    cases = _ask_live_model(served)
    # Unique even among containers that share a disk and, all, have the same process id.
    temporary = folder / f".tmp-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    temporary.mkdir(parents=True)
    try:
        _write(temporary, model, served)
        _check(temporary, cases)
        for file in temporary.rglob("*"):
            if file.is_file():
                flush_to_disk(file)
        return _rename_to_next_version(temporary)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _signatures(model: keras.Model) -> dict[str, Signature]:
    endpoints = getattr(model, "endpoints", None)
    if not callable(endpoints):
        raise InputError(
            f"model must be of a kgan family, such as kgan.GAN, which says what is served; got {type(model).__name__}. "
            "A network alone is exported by Keras: network.export(folder)."
        )
    if not model.built:
        raise InputError(
            f"model {model.name!r} has no weights yet; call it once, train it or load it before the export."
        )
    return signatures(endpoints())


def _ask_live_model(served: dict[str, Signature]) -> dict[str, np.ndarray]:
    """Returns inputs and answers as `check.py` reads them."""
    cases = {}
    # Where the check runs too: this process may hold all of a GPU's memory.
    with tf.device("CPU:0"):
        for name, signature in served.items():
            # A graph, as the server's: its fused kernels round a network in bfloat16 otherwise than eager ones do.
            graph = tf.function(signature.expected, input_signature=signature.specs, autograph=False)
            live = graph.get_concrete_function()
            for size in CHECKED_BATCH_SIZES:
                for spec, example in zip(signature.specs, signature.example(size), strict=True):
                    # As text: arrays of objects could not be read back without unpickling.
                    given = example.astype("U") if spec.dtype == tf.string else example
                    cases[f"{name}/{size}/input/{spec.name}"] = given
                # To an empty batch, which not every network takes, the answer is no image, of the right size.
                some = [tf.constant(example) for example in signature.example(max(size, 1))]
                cases[f"{name}/{size}/expected"] = live(*some).numpy()[:size]
    answers = [case for name, case in cases.items() if name.endswith("/expected")]
    if not all(np.isfinite(answer).all() for answer in answers):
        raise InputError("the model's images are not finite: its training diverged; export an earlier checkpoint.")
    return cases


def _write(folder: Path, model: keras.Model, served: dict[str, Signature]) -> None:
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
    extra = folder / "assets.extra"
    extra.mkdir()
    manifest = {
        **{package: importlib.metadata.version(package) for package in ("kgan", "keras", "tensorflow")},
        "created": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "family": type(model).__name__,
        "latent_dim": getattr(model, "latent_dim", None),
        "signatures": {name: signature.describe(outputs[name]) for name, signature in served.items()},
    }
    (extra / "kgan.json").write_text(json.dumps(manifest, indent=2) + "\n")


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
        path = temporary.with_name(str(_next_version(temporary.parent)))
        try:
            return temporary.rename(path)
        except OSError:
            # Another export took the number first; without that it is a true error.
            if not path.exists():
                raise


def _next_version(folder: Path) -> int:
    """Returns one more than the largest version, and at least 1; all that is no int64 is none, as for the server."""
    names = (child.name for child in folder.iterdir())
    versions = [int(name) for name in names if re.fullmatch(r"-?[0-9]+", name)]
    newest = max((version for version in versions if version <= LARGEST_VERSION), default=0)
    if newest == LARGEST_VERSION:
        raise InputError(f"{folder} holds version {newest}, the largest there can be; export to another folder.")
    return max(newest, 0) + 1
