"""`Signals`: what one look at a training sees, in numbers, and the arithmetic behind them."""

import dataclasses

import numpy as np
from scipy.spatial import distance

THUMBNAIL = 16


@dataclasses.dataclass(frozen=True)
class Signals:
    """One look at a training. What could not be had is NaN.

    Attributes:
        step: Training steps done.
        seconds: Seconds of training, all sittings together.
        worst_loss: Largest absolute value of the critics' loss in one step since the last look; see `StepLosses`.
        leaps: How many steps since then had one out of all proportion.
        real_logit: Mean of the critic's logits on training images.
        held_out_logit: The same on held-out images.
        fake_logit: The same on generated images.
        spread: Mean of the standard deviations of the logits on training and on generated images.
        separation: Share of pairs of a real and a generated image that the critic puts in the right order (the area
            under the ROC curve): 0.5 is chance, 1 is perfect.
        memorising: The same for pairs of a training image and a held-out one: 0.5 unless images are known by heart.
        diversity: Mean distance between generated images, divided by that between real ones.
        closeness: Median distance of a generated image to the nearest other one, divided by the same for real ones;
            small when the generator has a few pictures only, however different these are.
        distance: Energy distance of generated from real images, as a share of its largest value: 0 to 1.
        generator_gradient: Norm of the gradient of the generators' loss by their weights.
        discriminator_gradient: The same for the critics, penalties included.
        generator_update: ||W - W'|| / ||W'|| of the generators' weights since the last look.
        discriminator_update: The same for the critics.
        generator_norm: Largest singular value of any of the generators' kernels.
        discriminator_norm: The same for the critics.
        not_finite: Names of the losses, weights or images in which there is a NaN or an infinity.
        domain: The domain whose images, makers and critic these are, of a model that translates both ways.
    """

    step: int
    seconds: float
    worst_loss: float
    leaps: int
    real_logit: float
    held_out_logit: float
    fake_logit: float
    spread: float
    separation: float
    memorising: float
    diversity: float
    closeness: float
    distance: float
    generator_gradient: float
    discriminator_gradient: float
    generator_update: float
    discriminator_update: float
    generator_norm: float
    discriminator_norm: float
    not_finite: tuple[str, ...]
    domain: str = ""


def separation(upper: np.ndarray, lower: np.ndarray) -> float:
    """Returns the share of pairs in which the first is the larger, ties counted half: the area under the ROC curve.

    NaN if any of them is.
    """
    if np.isnan(upper).any() or np.isnan(lower).any():
        return float("nan")
    upper, lower = upper[:, None], lower[None, :]
    return float(np.mean(upper > lower) + 0.5 * np.mean(upper == lower))


def thumbnails(images: np.ndarray) -> np.ndarray:
    """Returns images `(n, height, width, channels)` as rows of floats, shrunk by averaging to 16 to 31 pixels a side.

    Fine texture averages out, so that distances between rows are about what is shown.
    """
    count, height, width, channels = images.shape
    down, across = max(height // THUMBNAIL, 1), max(width // THUMBNAIL, 1)
    rows, columns = height // down, width // across
    tiles = images[:, : rows * down, : columns * across].astype("float32")
    return tiles.reshape(count, rows, down, columns, across, channels).mean(axis=(2, 4)).reshape(count, -1)


class Crowd:
    """Rows of pixels and the distances among them: their mean, and the median to the nearest other."""

    def __init__(self, rows: np.ndarray):
        self.rows = rows
        distances = distance.squareform(distance.pdist(rows))
        self.mean = float(distances.sum() / (len(rows) * (len(rows) - 1)))
        np.fill_diagonal(distances, np.inf)
        self.nearest = float(np.median(distances.min(axis=1)))

    def energy_distance(self, other: "Crowd") -> float:
        """Returns the normalised energy distance to another crowd (Székely & Rizzo 2013), around 0 for two alike.

        (2 E|X - Y| - E|X - X'| - E|Y - Y'|) / (2 E|X - Y|)
        """
        between = 2.0 * float(distance.cdist(self.rows, other.rows).mean())
        return (between - self.mean - other.mean) / between if between else 0.0
