"""`kgan.json`: what lies beside a published model and says what it is, what goes in, and what comes out."""

import datetime
import importlib.metadata
import json
from pathlib import Path
from typing import Any

import keras

from kgan.errors import InputError
from kgan.evaluation import digest_of_weights
from kgan.export.origin import Origin
from kgan.export.signatures import Signature
from kgan.families import ConditionalGAN, InfoGAN

# Raised when an older kgan could no longer read the file.
FORMAT = 1
EXTRA = "assets.extra"
MANIFEST = "kgan.json"
TRAINING = "model.keras"
SAMPLES = "samples.png"
PACKAGES = ("kgan", "keras", "tensorflow")


def describe(
    model: Any,
    served: dict[str, Signature],
    outputs: dict[str, Any],
    origin: Origin | None,
    formats: list[str],
    training: bool,
) -> dict[str, Any]:
    """Returns the manifest of a model.

    Args:
        model: Of a kgan family.
        served: Its signatures.
        outputs: What each of them gives, specs by name.
        origin: Where the model comes from, or None if that is not known.
        formats: The files that hold it in other formats.
        training: Whether a file with both players and optimizers lies beside.

    Returns:
        As JSON has it, None where something is not known or does not apply:

        - `format`, the versions of kgan, Keras and TensorFlow, `created` (ISO 8601);
        - `family`; `app`, `options`, `data` and `scores` (with their protocol), as `Origin` has them; `step`;
          `model_digest`, the SHA-256 of the generators' weights that reports of `kgan evaluate` have too; `averaged`,
          whether it draws with averages of the trained weights;
        - `latent_dim`, and `latents`: what the columns of a latent are, in order; `prior`, the conditions that
          occur, and how often (see `kgan.ConditionalGAN`); `words` of a prompt, by attribute; `directions` of a
          translator;
        - `image`: height, width and channels of what it makes;
        - `training`: the file with both players and optimizers, beside this one; `formats`: those in other formats;
        - `signatures`: of each its inputs and outputs, and of these `dtype`, `shape`, `meaning` and the least and the
          largest usual value, `range`.
    """
    encoder = getattr(model, "encoder", None)
    return {
        "format": FORMAT,
        **{package: importlib.metadata.version(package) for package in PACKAGES},
        "created": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "family": type(model).__name__,
        "app": origin and origin.app,
        "options": origin and dict(origin.options),
        "data": origin and origin.data,
        "scores": origin and origin.scores,
        "step": _step(model),
        "model_digest": digest_of_weights(model),
        "averaged": bool(model.averages),
        "latent_dim": getattr(model, "latent_dim", None),
        "latents": _columns(model),
        # Neither how often what occurs, nor how it is asked for, can be seen in a SavedModel.
        "prior": getattr(model, "prior", None),
        "words": encoder and {name: list(words) for name, words in encoder.attributes.items()},
        "directions": list(getattr(model, "directions", ())) or None,
        "image": dict(
            zip(("height", "width", "channels"), outputs["serving_default"]["images"].shape[1:], strict=True)
        ),
        "training": TRAINING if training else None,
        "formats": formats,
        "signatures": {name: signature.describe(outputs[name]) for name, signature in served.items()},
    }


def write(version: Path, manifest: dict[str, Any]) -> None:
    """Writes the manifest of a version, a folder; numbers that are not finite, which JSON does not know, as null."""
    known = json.loads(json.dumps(manifest), parse_constant=lambda _: None)
    (version / EXTRA / MANIFEST).write_text(json.dumps(known, indent=2, allow_nan=False) + "\n")


def read(version: Path) -> dict[str, Any]:
    """Returns the manifest of a version, a folder.

    Raises:
        InputError: If there is none, it cannot be read, or a newer kgan wrote it.
    """
    path = version / EXTRA / MANIFEST
    try:
        manifest = json.loads(path.read_text())
        newer = manifest.get("format", FORMAT) > FORMAT
    except FileNotFoundError:
        raise InputError(f"{version} was not published by kgan: it has no {EXTRA}/{MANIFEST}.") from None
    except (ValueError, AttributeError, TypeError) as error:
        raise InputError(f"{path} is damaged ({error}); publish the model anew: kgan export RUN") from None
    if newer:
        raise InputError(f"{path} was made by kgan {manifest.get('kgan')}: pip install --upgrade kgan")
    return manifest


def _step(model: keras.Model) -> int | None:
    return int(model.optimizer.iterations.numpy()) if model.compiled else None


def _columns(model: Any) -> list[dict[str, Any]] | None:
    """Returns what the columns of a latent are, in order: a name, how many, and the names or number of their values."""
    if not hasattr(model, "noise_columns"):
        return None
    noise = {"name": "noise", "columns": model.noise_columns, "kind": "normal"}
    if isinstance(model, InfoGAN):
        codes = model.code_set.by_name.items()
        return [noise, *({"name": name, "columns": code.size, "kind": code.kind} for name, code in codes)]
    if isinstance(model, ConditionalGAN):
        names = list(model.encoder.attributes) if model.encoder is not None else _group_names(len(model.groups))
        groups = zip(names, model.groups, strict=True)
        return [noise, *({"name": name, "columns": size, "kind": "categorical"} for name, size in groups)]
    return [noise]


def _group_names(count: int) -> list[str]:
    return ["label"] if count == 1 else [f"group_{index + 1}" for index in range(count)]
