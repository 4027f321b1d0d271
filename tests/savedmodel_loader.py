"""Asks a SavedModel through TensorFlow's own C++ loader, the one that TensorFlow Serving uses, and nothing else.

`ask(folder, requests)` starts a fresh process that imports neither tensorflow nor kgan: it calls the C API in the
wheel's libtensorflow_cc through ctypes and answers numbers, or the status that a client of the server would see.
"""

import ctypes
import importlib.util
import pickle
import subprocess
import sys
from ctypes import POINTER, byref, c_char_p, c_int, c_int64, c_size_t, c_void_p
from pathlib import Path
from typing import NamedTuple

# Before the dlopen below: afterwards the random module's own library no longer loads.
import numpy as np
import numpy.random

CODES = {3: "INVALID_ARGUMENT", 5: "NOT_FOUND", 9: "FAILED_PRECONDITION", 12: "UNIMPLEMENTED", 13: "INTERNAL"}
STRING = 7
DTYPES = {1: "float32", 2: "float64", 3: "int32", 4: "uint8", 9: "int64", 10: "bool", 19: "float16"}
TSTRING_BYTES = 24


class Status(NamedTuple):
    """An error as the server words it."""

    code: str
    message: str


class TensorInfo(NamedTuple):
    """What a signature says of a tensor; the shape's unknown sizes are -1."""

    tensor: str
    dtype: str
    shape: tuple[int, ...]


class Reply(NamedTuple):
    """What `ask` returns: `{signature: (inputs, outputs)}`, and for each request a dict of arrays or a Status."""

    signatures: dict
    answers: list


