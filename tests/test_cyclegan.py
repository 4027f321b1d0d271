"""The CycleGAN family: its losses against NumPy in float64, its pool, its passes, its schedules."""

from collections import Counter
from typing import ClassVar

import keras
import numpy as np
import pytest
import tensorflow as tf

import kgan
import tiny
from kgan.errors import InputError
from kgan.schedules import LinearDecay

TERMS_G = {
    *("generator_ab_loss", "generator_ba_loss", "cycle_a_loss", "cycle_b_loss"),
    *("identity_a_loss", "identity_b_loss"),
}


def batch(num=3):
    return tf.constant(tiny.pictures(num)), tf.constant(tiny.pictures(num, seed=1))


def float64(tensor):
    return np.asarray(tensor).astype("float64")


def l1(one, other):
    return np.abs(float64(one) - float64(other)).mean()


def test_the_generators_game_by_hand():
    model, (a, b) = tiny.cyclegan(), batch()
    fake_a, fake_b = fakes = model.generate((a, b))
    np.testing.assert_allclose(fake_a, model.generator_ba(b), atol=1e-6)
    np.testing.assert_allclose(fake_b, model.generator_ab(a), atol=1e-6)
    on_a, on_b = float64(model.discriminator_a(fake_a)), float64(model.discriminator_b(fake_b))
    expected = {
        # Zhu et al. 2017, section 4: no half for the generators.
        "generator_ab_loss": ((on_b - 1) ** 2).mean(),
        "generator_ba_loss": ((on_a - 1) ** 2).mean(),
        "cycle_a_loss": 10 * l1(model.generator_ba(fake_b), a),
        "cycle_b_loss": 10 * l1(model.generator_ab(fake_a), b),
        "identity_a_loss": 5 * l1(model.generator_ba(a), a),
        "identity_b_loss": 5 * l1(model.generator_ab(b), b),
    }
    terms = model.generator_losses((a, b), fakes)
    assert {name: float(term) for name, term in terms.items()} == pytest.approx(expected, rel=1e-4)
    assert set(expected) == TERMS_G


def test_the_critics_game_by_hand_on_what_the_pool_gives_back():
    model, (a, b) = tiny.cyclegan(penalty=kgan.R1(3.0)), batch()
    older = [tf.constant(tiny.pictures(3, seed=seed)) for seed in (5, 6)]
    for pool, images in zip(model.pools, older, strict=True):
        pool.exchange = lambda fakes, seed, images=images: images
    terms = model.discriminator_losses((a, b), model.generate((a, b)))
    expected = {}
    for domain, critic, real, fake in zip("ab", model.discriminators, (a, b), older, strict=True):
        errors = 0.5 * ((float64(critic(real)) - 1) ** 2).mean() + 0.5 * (float64(critic(fake)) ** 2).mean()
        expected[f"discriminator_{domain}_loss"] = errors
        with tf.GradientTape() as tape:
            tape.watch(real)
            answer = critic(real)
        squares = (float64(tape.gradient(answer, real)) ** 2).sum((1, 2, 3))
        expected[f"r1_{domain}"] = 1.5 * squares.mean()
    assert {name: float(term) for name, term in terms.items()} == pytest.approx(expected, rel=1e-4)


def test_other_losses_count_as_they_are_and_a_relativistic_one_looks_at_its_own_domain():
    (a, b) = batch()
    model = tiny.cyclegan(loss="non_saturating", identity_weight=0.0)
    fakes = model.generate((a, b))
    terms = model.generator_losses((a, b), fakes)
    on_b = float64(model.discriminator_b(fakes[1]))
    assert float(terms["generator_ab_loss"]) == pytest.approx(np.log1p(np.exp(-on_b)).mean(), rel=1e-4)
    assert set(terms) == {name for name in TERMS_G if not name.startswith("identity")}
    model = tiny.cyclegan(loss="relativistic_paired")
    terms = model.generator_losses((a, b), fakes)
    gap = float64(model.discriminator_a(a)) - float64(model.discriminator_a(fakes[0]))
    assert float(terms["generator_ba_loss"]) == pytest.approx(np.log1p(np.exp(gap)).mean(), rel=1e-4)


