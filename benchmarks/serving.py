"""The built-in server under load on loopback: latency, images a second, memory, what batching gains, what it costs.

    python benchmarks/serving.py [--seconds 60] [--clients 32] [--savedmodels FOLDER --model NAME]

Without a folder an untrained DCGAN generator of 28x28 images is published first. The server is a process of its own and
so are the clients, which keep their connections, each with one request under way: one image, as JSON numbers and as
PNG. `one by one` is the same server with batches of one; the two are asked by turns, so that a busy machine disturbs
both alike. So are, for `overhead`, the SavedModel itself and a server in the same process, by a lone client.
"""

import argparse
import asyncio
import dataclasses
import json
import multiprocessing
import os
import socket
import statistics
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import psutil

WARM_UP_SECONDS = 5.0
SLICES = 6


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--savedmodels", type=Path)
    parser.add_argument("--model", default="digits")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        savedmodels = options.savedmodels or publish(Path(folder), options.model)
        for kind in ("numbers", "png"):
            under_load(savedmodels, options, kind)
        overhead(savedmodels, options.model)


def publish(folder: Path, name: str) -> Path:
    """Publishes an untrained generator."""
    import kgan
    from kgan.networks import dcgan

    shape = (28, 28, 1)
    model = kgan.GAN(dcgan.generator(64, shape, width=32), dcgan.discriminator(shape, width=8), 64)
    kgan.export(model, folder / name)
    return folder


def body_of(kind: str, index: int) -> bytes:
    """Returns a request for one image."""
    asked = {"inputs": [index]} | {"signature_name": "sample_png" if kind == "png" else "sample"}
    return json.dumps(asked).encode()


# ------------------------------------------------------------------ processes


def serve(savedmodels: Path, batch_size: int, pipe: Connection) -> None:
    """The server's process: says its port, and stops when it is told so."""
    from kgan.serving.server import running

    with running(savedmodels, batch_size=batch_size) as address:
        pipe.send(int(address.rest.rpartition(":")[2]))
        pipe.recv()


def drive(port: int, model: str, kind: str, clients: int, seconds: float, pipe: Connection) -> None:
    """The clients' process: sends the seconds that each request took, and how many failed."""
    pipe.send(asyncio.run(_drive(port, model, kind, clients, seconds)))


async def _drive(port: int, model: str, kind: str, clients: int, seconds: float) -> tuple[list[float], int]:
    end, took, failed = time.monotonic() + seconds, [], 0

    async def client(index: int) -> None:
        nonlocal failed
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.monotonic() < end:
            begin = time.perf_counter()
            writer.write(request_of(model, body_of(kind, index)))
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(length_of(head))
            took.append(time.perf_counter() - begin)
            failed += not head.startswith(b"HTTP/1.1 200")
        writer.close()

    await asyncio.gather(*map(client, range(clients)))
    return took, failed


def request_of(model: str, body: bytes) -> bytes:
    """Returns the bytes of a request."""
    return b"POST /v1/models/%s:predict HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (
        model.encode(),
        len(body),
        body,
    )


def length_of(head: bytes) -> int:
    """Returns the length of a reply's body."""
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])


# ------------------------------------------------------------------ measurements


@dataclasses.dataclass
class Result:
    """What was seen of a server: seconds of each request, failed ones, MiB of memory from time to time."""

    took: list[float]
    failed: int
    memory: list[float]

    def describe(self, seconds: float) -> str:
        """Returns the figures in words."""
        p50, p99 = (np.percentile(self.took, q) * 1e3 for q in (50, 99))
        return (
            f"{len(self.took) / seconds:.0f} images/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms, {len(self.took)} requests, "
            f"{self.failed} failed; memory {self.memory[0]:.0f} -> {self.memory[-1]:.0f} MiB"
        )


def start(savedmodels: Path, batch_size: int) -> tuple[Any, Connection, int]:
    """Returns a server's process, the pipe to it and its port."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(savedmodels, batch_size, theirs))
    server.start()
    return server, ours, ours.recv()


def load(port: int, model: str, kind: str, clients: int, seconds: float) -> tuple[list[float], int]:
    """Returns the seconds that each request of a process of clients took, and how many failed."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=drive, args=(port, model, kind, clients, seconds, theirs))
    process.start()
    result = ours.recv()
    process.join()
    return result


def under_load(savedmodels: Path, options: argparse.Namespace, kind: str) -> None:
    """Prints what many clients see of a server that batches, and of one that does not."""
    servers = {"batched": start(savedmodels, 32), "one by one": start(savedmodels, 1)}
    results = {name: Result([], 0, []) for name in servers}
    for name, (server, _, port) in servers.items():
        load(port, options.model, kind, options.clients, WARM_UP_SECONDS)
        results[name].memory.append(psutil.Process(server.pid).memory_info().rss / 2**20)
    for _ in range(SLICES):
        for name, (server, _, port) in servers.items():
            took, failed = load(port, options.model, kind, options.clients, options.seconds / SLICES)
            results[name].took.extend(took)
            results[name].failed += failed
            results[name].memory.append(psutil.Process(server.pid).memory_info().rss / 2**20)
    for name, (server, pipe, _) in servers.items():
        pipe.send("stop")
        server.join()
        print(f"{kind}, {options.clients} clients, {name}: {results[name].describe(options.seconds)}")
    counts = [len(result.took) for result in results.values()]
    print(f"{kind}: batching gives {counts[0] / counts[1]:.2f} times the images a second")


def overhead(savedmodels: Path, model: str, repeats: int = 300) -> None:
    """Prints what the server adds for a lone client."""
    from kgan.serving.catalogue import Catalogue
    from kgan.serving.server import running

    catalogue = Catalogue(savedmodels)
    catalogue.refresh()
    servable = catalogue.get(model)
    signature = servable.signature("sample")
    with running(savedmodels) as address:
        connection = socket.create_connection(("127.0.0.1", int(address.rest.rpartition(":")[2])))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for kind in ("numbers", "png"):
            direct, served, replies = [], [], connection.makefile("rb")
            for index in range(repeats):
                begin = time.perf_counter()
                servable.run(signature, {"seed": np.array([index])}, 1, 60.0)
                direct.append(time.perf_counter() - begin)
                begin = time.perf_counter()
                connection.sendall(request_of(model, body_of(kind, index)))
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    head += replies.readline()
                replies.read(length_of(head))
                served.append(time.perf_counter() - begin)
            both = [statistics.median(times[repeats // 10 :]) * 1e3 for times in (direct, served)]
            print(f"overhead, one image as {kind}: direct {both[0]:.2f} ms, served {both[1]:.2f} ms, p50 of {repeats}")
        connection.close()


if __name__ == "__main__":
    main()
