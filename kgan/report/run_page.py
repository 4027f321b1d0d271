"""The page of one run."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from kgan.data import ImageSet
from kgan.errors import InputError
from kgan.report import curves, markup, neighbours, options, sections
from kgan.report.charts import charts
from kgan.report.document import document
from kgan.report.markup import Html, element
from kgan.report.pictures import inlined
from kgan.report.record import Record
from kgan.report.timeline import timeline

# Of paths from the root all but the last name: a report goes to others.
FOLDERS = re.compile(r"(?<![\w.])(?:[A-Za-z]:)?[\\/](?:[^\s\\/'\"]+[\\/])+")


def run_page(
    record: Record, defaults: Mapping[str, Any] | None, with_neighbours: bool = True, train: ImageSet | None = None
) -> str:
    """Returns a run's page: samples, losses, scores, health, neighbours, options.

    Args:
        record: The run.
        defaults: Of the app's options; None if they are not known.
        with_neighbours: Whether to load the model and the training images for the samples' neighbours. What cannot be
            had is said in the page.
        train: The training images, if they are open already.

    Raises:
        RunError: If a picture of the run is damaged.
    """
    called = [("", record)]
    parts = [sections.heading(record)]
    if record.pictures:
        parts.append(markup.section("Samples", markup.note(sections.sample_words(record)), timeline(called)))
    if record.history:
        parts.append(markup.section("Losses", charts(curves.losses(called))))
    parts += [sections.scores(record), sections.health(record)]
    if with_neighbours:
        parts.append(markup.section("Nearest training images", *_neighbours(record, train)))
    parts.append(markup.section("Options", options.beside_defaults(record, defaults), sections.versions(record)))
    return document(f"{record.app}, {record.name}", *parts)


def _neighbours(record: Record, train: ImageSet | None) -> list[Html]:
    try:
        picture: np.ndarray = neighbours.picture_of(record.run, train)
    except (InputError, OSError) as error:
        return [element("p", f"Left out: {FOLDERS.sub('', str(error))}")]
    words = (
        f"Samples of the published model, seeds 0 to {neighbours.SAMPLES - 1}, each followed by the training images "
        "nearest to it, by small blurred pictures."
    )
    return [markup.note(words), element("figure", inlined(picture).image("samples and their nearest training images"))]
