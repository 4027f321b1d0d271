"""Feature extractors, against Pillow, long-hand NumPy, and what is stated about the weights."""

import gc
import hashlib
import os
import random
import shutil
import time
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy.signal import correlate2d

from kgan.errors import InputError
from kgan.metrics.features import EXTRACTORS, Extractor, inception, lenet, open_extractor, simple
from kgan.metrics.features.preprocessing import preprocess
from kgan.pixels import from_uint8, to_uint8

OFFLINE = sorted(set(EXTRACTORS) - {"keras-inception-v3"})


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def pillow_resized(images, size):
    def resize(channel):
        picture = Image.fromarray(channel.astype(np.float32))
        return np.asarray(picture.resize(size[::-1], Image.Resampling.BICUBIC)).clip(0, 255)

    return np.stack([np.stack([resize(c) for c in np.moveaxis(image, -1, 0)], axis=-1) for image in images])


@pytest.fixture(scope="module")
def digits():
    return open_extractor("lenet-mnist")


@pytest.fixture(scope="module")
def untrained():
    return open_extractor("random-conv")


# What goes in


@pytest.mark.parametrize("shape", [(28, 28, 1), (64, 64, 3), (50, 131, 3), (1, 1, 1)])
@pytest.mark.parametrize("size", [(28, 28), (64, 64), (299, 17)])
def test_images_are_resized_as_pillow_does_in_float(shape, size):
    images = noise(2, *shape)
    images[1] = images[1] // 255 * 255
    found = preprocess(tf.constant(images), size, None).numpy()
    np.testing.assert_allclose(found, pillow_resized(images, size), atol=0.01)


def test_a_fine_pattern_made_small_is_its_mean_and_makes_no_moire():
    stripes = np.zeros((1, 64, 64, 1), np.uint8)
    stripes[:, :, ::2] = 255
    small = preprocess(tf.constant(stripes), (8, 8), None).numpy()
    np.testing.assert_allclose(small[:, :, 1:-1], 127.5, atol=2)


def test_an_image_of_the_right_size_stays_as_it_is():
    images = noise(2, 28, 28, 1)
    np.testing.assert_array_equal(preprocess(tf.constant(images), (28, None), None), images.astype(np.float32))
    np.testing.assert_array_equal(preprocess(tf.constant(images), (None, 28), 3), images.repeat(3, axis=-1))


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 28, 28, 1), np.float32), r"uint8 images.*float32.*kgan\.pixels\.to_uint8"),
        (tf.zeros((2, 28, 28, 1)), r"float32.*kgan\.pixels\.to_uint8"),
        (np.zeros((28, 28, 1), np.uint8), r"expected shape .* got \(28, 28, 1\)"),
        (np.zeros((0, 28, 28, 1), np.uint8), "n >= 1"),
        (np.zeros((2, 28, 28, 4), np.uint8), "1 or 3"),
    ],
)
def test_what_are_no_quantised_images_is_refused(untrained, images, message):
    with pytest.raises(InputError, match=message):
        untrained(images)


def test_a_batch_of_none_is_refused(untrained):
    with pytest.raises(InputError, match="batch_size=0"):
        untrained(noise(1, 8, 8, 1), batch_size=0)


# Batches


def test_batches_change_nothing_and_one_graph_does_for_all():
    traced = []

    def network(images):
        traced.append(images.shape)
        return tf.reduce_mean(images, axis=(1, 2)), tf.nn.softmax(images[:, 0, 0])

    extractor = Extractor("means", "", network, num_features=3)
    images = noise(13, 5, 4, 3)
    for batch_size in (256, 13, 5, 1):
        values, probabilities = extractor(images, batch_size)
        np.testing.assert_allclose(values, images.mean(axis=(1, 2), dtype=np.float64), rtol=1e-6)
        assert probabilities.shape == (13, 3)
    assert traced == [(None, 5, 4, 3)]


