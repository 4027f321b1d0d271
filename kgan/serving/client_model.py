"""A model on a server, asked for tensors, samples or translations."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image

from kgan.errors import InputError, unknown_name
from kgan.serving.client_tensors import Asked, VersionStatus, as_tensors, from_png, to_png
from kgan.serving.errors import ServingError
from kgan.serving.tensors import Signature

# Rows are independent, so many images are asked for in several requests: a server that batches refuses larger ones.
LARGEST_REQUEST = 32
TRANSLATE = "translate_"
# What a server says while a model is not, or not yet, there to be asked.
ABSENT = ("NOT_FOUND", "UNAVAILABLE")


class Transport(Protocol):
    """What REST and gRPC have in common; each raises `ServingError` with the server's code and message."""

    def predict(self, asked: Asked, signature: Signature, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns a signature's outputs by name; strings are object arrays of bytes."""

    def signatures(self, asked: Asked) -> dict[str, Signature]:
        """Returns what the model answers, by name."""

    def status(self, asked: Asked) -> list[VersionStatus]:
        """Returns the state of the versions that the server knows."""

    def close(self) -> None:
        """Closes the connections."""


class ServedModel:
    """A model on a server, as `Client.model` returns it.

    What it answers is asked once and remembered, until a request fails.
    """

    def __init__(self, transport: Transport, asked: Asked) -> None:
        self._transport, self._asked = transport, asked
        self._known: dict[str, Signature] | None = None

    def ready(self) -> bool:
        """Returns whether a server can be reached and the model is loaded."""
        try:
            self._transport.signatures(self._asked)
        except ServingError as error:
            if error.code in ABSENT:
                return False
            raise
        return True

    def status(self) -> list[VersionStatus]:
        """Returns the version, state (`"AVAILABLE"`, `"LOADING"`, ...) and error of each version, the newest first.

        Raises:
            ServingError: If there is no such model.
        """
        return sorted(self._transport.status(self._asked), reverse=True)

    def signatures(self) -> dict[str, Signature]:
        """Returns the names, types and shapes of what goes in and comes out, by signature; None where any size will do.

        Raises:
            ServingError: If there is no such model, version or label.
        """
        self._known = self._transport.signatures(self._asked)
        return self._known

    def predict(self, inputs: Mapping[str, Any] | Any, signature: str = "serving_default") -> dict[str, np.ndarray]:
        """Returns a signature's answer to tensors.

        Args:
            inputs: Arrays, or what makes them, by name; bare if the signature takes one. One row an image. Texts and
                PNG files are str and bytes. Types are brought to the signature's where nothing is lost in kind.
            signature: Which; `signatures()` lists them.

        Returns:
            Arrays by output name: images float32 `(n, height, width, channels)` in [-1, 1]; PNG files an object array
            `(n,)` of bytes.

        Raises:
            InputError: If there is no such signature, or these are not its inputs.
            ServingError: If the server refuses, or does not answer.
        """
        known = self._signature(signature)
        tensors = as_tensors(known, inputs)
        try:
            return self._transport.predict(self._asked, known, tensors)
        except ServingError:
            # Another version may be served by now, with other signatures.
            self._known = None
            raise

    def sample(self, num: int = 1, *, seed: int = 0, **asked: Any) -> list[Image.Image]:
        """Draws images; the same seed gives the same image.

        Args:
            num: How many.
            seed: Of the first image; the others count on from it, up to 2**63 - 1.
            **asked: What they shall show, of a model that can be told: `label=7`, `prompt="pink hair"`; one for all,
                or a list with one for each.

        Returns:
            `num` pictures, decoded from the server's PNG files.

        Raises:
            InputError: If the model does not draw from seeds, or cannot be asked for this, or a seed is too large.
            ServingError: If the server refuses, or does not answer.
        """
        if num < 0:
            raise InputError(f"num must be 0 or more images; got {num}.")
        if not -(2**63) <= seed <= 2**63 - max(num, 1):
            raise InputError(f"seed must be from -2**63 to 2**63 - {max(num, 1)} for {num} images; got {seed}.")
        name = self._sampler({"seed", *asked})
        columns: dict[str, Any] = {"seed": np.int64(seed) + np.arange(num)}
        columns |= {key: _one_for_each(key, value, num) for key, value in asked.items()}
        files = [file for part in _parts(columns, num) for file in self.predict(part, name)["image_bytes"]]
        return [from_png(file) for file in files]

    def translate(self, pictures: Any, direction: str = "a_to_b") -> Any:
        """Translates images by a pix2pix or a CycleGAN.

        Args:
            pictures: A Pillow picture or a picture's path, or a sequence of them, of any sizes; or a float array
                `(n, height, width, channels)` in [-1, 1].
            direction: `"b_to_a"` for the way back, where the model has one.

        Returns:
            Pillow pictures for pictures, one or a list as was given; a float32 array for an array.

        Raises:
            InputError: If the model has no such direction, or takes no such images.
            ServingError: If the server refuses, or does not answer.
            OSError: If a path is no picture that can be read.
        """
        signature = self._translator(direction)
        if isinstance(pictures, np.ndarray):
            if not np.issubdtype(pictures.dtype, np.floating):
                raise InputError(
                    f"an array of pictures must be float in [-1, 1]; got {pictures.dtype}. "
                    "Give Image.fromarray(pixels), or pixels / 127.5 - 1."
                )
            (answer,) = self.predict(pictures, signature).values()
            return answer
        if isinstance(pictures, Sequence) and not isinstance(pictures, str):
            return [self._translate_one(picture, signature) for picture in pictures]
        return self._translate_one(pictures, signature)

    def _translate_one(self, picture: Image.Image | str | Path, signature: str) -> Image.Image:
        (images,) = self._signature(signature).inputs.values()
        channels = images.shape[-1] if images.shape else None
        if channels not in (1, 3):
            raise InputError(f"signature {signature!r} takes images of {channels} channels, which no picture has.")
        (answer,) = self.predict([to_png(picture, channels)], f"{signature}_png").values()
        return from_png(answer[0])

    def _signature(self, name: str) -> Signature:
        known = self._known if self._known and name in self._known else self.signatures()
        if name not in known:
            raise unknown_name(f"signature of {self._asked.name!r}", name, known)
        return known[name]

    def _sampler(self, given: set[str]) -> str:
        drawn = {
            name: set(signature.inputs)
            for name, signature in (self._known or self.signatures()).items()
            if "seed" in signature.inputs and "image_bytes" in signature.outputs
        }
        if not drawn:
            raise InputError(
                f"{self._asked.name!r} does not draw from seeds; it has {', '.join(sorted(self._known or ()))}."
            )
        for name, inputs in drawn.items():
            if inputs == given:
                return name
        can = sorted({", ".join(sorted(inputs - {"seed"})) for inputs in drawn.values()} - {""})
        raise InputError(
            f"{self._asked.name!r} cannot be asked for {', '.join(sorted(given - {'seed'})) or 'a seed alone'}; "
            f"it can for: {'; '.join(can) or 'nothing but seeds'}."
        )

    def _translator(self, direction: str) -> str:
        """Returns the signature of a direction, of numbers; that of pictures is the same with `_png`."""
        known = self._known or self.signatures()
        directions = [name.removeprefix(TRANSLATE) for name in known if name.startswith(TRANSLATE)]
        directions = [name for name in directions if not name.endswith("_png")]
        if not directions:
            raise InputError(f"{self._asked.name!r} does not translate pictures; it has {', '.join(sorted(known))}.")
        if direction not in directions:
            raise unknown_name(f"direction of {self._asked.name!r}", direction, directions)
        return TRANSLATE + direction


def _one_for_each(name: str, value: Any, num: int) -> list[Any]:
    if isinstance(value, (str, bytes)) or np.ndim(value) == 0:
        return [value] * num
    if len(value) != num:
        raise InputError(f"{name} must be one for all images or one for each of {num}; got {len(value)}.")
    return list(value)


def _parts(columns: Mapping[str, Any], num: int) -> Iterator[dict[str, Any]]:
    for start in range(0, num, LARGEST_REQUEST):
        yield {name: values[start : start + LARGEST_REQUEST] for name, values in columns.items()}
