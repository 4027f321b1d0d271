"""`kgan translate`: a picture, a folder or a glob of them, or a video, through a run's generator."""

import contextlib
import dataclasses
import glob
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

from kgan import pixels
from kgan.data.folder import SUFFIXES, list_images
from kgan.data.pictures import read_picture, write_picture
from kgan.data.reading import default_memory_budget, reason_of
from kgan.errors import InputError, unknown_name
from kgan.tiles import in_tiles
from kgan_cli import video
from kgan_cli.evaluating import Telling
from kgan_cli.failures import say
from kgan_cli.opening import open_trained

# What translating takes for each pixel of a picture at the papers' width; larger pictures go in tiles. On a CPU it was
# up to 716 for a ResNet-9, 272 for a U-Net.
BYTES_A_PIXEL = 1024
TILE = 512


@dataclasses.dataclass(frozen=True)
class TranslateRequest:
    """What the options of `kgan translate` ask for, in the words of its help."""

    direction: str | None = None
    tile: int | None = None
    overwrite: bool = False


class Translator:
    """A trained generator, on pictures.

    Args:
        run: A run's folder, or a published model's folder or name.
        request: What was asked for.

    Raises:
        InputError: If the run's model does not translate, or not in this direction.
    """

    def __init__(self, run: Path, request: TranslateRequest):
        opened = open_trained(run)
        model = opened.model
        known = getattr(model, "directions", None)
        if known is None:
            raise InputError(
                f"{run} is a model of {opened.app}, which draws pictures from nothing; kgan sample {run} does. "
                "kgan translate takes models of pix2pix and cyclegan."
            )
        self.direction = request.direction or known[0]
        if self.direction not in known:
            raise unknown_name("direction", self.direction, known)
        self.model, self.tile = model, request.tile
        self.channels = model.channels(self.direction)[0]
        self._said = False

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """Returns uint8 `(height, width, channels)` of the picture's size for one."""
        image = np.asarray(pixels.from_uint8(picture))
        made = None
        if self.tile is None and image.shape[0] * image.shape[1] * BYTES_A_PIXEL <= default_memory_budget():
            # An accelerator's memory is another one.
            with contextlib.suppress(tf.errors.ResourceExhaustedError):
                made = self._at_once(image)
        if made is None:
            if self.tile is None:
                self._say_tiles(image)
            tile = self.tile or TILE
            made = in_tiles(self._at_once, image, tile, tile // 8)
        return np.asarray(pixels.to_uint8(made))

    def _say_tiles(self, image: np.ndarray) -> None:
        if not self._said:
            say(
                f"{image.shape[1]}x{image.shape[0]} pixels may take more memory than there is: such pictures go in "
                f"overlapping tiles of {TILE} pixels; --tile says how large"
            )
        self._said = True

    def _at_once(self, image: np.ndarray) -> np.ndarray:
        return np.asarray(self.model.translate(image[None], self.direction))[0]


def translate(run: Path, source: str, out: Path, request: TranslateRequest) -> int:
    """Translates all that `source` names, says how far it is, and returns the exit code: 1 if a picture was broken.

    What is in `out` already is left alone, so that the same command goes on after an interruption.

    Raises:
        InputError: If there is nothing to translate, the run cannot, or translations would lie where pictures are.
    """
    files, base = find(source)
    targets = _targets(files, base, out)
    _refuse(source, files, targets, out)
    todo = [pair for pair in zip(files, targets, strict=True) if request.overwrite or not pair[1].exists()]
    if len(todo) < len(files):
        say(f"{len(files) - len(todo)} of {len(files)} are in {out} already; --overwrite makes them anew")
    if not todo:
        return 0
    translator = Translator(run, request)
    broken = _each(todo, translator)
    for name, reason in broken.items():
        say(f"not translated: {name}: {reason}")
    if len(broken) < len(files):
        print(out)
    return 1 if broken else 0


def find(source: str) -> tuple[list[Path], Path | None]:
    """Returns the files that a file's name, a folder or a glob stands for, and the folder they lie in; None for a file.

    Raises:
        InputError: If there are none.
    """
    path = Path(source).expanduser()
    if path.is_dir():
        return list_images(path), path
    if path.is_file():
        return [path], None
    if glob.has_magic(source):
        # Path.glob takes no pattern that starts at the root or in a home folder.
        files = [Path(name) for name in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207
        files = [file for file in files if file.suffix.lower() in (*SUFFIXES, *video.SUFFIXES)]
        if files:
            return files, Path(_common(files))
    raise InputError(f"{source}: no such file, no folder, and no glob that finds pictures or videos.")


def _common(files: Sequence[Path]) -> Path:
    first, *others = [file.parent for file in files]
    while any(first not in (other, *other.parents) for other in others):
        first = first.parent
    return first


def _targets(files: Sequence[Path], base: Path | None, out: Path) -> list[Path]:
    if base is not None:
        if out.is_file():
            raise InputError(f"{out} is a file; several pictures need a folder to go to.")
        return [out / file.relative_to(base) for file in files]
    return [out / files[0].name if out.is_dir() or not out.suffix else out]


def _refuse(source: str, files: Sequence[Path], targets: Sequence[Path], out: Path) -> None:
    """Raises InputError where a picture would take its own place, or become one to translate; and see `video.check`."""
    folder = Path(source).expanduser()
    if folder.is_dir() and (folder.resolve() == out.resolve() or folder.resolve() in out.resolve().parents):
        raise InputError(f"{out} lies in {source}, and translations would be translated; give a folder apart.")
    for file, target in zip(files, targets, strict=True):
        if target.exists() and target.samefile(file):
            raise InputError(f"{file} would be replaced by its own translation; give another OUT.")
        if file.suffix.lower() in video.SUFFIXES:
            video.check(file, target)


def _each(todo: Sequence[tuple[Path, Path]], translator: Translator) -> dict[str, str]:
    """Translates the files one by one; returns why some could not be, by name."""
    broken = {}
    progress = Telling()
    for done, (file, target) in enumerate(todo):
        progress("translating", done, len(todo))
        translate_one = video.translate if file.suffix.lower() in video.SUFFIXES else _one
        reason = translate_one(file, target, translator)
        if reason:
            broken[str(file)] = reason
    return broken


def _one(file: Path, target: Path, translator: Any) -> str | None:
    """Translates a picture; returns why it could not be read, or None."""
    try:
        picture = read_picture(file, translator.channels)
    except Exception as error:
        return reason_of(error)
    kind = picture.format if target.suffix.lower() == file.suffix.lower() else _format(target)
    write_picture(target, translator(picture.pixels), picture.alpha, kind)
    return None


def _format(target: Path) -> str:
    known = Image.registered_extensions()
    if target.suffix.lower() not in known:
        raise InputError(f"{target}: unknown picture format; name it .png, .jpg or .webp.")
    return known[target.suffix.lower()]
