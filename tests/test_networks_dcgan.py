import keras
import numpy as np
import pytest

from kgan.errors import InputError
from kgan.networks import dcgan


@pytest.mark.parametrize("size", [16, 17, 23, 28, 32, 61, 64, 97, 128])
@pytest.mark.parametrize("upsampling", ["transpose", "resize"])
def test_generator_makes_and_discriminator_takes_every_size(size, upsampling):
    shape = (size, size, 3 if size % 2 else 1)
    generator = dcgan.generator(16, shape, width=4, max_width=16, upsampling=upsampling)
    discriminator = dcgan.discriminator(shape, width=4, max_width=16)
    images = generator(np.random.default_rng(0).normal(size=(2, 16)))
    assert images.shape == (2, *shape)
    assert float(keras.ops.max(keras.ops.abs(images))) <= 1.0
    assert discriminator(images).shape == (2, 1)


def test_parameter_counts_of_the_pytorch_port():
    # github.com/pytorch/examples/dcgan at 64x64x3, ngf = ndf = 64, nz = 100: netG 3,576,704, netD 2,765,568 trainable.
    # Ours have a bias more at the image (3), in D's first layer (64) and at its logit (1).
    assert _trainable(dcgan.generator()) == 3_576_704 + 3
    assert _trainable(dcgan.discriminator()) == 2_765_568 + 64 + 1


def _trainable(network):
    return sum(int(np.prod(w.shape)) for w in network.trainable_weights)


def test_paper_defaults_are_not_those_of_keras():
    for network in (dcgan.generator(), dcgan.discriminator()):
        for layer in network.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                assert (layer.momentum, layer.epsilon) == (0.9, 1e-5)
    kernels = [w.numpy() for w in dcgan.generator().trainable_weights if "kernel" in w.path and w.ndim == 4]
    assert all(abs(kernel.std() - 0.02) < 0.002 for kernel in kernels[:-1])
    slopes = [la.negative_slope for la in dcgan.discriminator().layers if isinstance(la, keras.layers.LeakyReLU)]
    assert slopes == pytest.approx([0.2] * 4)


def test_layers_of_equal_shape_start_with_different_weights():
    network = dcgan.discriminator((64, 64, 3), width=8, max_width=8)
    kernels = [w.numpy() for w in network.trainable_weights if w.shape == (4, 4, 8, 8)]
    assert len(kernels) == 3
    assert not np.allclose(kernels[0], kernels[1])


def test_spectral_norm_bounds_every_weight_matrix():
    network = dcgan.discriminator((16, 16, 1), width=4, normalization="spectral", init_stddev=1.0)
    for _ in range(30):
        network(np.ones((1, 16, 16, 1), "float32"), training=True)
    for weight in network.trainable_weights:
        if weight.ndim > 1:
            matrix = weight.numpy().reshape(-1, weight.shape[-1])
            assert np.linalg.svd(matrix, compute_uv=False)[0] == pytest.approx(1.0, abs=0.05)


def test_resize_convolution_of_a_constant_map_has_no_checkerboard():
    def inner_spread(upsampling):
        keras.utils.set_random_seed(0)
        network = dcgan.generator(4, (32, 32, 1), width=4, normalization="none", upsampling=upsampling)
        last = network.layers[-2] if upsampling == "transpose" else keras.Sequential(network.layers[-3:-1])
        image = last(np.ones((1, 16, 16, 4), "float32")).numpy()[0, 8:-8, 8:-8, 0]
        return np.ptp(image)

    assert inner_spread("resize") < 1e-6
    assert inner_spread("transpose") > 1e-3


def test_mixed_precision_networks_answer_in_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        generator, discriminator = dcgan.generator(8, (16, 16, 1), 4), dcgan.discriminator((16, 16, 1), 4)
    finally:
        keras.config.set_dtype_policy("float32")
    images = generator(np.zeros((1, 8), "float32"))
    assert images.dtype == discriminator(images).dtype == "float32"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image_shape": (15, 15, 1)}, "16 to 128"),
        ({"image_shape": (28, 32, 1)}, "square"),
        ({"image_shape": (28, 28, 2)}, "1 or 3 channels"),
        ({"width": 0}, "width"),
        ({"normalization": "btach"}, "did you mean 'batch'"),
    ],
)
@pytest.mark.parametrize("build", [dcgan.generator, dcgan.discriminator])
def test_impossible_networks_are_refused(build, arguments, message):
    with pytest.raises(InputError, match=message):
        build(**arguments)
