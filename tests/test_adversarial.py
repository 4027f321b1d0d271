"""The training step, against what a few lines of NumPy say it should do."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kgan
import tiny
from kgan.errors import InputError


def sgd():
    return keras.optimizers.SGD(0.1)


def noise(seed, draw, count):
    return tf.random.stateless_normal((count, tiny.LATENT_DIM), [seed, draw], alg="philox").numpy()


def linear_gan(**compile):
    return tiny.gan(make_discriminator=tiny.linear_critic, ema_decay=None, optimizer=sgd, loss="wasserstein", **compile)


def test_the_critic_moves_first_and_the_generator_against_the_moved_critic():
    gan = linear_gan()
    kernel, bias = (w.numpy() for w in gan.generator.weights)
    critic = gan.discriminator.weights[0].numpy()
    real = tiny.images(8)
    latents = noise(1, 0, 8)
    fakes = np.tanh(latents @ kernel + bias)

    gan.train_on_batch(real)

    # Wasserstein: the critic minimises mean D(G(z)) - mean D(x), the generator -mean D(G(z)).
    critic -= 0.1 * (fakes.mean(0) - real.reshape(8, 16).mean(0))[:, None]
    pull = -critic[:, 0] * (1 - fakes**2) / 8
    np.testing.assert_allclose(gan.discriminator.weights[0].numpy(), critic, atol=1e-6)
    np.testing.assert_allclose(gan.generator.weights[0].numpy(), kernel - 0.1 * latents.T @ pull, atol=1e-6)
    np.testing.assert_allclose(gan.generator.weights[1].numpy(), bias - 0.1 * pull.sum(0), atol=1e-6)


def test_each_critic_step_sees_its_own_part_of_the_batch_and_fresh_noise():
    gan = linear_gan(critic_steps=3)
    kernel, bias = (w.numpy() for w in gan.generator.weights)
    critic = gan.discriminator.weights[0].numpy()
    real = tiny.images(12)

    gan.train_on_batch(real)

    for step, part in enumerate(real.reshape(3, 4, 16)):
        fakes = np.tanh(noise(1, step, 4) @ kernel + bias)
        critic -= 0.1 * (fakes.mean(0) - part.mean(0))[:, None]
    np.testing.assert_allclose(gan.discriminator.weights[0].numpy(), critic, atol=1e-6)
    assert int(gan.critic_updates.numpy()) == 3
    assert int(gan.generator_optimizer.iterations.numpy()) == 1


def test_a_lazy_penalty_is_due_every_kth_critic_update_and_weighs_k_times_there():
    class Norm(kgan.penalties.Penalty):
        """The squared norm of a linear critic's gradient, which is that of its weights."""

        name = "norm"

        def __init__(self, every):
            super().__init__(weight=1.0, every=every)

        def __call__(self, critic, real, fake, seed):
            return 0.5 * tf.reduce_sum(tf.square(critic(tf.reshape(tf.eye(16), (16, *tiny.SHAPE)))))

    gan = linear_gan(penalty=Norm(every=3))
    critic = gan.discriminator.weights[0].numpy()
    logged = []
    for step in range(4):
        kernel, bias = (w.numpy() for w in gan.generator.weights)
        real = tiny.images(8, seed=step)
        # Two draws a step: the latents, and the seed that the penalty may use.
        fakes = np.tanh(noise(1, 2 * step, 8) @ kernel + bias)
        gradient = (fakes.mean(0) - real.reshape(8, 16).mean(0))[:, None]
        due = step % 3 == 0
        expected = 3 * 0.5 * (critic**2).sum() if due else 0.0
        critic = critic - 0.1 * (gradient + (3 * critic if due else 0))
        gan.reset_metrics()
        logged.append((gan.train_on_batch(real, return_dict=True)["norm"], expected))
        np.testing.assert_allclose(gan.discriminator.weights[0].numpy(), critic, atol=1e-5)
    np.testing.assert_allclose(*zip(*logged, strict=True), rtol=1e-5)


def test_weights_are_clipped_after_every_kth_update():
    gan = linear_gan(penalty=kgan.WeightClipping(0.01, every=2))
    spread = []
    for step in range(4):
        gan.train_on_batch(tiny.images(8, seed=step))
        spread.append(np.abs(gan.discriminator.weights[0].numpy()).max())
    assert spread[0] <= 0.01 + 1e-7 < spread[1]
    assert spread[2] <= 0.01 + 1e-7 < spread[3]


def test_the_average_follows_the_generator_batch_norm_included():
    def with_norm():
        return tiny.generator(keras.layers.BatchNormalization(momentum=0.5))

    gan = tiny.gan(with_norm, ema_decay=0.5)
    average = [w.numpy() for w in gan.generator.weights]
    for step in range(12):
        gan.train_on_batch(tiny.images(8, seed=step))
        # The counter stands one further after the update; the decay warms up to 0.5 by step 8.
        decay = min(0.5, (2 + step) / (11 + step))
        average = [decay * a + (1 - decay) * w.numpy() for a, w in zip(average, gan.generator.weights, strict=True)]
    for expected, weight in zip(average, gan.averaged(gan.generator).weights, strict=True):
        np.testing.assert_allclose(weight.numpy(), expected, atol=1e-5)
    assert not gan.averaged(gan.generator).trainable_weights
    latents = noise(5, 0, 4)
    np.testing.assert_array_equal(gan(latents), gan.averages[0](latents, training=False))
    assert not np.allclose(gan(latents), gan.generator(latents, training=False))


