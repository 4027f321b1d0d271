"""The built-in server: REST and gRPC in one process, until it is told to stop."""

import contextlib
import errno
import logging
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import tensorflow as tf
import uvicorn

from kgan.errors import InputError
from kgan.serving.catalogue import Catalogue
from kgan.serving.core import Core, Limits
from kgan.serving.grpc_server import make_server
from kgan.serving.rest import make_app

# For requests under way when it is told to stop.
GRACE_SECONDS = 10
POLL_SECONDS = 0.1
# Longer than clients and proxies keep a connection that they do not use, so that none is closed under a request.
KEEP_ALIVE_SECONDS = 75

log = logging.getLogger("kgan.serving")


class Address(NamedTuple):
    """Where a running server is reached.

    Attributes:
        rest: Its URL, `http://127.0.0.1:8501`.
        grpc: Host and port, `127.0.0.1:8500`.
    """

    rest: str
    grpc: str


def serve(
    folder: Path,
    *,
    rest_port: int = 8501,
    grpc_port: int = 8500,
    host: str = "127.0.0.1",
    limits: Limits | None = None,
    batch_size: int | None = None,
) -> None:
    """Serves a folder of models until SIGTERM or SIGINT; requests under way are answered first.

    It speaks TensorFlow Serving's REST and gRPC, and has a page for people at `/`. It is for development: one process,
    neither encryption nor authentication.

    Args:
        folder: The models, `<folder>/<name>/<version>/`, and, if there is one, `models.config`.
        rest_port: For HTTP; 0 for any that is free.
        grpc_port: For gRPC; likewise.
        host: The address to listen on, IPv4 or IPv6; `0.0.0.0` lets other machines in.
        limits: What one request may ask for.
        batch_size: The most rows that requests are run together in; by default what `batching.config` says, or 32.

    Raises:
        InputError: If the folder cannot be served, a port is taken, or `host` is no address of this machine.
    """
    stop = threading.Event()
    server = running(
        folder,
        rest_port=rest_port,
        grpc_port=grpc_port,
        host=host,
        limits=limits,
        batch_size=batch_size,
        stop=stop,
    )
    with _stopped_by_signals(stop), server as address:
        print(f"REST and a page: {address.rest}   gRPC: {address.grpc}", file=sys.stderr, flush=True)
        stop.wait()
        print("stopping; requests under way are answered first", file=sys.stderr, flush=True)


@contextlib.contextmanager
def running(
    folder: Path,
    *,
    rest_port: int = 0,
    grpc_port: int = 0,
    host: str = "127.0.0.1",
    limits: Limits | None = None,
    batch_size: int | None = None,
    stop: threading.Event | None = None,
) -> Iterator[Address]:
    """Serves in threads while the `with` block runs, which begins when all models are loaded, or `stop` is set.

    The other arguments and the errors are those of `serve`.
    """
    tf.get_logger().setLevel(logging.ERROR)
    catalogue = Catalogue(folder, batch_size)
    core, stopping = Core(catalogue, limits or Limits()), threading.Event()
    # A colon before the port needs an IPv6 address in brackets.
    shown = f"[{host}]" if ":" in host else host
    with _listen(host, rest_port, "--port") as listener:
        grpc_server = make_server(core, lambda: catalogue.is_ready() and not stopping.is_set())
        try:
            bound = grpc_server.add_insecure_port(f"{shown}:{grpc_port}")
        except RuntimeError as error:
            # gRPC does not say why; a socket does.
            _listen(host, grpc_port, "--grpc-port").close()
            raise InputError(f"gRPC cannot listen on port {grpc_port} of {host} ({error}).") from None
        rest_server = _rest_server(core)
        thread = threading.Thread(target=rest_server.run, args=([listener],), name="kgan-rest")
        thread.start()
        grpc_server.start()
        # While models are loaded, which may take minutes, requests are told so.
        catalogue.start()
        try:
            while not (catalogue.looked.wait(POLL_SECONDS) or (stop is not None and stop.is_set())):
                pass
            yield Address(f"http://{shown}:{listener.getsockname()[1]}", f"{shown}:{bound}")
        finally:
            stopping.set()
            rest_server.should_exit = True
            grpc_server.stop(GRACE_SECONDS).wait()
            thread.join()
            catalogue.stop(GRACE_SECONDS)


def _rest_server(core: Core) -> uvicorn.Server:
    config = uvicorn.Config(
        make_app(core),
        lifespan="off",
        ws="none",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return uvicorn.Server(config)


def _listen(host: str, port: int, option: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Said in full, or asyncio leaves Nagle's algorithm on, and every reply waits 40 ms for an acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            message = f"cannot listen on port {port} of {host} ({error.strerror}); choose another: {option}."
        else:
            message = f"cannot listen on {host} ({error.strerror}); choose an address of this machine: --host."
        raise InputError(message) from None
    return listener


@contextlib.contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    kinds = (signal.SIGTERM, signal.SIGINT)
    before = {kind: signal.signal(kind, lambda *_: stop.set()) for kind in kinds}
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
