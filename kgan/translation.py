"""`Translation`: what the families that turn images into images share: directions, sizes, answers."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from kgan.adversarial import Adversarial
from kgan.endpoints import Endpoint, Input
from kgan.errors import InputError, unknown_name


class Translation(Adversarial):
    """A family whose generators are translators, each of one direction, such as `a_to_b`.

    Abstract. It trains on batches `(a, b)`, `(n, h, w, channels)` in [-1, 1]. It has no latents and does not sample:
    its images are answers to images.

    Args:
        translators: The generators by direction; the first one's is what `model(images)` and the default endpoint do.
        discriminators: The critics.
        **kwargs: Of `Adversarial`.

    Attributes:
        directions: What `translate` and `endpoints` know, the first first.
    """

    def __init__(
        self, *, translators: Mapping[str, keras.Model], discriminators: list[keras.Model], **kwargs: Any
    ) -> None:
        super().__init__(generators=list(translators.values()), discriminators=discriminators, **kwargs)
        self.directions = tuple(translators)

    def translator(self, direction: str) -> keras.Model:
        """Returns the network of a direction, averaged where an average is kept.

        Raises:
            InputError: If there is no such direction.
        """
        if direction not in self.directions:
            raise unknown_name("direction", direction, self.directions)
        return self.averaged(self.generators[self.directions.index(direction)])

    def channels(self, direction: str) -> tuple[int, int]:
        """Returns how many channels the images of a direction have before and after.

        Raises:
            InputError: If there is no such direction.
        """
        network = self.translator(direction)
        return network.input_shape[-1], network.output_shape[-1]

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Returns the images `(n, h, w, channels)` in [-1, 1] translated in the first direction, by the average."""
        return self.translator(self.directions[0])(images, training=training)

    def translate(self, images: Any, direction: str = "a_to_b") -> tf.Tensor:
        """Returns images translated by the averaged generator, in inference mode.

        Args:
            images: Float `(n, h, w, channels)` in [-1, 1], of any height and width that the generator takes.
            direction: One of `model.directions`.

        Returns:
            float32 `(n, h, w, channels)` in [-1, 1].

        Raises:
            InputError: If there is no such direction, or these are not its images.
        """
        images, taken = tf.convert_to_tensor(images), self.translator(direction).input_shape
        if not images.dtype.is_floating or not tf.TensorShape(taken).is_compatible_with(images.shape):
            raise InputError(
                f"images to translate {direction} must be float in [-1, 1], of shape {taken}; got {images.dtype.name} "
                f"{tuple(images.shape)}. kgan.pixels.from_uint8 makes such of bytes."
            )
        return self._translated(tf.cast(images, tf.float32), direction)

    # A graph, several times as quick as the layers one by one; of any size, so that a new one need not be traced.
    @tf.function(reduce_retracing=True)
    def _translated(self, images: tf.Tensor, direction: str) -> tf.Tensor:
        return self.translator(direction)(images, training=False)

    def endpoints(self) -> dict[str, Endpoint]:
        """What the published model answers: images to images, in the first direction by default."""
        answers = {direction: self._endpoint(direction) for direction in self.directions}
        return {"serving_default": answers[self.directions[0]], **answers}

    def _endpoint(self, direction: str) -> Endpoint:
        network = self.translator(direction)
        spec = tf.TensorSpec(network.input_shape, tf.float32, name="images")
        return Endpoint(lambda images: network(images, training=False), (Input(spec, "in [-1, 1]"),))


def check_domain(domain: str, shapes: Mapping[str, Any]) -> None:
    """Checks that all that makes or takes a domain's images does so with images of one shape.

    Args:
        domain: Its name.
        shapes: Shapes of batches, None where open, by what makes or takes them.

    Raises:
        InputError: If two differ.
    """
    (first, expected), *others = shapes.items()
    for name, shape in others:
        if not tf.TensorShape(expected).is_compatible_with(shape):
            raise InputError(
                f"images of domain {domain} must be of one shape: {first} has {tuple(expected)[1:]}, "
                f"but {name} has {tuple(shape)[1:]}."
            )
