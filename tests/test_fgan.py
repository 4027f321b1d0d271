"""The f-GAN losses estimate their divergences: in closed form at the optimum, and by training a critic to it."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from kgan import losses

MEAN_P, DEVIATION_P = 0.0, 1.0
MEAN_Q, DEVIATION_Q = 0.8, 1.1

# f and its derivative (table 1 of the paper), g_f and f* (tables 2 and 6), and g_f's inverse, in float64.
TABLE = {
    "kl": {
        "loss": losses.KL,
        "f": lambda u: u * np.log(u),
        "slope": lambda u: np.log(u) + 1,
        "activation": lambda v: v,
        "conjugate": lambda t: np.exp(t - 1),
        "inverse": lambda t: t,
    },
    "reverse_kl": {
        "loss": losses.ReverseKL,
        "f": lambda u: -np.log(u),
        "slope": lambda u: -1 / u,
        "activation": lambda v: -np.exp(-v),
        "conjugate": lambda t: -1 - np.log(-t),
        "inverse": lambda t: -np.log(-t),
    },
    "pearson": {
        "loss": losses.PearsonChiSquared,
        "f": lambda u: (u - 1) ** 2,
        "slope": lambda u: 2 * (u - 1),
        "activation": lambda v: v,
        "conjugate": lambda t: t**2 / 4 + t,
        "inverse": lambda t: t,
    },
    "squared_hellinger": {
        "loss": losses.SquaredHellinger,
        "f": lambda u: (np.sqrt(u) - 1) ** 2,
        "slope": lambda u: 1 - 1 / np.sqrt(u),
        "activation": lambda v: 1 - np.exp(-v),
        "conjugate": lambda t: t / (1 - t),
        "inverse": lambda t: -np.log(1 - t),
    },
    "jensen_shannon": {
        "loss": losses.JensenShannon,
        "f": lambda u: u * np.log(u) - (u + 1) * np.log((1 + u) / 2),
        "slope": lambda u: np.log(2 * u / (1 + u)),
        "activation": lambda v: np.log(2) - np.log(1 + np.exp(-v)),
        "conjugate": lambda t: -np.log(2 - np.exp(t)),
        "inverse": lambda t: -np.log(2 / np.exp(t) - 1),
    },
}

each_divergence = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())


def density_ratio(x):
    """p(x) / q(x)."""
    z_p, z_q = (x - MEAN_P) / DEVIATION_P, (x - MEAN_Q) / DEVIATION_Q
    return DEVIATION_Q / DEVIATION_P * np.exp((z_q**2 - z_p**2) / 2)


def divergence(f):
    """D_f(P || Q) = ∫ q f(p / q) by the trapezoidal rule in float64, which is exact to rounding for Gaussians."""
    x = np.linspace(-12.0, 12.0, 100_001)
    q = np.exp(-(((x - MEAN_Q) / DEVIATION_Q) ** 2) / 2) / (DEVIATION_Q * math.sqrt(2 * math.pi))
    return float(np.sum(q * f(density_ratio(x))) * (x[1] - x[0]))


def quantiles(mean, deviation, count):
    """`count` points that stand for a Gaussian: the middles of slices of equal probability, `(count, 1)`."""
    middles = (np.arange(count) + 0.5) / count
    return mean + deviation * tf.math.ndtri(middles).numpy()[:, None]


def test_the_oracle_knows_the_closed_forms():
    shift, ratio = MEAN_Q - MEAN_P, DEVIATION_Q / DEVIATION_P
    kl = math.log(ratio) + (1 + shift**2) / (2 * ratio**2) - 0.5
    reverse_kl = -math.log(ratio) + (ratio**2 + shift**2) / 2 - 0.5
    overlap = math.sqrt(2 * ratio / (1 + ratio**2)) * math.exp(-(shift**2) / (4 * (1 + ratio**2)))
    assert divergence(TABLE["kl"]["f"]) == pytest.approx(kl, rel=1e-9)
    assert divergence(TABLE["reverse_kl"]["f"]) == pytest.approx(reverse_kl, rel=1e-9)
    assert divergence(TABLE["squared_hellinger"]["f"]) == pytest.approx(2 - 2 * overlap, rel=1e-9)


@each_divergence
def test_activation_and_conjugate_are_those_of_the_paper(row):
    logits = np.linspace(-6, 6, 49)
    loss = row["loss"]()
    np.testing.assert_allclose(loss.activation(logits.astype("float32")), row["activation"](logits), 1e-5, 1e-6)
    composed = row["conjugate"](row["activation"](logits))
    np.testing.assert_allclose(loss.conjugate(logits.astype("float32")), composed, 1e-5, 1e-6)


@each_divergence
def test_the_conjugate_is_the_supremum_that_defines_it(row):
    for t in row["activation"](np.array([-1.5, -0.3, 0.0, 0.4, 1.2])):
        u = np.exp(np.linspace(-12, 8, 1_000_001))
        assert row["conjugate"](t) == pytest.approx(np.max(t * u - row["f"](u)), rel=1e-5, abs=1e-5)


@each_divergence
def test_the_best_critic_attains_the_divergence_and_no_other_exceeds_it(row):
    def logits(x):
        return row["inverse"](row["slope"](density_ratio(x))).astype("float32")

    loss, true = row["loss"](), divergence(row["f"])
    real, fake = logits(quantiles(MEAN_P, DEVIATION_P, 200_000)), logits(quantiles(MEAN_Q, DEVIATION_Q, 200_000))
    assert -float(loss.discriminator(real, fake)) == pytest.approx(true, rel=1e-3)
    for scale, shift in [(1.2, 0.0), (0.8, 0.0), (1.0, 0.2), (1.0, -0.2)]:
        assert -float(loss.discriminator(scale * real + shift, scale * fake + shift)) < 0.995 * true


@each_divergence
def test_a_critic_trained_to_its_optimum_estimates_the_divergence(row):
    keras.utils.set_random_seed(0)
    critic = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(32, "tanh"), keras.layers.Dense(32, "tanh"), keras.layers.Dense(1)]
    )
    steps, batch = 600, 512
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-2, steps))
    optimizer.build(critic.trainable_variables)
    loss = row["loss"]()

    def sample(mean, deviation, seed):
        # Fresh stratified draws at each step: a critic cannot learn a fixed set by heart.
        jitter = tf.random.stateless_uniform([batch], seed, alg="philox")
        probabilities = (tf.range(batch, dtype=tf.float32) + tf.clip_by_value(jitter, 1e-3, 1 - 1e-3)) / batch
        return mean + deviation * tf.math.ndtri(probabilities)[:, None]

    @tf.function
    def train():
        for step in tf.range(steps):
            with tf.GradientTape() as tape:
                real = critic(sample(MEAN_P, DEVIATION_P, [step, 0]))
                fake = critic(sample(MEAN_Q, DEVIATION_Q, [step, 1]))
                value = loss.discriminator(real, fake)
            optimizer.apply(tape.gradient(value, critic.trainable_variables), critic.trainable_variables)

    train()
    real = critic(quantiles(MEAN_P, DEVIATION_P, 200_000))
    fake = critic(quantiles(MEAN_Q, DEVIATION_Q, 200_000))
    estimate = -float(loss.discriminator(real, fake))
    assert estimate == pytest.approx(divergence(row["f"]), rel=0.02)


@each_divergence
def test_one_distribution_is_at_distance_zero_and_the_best_critic_is_constant(row):
    optimum = np.full((8, 1), row["inverse"](row["slope"](1.0)), "float32")
    assert float(row["loss"]().discriminator(optimum, optimum)) == pytest.approx(0.0, abs=1e-6)


def test_jensen_shannon_is_the_classifier_s_loss_up_to_a_constant():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(2, 16, 1)).astype("float32")
    game = float(losses.NonSaturating().discriminator(real, fake))
    assert float(losses.JensenShannon().discriminator(real, fake)) == pytest.approx(game - 2 * math.log(2), abs=1e-6)


@pytest.mark.parametrize(
    ("term", "sign"),
    [
        (losses.KL().conjugate, 1),
        (losses.SquaredHellinger().conjugate, 1),
        (lambda v: -losses.SquaredHellinger().activation(v), -1),
        (lambda v: -losses.ReverseKL().activation(v), -1),
    ],
    ids=["kl", "hellinger_fake", "hellinger_real", "reverse_kl"],
)
def test_exponentials_are_exact_up_to_20_and_go_on_along_the_tangent(term, sign):
    def value_and_slope(v):
        v = tf.constant(v, tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(v)
            value = term(v)
        return float(value), float(tape.gradient(value, v))

    inside, inner_slope = value_and_slope(sign * 19.0)
    edge, slope = value_and_slope(sign * 30.0)
    beyond, far_slope = value_and_slope(sign * 1e4)
    assert inner_slope == pytest.approx(sign * inside, rel=1e-6)
    assert 0 < inside < edge < beyond < math.inf
    assert far_slope == pytest.approx(slope) == pytest.approx(sign * math.exp(20.0))
    assert beyond == pytest.approx(edge + (1e4 - 30.0) * math.exp(20.0))
