"""What is said of generated images in words and pictures: copies, repeats, missing modes."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from kgan.evaluation.intervals import share_interval
from kgan.evaluation.reference import Reference
from kgan.evaluation.report import Row
from kgan.evaluation.sample import Progress, Sample
from kgan.metrics.collapse import collapse
from kgan.metrics.memorisation import CopyDetector
from kgan.metrics.mode_dropping import Clusters, mode_report
from kgan.metrics.pictures import copies_picture, modes_picture

# Generated images that copies are looked for among: 1 % of copies is found, and more would take minutes.
SEARCHED = 2000
# Copies that are named one by one.
NAMED = 10
# Modes to tell apart where there are no classes, of at least so many images, and rows of their picture.
CLUSTERS, CLUSTER_SIZE, SHOWN = 30, 20, 30


@dataclasses.dataclass(frozen=True)
class Findings:
    """Some of what an evaluation says; its attributes are those of `Evaluation`."""

    rows: Sequence[Row]
    words: dict[str, str]
    pictures: dict[str, np.ndarray]


def look_for_copies(images: np.ndarray, reference: Reference, progress: Progress | None) -> Findings:
    """Looks for training images among generated ones, over the whole split, calibrated on held-out images."""
    if progress:
        progress("looking for copies", 0, 1)
    train = reference.real_part.data.images
    apart = reference.held_out_part.data is not reference.real_part.data
    # Spread over all of them, as files are often ordered by kind.
    searched = images[np.unique(np.linspace(0, len(images) - 1, SEARCHED).astype(int))]
    found = CopyDetector(train, reference.held_out_part.pixels() if apart else None)(searched)
    low, high = share_interval(found.score, found.n)
    row = Row("memorisation", "copies (blurred pixels)", found.score, low, high, found.expected, "lower")
    words = [found.describe(), *(map(str, found.pairs[:NAMED]) if found.alarm else ())]
    return Findings([row], {"memorisation": "\n".join(words)}, {"memorisation": copies_picture(found, searched, train)})


def look_for_repeats(reference: Reference, fake: Sample) -> Findings:
    """Looks for generated images that nearly repeat each other."""
    found = collapse(reference.real.values, fake.values)
    low, high = share_interval(found.share, found.n)
    name = f"near-duplicates ({reference.extractor.name})"
    row = Row("near_duplicates", name, found.share, low, high, found.expected, "lower")
    return Findings([row], {"collapse": found.describe()}, {})


def look_at_modes(images: np.ndarray, reference: Reference, fake: Sample) -> Findings:
    """Compares how often classes, or clusters where there are none, come up in generated and in real images."""
    real = reference.real
    if real.num_classes:
        count, kind = real.num_classes, "classes"
        real_modes, fake_modes = real.labels, fake.labels
    else:
        count, kind = min(CLUSTERS, len(real) // CLUSTER_SIZE), "clusters of features"
        clusters = Clusters(real.values, count)
        real_modes, fake_modes = clusters(real.values), clusters(fake.values)
    report = mode_report(real_modes, fake_modes, count)
    shown = [*report.missing, *report.rare] or range(count)
    picture = modes_picture(report, reference.real_part.pixels(), real_modes, images, fake_modes, modes=shown[:SHOWN])
    words = f"{count} {kind} by {reference.extractor.name}: {report.describe()}"
    return Findings([], {"modes": words}, {"modes": picture})
