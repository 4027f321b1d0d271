"""InfoGAN: bounds by hand, gradients where they should be and nowhere else, codes drawn, chosen and read."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import kgan
import tiny
from kgan.codes import Categorical, Continuous, Distortion
from kgan.codes.agreement import agreement
from kgan.errors import InputError
from kgan.metrics.strokes import slant, stroke_width

NOISE = 3
FEATURES = 6
IMAGES = tiny.images(8)


def dense(inputs, outputs, **options):
    return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(outputs, dtype="float32", **options)])


def infogan(codes=None, ema_decay=0.9, optimizer=None, augment=None, **compile):
    """A compiled InfoGAN of dense layers, whose weights are the same at every call."""
    keras.utils.set_random_seed(7)
    codes = codes or (Categorical(4), Continuous(0.5, Distortion(shear=0.3, thicken=0.5)))
    columns, answers = sum(code.size for code in codes), sum(code.answers for code in codes)
    image = keras.layers.Reshape(tiny.SHAPE)
    generator = keras.Sequential([*dense(NOISE + columns, 16, activation="tanh").layers, image])
    body = keras.Sequential([keras.Input(tiny.SHAPE), keras.layers.Flatten(), keras.layers.Dense(FEATURES, "softplus")])
    generator.build((None, NOISE + columns))
    heads = dense(FEATURES, 1), dense(FEATURES, answers)
    model = kgan.InfoGAN(generator, body, *heads, codes, NOISE, ema_decay=ema_decay, augment=augment, seed=1)
    optimizer = optimizer or (lambda: keras.optimizers.Adam(0.01, beta_1=0.5))
    model.compile(optimizer(), optimizer(), **compile)
    return model


# ---------------------------------------------------------------------- the bounds


def test_a_categorical_code_that_is_read_perfectly_has_ln_k_nats_and_one_that_is_not_has_none():
    code = Categorical(10)
    codes = code.chosen(np.arange(10))
    assert float(code.bound(codes, 1e3 * codes)) == pytest.approx(math.log(10), rel=1e-6)
    assert float(code.bound(codes, tf.zeros((10, 10)))) == pytest.approx(0.0, abs=1e-6)
    # Half the mass on the truth: H(c) + ln(1/2).
    answer = tf.math.log(0.5 * codes + 0.5 / 9 * (1 - codes))
    assert float(code.bound(codes, answer)) == pytest.approx(math.log(10) + math.log(0.5), rel=1e-6)


def test_the_gaussian_bound_by_hand():
    code = Continuous(min_std=0.1)
    raw = [-20.0, 0.0, math.log(math.expm1(0.9))]
    answer = tf.constant([[0.5, raw[0]], [-1.0, raw[1]], [0.0, raw[2]]])
    std = np.array([0.1, 0.1 + math.log(2), 1.0])
    error = np.array([0.0, 0.25, 1.0])
    codes = answer[:, :1] + tf.constant(error[:, None], tf.float32)
    expected = math.log(2) + np.mean(-0.5 * (error / std) ** 2 - np.log(std) - 0.5 * math.log(2 * math.pi))
    assert float(code.bound(codes, answer)) == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(code.posterior(answer)[:, 1], std, rtol=1e-6)


def test_a_fixed_deviation_asks_for_a_mean_alone_and_pulls_as_half_the_squared_error_does():
    codes, answer = tf.constant([[0.5], [-1.0]]), tf.constant([[0.1], [-0.4]])
    code = Continuous(0.3**2, std=0.3)
    squared = np.mean([0.4**2, 0.6**2])
    limit = math.log(2) - 0.5 * math.log(2 * math.pi) - math.log(0.3)
    assert code.answers == 1 and limit == pytest.approx(0.98, abs=0.01)
    with tf.GradientTape() as tape:
        tape.watch(answer)
        bound = code.bound(codes, answer)
    assert float(bound) == pytest.approx(limit - 0.5 * squared / 0.3**2, rel=1e-5)
    np.testing.assert_allclose(0.3**2 * tape.gradient(bound, answer), (codes - answer) / 2, rtol=1e-5)
    np.testing.assert_allclose(code.posterior(answer), [[0.1, 0.3], [-0.4, 0.3]], rtol=1e-6)


def test_a_bound_of_no_images_is_zero():
    assert float(Categorical(3).bound(tf.zeros((0, 3)), tf.zeros((0, 3)))) == 0.0


def test_codes_have_the_distribution_that_their_entropy_is_of():
    uniform = tf.constant(np.linspace(0, 1, 1000, endpoint=False) + 5e-4, tf.float32)
    assert tf.reduce_sum(Categorical(8).from_uniform(uniform), axis=0).numpy().tolist() == [125] * 8
    np.testing.assert_allclose(Continuous().from_uniform(uniform)[:, 0], np.linspace(-0.999, 0.999, 1000), atol=1e-6)
    assert tf.reduce_sum(Categorical(3).from_uniform(tf.constant([1.0]))) == 1


def test_agreement_by_hand():
    first = tf.constant([[0.5, 0.5], [0.25, 0.75]])
    second = tf.constant([[1.0, 0.0], [0.0, 1.0]])
    similar = np.array([[0.5, 0.5], [0.25, 0.75]])
    expected = [np.mean(np.log(np.diag(similar)) - k * np.log(similar.mean(1))) for k in (1.0, 2.0)]
    assert float(agreement(first, second)) == pytest.approx(expected[0], abs=1e-5)
    assert float(agreement(first, second, balance=2.0)) == pytest.approx(expected[1], abs=1e-5)


def test_agreement_is_the_entropy_where_readings_are_sure_alike_and_even_and_balance_tells_how_even():
    even, uneven = (tf.one_hot(values, 4) for values in ([0, 1, 2, 3] * 4, [0, 1, 2, 2] * 4))
    assert float(agreement(even, even)) == pytest.approx(math.log(4), abs=1e-4)
    assert float(agreement(tf.fill((16, 4), 0.25), even)) == pytest.approx(0.0, abs=1e-4)
    assert math.isfinite(float(agreement(even, tf.reverse(even, [1]))))
    lost = [float(agreement(even, even, k)) - float(agreement(uneven, uneven, k)) for k in (1.0, 2.0)]
    assert lost[1] == pytest.approx(2 * lost[0], abs=1e-4) and lost[0] > 0.3


# ---------------------------------------------------------------------- the game


def test_the_critics_own_loss_is_that_of_a_gan_of_the_same_networks():
    model = infogan(loss="hinge", penalty=kgan.R1(10.0))
    whole = keras.Sequential([model.body, model.critic_head])
    whole.build((None, *tiny.SHAPE))
    twin = kgan.GAN(model.generator, whole, model.latent_dim)
    twin.compile("sgd", "sgd", loss="hinge", penalty=kgan.R1(10.0))
    fakes = model.generate(IMAGES)
    ours = {**model.discriminator_losses(IMAGES, fakes), **model.generator_losses(IMAGES, fakes)}
    theirs = {**twin.discriminator_losses(IMAGES, fakes[0]), **twin.generator_losses(IMAGES, fakes[0])}
    for name, value in theirs.items():
        assert float(ours[name]) == pytest.approx(float(value), rel=1e-5), name
    np.testing.assert_allclose(model.critic(IMAGES), whole(IMAGES), rtol=1e-6)


@pytest.mark.parametrize("channel", [None, Distortion(shift=0.2)])
def test_the_term_reaches_the_generator_by_its_loss_and_q_and_the_body_by_the_critics(channel):
    model = infogan((Categorical(4, channel=channel), Continuous(channel=channel)))
    networks = {"generator": model.generator, "body": model.body, "head": model.critic_head, "q": model.posterior}

    def reached(losses, term):
        with tf.GradientTape() as tape:
            fakes = model.generate(IMAGES)
            if losses == model.discriminator_losses:
                fakes = tf.nest.map_structure(tf.stop_gradient, fakes)
            loss = losses(IMAGES, fakes)[term]
        gradients = tape.gradient(loss, {name: network.trainable_variables for name, network in networks.items()})
        return {name for name, parts in gradients.items() if any(g is not None and np.any(g != 0) for g in parts)}

    for term in ("categorical_1_loss", "continuous_1_loss"):
        assert reached(model.discriminator_losses, term) == {"body", "q"}
    assert "generator" in reached(model.generator_losses, "information_loss")
    assert reached(model.discriminator_losses, "discriminator_loss") == {"body", "head"}


def test_a_step_trains_each_network_by_the_right_players_optimizer():
    sgd = {"optimizer": lambda: keras.optimizers.SGD(0.1), "ema_decay": None}
    model = infogan((Categorical(4, weight=2.0), Continuous(0.5)), **sgd)
    twin = infogan((Categorical(4, weight=2.0), Continuous(0.5)), **sgd)
    critics = [
        *twin.body.trainable_variables,
        *twin.critic_head.trainable_variables,
        *twin.posterior.trainable_variables,
    ]
    images, codes = fakes = twin.generate(IMAGES)
    with tf.GradientTape() as tape:
        features = twin.body(images)
        answer = twin.posterior(features)
        right = tf.reduce_mean(tf.reduce_sum(codes[:, :4] * tf.nn.log_softmax(answer[:, :4]), 1)) + math.log(4)
        std = 0.1 + tf.nn.softplus(answer[:, 5])
        error = (codes[:, 4] - answer[:, 4]) / std
        near = tf.reduce_mean(-0.5 * error**2 - tf.math.log(std)) - 0.5 * math.log(2 * math.pi) + math.log(2)
        logits = twin.critic_head(twin.body(IMAGES)), twin.critic_head(features)
        loss = tf.reduce_mean(tf.nn.softplus(-logits[0])) + tf.reduce_mean(tf.nn.softplus(logits[1]))
        loss -= 2.0 * right + 0.5 * near
    for variable, gradient in zip(critics, tape.gradient(loss, critics), strict=True):
        variable.assign_sub(0.1 * gradient)
    with tf.GradientTape() as tape:
        tape.watch(images)
        loss = tf.add_n(list(twin.generator_losses(IMAGES, fakes).values()))
    pull = tape.gradient(loss, images)

    logs = model.train_on_batch(IMAGES, return_dict=True)
    mine = [
        *model.body.trainable_variables,
        *model.critic_head.trainable_variables,
        *model.posterior.trainable_variables,
    ]
    for ours, by_hand in zip(mine, critics, strict=True):
        np.testing.assert_allclose(ours.numpy(), by_hand.numpy(), atol=1e-6)
    bias = twin.generator.weights[1].numpy() - 0.1 * np.sum(pull.numpy() * (1 - images.numpy() ** 2), 0).ravel()
    np.testing.assert_allclose(model.generator.weights[1].numpy(), bias, atol=1e-6)
    assert logs["categorical_1_loss"] == pytest.approx(-2.0 * float(right), rel=1e-5)
    assert logs["categorical_1_nats"] == pytest.approx(float(right), rel=1e-5)
    assert logs["continuous_1_nats"] == pytest.approx(float(near), rel=1e-5)


def test_agreement_is_of_two_draws_of_the_channel_from_real_images_and_reaches_the_body_and_q_alone():
    model = infogan((Categorical(4, weight=0.5, channel=Distortion(shift=0.3), agreement=3.0), Continuous()))
    parts = {"generator": model.generator, "body": model.body, "head": model.critic_head, "q": model.posterior}
    with tf.GradientTape() as tape:
        loss = model.discriminator_losses(IMAGES, model.generate(IMAGES))["categorical_1_agreement"]
    gradients = tape.gradient(loss, {name: network.trainable_variables for name, network in parts.items()})
    reached = {name for name, of in gradients.items() if any(g is not None and np.any(g != 0) for g in of)}
    assert reached == {"body", "q"}
    drawn = int(model.draws.numpy())
    readings = [
        tf.nn.softmax(model.posterior(model.body(Distortion(shift=0.3).augment(IMAGES, [1, draw])))[:, :4])
        for draw in (drawn - 2, drawn - 1)
    ]
    assert float(loss) == pytest.approx(-1.5 * float(agreement(*readings, balance=2.0)), rel=1e-4)
    assert "continuous_1_agreement" not in model.train_on_batch(IMAGES, return_dict=True)


def test_a_weight_rises_over_the_warmup_and_the_log_has_the_bound_itself():
    model = infogan((Categorical(4, weight=2.0, warmup=4), Continuous(0.5)))
    seen = []
    for _ in range(6):
        model.reset_metrics()
        logs = model.train_on_batch(IMAGES, return_dict=True)
        seen.append(-logs["categorical_1_loss"] / logs["categorical_1_nats"] if logs["categorical_1_nats"] else 0.0)
        assert logs["continuous_1_nats"] == pytest.approx(-logs["continuous_1_loss"] / 0.5)
    np.testing.assert_allclose(seen, [0.0, 0.5, 1.0, 1.5, 2.0, 2.0], rtol=1e-5)


def test_each_code_is_read_through_its_own_channel_from_its_own_share_of_the_images():
    class Marked(Distortion):
        """Replaces images by a constant, which tells what Q was shown."""

        def augment(self, images, seed):
            seen.append(len(images))
            return tf.fill(tf.shape(images), self.amounts["shift"])

    seen = []
    model = infogan((Categorical(4, channel=Marked(shift=0.25)), Categorical(3), Continuous(channel=Marked(shift=0.5))))
    images, codes = tiny.images(7), model.code_set.draw(7, [0, 0])
    bounds = model._bounds(images, codes, model.body(images), True)
    assert seen == [4, 3]

    def answers(value):
        return model.posterior(model.body(tf.fill((7, *tiny.SHAPE), value)))

    first, second, third = model.codes
    expected = {
        "categorical_1": first.bound(codes[::2, :4], answers(0.25)[::2, :4]),
        "categorical_2": second.bound(codes[:, 4:7], model.posterior(model.body(images))[:, 4:7]),
        "continuous_1": third.bound(codes[1::2, 7:], answers(0.5)[1::2, 7:]),
    }
    assert {name: float(value) for name, value in bounds.items()} == pytest.approx(
        {name: float(value) for name, value in expected.items()}, rel=1e-5
    )


def test_q_learns_to_read_what_the_generator_shows_and_the_bound_nears_the_entropy():
    model = infogan((Categorical(4),), optimizer=lambda: keras.optimizers.Adam(0.02, beta_1=0.5), ema_decay=0.5)
    first = model.information(256)["categorical_1"]
    history = model.fit(tiny.batches(64, 16).repeat(), epochs=2, steps_per_epoch=100, verbose=0).history
    assert history["categorical_1_nats"][0] < history["categorical_1_nats"][1] <= math.log(4)
    assert first < 0.5 < model.information(256)["categorical_1"]
    # The averaged generator's images are read as the logs say of those it is trained on.
    assert model.information(256)["categorical_1"] == pytest.approx(history["categorical_1_nats"][1], abs=0.15)


def test_evaluate_has_the_bounds_and_changes_nothing():
    model, twin = infogan(penalty="r1"), infogan(penalty="r1")
    scores = model.evaluate(IMAGES, batch_size=8, verbose=0, return_dict=True)
    assert tiny.differences(model, twin) == []
    assert scores["continuous_1_nats"] == pytest.approx(-scores["continuous_1_loss"] / 0.5)


def test_an_augmentation_comes_before_body_and_q():
    model = infogan((Categorical(4),), augment=Distortion(shift=0.3))
    fakes = model.generate(IMAGES)
    draws = model.draws.numpy()
    loss = model.discriminator_losses(IMAGES, fakes)["categorical_1_loss"]
    seen = model.augment.augment(fakes[0], tf.constant([1, draws + 1], tf.int64))
    assert float(loss) == pytest.approx(-float(model.codes[0].bound(fakes[1], model.posterior(model.body(seen)))), 1e-5)


# ---------------------------------------------------------------------- what a user asks


def test_a_latent_is_a_function_of_its_seed():
    model = infogan((Categorical(5), Continuous(), Continuous()))
    latents = model.latents(tf.range(40, dtype="int64")).numpy()
    np.testing.assert_array_equal(model.latents([17, 3]).numpy(), latents[[17, 3]])
    assert set(latents[:, NOISE : NOISE + 5].sum(1)) == {1.0} and np.ptp(latents[:, NOISE : NOISE + 5].argmax(1)) == 4
    numbers = latents[:, -2:]
    assert np.abs(numbers).max() <= 1 and np.abs(np.corrcoef(numbers.T)[0, 1]) < 0.5 and numbers.std() > 0.4
    np.testing.assert_allclose(model.sample(2, seed=3)[0], model(latents[3:4])[0], atol=1e-6)


def test_chosen_codes_replace_what_the_seeds_draw_and_nothing_else():
    model = infogan((Categorical(5), Continuous(), Continuous()))
    drawn = model.latents([4, 5, 6]).numpy()
    latents = model.latents([4, 5, 6], categorical_1=2, continuous_2=[-2.0, 0.0, 2.0]).numpy()
    np.testing.assert_array_equal(latents[:, NOISE : NOISE + 5], np.eye(5)[[2, 2, 2]])
    np.testing.assert_array_equal(latents[:, -1], [-2, 0, 2])
    np.testing.assert_array_equal(np.delete(latents, [3, 4, 5, 6, 7, 9], 1), np.delete(drawn, [3, 4, 5, 6, 7, 9], 1))


def test_encode_gives_the_parameters_of_q():
    model = infogan((Categorical(4), Continuous(min_std=0.2)))
    model.fit(tiny.batches(), epochs=2, verbose=0)
    answer = model.averaged(model.posterior)(model.averaged(model.body)(IMAGES)).numpy()
    assert not np.allclose(answer, model.posterior(model.body(IMAGES)), atol=1e-4)
    read = model.encode(IMAGES)
    np.testing.assert_allclose(read["categorical_1"], tf.nn.softmax(answer[:, :4]), atol=1e-6)
    np.testing.assert_allclose(read["continuous_1"][:, 0], answer[:, 4], atol=1e-6)
    np.testing.assert_allclose(read["continuous_1"][:, 1], 0.2 + np.log1p(np.exp(answer[:, 5])), atol=1e-6)


def test_a_channel_comes_back_from_the_file(tmp_path):
    model = infogan()
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert [code.get_config()["weight"] for code in loaded.codes] == [1.0, 0.5]
    assert loaded.codes[0].channel is None and loaded.codes[1].channel.amounts == model.codes[1].channel.amounts


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Categorical(1), "at least 2"),
        (lambda: Categorical(10, weight=0.0), "kgan.GAN"),
        (lambda: Categorical(10, channel="shear"), "stateless augmentation"),
        (lambda: Categorical(10, warmup=-1), "`warmup` counts critic updates"),
        (lambda: Categorical(10, warmup=0.5), "`warmup` counts critic updates"),
        (lambda: Categorical(10, agreement=1.0), "two draws of a channel"),
        (lambda: Categorical(10, balance=-1.0), "`balance`"),
        (lambda: Continuous(std=0.0), "`std`"),
        (lambda: Continuous(min_std=0.0), "min_std"),
        (lambda: Distortion(shear=-0.1), "`shear`"),
        (lambda: Distortion(thicken=1.5), "`thicken`"),
        (lambda: kgan.codes.CodeSet(()), "at least one"),
        (lambda: infogan().latents([0, 1], categorial_1=2), "did you mean 'categorical_1'"),
        (lambda: infogan().latents([0, 1], categorical_1=4), "values 0 to 3"),
        (lambda: infogan().latents([0, 1], categorical_1=0.5), "values 0 to 3"),
        (lambda: infogan().latents([0, 1], continuous_1=[1.0, 2.0, 3.0]), "each of 2 seeds"),
        (lambda: infogan().latents([0, 1], continuous_1=float("nan")), "finite"),
    ],
)
def test_impossible_codes_are_refused(build, message):
    with pytest.raises(InputError, match=message):
        build()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"noise_dim": 4}, "make latents of 9, but the generator takes"),
        ({"noise_dim": 0}, "noise_dim"),
        ({"codes": (Categorical(6), Continuous())}, "codes of 7 columns make latents of 10"),
        ({"posterior": dense(FEATURES, 5)}, "posterior must answer 6 numbers .*continuous_1 2"),
        ({"critic_head": dense(5, 1)}, "features .* critic_head"),
        ({"posterior": dense(5, 6)}, "features .* posterior"),
        ({"body": keras.Sequential([keras.Input((5, 5, 1)), keras.layers.Flatten()])}, "but the body takes"),
    ],
)
def test_networks_that_do_not_fit_are_refused(change, message):
    model = infogan()
    names = ("generator", "body", "critic_head", "posterior", "codes", "noise_dim")
    with pytest.raises(InputError, match=message):
        kgan.InfoGAN(**{name: getattr(model, name) for name in names} | change)


# ---------------------------------------------------------------------- the channel


def test_a_distortion_leaves_alone_what_it_is_not_told_to_change():
    images = kgan.pixels.from_uint8(kgan.data.synthetic.digits(50, seed=2)[0])
    plain = kgan.pixels.to_uint8(images).numpy()
    lean, width = slant(plain), stroke_width(plain)

    def changed(**amounts):
        seen = kgan.pixels.to_uint8(Distortion(**amounts).augment(images, [3, 4])).numpy()
        return np.std(slant(seen) - lean), np.std(stroke_width(seen) / width)

    sheared, thickened, moved = changed(shear=0.4), changed(thicken=0.7), changed(shift=0.05)
    turned = changed(turn=0.3)
    assert turned[0] > 0.1 and turned[1] < 0.08
    assert sheared[0] == pytest.approx(0.4 / np.sqrt(3), rel=0.2) and sheared[1] < 0.08
    assert thickened[0] < 0.02 and thickened[1] > 0.15
    assert moved[0] < 0.02 and moved[1] < 0.08
    np.testing.assert_array_equal(Distortion().augment(images, [0, 0]), images)


def test_a_distortion_is_a_function_of_its_seed_image_by_image():
    images = tf.constant(tiny.images(4))
    distortion = Distortion(shear=0.2, turn=0.2, zoom=0.1, stretch=0.1, shift=0.1, thicken=0.5)
    first = distortion.augment(images, [1, 2])
    np.testing.assert_array_equal(first, distortion.augment(images, [1, 2]))
    assert not np.allclose(first, distortion.augment(images, [1, 3]))
    again = distortion.augment(tf.stack([images[0], images[0]]), [1, 2])
    assert not np.allclose(again[0], again[1])
