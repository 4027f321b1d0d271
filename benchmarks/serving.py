"""The built-in server under load on loopback: latency, images a second, memory, what batching gains, what it costs.

    python benchmarks/serving.py [--seconds 60] [--clients 32] [--savedmodels FOLDER --model NAME]

Without a folder an untrained DCGAN generator of 28x28 images is published first. The server is a process of its own and
so are the clients, which keep their connections, each with one request under way: one image, as JSON numbers and as
PNG. `one by one` is the same server with batches of one. `overhead` asks in turn the SavedModel directly, in the same
process, and the server by a lone client, so that a busy machine disturbs both alike.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import socket
import statistics
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import psutil

WARM_UP_SECONDS = 5.0


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
            rates = {}
            for name, batch_size in (("batched", 32), ("one by one", 1)):
                rates[name] = under_load(savedmodels, options, kind, name, batch_size)
            print(f"{kind}: batching gives {rates['batched'] / rates['one by one']:.2f} times the images a second")
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


def under_load(savedmodels: Path, options: argparse.Namespace, kind: str, name: str, batch_size: int) -> float:
    """Prints what many clients see, and returns the images a second."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(savedmodels, batch_size, theirs))
    server.start()
    port, memory = ours.recv(), []
    for seconds in (WARM_UP_SECONDS, options.seconds):
        results, clients_end = context.Pipe()
        arguments = (port, options.model, kind, options.clients, seconds, clients_end)
        clients = context.Process(target=drive, args=arguments)
        clients.start()
        took, failed = results.recv()
        clients.join()
        memory.append(psutil.Process(server.pid).memory_info().rss / 2**20)
    ours.send("stop")
    server.join()
    rate = len(took) / options.seconds
    p50, p99 = (np.percentile(took, q) * 1e3 for q in (50, 99))
    print(
        f"{kind}, {options.clients} clients, {name}: {rate:.0f} images/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms, "
        f"{len(took)} requests, {failed} failed; memory {memory[0]:.0f} -> {memory[1]:.0f} MiB"
    )
    return rate


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
