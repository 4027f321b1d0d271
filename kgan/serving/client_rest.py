"""REST, as TensorFlow Serving speaks it, over connections that are kept open."""

import base64
import collections
import contextlib
import http.client
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import numpy as np

from kgan.serving.client_tensors import Asked, VersionStatus, tensor_info
from kgan.serving.errors import ServingError
from kgan.serving.tensors import Signature, TensorInfo

# A 400 may be any of three; the message says which.
CODES = {
    400: "INVALID_ARGUMENT",
    404: "NOT_FOUND",
    413: "RESOURCE_EXHAUSTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
LARGEST_EXCERPT = 200


class Rest:
    """A server's REST address; as many connections as there are requests at one time.

    Args:
        url: Of the server; a path in it stands before `/v1`.
        timeout: Seconds that an answer may take.
        headers: Sent with every request.
    """

    def __init__(self, url: str, timeout: float, headers: dict[str, str]) -> None:
        self._url, self._timeout, self._headers = url.rstrip("/"), timeout, headers
        self._parts = urlsplit(self._url)
        # Appended to and popped from by any thread.
        self._idle: collections.deque[http.client.HTTPConnection] = collections.deque()

    def predict(self, asked: Asked, signature: Signature, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns the outputs by name, of their signature's types."""
        if any(value.ndim > 1 and not len(value) for value in inputs.values()):
            # JSON's empty list has one axis, and the server would refuse it; no rows are answered by none.
            return {key: _empty(info) for key, info in signature.outputs.items()}
        body = {"signature_name": signature.name, "inputs": {key: _as_json(value) for key, value in inputs.items()}}
        outputs = self._ask("POST", f"{_path(asked)}:predict", body)["outputs"]
        if len(signature.outputs) == 1:
            outputs = dict.fromkeys(signature.outputs, outputs)
        return {key: _from_json(outputs[key], info) for key, info in signature.outputs.items()}

    def signatures(self, asked: Asked) -> dict[str, Signature]:
        """Returns what the model answers, by name."""
        reply = self._ask("GET", f"{_path(asked)}/metadata")
        known = reply["metadata"]["signature_def"]["signature_def"]
        return {
            name: Signature(name, _infos(signature.get("inputs", {})), _infos(signature.get("outputs", {})))
            for name, signature in known.items()
            if not name.startswith("__")
        }

    def status(self, asked: Asked) -> list[VersionStatus]:
        """Returns the state of the versions that the server knows."""
        versions = self._ask("GET", _path(asked))["model_version_status"]
        return [
            VersionStatus(int(each["version"]), each["state"], each["status"]["error_message"]) for each in versions
        ]

    def close(self) -> None:
        """Closes the connections that no request is using."""
        while self._idle:
            self._idle.pop().close()

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        try:
            status, text = self._exchange(method, self._parts.path + path, content)
        except TimeoutError as error:
            raise ServingError("DEADLINE_EXCEEDED", f"{self._url} gave no answer in {self._timeout:g} s") from error
        except (OSError, http.client.HTTPException) as error:
            message = f"no server answers at {self._url} ({error}); start one with: kgan serve"
            raise ServingError("UNAVAILABLE", message) from error
        return _read(status, text)

    def _exchange(self, method: str, path: str, content: bytes | None) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json", **self._headers}
        with self._connection() as connection:
            kept = connection.sock is not None
            try:
                return _once(connection, method, path, content, headers)
            except (ConnectionError, http.client.RemoteDisconnected):
                if not kept:
                    raise
            # The server had closed an idle connection; a prediction changes nothing, so it may be asked again.
            connection.close()
            return _once(connection, method, path, content, headers)

    @contextlib.contextmanager
    def _connection(self) -> Iterator[http.client.HTTPConnection]:
        try:
            connection = self._idle.pop()
        except IndexError:
            kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
            connection = kind(self._parts.netloc.rpartition("@")[2], timeout=self._timeout)
        try:
            yield connection
        except BaseException:
            # Half of an answer may be waiting in it.
            connection.close()
            raise
        self._idle.append(connection)


def _once(
    connection: http.client.HTTPConnection, method: str, path: str, content: bytes | None, headers: dict[str, str]
) -> tuple[int, bytes]:
    connection.request(method, path, content, headers)
    with connection.getresponse() as response:
        return response.status, response.read()


def _read(status: int, text: bytes) -> Any:
    try:
        reply = json.loads(text)
    except ValueError:
        reply = None
    if status == 200 and isinstance(reply, dict):
        return reply
    if isinstance(reply, dict) and "error" in reply:
        raise ServingError(CODES.get(status, "UNKNOWN"), str(reply["error"]))
    excerpt = text[:LARGEST_EXCERPT].decode(errors="replace")
    raise ServingError(CODES.get(status, "UNKNOWN"), f"HTTP {status} without TensorFlow Serving's JSON: {excerpt}")


def _path(asked: Asked) -> str:
    path = f"/v1/models/{quote(asked.name, safe='')}"
    if asked.version is not None:
        return f"{path}/versions/{asked.version}"
    return f"{path}/labels/{quote(asked.label, safe='')}" if asked.label is not None else path


def _infos(tensors: Mapping[str, Any]) -> dict[str, TensorInfo]:
    return {
        name: tensor_info(info["name"], info["dtype"], _sizes(info["tensor_shape"])) for name, info in tensors.items()
    }


def _sizes(shape: Mapping[str, Any]) -> list[int] | None:
    return None if shape.get("unknown_rank") else [int(dim["size"]) for dim in shape.get("dim", [])]


def _as_json(value: np.ndarray) -> Any:
    return value.tolist() if value.dtype != object else _as_base64(value.tolist())


def _as_base64(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode()}
    return [_as_base64(each) for each in value]


def _from_json(value: Any, info: TensorInfo) -> np.ndarray:
    array = np.array(_from_base64(value) if info.dtype == object else value, info.dtype)
    return array if array.size else _empty(info)


def _empty(info: TensorInfo) -> np.ndarray:
    return np.zeros((0, *(size or 0 for size in (info.shape or (0,))[1:])), info.dtype)


def _from_base64(value: Any) -> Any:
    if isinstance(value, dict):
        return base64.b64decode(value["b64"])
    return value.encode() if isinstance(value, str) else [_from_base64(each) for each in value]
