"""`evaluate_images`: everything that is said of generated images."""

import os
from pathlib import Path

import numpy as np

from kgan.errors import InputError
from kgan.evaluation.findings import look_at_modes, look_for_copies, look_for_repeats
from kgan.evaluation.intervals import intervals, share_interval
from kgan.evaluation.measures import choose
from kgan.evaluation.reference import Reference, check_generated
from kgan.evaluation.report import Evaluation, Row
from kgan.evaluation.sample import Pair, Progress, Sample, look_at
from kgan.metrics.detector import detection_rate

# Images of each kind, so that halves of them are enough for every measure.
LEAST = 100


def evaluate_images(
    images: np.ndarray,
    reference: Reference,
    weights: str = "ema",
    seed: int | None = 0,
    *,
    cascade: str | os.PathLike | None = None,
    subject: str = "generated images",
    model_digest: str | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Judges generated images by every measure that their number and the extractor allow.

    Args:
        images: uint8, as many as the reference has, and of the same shape.
        reference: The real images.
        weights: What drew the images, for the protocol: `"ema"`, `"raw"`, or `"files"`.
        seed: What they were drawn by, for the protocol; None for files.
        cascade: An object detector, for its detection rate; see `kgan.metrics.detector`.
        subject: What was judged, for the report.
        model_digest: Which model drew the images, for the report.
        progress: Told how far it has come.

    Raises:
        InputError: If the images are not as above or too few for a measure, or the detector cannot be used.
    """
    check_generated(images, (len(reference), *reference.image_shape))
    if len(images) < LEAST:
        raise InputError(f"an evaluation needs at least {LEAST} images of each kind; there are {len(images)}.")
    protocol = reference.protocol(weights, seed, cascade)
    fake = look_at(reference.extractor, images, "generated images", progress)
    rows = _rows(reference, fake, progress)
    if cascade is not None:
        rows.append(_detection_row(images, reference, cascade))
    parts = [look_at_modes(images, reference, fake), look_for_repeats(reference, fake)]
    # Copies of images that it has not seen would be no copies.
    if reference.real_part.split.startswith("train"):
        parts.append(look_for_copies(images, reference, progress))
    return Evaluation(
        subject=subject,
        model_digest=model_digest,
        protocol=protocol,
        rows=(*rows, *(row for part in parts for row in part.rows)),
        words={subject: words for part in parts for subject, words in part.words.items()},
        pictures={name: picture for part in parts for name, picture in part.pictures.items()},
    )


def _rows(reference: Reference, fake: Sample, progress: Progress | None) -> list[Row]:
    measures = choose(None, reference.real.num_classes > 0, len(reference))
    pair, best = Pair(reference.real, fake), Pair(reference.real, reference.held_out)
    values = [float(measure.value(pair)) for measure in measures]
    return [
        Row(
            key=measure.key,
            name=f"{measure.title} ({reference.extractor.name})",
            value=value,
            low=low,
            high=high,
            floor=float(measure.value(best)),
            better=measure.better,
        )
        for measure, value, (low, high) in zip(
            measures, values, intervals(measures, pair, values, progress), strict=True
        )
    ]


def _detection_row(images: np.ndarray, reference: Reference, cascade: str | os.PathLike) -> Row:
    rate = detection_rate(images, cascade).rate
    low, high = share_interval(rate, len(images))
    real = detection_rate(reference.held_out_part.pixels(), cascade).rate
    name = f"detection rate ({Path(cascade).name})"
    return Row("detection_rate", name, rate, low, high, floor=real, better="higher")
