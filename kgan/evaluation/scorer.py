"""`Scorer`: some metrics of generated images, as often as wanted; what concerns the real ones is computed once."""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from kgan.data import ImageSet
from kgan.errors import InputError
from kgan.evaluation.cache import Note
from kgan.evaluation.drawing import draw
from kgan.evaluation.measures import choose
from kgan.evaluation.protocol import Protocol
from kgan.evaluation.reference import check_generated, open_reference
from kgan.evaluation.sample import Pair, Progress, Sample, look_at
from kgan.metrics.features import Extractor


class Scorer:
    """Scores generated images against an image set, always under the same protocol.

    Making one computes the real images' features, or reads them from the cache.

    Args:
        real: The images that generated ones are compared with, as a rule those of the training.
        extractor: What sees features in them; `kgan.metrics.features.open_extractor` opens one.
        metrics: Which metrics, by key: `"frechet_distance"`, `"kernel_distance"`, `"coverage"`, ... (the keys of
            `kgan.evaluation.MEASURES`).
        num_images: How many generated images a score is of, and how many real ones these are compared with; fewer
            where the real images do not suffice, so that `protocol.num_generated` is what counts.
        seed: Of the generated images; for the protocol.
        split: The name of the real images' split.
        held_out: Real images that the generator was not trained on, for the floor; otherwise part of `real`.
        weights: Of the generator, `"ema"` or `"raw"`; for the protocol.
        note: Told in words of what is worth knowing, such as fewer images.
        progress: Told how far the real features have come.

    Attributes:
        metrics: The keys.
        protocol: The protocol that all scores are taken under.

    Raises:
        InputError: If a metric is unknown, or needs classes or more images than there are; and as `open_reference`.
    """

    def __init__(
        self,
        real: ImageSet,
        extractor: Extractor,
        metrics: Sequence[str] = ("frechet_distance",),
        num_images: int = 5000,
        seed: int = 0,
        *,
        split: str = "train",
        held_out: ImageSet | None = None,
        weights: str = "ema",
        note: Note = lambda text: None,
        progress: Progress | None = None,
    ) -> None:
        self.metrics = tuple(metrics)
        self._reference = open_reference(
            real, extractor, num_images, split=split, held_out=held_out, note=note, progress=progress
        )
        self._measures = {
            measure.key: measure
            for measure in choose(self.metrics, self._reference.real.probabilities is not None, len(self._reference))
        }
        self.protocol: Protocol = self._reference.protocol(weights, seed)

    @functools.cached_property
    def floor(self) -> dict[str, float]:
        """The same metrics of as many held-out real images, by key: what perfect samples would get."""
        return self._values(self._reference.held_out)

    def better(self, metric: str) -> str:
        """Returns `"lower"` or `"higher"`, which way a metric is better."""
        return self._measures[metric].better

    def check_model(self, model: Any) -> None:
        """Refuses a model that cannot be scored.

        Raises:
            InputError: If it does not sample.
        """
        if not hasattr(model, "sample"):
            raise InputError(
                f"Scorer scores models that sample; got a {type(model).__name__}. Models that translate are scored by "
                "kgan.evaluation.TranslationScorer."
            )

    def score_model(self, model: Any) -> dict[str, float]:
        """Returns the metrics of images that are drawn from a model as the protocol says, by key.

        Args:
            model: A model that has `sample(num_images, seed)`.

        Raises:
            InputError: As `check_model` and `score` do.
        """
        self.check_model(model)
        protocol = self.protocol
        return self.score(draw(model, protocol.num_generated, protocol.seed or 0, protocol.weights))

    def score(self, images: np.ndarray) -> dict[str, float]:
        """Returns the metrics of generated images, by key.

        Args:
            images: uint8 `(protocol.num_generated, height, width, channels)`.

        Raises:
            InputError: If there are more or fewer, or they differ in shape from the real ones, or features are NaN.
        """
        check_generated(images, (self.protocol.num_generated, *self.protocol.image_shape))
        return self._values(look_at(self._reference.extractor, images, "generated images"))

    def _values(self, sample: Sample) -> dict[str, float]:
        pair = Pair(self._reference.real, sample)
        return {key: float(measure.value(pair)) for key, measure in self._measures.items()}
