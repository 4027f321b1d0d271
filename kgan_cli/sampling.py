"""`kgan sample`: grids, single images, interpolations, neighbours."""

import dataclasses
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kgan import latents, pixels
from kgan.errors import InputError
from kgan.report.neighbours import beside_neighbours, training_images
from kgan_cli.opening import open_trained

AT_ONCE = 250
PATH = "spherical"


@dataclasses.dataclass(frozen=True)
class SampleRequest:
    """What the options of `kgan sample` ask for, in the words of its help."""

    num: int = 64
    seed: int = 0
    label: int | None = None
    prompt: str | None = None
    truncation: float | None = None
    columns: int | None = None
    single: bool = False
    interpolate: int = 0
    path: str | None = None
    gif: bool = False
    neighbours: int = 0

    def check(self) -> None:
        """Refuses what does not go together.

        Raises:
            InputError: If something does not.
        """
        kinds = {"--single": self.single, "--interpolate or --gif": self.interpolate or self.gif}
        chosen = [name for name, given in {**kinds, "--neighbours": self.neighbours}.items() if given]
        if len(chosen) > 1:
            raise InputError(f"{' and '.join(chosen)} do not go together: each says what to draw.")
        if self.columns and chosen:
            raise InputError(f"--columns lays out a grid; it does not go with {chosen[0]}.")
        if self.path is not None and not (self.interpolate or self.gif):
            raise InputError("--path says how an interpolation goes; it needs --interpolate or --gif.")
        if (self.interpolate or self.gif) and self.num < 2:
            raise InputError(f"an interpolation needs --num of at least 2; got {self.num}.")
        if self.label is not None and self.prompt is not None:
            raise InputError("--label and --prompt both say what to draw; give one.")


def write_samples(path: Path, request: SampleRequest, out: Path | None) -> Path:
    """Draws what `kgan sample` was asked for and returns the file or folder written."""
    request.check()
    opened = open_trained(path)
    model = opened.model
    if hasattr(model, "directions"):
        raise InputError(
            f"{path} is a model of {opened.app}, which turns pictures into pictures and draws none from nothing; "
            f"kgan translate {path} IN OUT does."
        )
    rows = _latents(model, request)
    folder, about = opened.generated, f"{request.num}-seed-{request.seed}{_asked(request)}"
    if request.single:
        return _write_single(
            _images(model, rows), request.seed, out or folder / f"{opened.prefix}seed-{request.seed}{_asked(request)}"
        )
    if request.gif:
        walk = latents.walk(rows, model.noise_columns, request.interpolate or 16, request.path or PATH)
        out = out or folder / f"{opened.prefix}walk-{about}.gif"
        pixels.save_gif(out, list(_images(model, walk)), milliseconds=60)
    elif request.interpolate:
        walk = latents.walk(rows, model.noise_columns, request.interpolate, request.path or PATH)
        out = out or folder / f"{opened.prefix}interpolation-{about}.png"
        pixels.save_png(out, pixels.grid(_images(model, walk), columns=request.interpolate))
    elif request.neighbours:
        out = out or folder / f"{opened.prefix}neighbours-{about}.png"
        images = _images(model, rows)
        train = training_images(opened.options, images.shape[1:])
        pixels.save_png(out, beside_neighbours(images, train, request.neighbours))
    else:
        out = out or folder / f"{opened.prefix}grid-{about}.png"
        pixels.save_png(out, pixels.grid(_images(model, rows), columns=request.columns))
    return out


def _asked(request: SampleRequest) -> str:
    """Returns what a file's name says of what was asked for."""
    words = [] if request.label is None else [f"label-{request.label}"]
    words += [] if request.prompt is None else ["".join(c if c.isalnum() else "-" for c in request.prompt)]
    words += [] if request.truncation is None else [f"truncation-{request.truncation:g}"]
    return "".join(f"-{word}" for word in words)


def _latents(model: Any, request: SampleRequest) -> np.ndarray:
    seeds = tf.range(request.seed, request.seed + request.num, dtype="int64")
    condition = _condition(model, request)
    if condition is None:
        rows = model.latents(seeds).numpy()
    else:
        rows = model.latents(seeds, tf.repeat(condition, request.num, axis=0)).numpy()
    if request.truncation is not None:
        noise = slice(0, model.noise_columns)
        rows[:, noise] = latents.truncate(rows[:, noise], request.truncation)
    return rows


def _condition(model: Any, request: SampleRequest) -> tf.Tensor | None:
    """Returns what is asked for, `(1, columns)`, or None."""
    if request.label is not None:
        if getattr(model, "conditions", None) is None:
            raise InputError("--label: this model was trained without labels; kgan train conditional uses them.")
        if len(model.groups) > 1 and model.encoder is not None:
            raise InputError(f"--label: this model is asked in words: --prompt {model.encoder.example!r}.")
        return model.conditions.one_hot([request.label])
    if request.prompt is not None:
        if getattr(model, "encoder", None) is None:
            raise InputError("--prompt: this model was trained without words; kgan train anime uses tags.")
        return tf.constant(model.encoder.encode(request.prompt)[None])
    return None


def _images(model: Any, rows: np.ndarray) -> np.ndarray:
    """Returns the images of latents, uint8, some at a time."""
    parts = [model(rows[start : start + AT_ONCE]) for start in range(0, len(rows), AT_ONCE)]
    return np.concatenate([keras.ops.convert_to_numpy(pixels.to_uint8(part)) for part in parts])


def _write_single(images: np.ndarray, seed: int, folder: Path) -> Path:
    for index, image in enumerate(images):
        pixels.save_png(folder / f"{seed + index:06d}.png", image)
    return folder
