"""One loaded version of a model."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

from kgan.serving.batching import Arrays, Batcher
from kgan.serving.errors import ServingError, invalid
from kgan.serving.runtime import TAG, Runtime
from kgan.serving.tensors import Signature, TensorInfo, shape_text, type_name

INIT = "__saved_model_init_op"


class Servable:
    """A version of a model, loaded by the runtime that TensorFlow Serving uses; any number of threads may run it.

    Args:
        name: The model's name.
        version: The version.
        folder: The SavedModel.
        max_batch_size: The most rows that requests are run together in.

    Attributes:
        signatures: What it can be asked, by name.
        signature_defs: The same, as the SavedModel has it.
        manifest: What `kgan export` wrote of it; None for a SavedModel of other origin.

    Raises:
        tf.errors.OpError: If it cannot be loaded.
        OSError: If it cannot be read.
        ValueError: If it is no SavedModel for serving.
    """

    def __init__(self, name: str, version: int, folder: Path, max_batch_size: int) -> None:
        self.name = name
        self.version = version
        self.manifest = _read_manifest(folder)
        self.signature_defs = _read_signature_defs(folder)
        self.signatures = {
            key: Signature(key, _infos(signature.inputs), _infos(signature.outputs))
            for key, signature in self.signature_defs.items()
            if key != INIT
        }
        self._batcher = Batcher(Runtime(folder, self.signatures).run, max_batch_size)
        self.max_batch_size = max_batch_size

    def signature(self, name: str) -> Signature:
        """Returns a signature; the default one for `""`.

        Raises:
            ServingError: FAILED_PRECONDITION if there is none of that name.
        """
        name = name or "serving_default"
        if name not in self.signatures:
            raise ServingError("FAILED_PRECONDITION", f'Serving signature name: "{name}" not found in signature def')
        return self.signatures[name]

    def run(self, signature: Signature, inputs: Arrays, num_rows: int | None, timeout: float) -> Arrays:
        """Returns the outputs by name.

        Args:
            signature: One of `signatures`.
            inputs: Arrays of the types and shapes that it takes.
            num_rows: Their first dimension, if they may be run together with others; None otherwise.
            timeout: Seconds that it may wait for its turn.

        Raises:
            ServingError: With the runtime's own code and the first line of its message, or DEADLINE_EXCEEDED.
        """
        return self._batcher.run(signature.name, inputs, num_rows, timeout)

    def check(self, signature: Signature, inputs: Arrays) -> None:
        """Compares inputs with what `signature` takes.

        Raises:
            ServingError: INVALID_ARGUMENT for the first that is missing, unknown, or of another type or shape.
        """
        for name in signature.inputs:
            if name not in inputs:
                raise invalid(f"Missing named input: {name} in 'inputs' object.")
        if extra := sorted(set(inputs) - set(signature.inputs)):
            raise invalid(
                f"input tensor alias not found in signature: {extra[0]}. Inputs expected to be in the set "
                f"{{{','.join(signature.inputs)}}}."
            )
        for index, (name, info) in enumerate(signature.inputs.items()):
            array = inputs[name]
            if array.dtype != info.dtype:
                raise invalid(
                    f"Expects arg[{index}] to be {type_name(info.dtype)} but {type_name(array.dtype)} is provided"
                )
            if not info.takes(array.shape):
                raise invalid(
                    f"Shape of tensor {name} {shape_text(array.shape)} is not compatible with expected shape "
                    f"{shape_text(info.shape)}."
                )


def _read_signature_defs(folder: Path) -> dict[str, meta_graph_pb2.SignatureDef]:
    model = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    for graph in model.meta_graphs:
        if set(graph.meta_info_def.tags) == {TAG}:
            return dict(graph.signature_def)
    raise ValueError(f"{folder} has no graph that is tagged {TAG!r}")


def _infos(tensors: Any) -> dict[str, TensorInfo]:
    return {name: _info(tensors[name]) for name in sorted(tensors)}


def _info(info: meta_graph_pb2.TensorInfo) -> TensorInfo:
    shape = None
    if not info.tensor_shape.unknown_rank:
        shape = tuple(None if dim.size < 0 else dim.size for dim in info.tensor_shape.dim)
    return TensorInfo(info.name, np.dtype(tf.as_dtype(info.dtype).as_numpy_dtype), shape)


def _read_manifest(folder: Path) -> dict[str, Any] | None:
    file = folder / "assets.extra" / "kgan.json"
    return json.loads(file.read_text()) if file.is_file() else None
