"""What `kgan evaluate` judges: the images of a generator, of a run or published, or those of a folder."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kgan import evaluation
from kgan.data import ImageSet, images_of, open_held_out, open_images
from kgan.data.named import is_named
from kgan.errors import InputError
from kgan.evaluation import Evaluation, Protocol, Reference, digest_of_weights
from kgan.export import find_model
from kgan.metrics.features import open_extractor
from kgan_cli.failures import say
from kgan_cli.opening import Opened, is_run, open_trained

Progress = Callable[[str, int, int], None]


@dataclasses.dataclass(frozen=True)
class Request:
    """What the options of `kgan evaluate` ask for, in the words of its help."""

    extractor: str | None = None
    num: int = 10_000
    split: str = "train"
    seed: int = 0
    raw: bool = False
    detector: Path | None = None
    data: str | None = None
    size: int | None = None


@dataclasses.dataclass(frozen=True)
class Judged:
    """Generated images, and the real ones that they are judged by.

    Attributes:
        subject: The run or published model, or the folder of the images.
        reference: The real images.
        weights: `"ema"`, `"raw"` or `"files"`.
        seed: Of the generated images.
        detector: The detector's cascade.
        model_digest: Which model it is.
        images: Makes the generated images.
        folder: Where reports go by default.
    """

    subject: Path
    reference: Reference
    weights: str
    seed: int | None
    detector: Path | None
    model_digest: str | None
    images: Callable[[], np.ndarray]
    folder: Path | None

    @property
    def protocol(self) -> Protocol:
        """The protocol that it is judged by."""
        return self.reference.protocol(self.weights, self.seed, self.detector)

    @property
    def report(self) -> Path | None:
        """Where the report is by default: a place of its own for each protocol."""
        if self.folder is None:
            return None
        protocol = self.protocol
        words = (protocol.extractor, self.weights, protocol.split, protocol.num_generated, "seed", self.seed)
        return self.folder / re.sub(r"[^\w.-]+", "_", "-".join(map(str, words))) / "report.json"

    def evaluate(self, progress: Progress) -> Evaluation:
        """Judges the images by every measure."""
        return evaluation.evaluate_images(
            self.images(),
            self.reference,
            self.weights,
            self.seed,
            cascade=self.detector,
            subject=str(self.subject),
            model_digest=self.model_digest,
            progress=progress,
        )


def judged_model(path: Path, request: Request, progress: Progress) -> Judged:
    """Opens a run or a published model, and the images that it was trained on.

    Raises:
        InputError: If it is neither, its images are not known or differ in shape from the model's; and as `kgan.data`
            and the extractor do.
    """
    opened = open_trained(path)
    if hasattr(opened.model, "directions"):
        raise InputError(
            f"{path} is a model of {opened.app}, which turns pictures into pictures: its scores are in "
            f"{_scores(path)}. Or judge what it makes of a folder: kgan translate {path} IN OUT, then "
            "kgan evaluate OUT REAL."
        )
    there = _weights(opened, path)
    weights = "raw" if request.raw else there[0]
    if weights not in there:
        raise InputError(f"--raw: {path} holds the averaged generator alone; the run that it comes from holds both.")
    # The others lie beside those that it draws with.
    drawn = "ema" if weights == there[0] else "raw"
    _check_data(opened, path, request)
    shape = tuple(opened.model.sample(1).shape[1:])
    real, held_out = _real_images(path, opened.options, shape, request, progress)
    reference = _open_reference(real, held_out, request, request.num, progress)
    return Judged(
        subject=path,
        reference=reference,
        weights=weights,
        seed=request.seed,
        detector=request.detector,
        model_digest=opened.manifest["model_digest"] if opened.manifest else digest_of_weights(opened.model),
        images=lambda: evaluation.draw(opened.model, len(reference), request.seed, drawn, progress),
        folder=opened.evaluation,
    )


def _weights(opened: Opened, path: Path) -> tuple[str, ...]:
    """Returns which weights there are, first those that it draws with."""
    if opened.manifest is None:
        return ("ema", "raw") if opened.model.averages else ("raw",)
    if "averaged" not in opened.manifest:
        raise InputError(f"{path} does not say whether it is averaged; publish the run anew: kgan export RUN")
    return ("ema",) if opened.manifest["averaged"] else ("raw",)


def _check_data(opened: Opened, path: Path, request: Request) -> None:
    """Refuses to look in this machine's folders for what was one of another's."""
    data = opened.options.get("data")
    if opened.manifest and data and not request.data and not is_named(data):
        raise InputError(f"{path} was trained on a folder {data!r}, wherever that was; say where it is: --data FOLDER")


def _scores(path: Path) -> Path:
    """Returns where what a translator's training has measured is written down."""
    return path / "best" / "scores.csv" if is_run(path) else find_model(path).parent / "README.md"


def judged_files(path: Path, real: Path, request: Request, progress: Progress) -> Judged:
    """Opens a folder of generated images, and one of real ones.

    Raises:
        InputError: If they differ in size or channels; and as `kgan.data` and the extractor do.
    """
    generated = open_images(path, image_size=request.size, progress=progress)
    data = open_images(real, split=request.split, image_size=request.size, progress=progress)
    if generated.image_shape != data.image_shape:
        raise InputError(
            f"the generated images ({path}) are {generated.image_shape} and the real ones ({real}) {data.image_shape}; "
            "give folders of one size and number of channels, or bring both to one size with --size."
        )
    reference = _open_reference(data, None, request, min(request.num, len(generated)), progress)
    # Spread over all of them, as files are often ordered by kind.
    chosen = np.linspace(0, len(generated) - 1, len(reference)).round().astype(int)
    return Judged(path, reference, "files", None, request.detector, None, lambda: generated[chosen], None)


def _real_images(
    path: Path, options: Mapping[str, Any], shape: tuple[int, ...], request: Request, progress: Progress
) -> tuple[ImageSet, ImageSet | None]:
    """Returns the images that a model was trained on, and held-out ones of the same kind, if there are any."""
    data = request.data or options.get("data")
    if not data:
        raise InputError(f"{path} does not say what it was trained on; name it with --data.")
    data = images_of(data)
    size = request.size or options.get("size")
    if size is None and Path(data).expanduser().is_dir() and shape[0] == shape[1]:
        # A folder's pictures are of any size, and were brought to the model's for the training.
        size = shape[0]
    skip_broken = bool(options.get("skip_broken"))
    real = open_images(
        data,
        split=request.split,
        image_size=size,
        channels=shape[-1],
        skip_broken=skip_broken,
        progress=progress,
    )
    if real.image_shape != shape:
        raise InputError(
            f"the generator of {path} makes images {shape}, but the real ones ({real.name}) are "
            f"{real.image_shape}; bring them to the size that it was trained at with --size."
        )
    return real, open_held_out(data, real, skip_broken=skip_broken) if request.split == "train" else None


def _open_reference(
    real: ImageSet, held_out: ImageSet | None, request: Request, num: int, progress: Progress
) -> Reference:
    """Opens the extractor that was asked for, or says which one is used instead, and the real images' features."""
    name = request.extractor
    if name is None:
        name, reason = evaluation.default_extractor(real)
        say(f"no extractor named: {name}, as {reason}")
    return evaluation.open_reference(
        real, open_extractor(name), num, split=request.split, held_out=held_out, note=say, progress=progress
    )