@keras.saving.register_keras_serializable(package="kgan_tests")
class Spy(keras.layers.Layer):
    """Counts the images that pass, by kind of network."""

    seen: ClassVar[Counter] = Counter()

    def __init__(self, kind, **kwargs):
        super().__init__(**kwargs)
        self.kind = kind

    def call(self, inputs):
        if tf.executing_eagerly():
            Spy.seen[self.kind] += inputs.shape[0]
        return inputs

    def get_config(self):
        return {**super().get_config(), "kind": self.kind}


def spied(kind, network):
    inputs = keras.Input(network.input_shape[1:])
    return keras.Model(inputs, network(Spy(kind)(inputs)))


@pytest.mark.parametrize(("identity_weight", "passes"), [(5.0, 6), (0.0, 4)])
def test_a_step_makes_no_pass_twice(identity_weight, passes):
    model = tiny.cyclegan(
        lambda: spied("generator", kgan.networks.resnet.generator(tiny.PICTURE, width=2, blocks=0)),
        lambda: spied("critic", kgan.networks.patchgan.discriminator(tiny.PICTURE, width=2, receptive_field="pixel")),
        identity_weight=identity_weight,
        ema_decay=None,
        run_eagerly=True,
    )
    Spy.seen.clear()
    model.train_on_batch(batch(2))
    assert Spy.seen == {"generator": 2 * passes, "critic": 2 * 6}


def test_training_fills_the_pools_and_evaluation_leaves_them_alone():
    model, twin = (tiny.cyclegan(pool_size=5, ema_decay=None, run_eagerly=True) for _ in range(2))
    scores = model.evaluate(tiny.pairs(), verbose=0, return_dict=True)
    assert set(scores) == TERMS_G | {"discriminator_a_loss", "discriminator_b_loss"}
    assert tiny.differences(model, twin) == []
    for step in range(3):
        a, b = batch(2)
        before = [float64(fake) for fake in model.generate((a, b), training=False)]
        model.train_on_batch((a, b))
        assert [int(pool.count.numpy()) for pool in model.pools] == [min(2 * step + 2, 5)] * 2
        if step < 2:
            for pool, fakes in zip(model.pools, before, strict=True):
                np.testing.assert_allclose(pool.images.numpy()[2 * step : 2 * step + 2], fakes, atol=1e-5)
    assert tiny.cyclegan(pool_size=0).pools == []


def test_without_a_pool_the_critics_see_the_new_images():
    model, (a, b) = tiny.cyclegan(pool_size=0), batch()
    fakes = model.generate((a, b))
    trained, tested = (model.discriminator_losses((a, b), fakes, training=training) for training in (True, False))
    assert float(trained["discriminator_a_loss"]) == pytest.approx(float(tested["discriminator_a_loss"]), rel=1e-5)


def test_the_cycles_weight_may_follow_a_schedule_and_comes_back_with_it(tmp_path):
    schedule = LinearDecay(8.0, total_steps=4, hold=0.25, end_learning_rate=2.0)
    model, plain = (tiny.cyclegan(cycle_weight=weight, run_eagerly=True) for weight in (schedule, 1.0))
    for expected in (8.0, 8.0, 6.0, 4.0):
        plain.set_weights(model.get_weights())
        data = batch(2)
        fakes = model.generate(data, training=False)
        weight = (
            model.generator_losses(data, fakes)["cycle_a_loss"] / plain.generator_losses(data, fakes)["cycle_a_loss"]
        )
        assert float(weight) == pytest.approx(expected, rel=1e-5)
        model.train_on_batch(data)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.cycle_weight.get_config() == schedule.get_config()
    assert isinstance(loaded.adversarial_loss, kgan.losses.LeastSquares)


def test_ada_counts_both_critics_as_one_look():
    model = tiny.cyclegan(augment="ada", loss="non_saturating", run_eagerly=True)
    model.train_on_batch(batch(2))
    ada = model.augment
    # 16-pixel pictures have 6 x 6 logits: 36 of each of two images, in two domains.
    assert [int(ada.num_updates.numpy()), int(ada.num_images.numpy()), int(ada.num_logits.numpy())] == [1, 2, 144]


