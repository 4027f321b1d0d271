"""What the server does, whoever asks: REST and gRPC only translate to and from here."""

import dataclasses
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from kgan.serving.batching import Arrays
from kgan.serving.catalogue import Catalogue, VersionStatus
from kgan.serving.errors import ServingError, invalid
from kgan.serving.pictures import picture_size
from kgan.serving.servable import Servable
from kgan.serving.tensors import Signature, holds_files


@dataclasses.dataclass(frozen=True)
class Limits:
    """What one request may ask for; more is refused before any of it is computed.

    Attributes:
        body_bytes: Of a request, as it comes in.
        pixels: Of all pictures in a request together, be they files or numbers.
        rows: Of a request.
        text_bytes: Of each string that is no picture's file.
        reply_bytes: Of the arrays of an answer.
        seconds: That a request's body may take to come; then again, until the last part of it has its turn with the
            model, unless it says itself how long.
    """

    body_bytes: int = 32 * 2**20
    pixels: int = 4 * 2**20
    rows: int = 4096
    text_bytes: int = 4096
    reply_bytes: int = 32 * 2**20
    seconds: float = 30.0


class Spec(NamedTuple):
    """What a request names.

    Attributes:
        name: The model.
        choice: A version, or a label of one; None for the newest.
    """

    name: str
    choice: int | str | None = None


class Core:
    """Answers requests from a catalogue.

    Args:
        catalogue: The models.
        limits: What one request may ask for.
    """

    def __init__(self, catalogue: Catalogue, limits: Limits) -> None:
        self.catalogue = catalogue
        self.limits = limits

    def predict(self, servable: Servable, signature: Signature, inputs: Arrays, seconds: float | None = None) -> Arrays:
        """Returns the outputs of a signature, by name.

        Args:
            servable: What `Catalogue.get` returned.
            signature: One of its signatures.
            inputs: By name.
            seconds: That it may wait for its turn; None for the limit.

        Raises:
            ServingError: INVALID_ARGUMENT if an input is missing, unknown, of a wrong type or shape, or beyond a limit;
                DEADLINE_EXCEEDED; or what TensorFlow's runtime says.
        """
        servable.check(signature, inputs)
        self._check_rows(signature, inputs)
        self._check_texts(signature, inputs)
        self._check_pixels(signature, inputs)
        deadline = time.monotonic() + (self.limits.seconds if seconds is None else seconds)
        parts: list[Arrays] = []
        for part, num_rows in _parts(signature, inputs, servable.max_batch_size):
            left = deadline - time.monotonic()
            if parts and left <= 0:
                raise ServingError("DEADLINE_EXCEEDED", "Timed out before all rows had their turn; ask for fewer")
            parts.append(servable.run(signature, part, num_rows, max(left, 0.0)))
            self._check_reply(parts)
        if len(parts) == 1:
            return parts[0]
        return {name: np.concatenate([part[name] for part in parts]) for name in signature.outputs}

    def status(self, spec: Spec) -> dict[int, VersionStatus]:
        """Returns how far the versions of a model have come, newest first.

        Raises:
            ServingError: NOT_FOUND if there is none; INVALID_ARGUMENT for an unknown label.
        """
        statuses, version = self.catalogue.statuses(spec.name), spec.choice
        if version is None:
            if not statuses:
                raise ServingError("NOT_FOUND", f"Could not find any versions of model {spec.name}")
            return statuses
        if isinstance(version, str):
            version = self.catalogue.version_of(spec.name, version)
        if version not in statuses:
            raise ServingError("NOT_FOUND", f"Could not find version {version} of model {spec.name}")
        return {version: statuses[version]}

    def refuse_examples(self, spec: Spec, signature_name: str, method: str) -> ServingError:
        """Returns the error for `classify` and `regress`, which no signature of images is made for.

        Raises:
            ServingError: If the model or the signature does not exist.
        """
        self.catalogue.get(*spec).signature(signature_name)
        kind = {"classify": "classification", "regress": "regression"}[method]
        return invalid(
            f"Expected {kind} signature method_name to be tensorflow/serving/{method}. Was: tensorflow/serving/predict"
        )

    def _check_rows(self, signature: Signature, inputs: Arrays) -> None:
        sizes = {array.shape[0] for name, array in inputs.items() if signature.inputs[name].has_rows}
        if signature.is_divisible and len(sizes) > 1:
            raise invalid("Batching Run() input tensors must have equal 0th-dimension size")
        if sizes and max(sizes) > self.limits.rows:
            raise invalid(f"A request may have {self.limits.rows} rows; got {max(sizes)}")

    def _check_texts(self, signature: Signature, inputs: Arrays) -> None:
        for name, info in signature.inputs.items():
            if info.dtype == object and not holds_files(name):
                longest = max(map(len, inputs[name].ravel()), default=0)
                if longest > self.limits.text_bytes:
                    raise invalid(f"A text of a request may have {self.limits.text_bytes} bytes; got {longest}")

    def _check_pixels(self, signature: Signature, inputs: Arrays) -> None:
        pixels = 0
        for name, info in signature.inputs.items():
            if info.dtype == object and holds_files(name):
                for data in inputs[name].ravel():
                    height, width = picture_size(data)
                    pixels += height * width
            elif info.holds_pictures:
                pixels += int(np.prod(inputs[name].shape[:3]))
        if pixels > self.limits.pixels:
            raise invalid(
                f"The pictures of a request may have {self.limits.pixels} pixels together; got {pixels} "
                "(kgan serve --max-pixels allows more)"
            )

    def _check_reply(self, parts: list[Arrays]) -> None:
        num_bytes = sum(_num_bytes(array) for part in parts for array in part.values())
        if num_bytes > self.limits.reply_bytes:
            raise invalid(f"The answer would have more than {self.limits.reply_bytes} bytes; ask for fewer rows")


def _parts(signature: Signature, inputs: Arrays, size: int) -> Iterator[tuple[Arrays, int | None]]:
    """Yields a request in parts that leave others their turn, each with its rows; None if it may not share a run."""
    if not (inputs and signature.is_divisible):
        yield inputs, None
        return
    num_rows = len(next(iter(inputs.values())))
    # An empty request is run too: its answer has the shape of no images.
    for start in range(0, max(num_rows, 1), size):
        part = {name: array[start : start + size] for name, array in inputs.items()}
        yield part, min(size, num_rows - start) if signature.is_batchable else None


def _num_bytes(array: Any) -> int:
    return sum(map(len, array.ravel())) if array.dtype == object else array.nbytes
