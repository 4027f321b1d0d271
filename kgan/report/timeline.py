"""The timeline: sample pictures of one run or several, and a slider through the epochs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

from kgan.report import markup
from kgan.report.charts import thin
from kgan.report.markup import Html, element
from kgan.report.pictures import BUDGET, Picture, fitted
from kgan.report.record import Record

MOST = 120


def timeline(records: Sequence[tuple[str, Record]]) -> Html:
    """Returns the pictures of runs side by side, the last ones shown, with a slider if there are several of a run.

    Args:
        records: Runs, each with what to call it; at least one has pictures.
    """
    shown = [(name, record) for name, record in records if record.pictures]
    kept = [_kept(record, MOST // len(shown)) for _, record in shown]
    epochs = sorted({epoch for pictures in kept for epoch in pictures})
    columns = [
        _column(name if len(records) > 1 else "", pictures, BUDGET // len(shown))
        for (name, _), pictures in zip(shown, kept, strict=True)
    ]
    best = shown[0][1].best_epoch if len(shown) == 1 else None
    labels = [_label(epoch) + (", the best" if epoch == best else "") for epoch in epochs]
    numbers = markup.data({"epochs": epochs, "labels": labels})
    controls = [_controls(labels)] if len(epochs) > 1 else []
    return element("figure", *controls, element("div", *columns, class_="columns"), numbers, class_="timeline")


def _kept(record: Record, most: int) -> dict[int, Path]:
    """Returns so many pictures, evenly spread, and that of the best model."""
    epochs = list(record.pictures)
    chosen = {epochs[index] for index in thin(len(epochs), most)}
    chosen |= {record.best_epoch} & set(epochs)
    return {epoch: record.pictures[epoch] for epoch in sorted(chosen)}


def _column(name: str, files: Mapping[int, Path], budget: int) -> Html:
    pictures = fitted(list(files.values()), budget)
    widths = [_width(file) for file in files.values()]
    images = [
        _image(picture, width, epoch, epoch == max(files))
        for epoch, picture, width in zip(files, pictures, widths, strict=True)
    ]
    return element("div", *([element("p", name, class_="name")] if name else []), *images, class_="column")


def _image(picture: Picture, width: int, epoch: int, visible: bool) -> Html:
    return picture.image(f"the samples {_label(epoch)}", width, data_epoch=epoch, hidden=not visible)


def _width(file: Path) -> int:
    with Image.open(file) as picture:
        return picture.width


def _controls(labels: Sequence[str]) -> Html:
    last = len(labels) - 1
    slider = element("input", type="range", min=0, max=last, value=last, aria_label="epoch", aria_valuetext=labels[-1])
    return element(
        "div", element("button", "Play", type="button"), slider, element("output", labels[-1]), class_="controls"
    )


def _label(epoch: int) -> str:
    return f"after epoch {epoch:,}" if epoch else "within epoch 1"
