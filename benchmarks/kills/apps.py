"""Every app as small as it gets, on pictures drawn here: seconds of training with all that hours of it have."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from kgan.data import synthetic

# Pictures of each kind: epochs of some dozens of steps.
IMAGES = 240
SIDE = 16
RANDOM = ["--size", SIDE, "--batch-size", 8, "--width", 4, "--depth", 0]
SIDES = ["--size", SIDE, "--width", 2, "--receptive-field", SIDE]


@dataclasses.dataclass(frozen=True)
class App:
    """What is trained.

    Attributes:
        words: What follows `kgan train`, without `--out`.
        prepare: Called once with an empty folder; makes what the words need there and returns what they say of it.
        base: Words of a training that comes first, into `base` in that folder; none for none.
    """

    words: Sequence[object]
    prepare: Callable[[Path], list[object]] = lambda folder: []
    base: Sequence[object] = ()


def _faces(folder: Path) -> list[object]:
    return ["--data", synthetic.write_faces(folder / "faces", IMAGES)]


def _upside_down(folder: Path) -> list[object]:
    _write(folder / "digits", synthetic.digits(IMAGES)[0][:, ::-1, :, 0])
    return [folder / "base", "--data", folder / "digits"]


def _pairs(folder: Path) -> list[object]:
    photos = _blocks(40)
    _write(folder / "pairs", np.concatenate([photos, 255 - photos], axis=2))
    return ["--data", folder / "pairs"]


def _domains(folder: Path) -> list[object]:
    for name, count, brightness in (("trainA", 36, 0), ("trainB", 30, 127), ("testA", 4, 0), ("testB", 4, 127)):
        _write(folder / "domains" / name, _blocks(count) // 2 + brightness)
    return ["--data", folder / "domains"]


def _blocks(count: int) -> np.ndarray:
    blocks = np.random.default_rng(count).integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)
    return blocks.repeat(SIDE // 4, axis=1).repeat(SIDE // 4, axis=2)


def _write(folder: Path, images: np.ndarray) -> None:
    folder.mkdir(parents=True)
    for index, image in enumerate(images.astype(np.uint8)):
        Image.fromarray(image).save(folder / f"{index:03}.png")


DIGITS = ["--data", "synthetic", *RANDOM]
APPS = {
    "dcgan": App(["dcgan", *DIGITS, "--epochs", 16]),
    "infogan": App(["infogan", *DIGITS, "--epochs", 16]),
    "conditional": App(["conditional", *DIGITS, "--epochs", 16]),
    "anime": App(["anime", *RANDOM, "--epochs", 16], _faces),
    # With Dropout, whose seeds must come back.
    "pix2pix": App(["pix2pix", *SIDES, "--input-side", "right", "--epochs", 16], _pairs),
    # With pools that fill up and swap.
    "cyclegan": App(["cyclegan", *SIDES, "--blocks", 0, "--pool-size", 8, "--epochs", 16], _domains),
    "finetune": App(
        ["finetune", "--batch-size", 8, "--epochs", 16], _upside_down, base=["dcgan", *DIGITS, "--epochs", 1]
    ),
}
