"""What a trained model is fine-tuned on: pictures of its size, with the labels or words that it knows."""

from typing import Any

import numpy as np

import kgan
from kgan.apps._shared import open_images, say_left_out, show_progress
from kgan.data import ConditionedImages, ImageSet, Tags
from kgan.errors import InputError
from kgan.finetuning import image_shape


def side_of(model: kgan.Adversarial) -> int:
    """Returns the side of a model's pictures.

    Raises:
        InputError: If it takes others than squares.
    """
    height, width, _ = image_shape(model)
    if height != width:
        raise InputError(f"the model takes pictures of {height}x{width}; only square ones can be read.")
    return height


def open_examples(model: Any, data: str, skip_broken: bool) -> tuple[ImageSet, ImageSet | None, Any]:
    """Opens the images for a model that makes images of latents, at its size and channels.

    Returns:
        The training images; others that are not trained on, or None; and what the model is trained on, if that is more
        than the images: with their conditions.

    Raises:
        InputError: As `kgan.data.open_images` does, or if labels or words are missing, or the model does not know them.
    """
    size, channels = side_of(model), image_shape(model)[-1]
    conditional = isinstance(model, kgan.ConditionalGAN)
    conditions = None
    if conditional and model.encoder is not None:
        images, tags = kgan.data.open_tagged(
            data, image_size=size, channels=channels, skip_broken=skip_broken, progress=show_progress
        )
        say_left_out(images)
        conditions = known_words(tags, model.encoder.attributes)
    else:
        images = open_images(str(kgan.data.images_of(data)), size, skip_broken, channels)
        if conditional:
            conditions = _known_labels(images, model.groups)
    held_out = kgan.data.open_held_out(data, images, skip_broken=skip_broken)
    return images, held_out, None if conditions is None else ConditionedImages(images, conditions)


def known_words(tags: Tags, attributes: dict[str, tuple[str, ...]]) -> np.ndarray:
    """Returns the conditions `(n, columns)` of tags, in the columns of a model's words.

    Raises:
        InputError: If an attribute is missing, or a word is none of the model's.
    """
    columns = []
    for name, words in attributes.items():
        if name not in tags.attributes:
            raise InputError(f"the model goes by {', '.join(attributes)}, and the table has no column {name!r}.")
        theirs = tags.attributes[name]
        new = sorted({theirs[value] for value in set(tags.values[name].tolist())} - set(words))
        if new:
            raise InputError(f"the model has not learnt {', '.join(new)} of {name}; it knows {', '.join(words)}.")
        place = np.array([words.index(word) if word in words else 0 for word in theirs])
        columns.append(kgan.data.one_hot(place[tags.values[name]], len(words)))
    return np.concatenate(columns, axis=1)


def _known_labels(images: ImageSet, groups: tuple[int, ...]) -> np.ndarray:
    if images.labels is None or len(groups) != 1:
        raise InputError(
            f"the model goes by conditions of {' + '.join(map(str, groups))} values, and {images.name} has no such "
            "labels; take a labelled set, such as mnist, or fit the model yourself on batches (images, conditions)."
        )
    return kgan.data.one_hot(images.labels, groups[0])
