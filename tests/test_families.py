"""What every family promises: it fits, comes back from a file, goes on exactly, and is published as it is."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kgan
import tiny

FAMILIES = {"gan": lambda: tiny.gan(penalty=kgan.R1(10, every=2))}


@pytest.fixture(params=FAMILIES.values(), ids=FAMILIES.keys())
def model(request):
    return request.param()


def test_a_family_goes_on_exactly_from_its_file(model, tmp_path):
    model.fit(tiny.batches(), steps_per_epoch=3, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert tiny.differences(model, loaded) == []
    for one in (model, loaded):
        one.fit(tiny.batches(), epochs=1, verbose=0)
    assert tiny.differences(model, loaded) == []


def test_every_endpoint_answers_images_in_range_and_row_by_row(model):
    for endpoint in model.endpoints().values():
        assert endpoint.input.shape[0] is None
        rows = _example(endpoint.input, 3)
        images = endpoint.function(rows)
        assert images.dtype == tf.float32
        assert float(tf.reduce_max(tf.abs(images))) <= 1
        np.testing.assert_allclose(endpoint.function(rows[1:2])[0], images[1], atol=1e-6)


def test_a_family_is_published_with_the_same_numbers(model, tmp_path):
    served = tf.saved_model.load(str(kgan.export(model, tmp_path / "model")))
    for name, endpoint in model.endpoints().items():
        rows = _example(endpoint.input, 3)
        images = served.signatures[name](**{endpoint.input.name: rows})["images"]
        np.testing.assert_allclose(images, endpoint.function(rows), atol=1e-5)


def _example(spec, rows):
    shape = [rows, *spec.shape[1:]]
    if spec.dtype.is_integer:
        return tf.reshape(tf.range(np.prod(shape), dtype=spec.dtype), shape)
    return tf.random.stateless_normal(shape, [0, 0])
