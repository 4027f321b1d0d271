"""What the codes of a trained model turned out to do, in words and numbers."""

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from kgan.codes import Categorical
from kgan.data import ImageSet
from kgan.files import atomic_file
from kgan.metrics.codes import code_accuracy, match_codes, rank_correlations
from kgan.metrics.strokes import slant, stroke_width
from kgan.pixels import from_uint8

# Generated images that L_I is a mean over, and real ones read at a time.
GENERATED = 10_000
CHUNK = 1000


@dataclasses.dataclass(frozen=True)
class CodeReport:
    """What each code does.

    Attributes:
        num_images: How many images it was seen on.
        held_out: Whether these were held out of the training.
        codes: By code, `nats` (L_I on generated images) and, for a categorical one where labels are known, `classes`
            (the class that each value stands for, -1 for none), `accuracy` and `right` (the share of each value's
            images that are of its class); for a continuous one `correlations` with each factor, over all images, and
            `within_classes`, the mean of those in each class.
    """

    num_images: int
    held_out: bool
    codes: dict[str, dict[str, Any]]

    def text(self) -> str:
        """Returns the table as text."""
        kind = "held-out" if self.held_out else "training"
        lines = [f"what the codes do, on {self.num_images:,} {kind} images:"]
        for name, found in self.codes.items():
            lines += ["", *_lines(name, found)]
        return "\n".join(lines) + "\n"

    def save(self, folder: str | os.PathLike) -> None:
        """Writes table.txt and table.json."""
        for file, text in (("table.txt", self.text()), ("table.json", json.dumps(dataclasses.asdict(self), indent=2))):
            with atomic_file(Path(folder) / file) as temporary:
                temporary.write_text(text)


def describe_codes(model: Any, images: ImageSet, held_out: ImageSet | None = None) -> CodeReport:
    """Finds what each code of a model does.

    A categorical code's values are matched with the classes on the training images, one to one, and scored on the
    held-out ones. A continuous code is compared with the factors that are known of the images, and where these are gray
    with slant and stroke width as measured on them.

    Args:
        model: A `kgan.InfoGAN`.
        images: The training images.
        held_out: Others of the same kind; without them the training images are scored.
    """
    scored = images if held_out is None else held_out
    read, codes = _read(model, scored), {}
    labelled = images.labels is not None and scored.labels is not None
    fitted = _read(model, images) if labelled else {}
    factors = _factors(scored)
    for name, nats in model.information(GENERATED).items():
        found: dict[str, Any] = {"nats": nats}
        if isinstance(model.code_set.by_name[name], Categorical):
            if labelled:
                found |= _classes(fitted[name], images.labels, read[name], scored.labels)
        elif factors:
            found["correlations"] = rank_correlations(read[name][:, 0], factors)
            if labelled:
                found["within_classes"] = rank_correlations(read[name][:, 0], factors, scored.labels)
        codes[name] = found
    return CodeReport(len(scored), held_out is not None, codes)


def _read(model: Any, images: ImageSet) -> dict[str, np.ndarray]:
    """Returns what Q reads in uint8 images."""
    parts = [model.encode(from_uint8(images[start : start + CHUNK])) for start in range(0, len(images), CHUNK)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _classes(fitted: np.ndarray, labels: Any, read: np.ndarray, scored_labels: Any) -> dict[str, Any]:
    num_classes = int(max(labels.max(), scored_labels.max())) + 1
    matching = match_codes(fitted.argmax(axis=1), labels, fitted.shape[1], num_classes)
    values = read.argmax(axis=1)
    right = [_share(scored_labels[values == value] == of) for value, of in enumerate(matching)]
    return {
        "accuracy": code_accuracy(values, scored_labels, matching),
        "classes": matching.tolist(),
        "right": right,
    }


def _share(right: np.ndarray) -> float | None:
    return float(right.mean()) if len(right) else None


def _factors(images: ImageSet) -> dict[str, np.ndarray]:
    known = {name: values for name, values in images.factors.items() if name != "label"}
    if images.image_shape[-1] != 1:
        return known
    pixels = np.asarray(images[np.arange(len(images))])
    return {**known, "measured slant": slant(pixels), "measured stroke width": stroke_width(pixels)}


def _lines(name: str, found: dict[str, Any]) -> list[str]:
    title = f"{name}: L_I {found['nats']:.2f} nats"
    if "accuracy" in found:
        shares = ["-" if share is None else f"{share:.0%}" for share in found["right"]]
        rows = {"value": range(len(shares)), "class": found["classes"], "right": shares}
        return [
            f"{title}; tells the class of {found['accuracy']:.2%}",
            *("  " + f"{word:8}" + "".join(f"{entry!s:>6}" for entry in row) for word, row in rows.items()),
        ]
    if "correlations" in found:
        within = found.get("within_classes", {})
        return [
            f"{title}; rank correlation{' (and within classes)' * bool(within)} with",
            *(
                f"  {factor:22}{value:6.2f}" + (f" ({within[factor]:.2f})" if within else "")
                for factor, value in found["correlations"].items()
            ),
        ]
    return [title]
