"""Augmentation of what the critic sees, so that it cannot learn a few thousand images by heart.

Real and generated images pass it alike, in both players' losses, and the generator is trained through it: augmenting
the real images alone would teach the generator to make augmented ones (Zhao et al. 2020, section 3.1). Either kind can
be given by name, with its defaults: `get("ada")`.
"""

from typing import Any

from kgan.augment.ada import ADA
from kgan.augment.base import Augment
from kgan.augment.diffaugment import DiffAugment
from kgan.errors import InputError, unknown_name

__all__ = ["ADA", "Augment", "DiffAugment", "get"]

_BY_NAME: dict[str, type[Augment]] = {"ada": ADA, "diffaugment": DiffAugment}


def get(identifier: Any) -> Augment | None:
    """Returns the augmentation that `identifier` stands for.

    Args:
        identifier: None (there is none), an `Augment`, or its name, `"ada"` or `"diffaugment"`, with its defaults.

    Raises:
        InputError: If the name is unknown (the nearest are offered), or it is neither an augmentation nor a name.
    """
    if identifier is None or isinstance(identifier, Augment):
        return identifier
    if not isinstance(identifier, str):
        raise InputError(
            f"`augment` must be None, an augmentation such as kgan.augment.DiffAugment(), or its name such as "
            f"'diffaugment'; got {identifier!r}."
        )
    if identifier not in _BY_NAME:
        raise unknown_name("augmentation", identifier, _BY_NAME)
    return _BY_NAME[identifier]()
