"""The networks of pix2pix and CycleGAN: their sizes, what they see, and their layers against NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kgan
import tiny
from kgan.errors import InputError
from kgan.layers import CropLike, DropoutAtTest, PadToMultiple, ReflectionPadding2D
from kgan.networks import patchgan, resnet, unet
from kgan.norms import BatchNormalizationAtTest, InstanceNormalization


def maps(*shape, seed=0):
    return np.random.default_rng(seed).normal(1.0, 2.0, shape).astype("float32")


# ------------------------------------------------------------------ the papers' networks


def test_the_papers_parameter_counts():
    # github.com/junyanz/pytorch-CycleGAN-and-pix2pix, as it prints them.
    assert unet.generator(norm="batch").count_params() == 54_413_955
    # No scale and shift of 9,856 numbers; biases of the 16 convolutions but the last.
    assert unet.generator().count_params() == 54_413_955 - 9_856 + 5_504
    assert resnet.generator().count_params() == 11_378_179
    assert patchgan.discriminator(condition_channels=3, norm="batch").count_params() == 2_768_705
    assert patchgan.discriminator(condition_channels=3).count_params() == 2_768_705 - 1_792 + 896
    assert patchgan.discriminator().count_params() == 2_764_737


def test_the_numbers_of_layers_go_with_the_size():
    def counts(network, *kinds):
        return [sum(isinstance(layer, kind) for layer in network.layers) for kind in kinds]

    for side, halvings, dropouts in ((64, 6, 1), (128, 7, 2), (256, 8, 3), (512, 9, 4), (1024, 9, 4), (300, 8, 3)):
        network = unet.generator((side, 2 * side, 3), width=1)
        kinds = (keras.layers.Conv2D, keras.layers.Conv2DTranspose, keras.layers.Dropout)
        assert counts(network, *kinds) == [halvings, halvings, dropouts]
    for side, blocks in ((128, 6), (255, 6), (256, 9)):
        assert counts(resnet.generator((side, side, 3), width=1), keras.layers.Add) == [blocks]


def test_the_maps_of_logits_are_as_large_as_the_authors():
    for field, side in (("pixel", 256), (16, 126), (34, 62), (70, 30), (142, 14), (286, 6)):
        assert patchgan.discriminator(width=1, receptive_field=field).output_shape == (None, side, side, 1)
    assert patchgan.discriminator((None, None, 3), width=1).output_shape == (None, None, None, 1)


@pytest.mark.parametrize(("field", "side"), [("pixel", 1), (16, 16), ("34", 34), (70, 70), (142, 142), (286, 286)])
def test_a_logit_sees_as_much_as_its_critic_is_named_for(field, side):
    keras.utils.set_random_seed(0)
    image = tf.constant(maps(1, 416, 416, 1) if side > 70 else maps(1, 128, 128, 1))
    critic = patchgan.discriminator(image.shape[1:], width=1, receptive_field=field, norm="none")
    with tf.GradientTape() as tape:
        tape.watch(image)
        logits = critic(image)
        middle = logits[0, logits.shape[1] // 2, logits.shape[2] // 2, 0]
    seen = tape.gradient(middle, image).numpy()[0, :, :, 0] != 0
    for axis in (0, 1):
        places = np.flatnonzero(seen.any(axis))
        assert places[-1] - places[0] + 1 == side


def test_layers_of_equal_shape_start_apart_as_the_papers_do():
    network = resnet.generator(width=16)
    kernels = [w.numpy() for w in network.weights if w.shape == (3, 3, 64, 64)]
    assert len(kernels) == 18
    assert all(kernel.std() == pytest.approx(0.02, abs=0.002) for kernel in kernels)
    assert not np.allclose(kernels[0], kernels[1])


def test_a_residual_generator_begins_with_its_input_and_stays_in_range():
    keras.utils.set_random_seed(0)
    images = np.clip(maps(2, 21, 18, 3), -1, 1)
    plain, residual = (resnet.generator((32, 32, 3), width=4, blocks=1, residual=choice) for choice in (False, True))
    assert residual.count_params() == plain.count_params()
    made = residual(images).numpy()
    assert np.corrcoef(made.ravel(), images.ravel())[0, 1] > 0.95 and np.abs(made).max() <= 1.0
    assert abs(np.corrcoef(plain(images).numpy().ravel(), images.ravel())[0, 1]) < 0.5


# ------------------------------------------------------------------ any size


@pytest.mark.parametrize("make", [unet.generator, resnet.generator])
def test_images_of_any_size_come_back_as_large_and_in_range(make):
    network = make((32, 32, 3), channels=1, width=2)
    for height, width in ((32, 32), (64, 32), (33, 47), (5, 70), (1, 1)):
        images = network(maps(2, height, width, 3)).numpy()
        assert images.shape == (2, height, width, 1)
        assert np.isfinite(images).all()
        assert np.abs(images).max() <= 1
    multiple = 32 if make is unet.generator else 4
    image = maps(1, 41, 30, 3)
    high, wide = (-(-side // multiple) * multiple for side in (41, 30))
    top, left = (high - 41) // 2, (wide - 30) // 2
    padded = np.pad(image, [(0, 0), (top, high - 41 - top), (left, wide - 30 - left), (0, 0)], mode="reflect")
    cut = network(padded)[:, top : top + 41, left : left + 30]
    np.testing.assert_allclose(network(image), cut, atol=1e-5)


@pytest.mark.parametrize(("size", "grown"), [(1, 8), (2, 8), (3, 8), (7, 8), (8, 8), (9, 12), (12, 12)])
def test_padding_to_a_multiple_mirrors_as_often_as_it_takes_and_cropping_undoes_it(size, grown):
    image = maps(2, size, 8, 1)
    before = (grown - size) // 2
    expected = np.pad(image, [(0, 0), (before, grown - size - before), (0, 0), (0, 0)], mode="reflect")
    layer = PadToMultiple(4, least=8)
    for call in (layer, tf.function(layer, input_signature=[tf.TensorSpec((None, None, None, 1))])):
        np.testing.assert_array_equal(call(image), expected)
    np.testing.assert_array_equal(CropLike()([layer(image), image]), image)


def test_reflection_padding_is_numpys():
    image = maps(2, 5, 4, 3)
    expected = np.pad(image, [(0, 0), (3, 3), (3, 3), (0, 0)], mode="reflect")
    np.testing.assert_array_equal(ReflectionPadding2D(3)(image), expected)


@pytest.mark.parametrize(("size", "padding"), [((9, 7), 3), ((4, 4), 3), ((2, 2), 1), ((5, 4), 0)])
@pytest.mark.parametrize("open_size", [False, True])
def test_reflection_padding_has_the_gradient_of_tensorflows(size, padding, open_size):
    image, layer = tf.constant(maps(2, *size, 3), tf.float32), ReflectionPadding2D(padding)
    weights = tf.constant(
        np.random.default_rng(1).standard_normal((2, *(s + 2 * padding for s in size), 3)), tf.float32
    )

    def gradients(pad):
        with tf.GradientTape() as outer:
            outer.watch(image)
            with tf.GradientTape() as inner:
                inner.watch(image)
                total = tf.reduce_sum(weights * pad(image) ** 3)
            first = inner.gradient(total, image)
        return first, outer.gradient(first, image)

    sides = [padding, padding]
    expected = gradients(lambda x: tf.pad(x, [[0, 0], sides, sides, [0, 0]], mode="REFLECT"))
    specs = [tf.TensorSpec((None, None, None, 3) if open_size else image.shape)]
    for found, wanted in zip(gradients(tf.function(layer, input_signature=specs)), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


def test_reflection_padding_needs_more_pixels_than_it_adds():
    with pytest.raises(tf.errors.InvalidArgumentError, match="less than height and width"):
        ReflectionPadding2D(3)(maps(1, 8, 3, 2))


# ------------------------------------------------------------------ norms and dropout


@pytest.mark.parametrize("count", [1, 3, 6])
def test_instance_norm_and_its_gradient_few_images_or_many(count):
    images, weight = maps(count, 6, 5, 4), maps(count, 6, 5, 4, seed=1)
    wide = images.astype("float64")
    mean, deviation = wide.mean((1, 2), keepdims=True), np.sqrt(wide.var((1, 2), keepdims=True) + 1e-5)
    normal = (wide - mean) / deviation
    pull = weight - weight.mean((1, 2), keepdims=True) - normal * (weight * normal).mean((1, 2), keepdims=True)
    layer = InstanceNormalization()
    tensor = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        answer = layer(tensor)
    np.testing.assert_allclose(answer, normal, atol=2e-5)
    np.testing.assert_allclose(tape.gradient(answer, tensor, weight), pull / deviation, atol=2e-5)
    assert layer.weights == []


def test_the_papers_batch_norm_takes_the_batchs_statistics_and_at_test_those_of_a_batch_of_one():
    images, layer = maps(3, 6, 5, 4), BatchNormalizationAtTest()
    layer.build(images.shape)
    layer.gamma.assign([1.0, 2.0, 3.0, 4.0])
    layer.beta.assign([0.0, 0.0, 1.0, -1.0])
    for training, axes in ((True, (0, 1, 2)), (False, (1, 2))):
        normal = (images - images.mean(axes, keepdims=True)) / np.sqrt(images.var(axes, keepdims=True) + 1e-5)
        expected = normal * layer.gamma.numpy() + layer.beta.numpy()
        np.testing.assert_allclose(layer(images, training=training), expected, atol=1e-4)
    np.testing.assert_allclose(layer(images)[1:2], layer(images[1:2], training=True), atol=1e-5)


def test_dropout_at_test_is_one_draw_that_outlives_a_reload():
    ones = np.ones((3, 20, 20, 10), "float32")
    layer = DropoutAtTest(0.3, seed=5)
    answer = layer(ones).numpy()
    assert set(np.unique(answer)) == {np.float32(0), np.float32(1 / 0.7)}
    assert (answer == 0).mean() == pytest.approx(0.3, abs=0.03)
    np.testing.assert_array_equal(answer[0], answer[2])
    np.testing.assert_array_equal(DropoutAtTest.from_config(layer.get_config())(ones), answer)
    assert not np.array_equal(DropoutAtTest(0.3, seed=6)(ones), answer)
    first, second = (layer(ones, training=True).numpy() for _ in range(2))
    assert not np.array_equal(first, second)
    assert not np.array_equal(first[0], first[1])


def test_a_test_is_as_the_training_was_the_papers_way_or_without_dropout():
    images = maps(1, 32, 32, 3)

    for norm in unet.NORMS:
        plain, noisy = (unet.generator((32, 32, 3), width=4, norm=norm, dropout=rate) for rate in (0.0, 0.5))
        noisy.set_weights(plain.get_weights())
        at_test = plain(images)
        np.testing.assert_allclose(at_test, plain(images, training=True), atol=1e-5)
        assert np.allclose(noisy(images), at_test, atol=1e-5) == (norm == "instance")
        assert not np.allclose(noisy(images, training=True), at_test, atol=1e-5)


def test_mixed_precision_networks_answer_in_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        networks = [
            *(unet.generator((16, 16, 3), width=2, norm=norm) for norm in unet.NORMS),
            resnet.generator((16, 16, 3), width=2, blocks=1),
            *(patchgan.discriminator(tiny.PICTURE, width=2, receptive_field=16, norm=norm) for norm in patchgan.NORMS),
        ]
    finally:
        keras.config.set_dtype_policy("float32")
    for network in networks:
        answer = network(maps(1, 16, 16, 3), training=True)
        assert answer.dtype == "float32"
        assert np.isfinite(answer).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: unet.generator((8, 64, 3)), "at least 16 pixels"),
        (lambda: unet.generator(norm="btach"), "did you mean 'batch'"),
        (lambda: unet.generator(dropout=1.0), "dropout is a share"),
        (lambda: unet.generator(width=0), "width must be at least 1"),
        (lambda: resnet.generator((64, 64)), "height, width, channels"),
        (lambda: resnet.generator(blocks=-1), "blocks at least 0"),
        (lambda: resnet.generator((64, 64, 3), 1, residual=True), "3 channels cannot be added to images of 1"),
        (lambda: patchgan.discriminator(receptive_field=71), "did you mean '70'"),
        (lambda: patchgan.discriminator((16, 64, 3)), "at least 24; got .16, 64.. A smaller receptive_field"),
        (lambda: patchgan.discriminator(norm="layer"), "unknown norm"),
    ],
)
def test_impossible_networks_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_they_are_public():
    assert kgan.networks.unet is unet
    assert {"patchgan", "resnet", "unet"} <= set(kgan.networks.__all__)
