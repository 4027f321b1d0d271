"""`Batcher`: one run at a time, those that wait share the next, and a mistake is paid by the one who made it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from kgan.serving.batching import Batcher
from kgan.serving.errors import ServingError


class Model:
    """Doubles its rows; the first run waits until it is let go. Rows below zero are mistakes."""

    def __init__(self):
        self.sizes = []
        self.started, self.go_on = threading.Event(), threading.Event()
        self.running = 0

    def __call__(self, key, inputs):
        self.running += 1
        assert self.running == 1
        self.sizes.append(len(inputs["x"]))
        self.started.set()
        self.go_on.wait(10)
        self.running -= 1
        if (inputs["x"] < 0).any():
            raise ValueError(key)
        return {"y": inputs["x"] * 2}


@pytest.fixture
def threads():
    with ThreadPoolExecutor(16) as executor:
        yield executor


def ask(batcher, *values, key="k", num_rows=-1, timeout=10.0):
    x = np.array(values, "float64")
    return batcher.run(key, {"x": x}, len(values) if num_rows == -1 else num_rows, timeout)["y"].tolist()


def wait_until_waiting(batcher, count):
    while len(batcher._waiting) < count:
        threading.Event().wait(0.001)


def ask_while_busy(batcher, model, threads, *requests, **options):
    """Starts a request, lets the others come in order while it runs, and returns all of their futures."""
    futures = [threads.submit(ask, batcher, 0)]
    assert model.started.wait(10)
    for count, request in enumerate(requests, 1):
        futures.append(threads.submit(ask, batcher, *request, **options))
        wait_until_waiting(batcher, count)
    model.go_on.set()
    return futures


def test_requests_that_wait_share_a_run(threads):
    model = Model()
    batcher = Batcher(model, max_batch_size=4)
    futures = ask_while_busy(batcher, model, threads, [1], [2, 3], [4, 5], [6])
    assert [future.result(10) for future in futures] == [[0], [2], [4, 6], [8, 10], [12]]
    # 4 and 5 do not fit into the second run, 6 does.
    assert model.sizes == [1, 4, 2]


def test_a_mistake_is_paid_by_the_one_who_made_it(threads):
    model = Model()
    futures = ask_while_busy(Batcher(model, 8), model, threads, [1], [-1], [2])
    assert [futures[index].result(10) for index in (0, 1, 3)] == [[0], [2], [4]]
    with pytest.raises(ValueError, match="k"):
        futures[2].result(10)


def test_other_shapes_and_keys_and_lone_requests_run_by_themselves(threads):
    model = Model()
    batcher = Batcher(model, 8)
    first = threads.submit(ask, batcher, 0)
    assert model.started.wait(10)
    requests = [([1], {}), ([2], {"key": "other"}), ([[3, 4]], {}), ([5], {"num_rows": None}), ([6], {})]
    futures = [first]
    for count, (values, options) in enumerate(requests, 1):
        futures.append(threads.submit(ask, batcher, *values, **options))
        wait_until_waiting(batcher, count)
    model.go_on.set()
    assert [future.result(10) for future in futures] == [[0], [2], [4], [[6, 8]], [10], [12]]
    assert model.sizes == [1, 2, 1, 1, 1]


def test_who_waits_too_long_is_told_and_is_not_run(threads):
    model = Model()
    batcher = Batcher(model, 8)
    first = threads.submit(ask, batcher, 0)
    assert model.started.wait(10)
    with pytest.raises(ServingError) as caught:
        ask(batcher, 1, timeout=0.01)
    assert (caught.value.code, caught.value.http_status) == ("DEADLINE_EXCEEDED", 504)
    model.go_on.set()
    assert first.result(10) == [0]
    assert ask(batcher, 2) == [4]
    assert model.sizes == [1, 1]


def test_many_threads_get_each_its_own_answer(threads):
    batcher = Batcher(lambda key, inputs: {"y": inputs["x"] * 2}, 8)
    answers = list(threads.map(lambda value: ask(batcher, value), range(2000)))
    assert answers == [[2 * value] for value in range(2000)]
