"""`kgan sample`: grids, single images, interpolations."""

from pathlib import Path
from typing import Any

from kgan import latents, pixels
from kgan.errors import InputError
from kgan.runs import Run


def write_samples(
    run: Path,
    num: int,
    seed: int,
    columns: int | None,
    single: bool,
    interpolate: int,
    gif: bool,
    out: Path | None,
) -> Path:
    """Draws what `kgan sample` was asked for and returns the file or folder written."""
    if single and (interpolate or gif):
        raise InputError("--single draws separate images; it does not go with --interpolate or --gif.")
    if columns and (single or interpolate or gif):
        raise InputError("--columns lays out a grid; it does not go with --single, --interpolate or --gif.")
    if (interpolate or gif) and num < 2:
        raise InputError(f"an interpolation needs --num of at least 2; got {num}.")
    opened = Run.open(run)
    model = opened.load_model()
    folder = opened.path / "generated"
    if single:
        return _write_single(model, num, seed, out or folder / f"seed-{seed}")
    if gif:
        path = out or folder / f"walk-{num}-seed-{seed}.gif"
        frames = model(latents.walk(model, num, seed, interpolate or 16))
        pixels.save_gif(path, list(frames), milliseconds=60)
    elif interpolate:
        path = out or folder / f"interpolation-{num}-seed-{seed}.png"
        pixels.save_png(path, pixels.grid(model(latents.walk(model, num, seed, interpolate)), columns=interpolate))
    else:
        path = out or folder / f"grid-{num}-seed-{seed}.png"
        pixels.save_png(path, pixels.grid(model.sample(num, seed=seed), columns=columns))
    return path


def _write_single(model: Any, num: int, seed: int, folder: Path) -> Path:
    for index, image in enumerate(model.sample(num, seed=seed)):
        pixels.save_png(folder / f"{seed + index:06d}.png", image)
    return folder
