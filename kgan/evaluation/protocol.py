"""`Protocol`: all that two results must have in common before one may be called better than the other."""

import dataclasses
import hashlib
from typing import Any

import numpy as np

from kgan.data import ImageSet
from kgan.errors import InputError

# Raised when a metric's definition, its parameters, or the choice of the real images changes.
DEFINITIONS = 1
# A set of more bytes is known by its shape and by HASHED_IMAGES of its images, evenly spread.
HASHED_BYTES = 1 << 28
HASHED_IMAGES = 1024


@dataclasses.dataclass(frozen=True)
class Protocol:
    """How a number was found. Two numbers are comparable if and only if their protocols are equal.

    Attributes:
        extractor: Full name of the feature extractor.
        extractor_digest: SHA-256 of what defines its features.
        data: Name of the real image set.
        split: Its split that generated images are compared with.
        data_digest: SHA-256 of that split, by `digest_of`.
        held_out: Where the real images of the floor come from.
        held_out_digest: SHA-256 of the split that they are of.
        num_real: Real images compared with, drawn from the split by a fixed seed.
        num_generated: Generated images; the floor is that of as many real ones.
        image_shape: (height, width, channels).
        weights: `"ema"` for the averaged generator where one is kept, `"raw"` for the trained one, `"files"` for
            images that were read from a folder.
        seed: Of the generated images; None for `"files"`.
        detector: File name and SHA-256 of the object detector, or None.
        definitions: Version of the metrics' definitions.
    """

    extractor: str
    extractor_digest: str
    data: str
    split: str
    data_digest: str
    held_out: str
    held_out_digest: str
    num_real: int
    num_generated: int
    image_shape: tuple[int, int, int]
    weights: str
    seed: int | None
    detector: str | None = None
    definitions: int = DEFINITIONS

    def differences(self, other: "Protocol") -> list[str]:
        """Returns each part in which two protocols differ, with both values, in words."""
        pairs = [
            (field.name.replace("_", " "), getattr(self, field.name), getattr(other, field.name))
            for field in dataclasses.fields(self)
        ]
        return [f"{name} ({_short(mine)} and {_short(others)})" for name, mine, others in pairs if mine != others]

    def to_json(self) -> dict[str, Any]:
        """Returns the protocol as JSON has it."""
        return {**dataclasses.asdict(self), "image_shape": list(self.image_shape)}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Protocol":
        """Returns the protocol that `to_json` wrote.

        Raises:
            InputError: If parts are missing or unknown.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        if set(content) != known:
            odd = ", ".join(sorted(set(content) ^ known))
            raise InputError(f"the report's protocol has other parts than this kgan's ({odd}); evaluate anew.")
        return cls(**{**content, "image_shape": tuple(content["image_shape"])})


def digest_of(images: ImageSet) -> str:
    """Returns the SHA-256, in hex, of an image set: its shape and its pixels, or of a large set's those of some.

    A set of more than 256 MiB of pixels is known by 1,024 images, evenly spread, so that a set kept on the disk need
    not be decoded whole.
    """
    shape = (len(images), *images.image_shape)
    digest = hashlib.sha256(f"uint8 {shape}\n".encode())
    few = np.prod(shape, dtype=np.int64) > HASHED_BYTES
    chosen = np.unique(np.linspace(0, len(images) - 1, HASHED_IMAGES).astype(int)) if few else np.arange(len(images))
    for start in range(0, len(chosen), HASHED_IMAGES):
        digest.update(np.ascontiguousarray(images[chosen[start : start + HASHED_IMAGES]]).tobytes())
    return digest.hexdigest()


def _short(value: Any) -> str:
    """Returns a value as messages show it; of a digest the start."""
    text = str(value)
    return text[:12] if len(text) == 64 else text
