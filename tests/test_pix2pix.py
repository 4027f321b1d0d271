"""The pix2pix family: its losses against NumPy in float64, and what it answers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kgan
import tiny
from kgan.errors import InputError

layers = keras.layers


def batch(num=3):
    return tf.constant(tiny.pictures(num)), tf.constant(tiny.pictures(num, seed=1))


def softplus(x):
    return np.log1p(np.exp(x))


def logits(model, *images, training=True):
    return model.discriminator(list(images), training=training).numpy().astype("float64")


def test_the_game_by_hand():
    model, (a, b) = tiny.pix2pix(l1_weight=7.0), batch()
    fakes = model.generate((a, b), training=False)
    np.testing.assert_allclose(fakes, model.generator(a), atol=1e-6)
    real, fake = logits(model, a, b), logits(model, a, fakes)
    terms = model.discriminator_losses((a, b), fakes)
    assert set(terms) == {"discriminator_loss"}
    assert float(terms["discriminator_loss"]) == pytest.approx(softplus(-real).mean() + softplus(fake).mean(), rel=1e-5)
    terms = model.generator_losses((a, b), fakes)
    assert set(terms) == {"generator_loss", "l1_loss"}
    assert float(terms["generator_loss"]) == pytest.approx(softplus(-fake).mean(), rel=1e-5)
    distance = np.abs(b.numpy().astype("float64") - fakes.numpy()).mean()
    assert float(terms["l1_loss"]) == pytest.approx(7.0 * distance, rel=1e-5)
    # What the critic is shown matters on both sides of the pair.
    assert not np.allclose(real, logits(model, tf.reverse(a, [0]), b))
    np.testing.assert_array_equal(model.critic(b, (a, fakes)), logits(model, a, b, training=False))


def test_a_relativistic_loss_looks_at_the_real_pairs():
    model, (a, b) = tiny.pix2pix(loss="relativistic_paired"), batch()
    fakes = model.generate((a, b), training=False)
    real, fake = logits(model, a, b), logits(model, a, fakes)
    terms = model.generator_losses((a, b), fakes)
    assert float(terms["generator_loss"]) == pytest.approx(softplus(real - fake).mean(), rel=1e-4)


def test_a_penalty_looks_at_b_beside_its_own_a():
    model, (a, b) = tiny.pix2pix(penalty=kgan.R1(3.0)), batch()
    with tf.GradientTape() as tape:
        tape.watch(b)
        answer = model.discriminator([a, b], training=True)
    squares = tf.reduce_sum(tape.gradient(answer, b) ** 2, axis=[1, 2, 3]).numpy()
    terms = model.discriminator_losses((a, b), model.generate((a, b)))
    np.testing.assert_allclose(terms["r1"], 1.5 * squares.mean(), rtol=1e-4)


@pytest.mark.parametrize("augment", ["diffaugment", "ada"])
def test_both_images_of_a_pair_are_changed_alike(augment):
    one, two = keras.Input(tiny.PICTURE), keras.Input(tiny.PICTURE)
    both = keras.Model([one, two], layers.Concatenate()([one, two]))
    model = kgan.Pix2Pix(kgan.networks.unet.generator(tiny.PICTURE, width=2), both, augment=augment)
    if augment == "ada":
        model.augment.p.assign(1.0)
    a, _ = batch()
    first, second = tf.split(model._judge(a, True)(a), 2, axis=-1)
    np.testing.assert_array_equal(first, second)
    assert not np.allclose(first, a, atol=0.1)
    other = model._judge(a, True)(a)[..., :3]
    assert not np.allclose(first, other, atol=0.1)
    np.testing.assert_array_equal(model._judge(a, False)(a)[..., :3], a)


def test_it_learns_to_do_what_the_pairs_show():
    """The target is the negative of the input."""
    a = np.sign(tiny.pictures(32, shape=(4, 4, 3))).repeat(4, axis=1).repeat(4, axis=2) * 0.8
    model = tiny.pix2pix(l1_weight=100.0)
    data = tf.data.Dataset.from_tensor_slices((a, -a)).batch(4).repeat()
    history = model.fit(data, steps_per_epoch=50, epochs=2, verbose=0).history
    assert history["l1_loss"][-1] < 0.5 * history["l1_loss"][0]
    # With no idea of the input it would be 0.8.
    assert np.abs(model.translate(a) + a).mean() < 0.4


def test_the_average_answers_at_any_size():
    model = tiny.pix2pix(run_eagerly=True)
    model.fit(tiny.pairs(), verbose=0)
    images = tiny.pictures(2, shape=(20, 13, 3))
    expected = model.averages[0](images)
    for answer in (model(images), model.translate(images), model.endpoints()["a_to_b"].function(images)):
        np.testing.assert_allclose(answer, expected, atol=1e-5)
    assert not np.allclose(expected, model.generator(images), atol=1e-4)
    assert model.directions == ("a_to_b",)
    assert model.channels("a_to_b") == (3, 3)
    assert set(model.endpoints()) == {"serving_default", "a_to_b"}


def test_the_papers_noise_at_test_is_the_same_tomorrow(tmp_path):
    model = tiny.pix2pix(norm="batch", ema_decay=None, run_eagerly=True)
    model.fit(tiny.pairs(), verbose=0)
    model.save(tmp_path / "model.keras")
    images = tiny.pictures(2)
    answer = model.translate(images)
    np.testing.assert_allclose(model.translate(images), answer, atol=1e-6)
    np.testing.assert_allclose(keras.saving.load_model(tmp_path / "model.keras").translate(images), answer, atol=1e-6)
    dropout = next(layer for layer in model.generator.layers if isinstance(layer, layers.Dropout))
    dropout.rate = 0.0
    assert not np.allclose(model.generator(images), answer, atol=1e-4)


def test_evaluate_changes_nothing():
    model, twin = (tiny.pix2pix(run_eagerly=True) for _ in range(2))
    scores = model.evaluate(tiny.pairs(), verbose=0, return_dict=True)
    assert set(scores) == {"discriminator_loss", "generator_loss", "l1_loss"}
    assert tiny.differences(model, twin) == []


@pytest.mark.parametrize(
    ("images", "direction", "message"),
    [
        (tiny.pictures(1), "b_to_a", "unknown direction 'b_to_a'"),
        (tiny.pictures(1)[0], "a_to_b", "of shape"),
        (tiny.pictures(1)[..., :1], "a_to_b", "of shape"),
        (np.zeros((1, 16, 16, 3), "uint8"), "a_to_b", "from_uint8"),
    ],
)
def test_images_and_directions_that_do_not_fit_are_refused(images, direction, message):
    with pytest.raises(InputError, match=message):
        tiny.pix2pix().translate(images, direction)


def unet(channels=3):
    return kgan.networks.unet.generator(tiny.PICTURE, channels, width=2)


def patches(shape=tiny.PICTURE, condition=3):
    return kgan.networks.patchgan.discriminator(shape, condition, width=2, receptive_field=16)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: kgan.Pix2Pix(unet(), patches(condition=None)), "must take two images"),
        (lambda: kgan.Pix2Pix(unet(), patches(condition=1)), "images of domain A"),
        (lambda: kgan.Pix2Pix(unet(channels=1), patches()), "images of domain B"),
        (lambda: kgan.Pix2Pix(unet(), patches(), l1_weight=-1.0), "l1_weight"),
    ],
)
def test_networks_that_do_not_fit_are_refused(build, message):
    with pytest.raises(InputError, match=message):
        build()
