"""`TranslationScorer`: how good a translator's images are, without labels: like the target domain's, and true to A."""

import dataclasses
import functools
import hashlib
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from kgan import pixels
from kgan.data import PairedImages
from kgan.errors import InputError
from kgan.evaluation.cache import Note
from kgan.evaluation.domains import Images, choose_domains, difference, distance, kernel_scale
from kgan.evaluation.protocol import Protocol
from kgan.metrics.features import Extractor

SCORE = "translation_error"
BACK = {"a_to_b": "b_to_a", "b_to_a": "a_to_b"}


def translated(model: Any, images: np.ndarray, direction: str) -> np.ndarray:
    """Returns what a translator makes of images, one by one as `kgan translate` does, as it would be saved.

    One by one, because a network that normalises by the batch's statistics makes something else of a batch, and
    because a batch of large pictures can take more memory than the training does.

    Args:
        model: A model that has `translate(images, direction)`.
        images: uint8 `(n, height, width, channels)`, n at least 1.
        direction: One of `model.directions`.

    Returns:
        uint8 `(n, height, width, channels)`.
    """
    made = (pixels.to_uint8(model.translate(pixels.from_uint8(image[None]), direction)) for image in images)
    return np.concatenate([keras.ops.convert_to_numpy(image) for image in made])


@dataclasses.dataclass(frozen=True)
class TranslationProtocol(Protocol):
    """How a translator's number was found; `image_shape` is A's, the counts are those of both domains together.

    Attributes:
        paired: Whether the translations are compared with their targets, too.
    """

    paired: bool = False