@pytest.mark.parametrize("name", OFFLINE)
def test_tensors_and_whatever_has_slices_are_as_good_as_arrays(name):
    class OnDisk:
        shape, dtype = (7, 28, 28, 1), np.dtype(np.uint8)

        def __getitem__(self, index):
            return images[index]

    images, extractor = noise(7, 28, 28, 1), open_extractor(name)
    expected = extractor(images).values
    assert expected.dtype == np.float32
    np.testing.assert_allclose(extractor(tf.constant(images), 3).values, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(extractor(OnDisk(), 3).values, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(extractor(to_uint8(from_uint8(images))).values, expected, rtol=1e-4, atol=1e-5)


# lenet-mnist


def lenet_by_hand(image):
    """Features and probabilities of one 28x28 image in [0, 255]."""
    with np.load(lenet.WEIGHTS) as file:
        weights = {name: array.astype(np.float64) for name, array in file.items()}
    x = image.astype(np.float64) / 127.5 - 1
    for layer in ("conv1", "conv2", "conv3"):
        kernel = weights[f"{layer}/kernel"]
        maps = [
            sum(correlate2d(x[..., i], kernel[..., i, o], mode="same") for i in range(kernel.shape[2]))
            for o in range(kernel.shape[3])
        ]
        x = np.maximum(np.stack(maps, axis=-1) + weights[f"{layer}/bias"], 0)
        half = x.shape[0] // 2
        x = x[: 2 * half, : 2 * half].reshape(half, 2, half, 2, -1).max(axis=(1, 3))
    features = np.maximum(x.reshape(-1) @ weights["features/kernel"] + weights["features/bias"], 0)
    odds = np.exp(features @ weights["logits/kernel"] + weights["logits/bias"])
    return features, odds / odds.sum()


def test_lenet_is_what_numpy_computes_from_the_file(digits):
    images = noise(2, 28, 28, 1)
    values, probabilities = digits(images)
    assert (digits.name, digits.num_features, digits.num_classes) == ("lenet-mnist", 128, 10)
    for image, features, classes in zip(images, values, probabilities, strict=True):
        expected_features, expected_classes = lenet_by_hand(image)
        np.testing.assert_allclose(features, expected_features, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(classes, expected_classes, rtol=1e-3, atol=1e-6)
    assert values.min() == 0.0 < values.max()


def test_lenet_resizes_gray_images_of_another_size(digits):
    large = np.zeros((1, 56, 56, 1), np.uint8)
    large[:, 10:46, 24:32] = 255
    expected, _ = lenet_by_hand(pillow_resized(large, (28, 28))[0])
    np.testing.assert_allclose(digits(large).values[0], expected, rtol=1e-3, atol=1e-3)


def test_the_weights_are_those_that_are_stated(digits):
    stated = lenet.about_weights()
    assert hashlib.sha256(lenet.WEIGHTS.read_bytes()).hexdigest() == stated["sha256"]
    assert stated["test_accuracy"] >= 0.992
    assert f"--seed {stated['seed']} --epochs {stated['epochs']}" in stated["command"]
    assert lenet.WEIGHTS.stat().st_size < 1_000_000
    assert digits.digest == "abc8c1a98dd29b6bb72d1d29db23a729ddb610a23751cd1b9f875bbdfef6c936"


@pytest.mark.real_data
def test_lenet_is_as_good_on_real_digits_as_is_stated(digits, monkeypatch):
    from kgan.data import open_images

    monkeypatch.setenv("TFDS_DATA_DIR", str(Path(os.environ["KGAN_TEST_DATA"]) / "tensorflow_datasets"))
    test = open_images("mnist", split="test")
    found = digits(test.images).probabilities.argmax(axis=1)
    # One digit may stand on the edge between two classes.
    assert np.mean(found == test.labels) == pytest.approx(lenet.about_weights()["test_accuracy"], abs=1.01e-4)


def test_lenet_refuses_colours_and_says_who_takes_them(digits):
    with pytest.raises(InputError, match=r"lenet-mnist takes gray .*\(32, 32, 3\).*'random-conv'.*\[\.\.\., :1\]"):
        digits(noise(1, 32, 32, 3))


def test_lenet_without_its_weights_or_with_others_says_so(tmp_path, monkeypatch):
    for file in (lenet.WEIGHTS, lenet.WEIGHTS.with_suffix(".json")):
        shutil.copy(file, tmp_path)
    monkeypatch.setattr(lenet, "WEIGHTS", tmp_path / "lenet-mnist.npz")
    damaged = bytearray(lenet.WEIGHTS.read_bytes())
    damaged[5000] ^= 1
    lenet.WEIGHTS.write_bytes(damaged)
    with pytest.raises(InputError, match=r"lenet-mnist\.npz, are not those that were shipped; .* install kgan"):
        open_extractor("lenet-mnist")
    lenet.WEIGHTS.unlink()
    with pytest.raises(InputError, match=r"lenet-mnist\.npz, are missing; .* install kgan"):
        open_extractor("lenet-mnist")


# pixels and random-conv


def test_pixels_are_the_pixels():
    images = np.array([[[[0, 51, 102]], [[153, 204, 255]]]], np.uint8)
    extractor = open_extractor("pixels")
    values, probabilities = extractor(images)
    np.testing.assert_allclose(values, [[0, 0.2, 0.4, 0.6, 0.8, 1.0]], rtol=1e-6)
    assert (probabilities, extractor.num_features) == (None, None)
    assert extractor.digest == "7776a6ec18849904a1b46ae6065bb274608891195091edc8e91aa277dc629b2a"


def test_random_conv_is_what_numpy_computes(untrained):
    image = noise(1, 64, 64, 3)
    x, expected = image[0] / 127.5 - 1, []
    for kernel in simple.random_kernels():
        # With stride 2 on an even side TensorFlow pads at the end only.
        padded = np.pad(x, ((0, 1), (0, 1), (0, 0)))
        patches = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1))[::2, ::2]
        x = np.einsum("hwcij,ijco->hwo", patches, kernel.astype(np.float64))
        x = np.where(x > 0, x, 0.2 * x)
        expected += [x.mean(axis=(0, 1)), x.std(axis=(0, 1))]
    np.testing.assert_allclose(untrained(image).values[0], np.concatenate(expected), rtol=1e-3, atol=1e-4)
    assert untrained.num_features == 512


def test_random_conv_has_the_same_weights_everywhere(untrained):
    assert untrained.digest == "2258f88ec82a815da053f27a544284266325d88f9252f1d81b1a3cee469e1da2"
    for kernel in simple.random_kernels():
        bound = np.sqrt(6 / np.prod(kernel.shape[:3]))
        assert np.abs(kernel).max() <= bound
        assert kernel.std() == pytest.approx(bound / np.sqrt(3), rel=0.03)


@pytest.mark.parametrize("shape", [(1, 1, 1), (28, 28, 1), (37, 130, 3)])
def test_random_conv_takes_anything_and_gray_as_gray_colours(untrained, shape):
    images = noise(3, *shape)
    values, probabilities = untrained(images)
    assert values.shape == (3, 512)
    assert probabilities is None
    assert np.isfinite(values).all()
    colour = untrained(images.repeat(3, axis=-1)).values if shape[-1] == 1 else values
    np.testing.assert_allclose(colour, values, rtol=1e-4, atol=1e-5)


# keras-inception-v3


def test_inception_without_network_says_at_once_which_file_is_missing_and_where_it_is_had(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(inception, "URL", "https://127.0.0.1:9/inception.h5")
    start = time.monotonic()
    with pytest.raises(InputError) as caught:
        open_extractor("keras-inception-v3")
    assert time.monotonic() - start < 8
    for part in (str(tmp_path / "models" / inception.FILE), "https://127.0.0.1:9/inception.h5", "'random-conv'"):
        assert part in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_damaged_file_of_inception_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / inception.FILE).write_bytes(b"half")
    with pytest.raises(InputError, match=rf"{inception.FILE}, are damaged"):
        open_extractor("keras-inception-v3")


def test_a_download_that_is_not_the_file_is_an_error(tmp_path, monkeypatch):
    served = tmp_path / "served.h5"
    served.write_bytes(b"a proxy's page")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    (tmp_path / "keras").mkdir()
    monkeypatch.setattr(inception, "URL", served.as_uri())
    with pytest.raises(InputError, match="cannot be downloaded"):
        open_extractor("keras-inception-v3")


def test_inception_prepares_images_as_keras_does(monkeypatch):
    built, build = [], keras.applications.InceptionV3

    def record(**arguments):
        built.append(build(**arguments))
        return built[0]

    monkeypatch.setattr(keras.applications, "InceptionV3", record)
    # Random weights: the file is not to be had everywhere, and nothing here depends on what it holds.
    monkeypatch.setattr(inception, "find_weights", lambda: None)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        state = random.getstate()
        extractor = open_extractor("keras-inception-v3")
        values, probabilities = extractor(noise(2, 32, 24, 1))
        assert random.getstate() == state
    finally:
        keras.config.set_dtype_policy("float32")
    resized = pillow_resized(noise(2, 32, 24, 1).repeat(3, axis=-1), (299, 299))
    prepared = keras.applications.inception_v3.preprocess_input(resized.astype(np.float32))
    network = keras.Model(built[0].input, [built[0].layers[-2].output, built[0].output])
    expected_values, expected_probabilities = network(prepared, training=False)
    np.testing.assert_allclose(values, expected_values, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(probabilities, expected_probabilities, rtol=1e-3, atol=1e-6)
    assert values.shape == (2, extractor.num_features) == (2, 2048)
    assert probabilities.shape == (2, extractor.num_classes) == (2, 1000)
    assert {layer.compute_dtype for layer in built[0].layers} == {"float32"}
    assert len(extractor.digest) == 64


# A network of the user's


def means(shape=(None, None, 3), offset=0.0, pooled=True):
    images = keras.Input(shape)
    x = keras.layers.Dropout(0.5)(keras.layers.Rescaling(1.0, offset)(images))
    return keras.Model(images, keras.layers.GlobalAveragePooling2D()(x) if pooled else x)


def test_a_keras_file_gets_images_from_minus_one_to_one(tmp_path):
    means().save(tmp_path / "means.keras")
    extractor = open_extractor(str(tmp_path / "means.keras"))
    images = noise(5, 6, 7, 1)
    values, probabilities = extractor(images)
    expected = (images / 127.5 - 1).mean(axis=(1, 2)).repeat(3, axis=-1)
    np.testing.assert_allclose(values, expected, atol=1e-6)
    assert (probabilities, extractor.num_features, extractor.name) == (None, 3, "means.keras")


def test_a_saved_model_of_fixed_size_gets_images_resized(tmp_path):
    folder = tmp_path / "sums" / "1"
    images = keras.Input((4, 2, 1))
    sums = keras.layers.Dense(2, kernel_initializer="ones")(keras.layers.Flatten()(images))
    keras.Model(images, sums).export(folder, verbose=False)
    extractor = open_extractor(folder)
    # A signature must keep the variables of what was loaded with it.
    gc.collect()
    found = extractor(noise(3, 9, 9, 1)).values
    expected = (pillow_resized(noise(3, 9, 9, 1), (4, 2)) / 127.5 - 1).sum(axis=(1, 2)).repeat(2, axis=-1)
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert (extractor.num_features, extractor.name) == (2, "sums/1")
    with pytest.raises(InputError, match="sums/1 takes gray images"):
        extractor(noise(1, 9, 9, 3))


def test_digests_tell_files_apart_and_not_where_they_lie(tmp_path):
    means().save(tmp_path / "a.keras")
    means(offset=0.1).save(tmp_path / "b.keras")
    shutil.copy(tmp_path / "a.keras", tmp_path / "c.keras")
    a, b, c = (open_extractor(tmp_path / f"{name}.keras").digest for name in "abc")
    assert a == c != b
    means().export(tmp_path / "a", verbose=False)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    assert open_extractor(tmp_path / "a").digest == open_extractor(tmp_path / "b").digest
    for name in "ab":
        (tmp_path / name / "assets" / f"{name}.txt").write_text("words")
    assert open_extractor(tmp_path / "a").digest != open_extractor(tmp_path / "b").digest


@pytest.mark.parametrize("kind", ["keras", "saved_model"])
@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: means(pooled=False), r"gives features \(n, d\); .*GlobalAveragePooling2D"),
        (lambda: means((None, None, 2)), r"takes images .* takes \(None, None, None, 2\)"),
        (lambda: keras.Sequential([keras.Input((8,)), keras.layers.Dense(2)]), r"takes images .* takes \(None, 8\)"),
        (
            lambda: keras.Model((x := keras.Input((4, 4, 1))), [keras.layers.Flatten()(x) for _ in range(2)]),
            "one input and one output; got 1 and 2",
        ),
    ],
)
def test_a_network_of_another_shape_is_refused(tmp_path, kind, model, message):
    path = tmp_path / ("own.keras" if kind == "keras" else "own")
    model().save(path) if kind == "keras" else model().export(path, verbose=False)
    with pytest.raises(InputError, match=message):
        open_extractor(path)