def test_it_learns_to_cross_over_and_come_back():
    """Domain A is reddish, domain B bluish, both with patterns of their own to keep."""
    patterns = np.sign(tiny.pictures(64, shape=(4, 4, 1))).repeat(4, axis=1).repeat(4, axis=2) * 0.4
    tint = np.array([0.5, 0.0, -0.5])
    a, b = ((patterns[half] + colour).astype("float32") for half, colour in ((slice(32), tint), (slice(32, 64), -tint)))
    model = tiny.cyclegan(lambda: kgan.networks.resnet.generator(tiny.PICTURE, width=4, blocks=0), identity_weight=0.0)
    data = tf.data.Dataset.from_tensor_slices((a, b)).batch(4).repeat()
    model.fit(data, steps_per_epoch=100, verbose=0)
    there = model.translate(a).numpy()
    colour = there.mean((0, 1, 2))
    assert colour[2] - colour[0] > 0.5
    assert np.abs(model.translate(there, "b_to_a") - a).mean() < 0.25


def test_both_directions_are_answered_by_the_averages():
    model = tiny.cyclegan(run_eagerly=True)
    model.fit(tiny.pairs(), verbose=0)
    images = tiny.pictures(2, shape=(20, 13, 3))
    assert model.directions == ("a_to_b", "b_to_a")
    for direction, average in zip(model.directions, model.averages, strict=True):
        for answer in (model.translate(images, direction), model.endpoints()[direction].function(images)):
            np.testing.assert_allclose(answer, average(images), atol=1e-5)
    np.testing.assert_allclose(model(images), model.translate(images), atol=1e-5)
    assert not np.allclose(model.translate(images), model.translate(images, "b_to_a"), atol=1e-3)
    np.testing.assert_array_equal(model.critic(tiny.pictures(2)), model.discriminator_b(tiny.pictures(2)))


def test_mixed_precision_learns():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = tiny.cyclegan(penalty=kgan.R1(1.0, every=2), run_eagerly=True)
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.translate(tiny.pictures(1)).dtype == tf.float32
    history = model.fit(tiny.pairs(), epochs=2, verbose=0).history
    assert np.isfinite(list(history.values())).all()
    assert all(pool.images.dtype == "float32" for pool in model.pools)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cycle_weight": -1.0}, "cycle_weight must be at least 0"),
        ({"identity_weight": -1.0}, "identity_weight must be at least 0"),
        ({"pool_size": -1}, "at least 1 image"),
    ],
)
def test_impossible_weights_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        tiny.cyclegan(**options)


def translator(image_channels=3, channels=3):
    return kgan.networks.resnet.generator((16, 16, image_channels), channels, width=2, blocks=0)


def critic(*shape):
    return kgan.networks.patchgan.discriminator(shape, width=2, receptive_field=16)


def test_networks_that_do_not_fit_are_refused():
    a, b = critic(16, 16, 3), critic(16, 16, 1)
    with pytest.raises(InputError, match="images of domain A"):
        kgan.CycleGAN(translator(), translator(1, 1), a, a)
    with pytest.raises(InputError, match="images of domain B"):
        kgan.CycleGAN(translator(), translator(), a, b)
    with pytest.raises(InputError, match="Give the critic the size trained on"):
        kgan.CycleGAN(translator(), translator(), critic(None, None, 3), a)
    with pytest.raises(InputError, match="Set identity_weight=0"):
        kgan.CycleGAN(translator(3, 1), translator(1, 3), a, b)
    model = kgan.CycleGAN(translator(3, 1), translator(1, 3), a, b, identity_weight=0.0)
    assert model.channels("b_to_a") == (1, 3)


# ------------------------------------------------------------------ the schedule


def test_the_rate_stays_and_goes_down_on_a_line_epoch_by_epoch():
    steps = 13
    schedule = LinearDecay(2e-4, total_steps=200 * steps)
    for epoch in range(230):
        expected = 2e-4 * (1 - min(max(epoch - 100, 0) / 100, 1))
        assert float(schedule(epoch * steps)) == pytest.approx(expected, rel=1e-4, abs=1e-10)
    assert [float(LinearDecay(4.0, 10, hold=0.0, end_learning_rate=2.0)(step)) for step in (0, 5, 10, 99)] == [
        4,
        3,
        2,
        2,
    ]


@pytest.mark.parametrize(("arguments", "message"), [((1.0, 0), "total_steps"), ((1.0, 5, 1.0), "hold")])
def test_impossible_schedules_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        LinearDecay(*arguments)
