"""`Client`: asks a server of published models, with pictures and arrays in and out.

It speaks TensorFlow Serving's own REST or gRPC, to `kgan serve` and to `tensorflow_model_server` alike.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from kgan.errors import InputError
from kgan.serving.client_model import ServedModel, Transport
from kgan.serving.client_tensors import Asked

SCHEMES = ("http", "https", "grpc", "grpcs")


class Client:
    """A server of published models.

        client = kgan.serving.Client("http://127.0.0.1:8501")
        digits = client.model("digits")
        digits.sample(4, seed=0)[0].save("digit.png")

    It may be shared among threads. As a context manager it closes its connections at the end.

    Args:
        url: Where the server listens: `http://` or `https://` for REST, `grpc://` or `grpcs://` (TLS) for gRPC, which
            moves numbers faster and needs the extra `serving`. A path before `/v1` is kept.
        timeout: Seconds that an answer may take.
        headers: Sent along with every request, such as an `Authorization`; over gRPC as metadata.

    Raises:
        InputError: If `url` is none, or gRPC is not installed.
    """

    def __init__(
        self, url: str = "http://127.0.0.1:8501", *, timeout: float = 60.0, headers: Mapping[str, str] | None = None
    ) -> None:
        self._transport = _transport(url, timeout, dict(headers or {}))

    def model(self, name: str, *, version: int | None = None, label: str | None = None) -> ServedModel:
        """Returns a served model; nothing is asked yet.

        Args:
            name: Its name on the server.
            version: Which version; by default the newest that is loaded.
            label: Which version, by a label such as `"stable"`.

        Raises:
            InputError: If both `version` and `label` are given.
        """
        if version is not None and label is not None:
            raise InputError(
                f"version and label both say which version of {name!r}: give one; got {version}, {label!r}."
            )
        return ServedModel(self._transport, Asked(name, version, label))

    def close(self) -> None:
        """Closes the connections; the next request opens new ones over REST, and fails over gRPC."""
        self._transport.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _transport(url: str, timeout: float, headers: dict[str, str]) -> Transport:
    parts = urlsplit(url)
    try:
        # gRPC has no port of its own to fall back on.
        usable = parts.scheme in SCHEMES and parts.hostname and (parts.port or parts.scheme.startswith("http"))
    except ValueError:
        usable = False
    if not usable:
        raise InputError(
            f"url must be like http://127.0.0.1:8501 (REST) or grpc://127.0.0.1:8500, with {' or '.join(SCHEMES)}; "
            f"got {url!r}."
        )
    if parts.scheme.startswith("http"):
        from kgan.serving.client_rest import Rest

        return Rest(url, timeout, headers)
    try:
        from kgan.serving.client_grpc import Grpc
    except ModuleNotFoundError as error:
        raise InputError(f"gRPC needs {error.name}: pip install 'kgan[serving]'; or ask over http://.") from error
    return Grpc(parts.netloc, timeout, headers, secure=parts.scheme == "grpcs")
