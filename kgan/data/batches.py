"""Batches in an order that is a pure function of (seed, epoch), so that training resumes exactly.

`tf.data`'s own `shuffle` starts its sequence anew in a new process; here nothing remembers: the number of batches
already used says where to go on.
"""

import itertools
from collections.abc import Callable, Iterator

import tensorflow as tf

from kgan.errors import InputError
from kgan.pixels import from_uint8

Fetch = Callable[[tf.Tensor], tf.Tensor]

# Keeps the draws of flips apart from whatever else is drawn from (seed, number), such as a model's latents.
FLIPS = 0x666C6970


def batch_stream(
    fetch: Fetch,
    num_images: int,
    name: str,
    *,
    batch_size: int,
    shuffle: bool,
    flip: bool,
    seed: int,
    start: int,
    repeat: bool,
    beside: Fetch | None = None,
) -> tf.data.Dataset:
    """Returns the dataset that `ImageSet.batches` describes.

    Args:
        fetch: Gives the uint8 images at indices `(batch_size,)`.
        num_images: How many there are.
        name: What messages call them.
        batch_size: See `ImageSet.batches`, as for those that follow.
        shuffle: See there.
        flip: See there.
        seed: See there.
        start: See there.
        repeat: See there.
        beside: Gives what belongs to the images at indices, unchanged; batches are then pairs.

    Raises:
        InputError: If there are fewer images than `batch_size`, or a number makes no sense.
    """
    check_numbers(num_images, name, batch_size, start)

    def batch(number: tf.Tensor, indices: tf.Tensor) -> tf.Tensor | tuple[tf.Tensor, tf.Tensor]:
        images = fetch(indices)
        if flip:
            images = random_flip(images, seed, number)
        images = from_uint8(images)
        return images if beside is None else (images, beside(indices))

    numbered = numbered_indices(num_images, batch_size, shuffle=shuffle, seed=seed, start=start, repeat=repeat)
    return in_order(numbered, batch)


def check_numbers(num_images: int, name: str, batch_size: int, start: int) -> None:
    """Raises InputError if there are fewer images than `batch_size`, or a number makes no sense."""
    if batch_size < 1 or start < 0:
        raise InputError(f"expected batch_size >= 1 and start >= 0; got batch_size={batch_size}, start={start}.")
    if num_images < batch_size:
        raise InputError(
            f"batch_size={batch_size} needs at least {batch_size} images, and {name} has {num_images}; "
            "give a smaller batch_size or more images."
        )


def in_order(numbered: tf.data.Dataset, batch: Callable) -> tf.data.Dataset:
    """Returns the batches that `batch` makes of the elements of `numbered`, several at a time and still in order."""
    dataset = numbered.map(batch, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True).prefetch(tf.data.AUTOTUNE)
    options = tf.data.Options()
    options.deterministic = True
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    # tf.data rewrites a pipeline through a graph that holds a copy of every captured tensor, here all the images.
    options.experimental_optimization.apply_default_optimizations = False
    # Keras makes iterators that it never uses; one that began to prefetch at once would use up an epoch.
    options.experimental_warm_start = False
    return dataset.with_options(options)


def random_flip(images: tf.Tensor, seed: int, number: tf.Tensor) -> tf.Tensor:
    """Mirrors each image of the batch of this number left to right, or not, by a coin drawn from (seed, number)."""
    key = tf.random.fold_in(tf.stack([tf.cast(seed, tf.int64), number]), FLIPS)
    mirrored = tf.random.stateless_uniform((images.shape[0], 1, 1, 1), key) < 0.5
    return tf.where(mirrored, tf.reverse(images, axis=[2]), images)


def numbered_indices(
    num_images: int, batch_size: int, *, shuffle: bool, seed: int, start: int, repeat: bool
) -> tf.data.Dataset:
    """Returns (number, indices `(batch_size,)`) of the batches from `start` on, both int64."""

    def stream(begin: tf.Tensor) -> tf.data.Dataset:
        return endless_indices(num_images, batch_size, begin, shuffle=shuffle, seed=seed)

    return by_epochs(stream, num_images // batch_size, start=start, repeat=repeat)


def endless_indices(num_images: int, batch_size: int, begin: tf.Tensor, *, shuffle: bool, seed: int) -> tf.data.Dataset:
    """Returns (number, indices `(batch_size,)`) of all batches from number `begin` on.

    Epoch e permutes the images by `stateless_shuffle` under (seed, e). `tf.random.experimental.index_shuffle` would
    need no list in memory, but with the four rounds it is bound to it makes only 256 orders, and like ones in a row.
    """
    steps = num_images // batch_size

    def epoch_batches(epoch: tf.Tensor) -> tf.data.Dataset:
        order = tf.range(num_images, dtype=tf.int64)
        if shuffle:
            key = tf.stack([tf.cast(seed, tf.int64), epoch])
            order = tf.random.experimental.stateless_shuffle(order, key)
        indices = tf.reshape(order[: steps * batch_size], (steps, batch_size))
        return tf.data.Dataset.from_tensor_slices((epoch * steps + tf.range(steps, dtype=tf.int64), indices))

    return tf.data.Dataset.counter(begin // steps, dtype=tf.int64).flat_map(epoch_batches).skip(begin % steps)


def by_epochs(
    stream: Callable[[tf.Tensor], tf.data.Dataset], steps: int, *, start: int, repeat: bool
) -> tf.data.Dataset:
    """Returns an endless stream of batches from number `start` on, or one that each iteration takes `steps` further.

    Args:
        stream: Returns the stream from a number, int64 `()`, on.
        steps: Batches an epoch.
        start: How many batches have been used before.
        repeat: Whether an iteration goes on without end.
    """
    if repeat:
        return stream(tf.constant(start, tf.int64))
    counted = _count_iterations().flat_map(lambda passes: stream(start + steps * passes).take(steps))
    return counted.apply(tf.data.experimental.assert_cardinality(steps))


def _count_iterations() -> tf.data.Dataset:
    """Returns a dataset of one number: how many iterations over it have begun before, counted at their first `next`."""
    counter = itertools.count()

    def next_count() -> Iterator[int]:
        yield next(counter)

    return tf.data.Dataset.from_generator(next_count, output_signature=tf.TensorSpec((), tf.int64))
