"""What a training costs: arithmetic against counting by hand, and that measuring changes nothing."""

import re
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import kgan
import kgan_cli
import served_models
import tiny
from kgan import cost, estimate
from kgan.data import synthetic
from kgan.errors import InputError
from kgan.networks import patchgan, resnet, unet


def multiply_adds(*convolutions):
    """Each convolution as (side of what a kernel is laid on or written to, kernel, channels in, channels out)."""
    return [side**2 * kernel**2 * before * after for side, kernel, before, after in convolutions]


def flops_of(network, *shapes):
    inputs = [tf.TensorSpec((1, *shape)) for shape in shapes]
    return cost.count_flops(
        tf.function(lambda *images: network(list(images) if images[1:] else images[0])).get_concrete_function(*inputs)
    )


# U-Net of width 2 at 16 pixels: a halving writes its small map, a doubling reads its small map.
UNET = multiply_adds(
    (8, 4, 3, 2), (4, 4, 2, 4), (2, 4, 4, 8), (1, 4, 8, 16), (1, 4, 16, 8), (2, 4, 16, 4), (4, 4, 8, 2), (8, 4, 4, 3)
)
# ResNet of width 2 without blocks.
RESNET = multiply_adds((16, 7, 3, 2), (8, 3, 2, 4), (4, 3, 4, 8), (4, 3, 8, 4), (8, 3, 4, 2), (16, 7, 2, 3))


def critic(channels):
    """PatchGAN of width 2 and patches of 16 pixels, one halving: maps of 8, 7 and 6 pixels a side."""
    return multiply_adds((8, 4, channels, 2), (7, 4, 2, 4), (6, 4, 4, 1))


def test_the_papers_networks_by_hand():
    shape = (256, 256, 3)
    blocks = [(64, 3, 256, 256)] * 18
    by_hand = multiply_adds(
        (256, 7, 3, 64),
        (128, 3, 64, 128),
        (64, 3, 128, 256),
        *blocks,
        (64, 3, 256, 128),
        (128, 3, 128, 64),
        (256, 7, 64, 3),
    )
    assert flops_of(resnet.generator(shape), shape) == 2 * sum(by_hand)
    by_hand = multiply_adds((128, 4, 6, 64), (64, 4, 64, 128), (32, 4, 128, 256), (31, 4, 256, 512), (30, 4, 512, 1))
    assert flops_of(patchgan.discriminator(shape, 3), shape, shape) == 2 * sum(by_hand)
    widths = [3, 64, 128, 256, 512, 512, 512, 512, 512]
    down = [(128 >> level, 4, widths[level], widths[level + 1]) for level in range(8)]
    up = [(128 >> level, 4, widths[level + 1] * (1 if level == 7 else 2), widths[level]) for level in range(8)]
    assert flops_of(unet.generator(shape), shape) == 2 * sum(multiply_adds(*down, *up))


def test_a_dense_layer_is_a_matrix_product():
    assert flops_of(tiny.discriminator(), tiny.SHAPE) == 2 * (16 * 8 + 8 * 1)


def whole(work):
    """Forwards, and backwards to kernels and inputs, but not to the images that all starts from."""
    return 3 * sum(work) - work[0]


def measured(model, batch_size):
    return cost.measure(model, tuple(tf.constant(tiny.pictures(batch_size, seed=seed)) for seed in (0, 1)))


def test_a_step_of_pix2pix_by_hand_and_the_training_stays_as_it_is():
    plain, model = (tiny.pix2pix(norm="batch") for _ in range(2))
    found = measured(model, 3)
    # The critic twice for its own update, and once more for the generator's, without a gradient by its kernels.
    step = whole(UNET) + 2 * whole(critic(6)) + 2 * sum(critic(6))
    assert (found.image_flops, found.step_flops) == (2 * sum(UNET), 3 * 2 * step)
    assert found.generator_parameters == model.generator.count_params()
    assert found.critic_parameters == model.discriminator.count_params()
    assert found.step_seconds > 0 and found.memory > 2**20
    assert tiny.differences(plain, model) == []
    assert all(float(metric.result()) == 0.0 for metric in model.metrics)


def test_a_step_of_cyclegan_by_hand():
    model = tiny.cyclegan()
    found = measured(model, 2)
    # A generator once on real images; then on what the other has made and, for the identity, on real ones in one call.
    generator = whole(RESNET) + 2 * 3 * sum(RESNET)
    step = 2 * (generator + 2 * whole(critic(3)) + 2 * sum(critic(3)))
    assert (found.image_flops, found.step_flops) == (2 * sum(RESNET), 2 * 2 * step)
    assert found.generator_parameters == 2 * model.generator_ab.count_params()
    assert tiny.differences(tiny.cyclegan(), model) == []


def gan():
    """With all that has a state of its own."""
    return tiny.gan(penalty=[kgan.R1(10, every=2)], ema_decay=0.9, critic_steps=2)


