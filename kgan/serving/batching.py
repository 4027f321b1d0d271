"""Concurrent requests in one run of the model."""

import threading
from collections import deque
from collections.abc import Callable, Hashable

import numpy as np

from kgan.serving.errors import ServingError

Arrays = dict[str, np.ndarray]


class Batcher:
    """Runs a model for many threads, one run at a time; what comes in during a run goes through the next one together.

    So a lone request waits for nobody, and batches grow with the load. There is no thread of its own: the first to come
    runs its batch, and then hands over to one of those who came meanwhile.

    Args:
        run: Maps a key and arrays of `n` rows to arrays of `n` rows, each row a function of its own row alone.
        max_batch_size: The most rows in a run of several requests.
    """

    def __init__(self, run: Callable[[Hashable, Arrays], Arrays], max_batch_size: int) -> None:
        self._run = run
        self._max_batch_size = max_batch_size
        self._lock = threading.Lock()
        self._waiting: deque[_Task] = deque()
        self._is_running = False

    def run(self, key: Hashable, inputs: Arrays, num_rows: int | None, timeout: float) -> Arrays:
        """Returns the outputs of `inputs`, computed together with those of others of the same `key`.

        Args:
            key: What is run: requests of one key, and shapes, may share a run.
            inputs: Arrays of `num_rows` rows.
            num_rows: None for a request that is to be run by itself.
            timeout: Seconds that it may wait for its turn.

        Raises:
            ServingError: DEADLINE_EXCEEDED if its turn did not come in time.
            Exception: What `run` raises; for the request alone that causes it.
        """
        shapes = tuple(sorted((name, array.shape[1:]) for name, array in inputs.items()))
        task = _Task((key, shapes), inputs, num_rows)
        with self._lock:
            self._waiting.append(task)
            if not self._is_running:
                self._is_running = True
                task.turn.set()
        if not task.turn.wait(timeout) and self._give_up(task):
            raise ServingError("DEADLINE_EXCEEDED", f"Timed out after waiting {timeout:.3g} s for the model")
        # Woken with an answer, or to run the next batch.
        if not task.is_done:
            self._lead(task)
        if task.error is not None:
            raise task.error
        return task.outputs

    def _give_up(self, task: "_Task") -> bool:
        with self._lock:
            # It may have been called on in the very last moment.
            if task.turn.is_set():
                return False
            if task in self._waiting:
                self._waiting.remove(task)
            return True

    def _lead(self, task: "_Task") -> None:
        try:
            while not task.is_done:
                self._process(self._next_batch())
        finally:
            with self._lock:
                if self._waiting:
                    self._waiting[0].turn.set()
                else:
                    self._is_running = False

    def _next_batch(self) -> list["_Task"]:
        """Takes the oldest task, and those after it that fit."""
        with self._lock:
            first = self._waiting.popleft()
            if first.num_rows is None:
                return [first]
            batch, kept, num_rows = [first], deque[_Task](), first.num_rows
            for task in self._waiting:
                fits = task.num_rows is not None and num_rows + task.num_rows <= self._max_batch_size
                if fits and task.key == first.key:
                    batch.append(task)
                    num_rows += task.num_rows or 0
                else:
                    kept.append(task)
            self._waiting = kept
            return batch

    def _process(self, batch: list["_Task"]) -> None:
        try:
            if len(batch) > 1:
                self._run_together(batch)
            else:
                batch[0].outputs = self._run(batch[0].key[0], batch[0].inputs)
        except Exception as error:
            if len(batch) > 1:
                # One of them is wrong; the others must not pay for it.
                for task in batch:
                    self._process([task])
                return
            batch[0].error = error
        for task in batch:
            task.is_done = True
            task.turn.set()

    def _run_together(self, batch: list["_Task"]) -> None:
        names = batch[0].inputs
        together = {name: np.concatenate([task.inputs[name] for task in batch]) for name in names}
        outputs = self._run(batch[0].key[0], together)
        start = 0
        for task in batch:
            end = start + (task.num_rows or 0)
            task.outputs = {name: array[start:end] for name, array in outputs.items()}
            start = end


class _Task:
    def __init__(self, key: tuple, inputs: Arrays, num_rows: int | None) -> None:
        self.key = key
        self.inputs = inputs
        self.num_rows = num_rows
        self.turn = threading.Event()
        self.is_done = False
        self.outputs: Arrays = {}
        self.error: Exception | None = None
