"""Serving what was published: `serve` over REST and gRPC as TensorFlow Serving does, `Client` to ask either of them."""

import importlib
from typing import Any

# Found when first asked for: the client runs where the server's packages are not installed.
_PLACES = {"Client": "kgan.serving.client", "serve": "kgan.serving.server"}

__all__ = ["Client", "serve"]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)