def test_logs_are_means_over_the_epoch_not_the_last_batch():
    gan = linear_gan()
    twin = linear_gan()
    each = []
    for batch in tiny.batches():
        twin.reset_metrics()
        each.append(twin.train_on_batch(batch, return_dict=True))
    history = gan.fit(tiny.batches(), epochs=2, verbose=0).history
    for name in ("discriminator_loss", "generator_loss"):
        assert history[name][0] == pytest.approx(np.mean([logs[name] for logs in each]), rel=1e-5)
    assert set(history) == {"discriminator_loss", "generator_loss"}


def test_evaluate_gives_the_losses_on_held_out_data_and_changes_nothing():
    gan = tiny.gan(make_discriminator=lambda: tiny.discriminator(keras.layers.Dropout(0.5)), penalty="r1")
    twin = tiny.gan(make_discriminator=lambda: tiny.discriminator(keras.layers.Dropout(0.5)), penalty="r1")
    held_out = tiny.images(8, seed=9)
    scores = gan.evaluate(held_out, batch_size=8, verbose=0, return_dict=True)
    assert tiny.differences(gan, twin) == []

    real_logits = gan.discriminator(held_out)
    fake_logits = gan.discriminator(gan.generator(noise(1, 0, 8)))
    expected = gan.adversarial_loss.discriminator(real_logits, fake_logits)
    assert scores["discriminator_loss"] == pytest.approx(float(expected), rel=1e-5)
    assert scores["generator_loss"] == pytest.approx(float(gan.adversarial_loss.generator(None, fake_logits)), rel=1e-5)
    assert scores["r1"] > 0


def test_xla_takes_the_same_steps():
    def deaf_to_noise():
        # XLA's stateless_normal gives other numbers for the same seed (tensorflow issue 117644).
        return tiny.generator(keras.layers.Rescaling(0.0))

    penalty = kgan.R1(10, every=2)
    plain, compiled = (tiny.gan(deaf_to_noise, penalty=penalty, jit_compile=xla) for xla in (False, True))
    for gan in (plain, compiled):
        gan.fit(tiny.batches(), epochs=1, verbose=0)
    for a, b in zip(plain.get_weights(), compiled.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-5)


def test_eager_takes_the_same_steps():
    graph, eager = (tiny.gan(penalty=kgan.R1(10, every=2), run_eagerly=eager) for eager in (False, True))
    for gan in (graph, eager):
        gan.fit(tiny.batches(), epochs=1, verbose=0)
    for a, b in zip(graph.get_weights(), eager.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_keras_callbacks_act_on_the_generator_and_nothing_is_trained_by_a_stray_optimizer():
    gan = tiny.gan()
    assert gan.optimizer is gan.generator_optimizer
    gan.fit(tiny.batches(), verbose=0, callbacks=[keras.callbacks.LearningRateScheduler(lambda epoch: 0.5)])
    assert float(gan.generator_optimizer.learning_rate.numpy()) == 0.5
    assert float(gan.discriminator_optimizer.learning_rate.numpy()) == pytest.approx(0.01)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_learns_and_scales_both_losses(precision):
    keras.config.set_dtype_policy(precision)
    try:
        gan = tiny.gan(penalty=kgan.R1(1, every=2))
    finally:
        keras.config.set_dtype_policy("float32")
    wrapped = [
        isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        for optimizer in (gan.generator_optimizer, gan.discriminator_optimizer)
    ]
    assert wrapped == [precision == "mixed_float16"] * 2
    before = gan.get_weights()
    history = gan.fit(tiny.batches(), epochs=2, verbose=0).history
    assert np.isfinite(list(history.values())).all()
    moved = [np.abs(a - b).max() for a, b in zip(before, gan.get_weights(), strict=True) if a.ndim == 2]
    assert min(moved) > 1e-4
    assert max(moved) < 0.3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"critic_steps": 0}, "critic_steps"),
        ({"critic_steps": 1.5}, "critic_steps"),
        ({"loss": "hinges"}, "did you mean 'hinge'"),
        ({"penalty": "r3"}, "did you mean"),
    ],
)
def test_impossible_rules_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        tiny.gan(**arguments)


def test_one_optimizer_for_both_players_is_refused():
    adam = keras.optimizers.Adam()
    gan = kgan.GAN(tiny.generator(), tiny.discriminator(), tiny.LATENT_DIM)
    with pytest.raises(InputError, match="two optimizers"):
        gan.compile(adam, adam)


def test_a_batch_that_cannot_be_shared_among_the_critic_steps_is_refused():
    gan = linear_gan(critic_steps=3)
    with pytest.raises(InputError, match="batch of 8 cannot be cut in critic_steps=3"):
        gan.fit(tiny.batches(batch_size=8), verbose=0)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: kgan.GAN(tiny.generator(), tiny.discriminator(), 5), "latent_dim is 5"),
        (lambda: kgan.GAN(tiny.generator(), tiny.discriminator(), 3, ema_decay=1.0), "ema_decay"),
        (lambda: kgan.GAN(keras.Sequential([keras.layers.Dense(2)]), tiny.discriminator(), 3), "no weights yet"),
        (lambda: kgan.GAN(tiny.generator(), kgan.networks.dcgan.discriminator((16, 16, 1), 2), 3), "images"),
    ],
)
def test_networks_that_do_not_fit_are_refused(build, message):
    with pytest.raises(InputError, match=message):
        build()


def test_an_unfinished_family_says_what_is_missing():
    class Half(kgan.Adversarial):
        pass

    model = Half(generators=[tiny.generator()], discriminators=[tiny.discriminator()], ema_decay=None, seed=0)
    model.compile("sgd", "sgd", run_eagerly=True)
    with pytest.raises(NotImplementedError, match="Half must define generate"):
        model.train_on_batch(tiny.images(4))
