"""What every family promises: it fits, comes back from a file, goes on exactly, and is published as it is."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_conditional import CONDITIONS, classifier
from test_conditional import model as conditional
from test_infogan import infogan

import kgan
import kgan.pixels
import tiny
from kgan.export.questions import questions
from kgan.translation import Translation


def decaying():
    return kgan.optimizers.FusedAdam(kgan.schedules.LinearDecay(0.01, 8), beta_1=0.5)


FAMILIES = {
    "gan": lambda: tiny.gan(penalty=kgan.R1(10, every=2)),
    "augmented": lambda: tiny.gan(augment="diffaugment"),
    "conditional": lambda: conditional(penalty=kgan.R1(10, every=2), mismatch=0.5),
    "auxiliary": lambda: conditional(classifier),
    "prompted": lambda: conditional(encoder=kgan.PromptEncoder({"hair": ("blue", "green", "red")})),
    "infogan": lambda: infogan(penalty=kgan.R1(10, every=2)),
    "pix2pix": lambda: tiny.pix2pix(norm="batch"),
    "cyclegan": lambda: tiny.cyclegan(optimizer=decaying),
}


@pytest.fixture(params=FAMILIES.values(), ids=FAMILIES.keys())
def model(request):
    return request.param()


def test_a_family_goes_on_exactly_from_its_file(model, tmp_path):
    batches = _batches(model)
    model.fit(batches, steps_per_epoch=3, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert tiny.differences(model, loaded) == []
    for one in (model, loaded):
        one.fit(batches, epochs=1, verbose=0)
    assert tiny.differences(model, loaded) == []


@pytest.mark.parametrize("how", ["compiled", "half"])
@pytest.mark.parametrize("family", ["augmented", "conditional", "auxiliary", "infogan"])
def test_a_family_trains_compiled_by_xla_and_in_half_precision(family, how):
    keras.config.set_dtype_policy("mixed_float16" if how == "half" else "float32")
    try:
        model = FAMILIES[family]()
    finally:
        keras.config.set_dtype_policy("float32")
    model.compile_from_config(model.get_compile_config() | {"jit_compile": how == "compiled"})
    assert model.jit_compile == (how == "compiled")
    before = [weight.numpy() for weight in model.trainable_variables]
    # float16's losses are scaled by 2^15 at first, and the steps that overflow left out.
    history = model.fit(_batches(model).repeat(), epochs=1, steps_per_epoch=30, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    moved = [not np.array_equal(old, new.numpy()) for old, new in zip(before, model.trainable_variables, strict=True)]
    assert all(moved)


def _batches(model):
    if isinstance(model, kgan.ConditionalGAN):
        return tiny.batches().map(lambda images: (images, tf.constant(CONDITIONS)))
    if isinstance(model, Translation):
        return tiny.pairs()
    return tiny.batches()


def test_every_endpoint_answers_images_in_range_and_row_by_row(model):
    for endpoint in model.endpoints().values():
        assert all(given.spec.shape[0] is None for given in endpoint.inputs)
        rows = _examples(endpoint, 3)
        images = endpoint.function(*rows)
        assert images.dtype == tf.float32
        assert float(tf.reduce_max(tf.abs(images))) <= 1
        np.testing.assert_allclose(endpoint.function(*[given[1:2] for given in rows])[0], images[1], atol=1e-6)


def test_a_family_is_published_with_the_same_numbers(model, tmp_path):
    served = tf.saved_model.load(str(kgan.export(model, tmp_path / "model")))
    for name, endpoint in questions(model).items():
        rows = _examples(endpoint, 3)
        names = [given.spec.name for given in endpoint.inputs]
        answer = served.signatures[name](**dict(zip(names, rows, strict=True)))
        expected = endpoint.function(*rows)
        if endpoint.as_files:
            found = np.array([tf.io.decode_png(png) for png in answer["image_bytes"].numpy()])
            assert np.abs(found - kgan.pixels.to_uint8(expected).numpy().astype(int)).max() <= 1
        else:
            np.testing.assert_allclose(answer["images"], expected, atol=1e-5)


def _examples(endpoint, rows):
    return [_example(given, rows) for given in endpoint.inputs]


def _example(given, rows):
    if given.examples is not None:
        return tf.constant(np.resize(given.examples, rows).tolist(), given.spec.dtype)
    # 20 where the size is open.
    shape = [rows, *(size or 20 for size in given.spec.shape[1:])]
    if given.spec.dtype.is_integer:
        return tf.reshape(tf.range(np.prod(shape), dtype=given.spec.dtype), shape)
    return tf.random.stateless_normal(shape, [0, 0])