def test_a_network_that_keras_has_not_laid_out_is_refused(tmp_path):
    @keras.saving.register_keras_serializable("test")
    class Subclassed(keras.Model):
        def call(self, images):
            return keras.ops.mean(images, axis=(1, 2))

    model = Subclassed()
    model(np.zeros((1, 4, 4, 1), np.float32))
    model.save(tmp_path / "own.keras")
    with pytest.raises(InputError, match="functional or sequential"):
        open_extractor(tmp_path / "own.keras")


def test_paths_that_hold_no_network_are_refused(tmp_path):
    (tmp_path / "broken.keras").write_bytes(b"no zip")
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "empty").mkdir()
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "saved_model.pb").write_bytes(b"\xff\xff")
    for name, message in {
        "none.keras": "no such file",
        "broken.keras": "cannot be read",
        "notes.txt": "expected a .keras file",
        "empty": "saved_model.pb",
        "torn": "cannot be read",
    }.items():
        with pytest.raises(InputError, match=message) as caught:
            open_extractor(str(tmp_path / name))
        assert name in str(caught.value)


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(InputError, match=r"unknown extractor 'lenet_mnist'; did you mean 'lenet-mnist'\?"):
        open_extractor("lenet_mnist")
    with pytest.raises(InputError, match="no such file"):
        open_extractor("models/clip")


# Within a training


@pytest.mark.parametrize("name", OFFLINE)
def test_a_training_in_bfloat16_neither_feels_an_extractor_nor_is_felt_by_it(name):
    images = noise(8, 8, 8, 1)
    expected = open_extractor(name)(images)

    def fit(*callbacks):
        keras.utils.set_random_seed(7)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(images / np.float32(255), np.arange(8.0), 4, 2, verbose=0, callbacks=list(callbacks))
        later = keras.layers.Dense(3)
        later.build((None, 5))
        return [*model.get_weights(), *later.get_weights(), np.random.random(), random.random()]

    class Scored(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            found.append(open_extractor(name)(images))

    found = []
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        alone, scored = fit(), fit(Scored())
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")
    for one, other in zip(alone, scored, strict=True):
        np.testing.assert_array_equal(one, other)
    for values, probabilities in found:
        np.testing.assert_allclose(values, expected.values, rtol=1e-4, atol=1e-5)
        assert (probabilities is None) == (expected.probabilities is None)
    assert len(found) == 2
