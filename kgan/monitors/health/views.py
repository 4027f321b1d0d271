"""`View`: a critic, what it judges, and whom it plays against; one of a model, or one for each domain of two."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import keras

from kgan.errors import InputError
from kgan.translation import Translation


@dataclasses.dataclass(frozen=True)
class View:
    """One game of a model.

    Attributes:
        domain: The domain whose images are judged, or nothing where there is one.
        generators: The networks that make such images.
        discriminators: The critics of such images.
        real: The images of a batch that are judged.
        fake: The images, among what `model.generate` returns, that are judged.
        critic: The logits of images that stand in for the judged ones of a batch.
    """

    domain: str
    generators: Sequence[keras.Model]
    discriminators: Sequence[keras.Model]
    real: Callable[[Any], Any]
    fake: Callable[[Any], Any]
    critic: Callable[[Any, Any], Any]


def views_of(model: Any) -> list[View]:
    """Returns the games of a `kgan.Adversarial`: both of a translator that goes both ways."""
    if not isinstance(model, Translation):
        return [View("", model.generators, model.discriminators, images_of, images_of, model.critic)]
    if len(model.discriminators) == 1:
        target = (lambda batch: batch[1], lambda fakes: fakes)
        return [View("", model.generators, model.discriminators, *target, model.critic)]
    return [_domain(model, index, name) for index, name in enumerate("ab")]


def _domain(model: Any, index: int, name: str) -> View:
    critic = model.discriminators[index]
    # a_to_b comes first, and makes images of the second domain.
    maker = model.generators[1 - index]
    return View(
        name,
        [maker],
        [critic],
        lambda batch: batch[index],
        lambda fakes: fakes[index],
        lambda images, batch: critic(images, training=False),
    )


def images_of(batch: Any) -> Any:
    """Returns the images of a batch, or of what a generator made, which may have conditions or codes beside them."""
    return batch[0] if isinstance(batch, tuple) else batch


def check_watchable(model: Any, real: Any) -> None:
    """Refuses to watch a translator on images that are not of two domains.

    Raises:
        InputError: If it would be.
    """
    if isinstance(model, Translation) and not (isinstance(real, tuple) and real[1].ndim == 4):
        raise InputError(
            f"HealthMonitor of a {type(model).__name__} needs images of both domains, kgan.data.PairedImages or "
            "UnpairedImages, as the training has; got images of one."
        )
