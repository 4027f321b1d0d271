"""`Persistent`: a keras.Model that a `.keras` file brings back whole, its random state too."""

import inspect
from typing import Any

import keras
import tensorflow as tf

from kgan.workers import is_multi_worker


class Persistent(keras.Model):
    """A model whose constructor's arguments are its config, and whose noise goes on where it stopped.

    Keras cannot save a model that takes networks as arguments unless it defines its config, and never saves the state
    of a SeedGenerator, neither the model's own nor that inside a Dropout layer. Here each constructor argument must be
    kept under its own name (`self.latent_dim = latent_dim`), noise is drawn from `next_seed()`, and Dropout's seeds are
    saved along.

    Args:
        seed: Where all noise starts, an integer in [0, 2^31).
    """

    def __init__(self, *, seed: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.seed = int(seed)
        self.draws = self.add_counter("draws")

    def add_counter(self, name: str) -> keras.Variable:
        """Adds a saved int64 that counts from 0."""
        # A weight: a raw tf.Variable would silently start again at 0 after a reload.
        return self.add_weight(
            name=name, shape=(), dtype="int64", initializer="zeros", trainable=False, aggregation="only_first_replica"
        )

    def next_seed(self) -> tf.Tensor:
        """Returns a fresh seed (2,) int64 for `tf.random.stateless_*`: a function of `seed`, replica and draw alone."""
        context = tf.distribute.get_replica_context()
        replica = tf.cast(context.replica_id_in_sync_group if context else 0, "int64")
        draw = tf.identity(self.draws.value)
        self.draws.assign_add(1)
        # The replica fills the upper half, or every replica would draw the same noise.
        return tf.stack([self.seed + replica * 2**32, draw])

    def fit(self, x: Any = None, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        """Trains as keras.Model.fit does."""
        if isinstance(x, (tf.data.Dataset, tf.distribute.DistributedDataset)):
            # Keras warns that it will not shuffle a dataset, even where nobody asked it to.
            kwargs.setdefault("shuffle", False)
        return super().fit(x, *args, **kwargs)

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        # Keras's: takes a batch to build what is not built yet, which here is nothing, and averages it over the
        # workers, which TensorFlow does for a tensor, not for a tuple of them.
        if not is_multi_worker(self.distribute_strategy):
            super()._maybe_symbolic_build(iterator=iterator, data_batch=data_batch)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments, networks included, serialised."""
        parameters = inspect.signature(type(self).__init__).parameters.values()
        names = [p.name for p in parameters if p.kind is not p.VAR_KEYWORD and p.name != "self"]
        values = {name: getattr(self, name) for name in [*names, "name"]}
        values["dtype"] = self.dtype_policy
        return {name: keras.saving.serialize_keras_object(value) for name, value in values.items()}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "Persistent":
        """Builds the model that `get_config` described."""
        return cls(**keras.saving.deserialize_keras_object(config, custom_objects=custom_objects))

    def _seed_states(self) -> dict[str, keras.Variable]:
        states = [v for v in self.non_trainable_variables if v.path.endswith("seed_generator_state")]
        return {f"seed_state_{index}": state for index, state in enumerate(states)}

    def save_own_variables(self, store: Any) -> None:
        """Saves the counters, and the seeds of all Dropout layers."""
        super().save_own_variables(store)
        for name, state in self._seed_states().items():
            store[name] = keras.ops.convert_to_numpy(state)

    def load_own_variables(self, store: Any) -> None:
        """Restores what `save_own_variables` saved."""
        states = self._seed_states()
        own = {name: store[name] for name in store.keys() if name not in states}  # noqa: SIM118
        super().load_own_variables(own)
        for name, state in states.items():
            state.assign(store[name])
