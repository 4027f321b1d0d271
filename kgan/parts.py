"""The batch as a training step takes it: without what Keras adds, and in equal parts."""

from typing import Any

import tensorflow as tf

from kgan.errors import InputError


def without_padding(data: Any) -> Any:
    """Undoes the (x, None, None) that Keras makes of a batch that is no dataset's."""
    if not isinstance(data, tuple):
        return data
    given = tuple(part for part in data if part is not None)
    return given[0] if len(given) == 1 else given


def critic_parts(data: Any, critic_steps: int) -> list[Any]:
    """Cuts a batch in `critic_steps` equal parts along the first axis.

    Raises:
        InputError: If its size is no multiple of `critic_steps`.
    """
    batch = without_padding(data)
    if critic_steps == 1:
        return [batch]
    size = tf.nest.flatten(batch)[0].shape[0]
    if size is not None and size % critic_steps:
        raise InputError(
            f"a batch of {size} cannot be cut in critic_steps={critic_steps} equal parts; load batches of a "
            f"multiple of {critic_steps}: each critic step takes its own part."
        )
    return [
        tf.nest.map_structure(lambda tensor, i=i: tf.split(tensor, critic_steps)[i], batch) for i in range(critic_steps)
    ]
