"""`ImagePool`: a history of generated images, so that a critic does not forget what it has seen."""

from typing import Any

import keras
import tensorflow as tf

from kgan.errors import InputError
from kgan.workers import of_first_replica


@keras.saving.register_keras_serializable(package="kgan")
class ImagePool(keras.layers.Layer):
    """The last generated images, some of which the critic sees again (Shrivastava et al. 2017, section 2.3).

    As Zhu et al. 2017 use it (section 4), image after image: while the pool is not full, an image is stored and given
    back; from then on, with probability 1/2 it is given back and not stored, else it takes the place of a stored one,
    drawn uniformly, which is given back instead. The images of a batch come one after the other in their order: one
    may get back what another has just stored.

    Images and count are saved weights, so that a training goes on exactly. It is a layer for that alone, and is not
    called. Under a distribution strategy there is one pool: all replicas take from it, each by draws of its own, and
    what the first replica generates is stored.

    Args:
        size: Images held, at least 1; 50 is the papers'.
        image_shape: `(height, width, channels)`.
        **kwargs: Of keras.layers.Layer.

    Attributes:
        images: `(size, *image_shape)` float32, zeros where nothing is stored yet.
        count: How many are stored.

    Raises:
        InputError: If `size` is no positive integer, or the shape is open.
    """

    def __init__(self, size: int, image_shape: tuple[int, int, int], **kwargs: Any):
        super().__init__(**kwargs)
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise InputError(f"a pool must hold at least 1 image; got {size!r}.")
        if len(image_shape) != 3 or None in image_shape:
            raise InputError(f"a pool holds images of one size (height, width, channels); got {tuple(image_shape)}.")
        self.size = size
        self.image_shape = tuple(image_shape)
        self.images = self._add_state("images", (size, *self.image_shape), "float32")
        self.count = self._add_state("count", (), "int32")
        # Keras takes a layer that is never called for unbuilt, and would not restore its weights.
        self.built = True

    def _add_state(self, name: str, shape: tuple[int, ...], dtype: str) -> keras.Variable:
        options = {"initializer": "zeros", "trainable": False, "aggregation": "only_first_replica"}
        return self.add_weight(name=name, shape=shape, dtype=dtype, **options)

    def exchange(self, images: Any, seed: Any) -> tf.Tensor:
        """Stores some of the images and returns as many, each itself or one that was stored before it.

        Args:
            images: `(n, *image_shape)`.
            seed: `(2,)` integers: the same seed draws the same numbers.

        Returns:
            float32, of the same shape.
        """
        images = tf.cast(images, tf.float32)
        places = tf.range(tf.shape(images)[0])
        filling = self.count.value + places < self.size
        coins, slots = tf.unstack(tf.random.stateless_uniform((2, tf.shape(images)[0]), seed, alg="philox"))
        slots = tf.where(filling, self.count.value + places, tf.cast(slots * self.size, tf.int32))
        swapped = ~filling & (coins < 0.5)
        stored = tf.gather(self.images.value, slots)
        # Which images of this batch went to the slot of each one; the last before it is what it finds there.
        same = (filling | swapped)[None, :] & (slots[:, None] == slots[None, :])
        found = _latest(same & (places[None, :] < places[:, None]), images, stored)
        # All that share a slot write its final content: the order of writes does not matter.
        written = of_first_replica(_latest(same, images, stored))
        # As floats: integers of 32 bits lie in the host's memory, where GPUs do not exchange them.
        into = tf.cast(of_first_replica(tf.cast(slots, tf.float32)), tf.int32)
        self.images.value.scatter_update(tf.IndexedSlices(written, into))
        self.count.assign(tf.minimum(self.count.value + tf.shape(images)[0], self.size))
        return tf.where(swapped[:, None, None, None], found, images)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "size": self.size, "image_shape": self.image_shape}


def _latest(written: tf.Tensor, images: tf.Tensor, stored: tf.Tensor) -> tf.Tensor:
    """Returns for each row of `written` `(n, n)` the last image whose column is true, or what was stored."""
    last = tf.reduce_max(tf.where(written, tf.range(tf.shape(written)[1])[None, :], -1), axis=1)
    return tf.where((last >= 0)[:, None, None, None], tf.gather(images, tf.maximum(last, 0)), stored)
