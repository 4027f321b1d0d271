"""What a published model can be asked: its family's endpoints, under the names that servers give them."""

from typing import Any

import tensorflow as tf

from kgan.codes import Categorical, Code, Continuous
from kgan.endpoints import Endpoint, Input
from kgan.families.infogan import InfoGAN
from kgan.latents import from_seeds
from kgan.translation import Translation

DEFAULT = "serving_default"
# What a continuous code is drawn from; any number may be asked for.
USUAL = (-1.0, -0.5, 0.0, 0.5, 1.0)


def questions(model: Any) -> dict[str, Endpoint]:
    """Returns what a model of a kgan family can be asked, by name.

    A translator's directions are `translate_a_to_b` and `translate_b_to_a`. An InfoGAN has `codes` as well: a seed for
    the noise, and a value for each of its codes.
    """
    endpoints = model.endpoints()
    if isinstance(model, Translation):
        return {name if name == DEFAULT else f"translate_{name}": endpoint for name, endpoint in endpoints.items()}
    if isinstance(model, InfoGAN) and all(_is_asked_in_graph(code) for code in model.code_set.by_name.values()):
        return {**endpoints, "codes": _codes(model)}
    return endpoints


def _is_asked_in_graph(code: Code) -> bool:
    # Of a user's own kind only `chosen` is known, which takes arrays.
    return isinstance(code, (Categorical, Continuous))


def _codes(model: InfoGAN) -> Endpoint:
    """Returns the endpoint of seeds and values of all codes: the images of `model.latents(seeds, **values)`."""
    codes = model.code_set.by_name
    seed = Input(tf.TensorSpec((None,), tf.int64, name="seed"), "any integers, one for each image: its noise")

    def images(seeds: tf.Tensor, *values: tf.Tensor) -> tf.Tensor:
        columns = [_columns(name, code, value) for (name, code), value in zip(codes.items(), values, strict=True)]
        return model.call(tf.concat([from_seeds(seeds, model.noise_dim), *columns], axis=1))

    return Endpoint(images, (seed, *(_value(name, code) for name, code in codes.items())))


def _value(name: str, code: Code) -> Input:
    if isinstance(code, Categorical):
        known = tuple(range(code.size))
        return Input(tf.TensorSpec((None,), tf.int64, name=name), f"0 to {code.size - 1}, one of its values", known)
    return Input(tf.TensorSpec((None,), tf.float32, name=name), "a number, in training from -1 to 1", USUAL)


def _columns(name: str, code: Code, values: tf.Tensor) -> tf.Tensor:
    """Returns a code's columns `(n, size)` of values `(n,)`, as `Code.chosen` does outside a graph."""
    if isinstance(code, Continuous):
        return tf.debugging.check_numerics(values, f"{name} must be finite")[:, None]
    known = tf.reduce_all((values >= 0) & (values < code.size))
    check = tf.debugging.Assert(known, [f"{name} must be 0 to {code.size - 1}; got", values])
    # Run eagerly, an assertion returns nothing to wait for.
    with tf.control_dependencies([check] if check is not None else []):
        return tf.one_hot(values, code.size)
