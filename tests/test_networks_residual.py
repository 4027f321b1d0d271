import keras
import numpy as np
import pytest

from kgan.errors import InputError
from kgan.networks import residual


@pytest.mark.parametrize("size", [16, 17, 23, 28, 64, 97, 128])
def test_generator_makes_and_discriminator_takes_every_size(size):
    shape = (size, size, 3 if size % 2 else 1)
    images = residual.generator(5, shape, width=4, depth=1, max_width=8)(np.random.default_rng(0).normal(size=(2, 5)))
    assert images.shape == (2, *shape)
    assert float(keras.ops.max(keras.ops.abs(images))) <= 1.0
    assert residual.discriminator(shape, width=4, depth=1, max_width=8)(images).shape == (2, 1)


def test_parameters_by_hand():
    generator, discriminator = (make(image_shape=(28, 28, 1)) for make in (residual.generator, residual.discriminator))
    unit64, unit32 = 9 * 64 * 64 + 64, 9 * 32 * 32 + 32
    doubling = 16 * 64 * 32 + 32 + 16 * 32 * 16 + 16
    assert generator.count_params() == 65 * 49 * 64 + 2 * unit64 + 2 * unit32 + doubling + 9 * 16 + 1
    halving = 9 * 16 + 16 + 9 * 16 * 32 + 32 + 9 * 32 * 64 + 64
    assert discriminator.count_params() == halving + 2 * unit32 + 2 * unit64 + 49 * 64 + 1


@pytest.mark.parametrize("make", [residual.generator, residual.discriminator])
def test_a_unit_whose_convolution_is_zero_changes_nothing(make):
    network = make(image_shape=(16, 16, 1), width=4, depth=1)
    flat = make(image_shape=(16, 16, 1), width=4, depth=0)
    units = {layer.input[1]._keras_history.operation.input._keras_history.operation for layer in network.layers
             if isinstance(layer, keras.layers.Add)}  # fmt: skip
    assert len(units) == 2
    for unit in units:
        unit.set_weights([np.zeros_like(weight) for weight in unit.get_weights()])
    kept = [layer for layer in network.layers if layer.weights and layer not in units]
    for layer, twin in zip(kept, [layer for layer in flat.layers if layer.weights], strict=True):
        twin.set_weights(layer.get_weights())
    given = np.random.default_rng(0).normal(size=(2, *network.input_shape[1:]))
    np.testing.assert_allclose(network(given), flat(given), rtol=1e-6)


def test_mixed_precision_networks_answer_in_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        generator = residual.generator(8, (16, 16, 1), 4)
        discriminator = residual.discriminator((16, 16, 1), 4)
    finally:
        keras.config.set_dtype_policy("float32")
    images = generator(np.zeros((1, 8), "float32"))
    assert images.dtype == discriminator(images).dtype == "float32"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image_shape": (15, 15, 1)}, "16 to 128"),
        ({"image_shape": (28, 28, 2)}, "1 or 3 channels"),
        ({"width": 0}, "width"),
        ({"depth": -1}, "depth"),
    ],
)
@pytest.mark.parametrize("build", [residual.generator, residual.discriminator])
def test_impossible_networks_are_refused(build, arguments, message):
    with pytest.raises(InputError, match=message):
        build(**arguments)