def ask(folder, requests, timeout=120):
    """Loads `folder` in a fresh process and runs `requests`, a list of `(signature, {input name: array})`."""
    done = subprocess.run(
        [sys.executable, "-c", f"import {__name__}; {__name__}.answer()"],
        cwd=Path(__file__).parent,
        input=pickle.dumps((str(Path(folder).resolve()), requests)),
        capture_output=True,
        timeout=timeout,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace")[-2000:])
    return pickle.loads(done.stdout)


def answer():
    """The fresh process: reads what `ask` sent, writes the Reply."""
    folder, requests = pickle.load(sys.stdin.buffer)
    model = SavedModel(folder)
    answers = [model.try_run(signature, inputs) for signature, inputs in requests]
    strangers = {"tensorflow", "keras", "kgan"} & set(sys.modules)
    assert not strangers, f"{strangers} are imported: this is no longer a test of the folder alone"
    pickle.dump(Reply(model.signatures, answers), sys.stdout.buffer)


class SavedModel:
    """A loaded SavedModel; `run` raises StatusError with the loader's own status."""

    def __init__(self, folder):
        self.api = _library()
        self.graph = c_void_p(self.api.TF_NewGraph())
        meta = _Buffer()
        tags = (c_char_p * 1)(b"serve")
        with _status(self.api) as status:
            options = c_void_p(self.api.TF_NewSessionOptions())
            self.session = c_void_p(
                self.api.TF_LoadSessionFromSavedModel(
                    options, None, str(folder).encode(), tags, 1, self.graph, byref(meta), status
                )
            )
        self.signatures = _read_signatures(ctypes.string_at(meta.data, meta.length))

    def try_run(self, signature, inputs):
        """Returns what `run` does, or the Status it failed with."""
        try:
            return self.run(signature, inputs)
        except StatusError as error:
            return error.args[0]

    def run(self, signature, inputs):
        """Returns `{output name: array}`; strings are object arrays of bytes."""
        takes, gives = self.signatures[signature]
        assert set(takes) == set(inputs), f"{signature} takes {sorted(takes)}"
        feeds = (_Output * len(takes))(*(self._output(takes[name].tensor) for name in inputs))
        values = (c_void_p * len(takes))(*(self._tensor(np.asarray(value)) for value in inputs.values()))
        fetches = (_Output * len(gives))(*(self._output(info.tensor) for info in gives.values()))
        results = (c_void_p * len(gives))()
        try:
            with _status(self.api) as status:
                self.api.TF_SessionRun(
                    self.session, None, feeds, values, len(takes), fetches, results, len(gives), None, 0, None, status
                )
            return {name: self._array(result) for name, result in zip(gives, results, strict=True)}
        finally:
            for tensor in [*values, *results]:
                self.api.TF_DeleteTensor(c_void_p(tensor))

    def _output(self, tensor):
        operation, _, index = tensor.partition(":")
        return _Output(self.api.TF_GraphOperationByName(self.graph, operation.encode()), int(index))

    def _tensor(self, array):
        strings = array.dtype.kind in "OS"
        size = array.size * TSTRING_BYTES if strings else array.nbytes
        dtype = STRING if strings else next(number for number, name in DTYPES.items() if name == array.dtype.name)
        dims = (c_int64 * array.ndim)(*array.shape)
        tensor = self.api.TF_AllocateTensor(dtype, dims, array.ndim, size)
        data = self.api.TF_TensorData(c_void_p(tensor))
        if strings:
            for index, text in enumerate(array.ravel()):
                place = c_void_p(data + index * TSTRING_BYTES)
                self.api.TF_StringInit(place)
                self.api.TF_StringCopy(place, bytes(text), len(text))
        else:
            ctypes.memmove(data, np.ascontiguousarray(array).ctypes.data, size)
        return tensor

    def _array(self, tensor):
        tensor = c_void_p(tensor)
        shape = [self.api.TF_Dim(tensor, axis) for axis in range(self.api.TF_NumDims(tensor))]
        data, dtype = self.api.TF_TensorData(tensor), self.api.TF_TensorType(tensor)
        if dtype != STRING:
            content = ctypes.string_at(data, self.api.TF_TensorByteSize(tensor))
            return np.frombuffer(content, DTYPES[dtype]).reshape(shape)
        places = [c_void_p(data + index * TSTRING_BYTES) for index in range(int(np.prod(shape)))]
        texts = [ctypes.string_at(self.api.TF_StringGetDataPointer(p), self.api.TF_StringGetSize(p)) for p in places]
        return np.array(texts, object).reshape(shape)


class StatusError(Exception):
    """The loader answered with a status other than OK."""


class _Output(ctypes.Structure):
    _fields_ = (("operation", c_void_p), ("index", c_int))


class _Buffer(ctypes.Structure):
    _fields_ = (("data", c_void_p), ("length", c_size_t), ("deallocator", c_void_p))


class _status:
    """Gives a TF_Status, and raises what it says in the end."""

    def __init__(self, api):
        self.api = api

    def __enter__(self):
        self.status = c_void_p(self.api.TF_NewStatus())
        return self.status

    def __exit__(self, *error):
        code, message = self.api.TF_GetCode(self.status), self.api.TF_Message(self.status).decode()
        self.api.TF_DeleteStatus(self.status)
        if code:
            raise StatusError(Status(CODES.get(code, str(code)), message))


def _library():
    # The package is found, not imported.
    package = Path(importlib.util.find_spec("tensorflow").origin).parent
    api = ctypes.CDLL(str(package / "libtensorflow_cc.so.2"))
    for name in ("NewGraph", "NewStatus", "NewSessionOptions", "LoadSessionFromSavedModel", "GraphOperationByName"):
        getattr(api, f"TF_{name}").restype = c_void_p
    for name in ("AllocateTensor", "TensorData", "StringGetDataPointer"):
        getattr(api, f"TF_{name}").restype = c_void_p
    for name in ("TensorByteSize", "StringGetSize"):
        getattr(api, f"TF_{name}").restype = c_size_t
    api.TF_Message.restype = c_char_p
    api.TF_Dim.restype = c_int64
    api.TF_AllocateTensor.argtypes = (c_int, POINTER(c_int64), c_int, c_size_t)
    api.TF_StringCopy.argtypes = (c_void_p, c_char_p, c_size_t)
    return api


# ------------------------------------------------------------------ just enough of protobuf to read a MetaGraphDef


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _fields(data):
    """Yields (field number, int or bytes) of a message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(data, at)
        else:
            size, at = _varint(data, at) if wire == 2 else ({1: 8, 5: 4}[wire], at)
            value, at = data[at : at + size], at + size
        yield key >> 3, value


def _map(data, field):
    """Returns a `map<string, message>` field as `{name: message}`."""
    entries = (dict(_fields(value)) for number, value in _fields(data) if number == field)
    return {entry[1].decode(): entry.get(2, b"") for entry in entries}


def _read_signatures(meta_graph):
    signatures = {name: value for name, value in _map(meta_graph, 5).items() if not name.startswith("__")}
    return {
        name: tuple({key: _tensor_info(info) for key, info in _map(value, part).items()} for part in (1, 2))
        for name, value in signatures.items()
    }


def _tensor_info(data):
    info = dict(_fields(data))
    sizes = [dict(_fields(dim)).get(1, 0) for number, dim in _fields(info[3]) if number == 2]
    shape = tuple(size - 2**64 if size >= 2**63 else size for size in sizes)
    return TensorInfo(info[1].decode(), "string" if info[2] == STRING else DTYPES[info[2]], shape)