@pytest.mark.parametrize("make", [gan, served_models.conditional, served_models.infogan, tiny.pix2pix])
def test_measuring_leaves_no_trace_and_a_generator_is_counted(make):
    model = make()
    batch = {
        "GAN": tf.constant(tiny.images(8)),
        "ConditionalGAN": (tf.zeros((4, 8, 8, 3)), tf.one_hot([0, 1, 2, 0], 3)),
        "InfoGAN": tf.zeros((4, 8, 8, 1)),
        "Pix2Pix": tuple(tf.constant(tiny.pictures(2, seed=seed)) for seed in (0, 1)),
    }[type(model).__name__]
    found = cost.measure(model, batch)
    assert tiny.differences(make(), model) == []
    assert found.image_flops == count(model)
    assert found.step_flops > 2 * found.image_flops
    assert found.verb == ("translate" if hasattr(model, "directions") else "draw")


def count(model):
    """Returns the arithmetic of one image, of a dense generator by hand: two for each weight of a kernel."""
    if hasattr(model, "directions"):
        return 2 * sum(UNET)
    kernels = [weight for weight in model.generator.trainable_weights if weight.name == "kernel"]
    return 2 * sum(int(np.prod(kernel.shape)) for kernel in kernels)


@pytest.fixture
def line(monkeypatch, capsys):
    known = cost.Cost(54_413_955, 2_768_705, 36_300_000_000, 155_000_000_000, 0.5, 2_500_000_000, "translate")
    monkeypatch.setattr(estimate, "measure", lambda model, batch: known)

    def say(steps_done, epochs, minutes):
        model = tiny.pix2pix()
        model.optimizer.iterations.assign(steps_done)
        estimate.tell(model, tf.data.Dataset.from_tensors(0), 2, epochs, minutes)
        return capsys.readouterr().err

    return say


def test_the_line(line):
    assert line(0, 100, None) == (
        "generators 54.4 M parameters, critics 2.77 M; 36.3 GFLOP to translate an image, 155 GFLOP a step; "
        "2.5 GB of memory; 0.5 s a step on this machine: 200 steps, to the end of epoch 100, take about 2 minutes\n"
    )
    assert line(2, 14_401, None).endswith(": 28,800 steps, to the end of epoch 14401, take about 4.0 hours\n")
    assert line(0, None, 3.0).endswith(": 3 minutes hold about 180.0 epochs\n")
    assert "take about 2 minutes; 3 minutes hold about 180.0 epochs" in line(0, 100, 3.0)


class Silent(kgan.GAN):
    """A family that says of nothing what it answers."""

    endpoints = None


def test_a_family_without_endpoints_is_measured_but_for_its_images():
    model = Silent(tiny.generator(), tiny.discriminator(), tiny.LATENT_DIM, seed=1)
    model.compile("adam", "adam")
    found = cost.measure(model, tf.constant(tiny.images(4)))
    assert found.image_flops is None
    assert re.fullmatch(r"generators .* parameters, critics [^;]*; [^;]*FLOP a step; .*", str(found))


def test_of_a_model_of_no_family_nothing_is_said_and_a_dry_run_refused(capsys):
    model, batches = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]), tf.data.Dataset.from_tensors(0)
    estimate.tell(model, batches, 2, 1, None)
    assert capsys.readouterr().err == ""
    with estimate.dry_run(True), pytest.raises(InputError, match="got Sequential"):
        estimate.end_if_dry(model, batches, 2, 1, None)


def test_a_dry_run_says_it_and_writes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["train", "dcgan", "--data", "synthetic", "--width", "4", "--depth", "0", "--batch-size", "8", "--dry-run"]
    monkeypatch.setattr(kgan.data.sources, "WORLDS", {"synthetic": (synthetic.digits, 40)})
    monkeypatch.setattr(sys, "argv", ["kgan", *words])
    with pytest.raises(SystemExit) as ended:
        kgan_cli.main()
    assert not ended.value.code
    assert re.search(
        r"FLOP to draw an image, .* a step on this machine: 100 steps, to the end", capsys.readouterr().err
    )
    # An app of one's own ends where it would train.
    own = tmp_path / "own.py"
    own.write_text(
        "import kgan, tiny, numpy as np\nfrom kgan.runs import Run, fit\n"
        "def train(*, run=None):\n"
        "    images = kgan.data.ImageSet(np.zeros((8, *tiny.SHAPE), np.uint8))\n"
        "    fit(Run.new('own', {}), tiny.gan(), images, batch_size=4, epochs=1)\n"
        "    raise AssertionError\n"
    )
    monkeypatch.setattr(sys, "argv", ["kgan", "train", "own.py", "--dry-run"])
    with pytest.raises(SystemExit) as ended:
        kgan_cli.main()
    assert not ended.value.code
    assert list(tmp_path.iterdir()) == [own]


def test_the_words_of_a_cost_at_any_size():
    told = str(cost.Cost(16_700, 590, 559_000, 10_500_000, 0.0449, 1_080_000_000, "draw"))
    assert told == (
        "generators 16.7 k parameters, critics 590; 559 kFLOP to draw an image, 10.5 MFLOP a step; "
        "1.08 GB of memory; 0.045 s a step on this machine"
    )
