"""`Domain`: one side of a translation as an evaluation sees it, and the scales that its errors are measured by."""

import dataclasses
import functools

import numpy as np

from kgan.data import ImageSet, PairedImages, UnpairedImages
from kgan.errors import InputError
from kgan.evaluation.cache import Note, cached
from kgan.evaluation.protocol import digest_of
from kgan.evaluation.reference import CHOICE_SEED, Part
from kgan.evaluation.sample import Sample, look_at
from kgan.metrics import kernel_distance
from kgan.metrics.features import Extractor

Images = PairedImages | UnpairedImages

LEAST = 2
# Subsets of the larger of two samples, each as large as the smaller one.
SUBSETS = 20
# Splits at random, which tell how large a distance chance alone makes, and how many times that is no chance.
SPLITS, CLEAR = 20, 2.0


@dataclasses.dataclass(frozen=True)
class Domain:
    """Two disjoint samples of real images of a domain.

    Attributes:
        name: `a` or `b`.
        extractor: What sees features in them.
        channels: What images are shown to the extractor with, gray ones repeated where the other domain has colours.
        reference: Real images that translations into this domain are compared with.
        chosen: Other real images: those that are translated, or the targets.
        note: Told of the cache.
    """

    name: str
    extractor: Extractor
    channels: int
    reference: Part
    chosen: Part
    note: Note

    @functools.cached_property
    def real(self) -> np.ndarray:
        """The features of `reference`."""
        return self._features(self.reference)

    @functools.cached_property
    def seen(self) -> np.ndarray:
        """The features of `chosen`."""
        return self._features(self.chosen)

    @functools.cached_property
    def spread(self) -> float:
        """Mean absolute distance of `chosen`, in [-1, 1], from their median: that of the best constant picture.

        Raises:
            InputError: If they are all alike.
        """
        images = self.chosen.pixels()
        # A row of all images at a time, for the medians of all rows take several times the memory of the images.
        rows = [np.abs(images[:, row] - np.median(images[:, row], axis=0)).mean() for row in range(images.shape[1])]
        value = float(np.mean(rows)) / 127.5
        if not value:
            raise InputError(f"domain {self.name}: all {len(images)} images of {self.chosen.data.name} are alike.")
        return value

    def look_at(self, images: np.ndarray, what: str) -> np.ndarray:
        """Returns the features `(n, d)` of images, uint8."""
        return look_at(self.extractor, np.broadcast_to(images, (*images.shape[:-1], self.channels)), what).values

    def _features(self, part: Part) -> np.ndarray:
        digest = f"{part.digest} in {self.channels} channels"
        what = f"real images of domain {self.name}"
        sample = cached(
            self.extractor.digest, digest, part.indices, lambda: Sample(self.look_at(part.pixels(), what)), self.note
        )
        return sample.values


def choose_domains(
    images: Images, extractor: Extractor, num_images: int, held_out: Images | None, note: Note
) -> tuple[Domain, Domain]:
    """Returns both domains, `num_images` of each kind or fewer; the choice is always the same.

    Of pairs, row by row the targets of A's `chosen` are B's `chosen`.

    Raises:
        InputError: If there are fewer than two images of a kind, or `held_out` is of another kind or shape.
    """
    if held_out is not None and (type(held_out) is not type(images) or held_out.image_shapes != images.image_shapes):
        raise InputError(
            f"the held-out images must be {type(images).__name__} of the shapes {images.image_shapes}, as the others; "
            f"got {type(held_out).__name__} of {held_out.image_shapes}."
        )
    channels = max(shape[-1] for shape in images.image_shapes)
    others = (None, None) if held_out is None else (held_out.a, held_out.b)
    sides = {"a": (images.a, others[0]), "b": (images.b, others[1])}
    a, b = (
        Domain(name, extractor, channels, *_choose(name, first, other, num_images), note)
        for name, (first, other) in sides.items()
    )
    return a, b


def _choose(name: str, images: ImageSet, held_out: ImageSet | None, num_images: int) -> tuple[Part, Part]:
    """Returns the images to compare with and those to translate, of one set both if there is no other."""
    order, digest = _order(len(images)), digest_of(images)
    if held_out is None:
        cut = len(images) // 2
        parts = [Part(images, "train", digest, rows) for rows in (order[cut:], order[:cut])]
    else:
        parts = [
            Part(images, "train", digest, order),
            Part(held_out, "held out", digest_of(held_out), _order(len(held_out))),
        ]
    for part in parts:
        if len(part.indices) < LEAST:
            raise InputError(
                f"domain {name}: scoring a translator needs {LEAST} images to translate and {LEAST} others to compare "
                f"with; {part.data.name} has {len(part.data)}."
            )
    reference, chosen = (dataclasses.replace(part, indices=np.sort(part.indices[:num_images])) for part in parts)
    return reference, chosen


def _order(count: int) -> np.ndarray:
    return np.random.default_rng(CHOICE_SEED).permutation(count)


def distance(real: np.ndarray, fake: np.ndarray) -> float:
    """Returns the unbiased kernel distance of features, however few; see `kgan.metrics.kernel_distance`."""
    size = min(len(real), len(fake))
    # Subsets of all the images would be the same subset each time.
    subsets = 1 if len(real) == len(fake) else SUBSETS
    return kernel_distance(real, fake, subsets=subsets, subset_size=size).mean


def kernel_scale(source: Domain, target: Domain, note: Note) -> float:
    """Returns the kernel distance of a domain's images as they are from the other domain's, or what chance makes of it.

    Chance is twice the root mean square of the distance when all these images are dealt into two samples at random;
    what is less says nothing of A and B, and is no scale.
    """
    found, size = distance(target.real, source.seen), min(len(target.real), len(source.seen))
    everything, random = np.concatenate([target.real, source.seen]), np.random.default_rng(CHOICE_SEED)
    deals = [everything[random.permutation(len(everything))] for _ in range(SPLITS)]
    by_chance = CLEAR * float(np.sqrt(np.mean([distance(deal[:size], deal[size : 2 * size]) ** 2 for deal in deals])))
    if found <= by_chance:
        note(
            f"{source.extractor.name} hardly tells {source.chosen.data.name} from {target.reference.data.name} by "
            f"{size} images of each (kernel distance {found:.2g}, by chance {by_chance:.2g}), so that scores say "
            "little; give more images"
        )
    return max(found, by_chance)


def difference(made: np.ndarray, images: np.ndarray) -> float:
    """Returns the mean absolute difference of uint8 images, as floats in [-1, 1]."""
    pairs = zip(made, images, strict=True)
    return float(np.mean([np.abs(one.astype("int16") - other).mean() for one, other in pairs])) / 127.5
