"""What the chief of several workers does beside the training."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras


class Alone(keras.callbacks.Callback):
    """Lets callbacks work on the chief alone.

    Under a strategy of several workers a variable is made by all of them together, and saving a model or opening an
    extractor makes some. A strategy's scope holds for its thread, so callbacks get another, the same one for all they
    do: TensorBoard leaves things there from call to call.

    Args:
        callbacks: What is called, in this order.
    """

    def __init__(self, callbacks: Sequence[keras.callbacks.Callback]):
        super().__init__()
        self.callbacks = list(callbacks)
        self._thread = ThreadPoolExecutor(1)

    def set_params(self, params: Any) -> None:
        """Passes it on."""
        super().set_params(params)
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: keras.Model) -> None:
        """Passes it on."""
        super().set_model(model)
        for callback in self.callbacks:
            callback.set_model(model)

    def on_train_begin(self, logs: Any = None) -> None:
        """Passes it on."""
        self._call("on_train_begin", logs)

    def on_train_end(self, logs: Any = None) -> None:
        """Passes it on."""
        self._call("on_train_end", logs)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Passes it on."""
        self._call("on_epoch_begin", epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Passes it on."""
        self._call("on_epoch_end", epoch, logs)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Passes it on."""
        self._call("on_train_batch_begin", batch, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Passes it on."""
        self._call("on_train_batch_end", batch, logs)

    def _call(self, hook: str, *arguments: Any) -> None:
        def call() -> None:
            for callback in self.callbacks:
                getattr(callback, hook)(*arguments)

        self._thread.submit(call).result()