class TranslationScorer:
    """Scores a translator, without labels, always on the same images.

    The metrics of two domains, all lower is better:

    - `kernel_distance_a_to_b`, `kernel_distance_b_to_a`: the unbiased kernel distance (KID with Inception's features;
      Bińkowski et al. 2018) of translated images from real ones of the domain that they should be of, never from their
      own targets, for an estimate of independent samples is unbiased at any number of images;
    - `cycle_error_a`, `cycle_error_b`: mean absolute difference of the domain's images, in [-1, 1], from themselves
      there and back again, quantised to uint8 in between: a picture that is saved holds no secrets;
    - `translation_error`: what the published model is chosen by, the sum of two means over directions,

          mean_d(kernel_distance_d / scale_d) + mean_x(cycle_error_x / scale_x).

    The first scale is the kernel distance of the images as they are, before translation, the second the mean absolute
    distance of the domain's images from their median, pixel by pixel. So the identity, whose cycle is perfect, gets 1
    by its kernel distance alone, and the best of all constant pictures 1 by its cycle error alone, beside its kernel
    distance. What is below 1 is better than both, and a perfect translator is around 0. What no score without labels
    sees: images of the right kind that come back, but are the wrong ones.

    Of pairs they are `kernel_distance_a_to_b`, `l1_distance`, the mean absolute difference from the targets, which
    takes the cycle error's place, and `translation_error`.

    Making one computes the features of the real images, or reads them from the cache.

    Args:
        images: Real images of both domains, as a rule those of the training. Translations are compared with them.
        extractor: What sees features in them; `kgan.metrics.features.open_extractor` opens one.
        num_images: How many images of each domain are translated, and how many real ones of each they are compared
            with, at most.
        held_out: Images of both domains that the model is not trained on: these are translated. Without them `images`
            are cut in two halves, one to translate, one to compare with.
        note: Told in words of what is worth knowing, such as an extractor that hardly tells A from B.

    Attributes:
        metrics: The keys, the one to choose by first.
        protocol: The protocol that all scores are taken under.

    Raises:
        InputError: If there are fewer than two images of a kind, `held_out` is of another kind or shape, or all images
            of a domain are alike; and as the extractor does.
    """

    def __init__(
        self,
        images: Images,
        extractor: Extractor,
        num_images: int = 500,
        held_out: Images | None = None,
        *,
        note: Note = lambda text: None,
    ) -> None:
        self.paired = isinstance(images, PairedImages)
        self._a, self._b = choose_domains(images, extractor, num_images, held_out, note)
        # Where each direction starts and where it leads.
        self._ways = {"a_to_b": (self._a, self._b)}
        if not self.paired:
            self._ways["b_to_a"] = (self._b, self._a)
        self._kernel_scales = {way: kernel_scale(source, target, note) for way, (source, target) in self._ways.items()}
        self._pixel_scales = (
            {"l1_distance": self._b.spread}
            if self.paired
            else {
                "cycle_error_a": self._a.spread,
                "cycle_error_b": self._b.spread,
            }
        )
        self.metrics = (SCORE, *(f"kernel_distance_{way}" for way in self._ways), *self._pixel_scales)
        self.protocol = self._protocol(images, extractor, held_out)

    @functools.cached_property
    def floor(self) -> dict[str, float]:
        """The same metrics of a perfect translator, which makes real images of the other domain and loses nothing."""
        distances = {way: distance(target.real, target.seen) for way, (_, target) in self._ways.items()}
        return self._values(distances, dict.fromkeys(self._pixel_scales, 0.0))

    def better(self, metric: str) -> str:
        """Returns `"lower"`, which way every metric is better."""
        return "lower"

    def check_model(self, model: Any) -> None:
        """Refuses a model that cannot be scored.

        Raises:
            InputError: If it does not translate, or not in a direction that these images need.
        """
        known = getattr(model, "directions", None)
        if known is None:
            raise InputError(
                f"TranslationScorer scores models that translate, such as kgan.CycleGAN; got a {type(model).__name__}. "
                "Models that sample are scored by kgan.evaluation.Scorer."
            )
        missing = [way for way in self._ways if way not in known]
        if missing:
            raise InputError(
                f"images of two domains are translated both ways, and this {type(model).__name__} knows only "
                f"{', '.join(known)}, not {missing[0]}; score it on pairs (kgan.data.PairedImages)."
            )

    def score_model(self, model: Any) -> dict[str, float]:
        """Returns the metrics of a translator, by key.

        Args:
            model: A model that has `directions` and `translate(images, direction)`, such as `kgan.CycleGAN`.

        Raises:
            InputError: As `check_model` does.
        """
        self.check_model(model)
        distances, differences = {}, {}
        for way, (source, target) in self._ways.items():
            images = source.chosen.pixels()
            made = translated(model, images, way)
            distances[way] = distance(target.real, target.look_at(made, f"images translated {way}"))
            if self.paired:
                differences["l1_distance"] = difference(made, target.chosen.pixels())
            else:
                differences[f"cycle_error_{source.name}"] = difference(translated(model, made, BACK[way]), images)
        return self._values(distances, differences)

    def _values(self, distances: Mapping[str, float], differences: Mapping[str, float]) -> dict[str, float]:
        score = np.mean([value / self._kernel_scales[way] for way, value in distances.items()])
        score += np.mean([value / self._pixel_scales[key] for key, value in differences.items()])
        kernels = {f"kernel_distance_{way}": value for way, value in distances.items()}
        return {SCORE: float(score), **kernels, **differences}

    def _protocol(self, images: Images, extractor: Extractor, held_out: Images | None) -> TranslationProtocol:
        domains = (self._a, self._b)
        return TranslationProtocol(
            extractor=extractor.name,
            extractor_digest=extractor.digest,
            data=images.name.strip("'"),
            split="train",
            data_digest=_joined(*(domain.reference.digest for domain in domains)),
            held_out="other images of the same" if held_out is None else "held-out images",
            held_out_digest=_joined(*(domain.chosen.digest for domain in domains)),
            num_real=sum(len(domain.real) for domain in domains),
            num_generated=sum(len(source.seen) for source, _ in self._ways.values()),
            image_shape=self._a.reference.data.image_shape,
            weights="ema",
            seed=None,
            paired=self.paired,
        )


def _joined(*digests: str) -> str:
    return hashlib.sha256(" ".join(digests).encode()).hexdigest()
