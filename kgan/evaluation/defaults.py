"""What images are judged by when nothing else is said."""

import sys
from pathlib import Path

from kgan.data import ImageSet, PairedImages, UnpairedImages
from kgan.evaluation.cache import Note
from kgan.evaluation.domain_classifier import domain_classifier
from kgan.evaluation.scorer import Scorer
from kgan.evaluation.translation import TranslationScorer
from kgan.metrics.features import open_extractor

# Enough for a Frechet distance of 128 features to be told from its floor, and seconds to draw.
SCORED = 5000


def default_extractor(real: ImageSet) -> tuple[str, str]:
    """Returns the name of the extractor for real images of this kind, and why it is that one, in words.

    A classifier of the very images where there is one, which is for MNIST; otherwise the one that works on anything.
    """
    if real.name.strip("'") == "mnist" and real.image_shape[-1] == 1:
        return "lenet-mnist", "it was trained on MNIST"
    return "random-conv", "it works on images of any kind; another one: --extractor"


def default_scorer(real: ImageSet, held_out: ImageSet | None = None) -> Scorer:
    """Returns what a training is scored by: the Frechet distance in the default extractor's features.

    Args:
        real: The training images.
        held_out: Others, for the floor, where there are any.

    Raises:
        InputError: As `Scorer` does.
    """
    return Scorer(real, open_extractor(default_extractor(real)[0]), num_images=SCORED, held_out=held_out)


def default_translation_scorer(
    images: PairedImages | UnpairedImages,
    held_out: PairedImages | UnpairedImages | None = None,
    note: Note | None = None,
    file: Path | None = None,
) -> TranslationScorer:
    """Returns what the training of a translator is scored by.

    Of pairs in features that fit images of any kind, `random-conv`, for there the target of each is known. Of two
    domains in those of a network that has learnt to tell them apart; see `kgan.evaluation.domain_classifier`.

    Args:
        images: The training images.
        held_out: Others, which are translated; without them one half of `images` is, and compared with the other.
        note: Told in words of what is worth knowing; by default it is printed on stderr.
        file: Where that network is kept, so that a resumed training is scored as before; None for nowhere.

    Raises:
        InputError: As `TranslationScorer` does.
    """
    note = note or _say
    if isinstance(images, PairedImages):
        extractor = open_extractor("random-conv")
    else:
        # Others of another kind the scorer refuses.
        others = held_out if isinstance(held_out, UnpairedImages) else None
        extractor = domain_classifier(images, others, file, note)
    return TranslationScorer(images, extractor, held_out=held_out, note=note)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
