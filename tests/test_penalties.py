"""Penalties against gradients known in closed form, in value and in the critic's weights, and weight clipping."""

import json
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from kgan import penalties
from kgan.errors import InputError

SEED = tf.constant([7, 11])
TERMS = {
    "gradient_penalty": penalties.GradientPenalty(10.0),
    "one_sided": penalties.GradientPenalty(10.0, one_sided=True),
    "dragan": penalties.DRAGAN(10.0),
    "r1": penalties.R1(10.0),
    "r2": penalties.R2(10.0),
}
each_term = pytest.mark.parametrize("penalty", TERMS.values(), ids=TERMS.keys())


def images(batch=4, seed=0):
    real, fake = np.random.default_rng(seed).uniform(-1, 1, size=(2, batch, 2, 2, 1)).astype("float32")
    return real, fake


def linear(weights):
    """D(x) = a . x, whose gradient is a everywhere."""
    return lambda x: tf.reduce_sum(x * tf.reshape(weights, (2, 2, 1)), axis=(1, 2, 3))[:, None]


@pytest.mark.parametrize(
    ("penalty", "slope", "expected"),
    [
        (penalties.GradientPenalty(10.0), [3, 0, 4, 0], 10 * (5 - 1) ** 2),
        (penalties.GradientPenalty(10.0), [0.3, 0, 0.4, 0], 10 * (0.5 - 1) ** 2),
        (penalties.GradientPenalty(2.0, target=3.0), [3, 0, 4, 0], 2 * (5 - 3) ** 2),
        (penalties.GradientPenalty(10.0, one_sided=True), [3, 0, 4, 0], 10 * (5 - 1) ** 2),
        (penalties.GradientPenalty(10.0, one_sided=True), [0.3, 0, 0.4, 0], 0.0),
        (penalties.DRAGAN(10.0), [3, 0, 4, 0], 10 * (5 - 1) ** 2),
        (penalties.R1(10.0), [3, 0, 4, 0], 10 / 2 * 25),
        (penalties.R2(3.0), [3, 0, 4, 0], 3 / 2 * 25),
    ],
)
def test_linear_critic(penalty, slope, expected):
    value = penalty(linear(np.float32(slope)), *images(), SEED)
    assert value.shape == () and value.dtype == tf.float32
    assert float(value) == pytest.approx(expected, rel=1e-6)


def quadratic(matrix):
    """D(x) = x' A x / 2 with A symmetric, whose gradient is A x."""

    def critic(x):
        flat = tf.reshape(x, (-1, 4))
        return 0.5 * tf.reduce_sum(flat * tf.matmul(flat, matrix), axis=1)

    return critic


def test_quadratic_critic_is_judged_image_by_image_and_at_the_right_images():
    real, fake = images()
    root = np.random.default_rng(1).normal(size=(4, 4))
    matrix = 0.3 * (root + root.T).astype("float32")
    critic = quadratic(matrix)

    def norms(x):
        return np.linalg.norm(np.asarray(x, "float64").reshape(-1, 4) @ matrix, axis=1)

    mixed = penalties.GradientPenalty.interpolate(real, fake, SEED)
    noisy = penalties.DRAGAN.perturb(real, SEED)
    expected = {
        "gradient_penalty": 10 * np.mean((norms(mixed) - 1) ** 2),
        "one_sided": 10 * np.mean(np.maximum(norms(mixed) - 1, 0) ** 2),
        "dragan": 10 * np.mean((norms(noisy) - 1) ** 2),
        "r1": 5 * np.mean(norms(real) ** 2),
        "r2": 5 * np.mean(norms(fake) ** 2),
    }
    assert norms(mixed).min() < 1 < norms(mixed).max()
    for name, penalty in TERMS.items():
        assert float(penalty(critic, real, fake, SEED)) == pytest.approx(expected[name], rel=1e-5), name


def test_interpolation_weights_are_uniform_one_for_each_pair():
    real, fake = images(batch=2000)
    mixed = penalties.GradientPenalty.interpolate(real, fake, SEED).numpy()
    # Where the two images are close the division would magnify rounding.
    far = np.abs(real - fake) > 0.1
    weights = np.where(far, (mixed - fake) / np.where(far, real - fake, 1), np.nan).reshape(2000, 4)
    weights = weights[far.reshape(2000, 4).all(axis=1)]
    np.testing.assert_allclose(weights, weights[:, :1].repeat(4, axis=1), atol=1e-4)
    quantiles = np.quantile(weights[:, 0], [0.0, 0.25, 0.5, 0.75, 1.0])
    np.testing.assert_allclose(quantiles, [0.0, 0.25, 0.5, 0.75, 1.0], atol=0.05)


def test_dragan_noise_is_uniform_for_each_pixel_up_to_half_a_deviation():
    real, _ = images(batch=500)
    noise = (penalties.DRAGAN.perturb(real, SEED).numpy() - real) / (0.5 * real.std())
    np.testing.assert_allclose(np.quantile(noise, [0.0, 0.25, 0.5, 0.75, 1.0]), [0.0, 0.25, 0.5, 0.75, 1.0], atol=0.05)
    assert np.abs(np.corrcoef(noise.reshape(500, 4).T) - np.eye(4)).max() < 0.15


def test_the_seed_decides_the_draw():
    for penalty in (TERMS["gradient_penalty"], TERMS["dragan"]):
        value = [
            float(penalty(quadratic(np.eye(4, dtype="float32")), *images(), seed)) for seed in (SEED, SEED, [7, 12])
        ]
        assert value[0] == value[1] != value[2]


def test_the_logits_of_a_map_are_added_up():
    real, fake = images()

    def patches(x):
        return tf.concat([3.0 * x, 4.0 * x], axis=-1)

    assert float(penalties.R1(1.0)(patches, real, fake, SEED)) == pytest.approx(0.5 * 4 * 7.0**2, rel=1e-6)


def gradient_by(variable, penalty, critic, compiled=False):
    real, fake = images()

    @tf.function(jit_compile=compiled)
    def gradient():
        with tf.GradientTape() as tape:
            value = penalty(critic, tf.constant(real), tf.constant(fake), SEED)
        return tape.gradient(value, variable)

    return gradient().numpy()


@pytest.mark.parametrize("compiled", [False, True], ids=["graph", "xla"])
def test_gradients_by_the_weights_of_a_linear_critic(compiled):
    slope = np.float32([3, 0, 4, 0])
    weights = tf.Variable(slope)
    for name in ("gradient_penalty", "one_sided", "dragan"):
        expected = 2 * 10 * (5 - 1) * slope / 5
        np.testing.assert_allclose(gradient_by(weights, TERMS[name], linear(weights), compiled), expected, rtol=1e-5)
    for name in ("r1", "r2"):
        np.testing.assert_allclose(gradient_by(weights, TERMS[name], linear(weights), compiled), 10 * slope, rtol=1e-5)


@pytest.mark.parametrize("compiled", [False, True], ids=["graph", "xla"])
def test_gradients_by_the_weights_of_a_network(compiled):
    """D(x) = w . tanh(W' x): R1's gradient by W is a second derivative, here by differences in float64."""
    rng = np.random.default_rng(2)
    kernel, head = rng.normal(size=(4, 3)), rng.normal(size=3)
    real = images()[0].reshape(-1, 4).astype("float64")

    def oracle(kernel):
        slopes = (head * (1 - np.tanh(real @ kernel) ** 2)) @ kernel.T
        return 0.5 * 10 * np.mean(np.sum(slopes**2, axis=1))

    weights = tf.Variable(kernel.astype("float32"))

    def critic(x):
        return tf.tanh(tf.reshape(x, (-1, 4)) @ weights) @ tf.constant(head[:, None], tf.float32)

    expected = np.empty_like(kernel)
    for index in np.ndindex(kernel.shape):
        step = np.zeros_like(kernel)
        step[index] = 1e-5
        expected[index] = (oracle(kernel + step) - oracle(kernel - step)) / 2e-5
    np.testing.assert_allclose(gradient_by(weights, TERMS["r1"], critic, compiled), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("compiled", [False, True], ids=["graph", "xla"])
@each_term
def test_a_critic_without_slope_gives_numbers(penalty, compiled):
    weights = tf.Variable(tf.zeros(4))
    np.testing.assert_array_equal(gradient_by(weights, penalty, linear(weights), compiled), np.zeros(4))
    asked_for = (
        10.0 if penalty.name in ("gradient_penalty", "dragan") and not getattr(penalty, "one_sided", False) else 0.0
    )
    assert float(penalty(linear(weights), *images(), SEED)) == pytest.approx(asked_for, rel=1e-5)

    def blind(x):
        return tf.zeros([tf.shape(x)[0], 1])

    assert float(penalty(blind, *images(), SEED)) == pytest.approx(asked_for, rel=1e-5)


@pytest.mark.parametrize(("policy", "tolerance"), [("mixed_bfloat16", 0.05), ("mixed_float16", 0.02)])
@each_term
def test_mixed_precision_agrees_with_float32(penalty, policy, tolerance):
    def build(dtype):
        keras.utils.set_random_seed(1)
        layers = keras.layers
        return keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                layers.Conv2D(8, 3, strides=2, activation="silu", dtype=dtype, kernel_initializer="he_normal"),
                layers.Flatten(dtype=dtype),
                layers.Dense(1, dtype=dtype, kernel_initializer="he_normal"),
            ]
        )

    def value_and_gradient(critic):
        with tf.GradientTape() as tape:
            value = penalty(critic, real, fake, SEED)
        # The last bias moves no gradient of the critic by its images.
        return value, tape.gradient(value, critic.trainable_variables[:-1])

    real, fake = np.random.default_rng(0).uniform(-1, 1, size=(2, 16, 8, 8, 1)).astype("float32")
    exact, exact_gradients = value_and_gradient(build("float32"))
    value, gradients = value_and_gradient(build(policy))
    assert value.dtype == tf.float32
    assert float(value) == pytest.approx(float(exact), rel=tolerance)
    for gradient, expected in zip(gradients, exact_gradients, strict=True):
        assert gradient.dtype == tf.float32
        np.testing.assert_allclose(gradient, expected, rtol=0, atol=tolerance * float(tf.reduce_max(tf.abs(expected))))


def test_half_precision_images_are_compared_in_float32():
    real, fake = (tf.cast(x, tf.float16) for x in images())
    value = penalties.GradientPenalty(1.0)(linear(np.float32([300, 0, 400, 0])), real, fake, SEED)
    assert float(value) == pytest.approx(499.0**2, rel=1e-6)


def test_every_does_not_change_the_term():
    critic = linear(np.float32([3, 0, 4, 0]))
    assert float(penalties.R1(10, every=16)(critic, *images(), SEED)) == pytest.approx(125.0)
    assert penalties.R1(10, every=16).every == 16


def test_weight_clipping_projects_every_variable_in_place():
    critic = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(1)])
    before = [np.linspace(-0.2, 0.3, int(np.prod(v.shape))).reshape(v.shape) for v in critic.trainable_variables]
    for variable, values in zip(critic.trainable_variables, before, strict=True):
        variable.assign(values)
    tf.function(lambda: penalties.WeightClipping(0.1).project(critic.trainable_variables))()
    for variable, values in zip(critic.trainable_variables, before, strict=True):
        np.testing.assert_allclose(variable.numpy(), np.clip(values, -0.1, 0.1), rtol=1e-6)


def test_real_and_fake_of_different_batch_are_refused_not_broadcast():
    real, fake = images()
    with pytest.raises(InputError, match=r"\(4, 2, 2, 1\) and \(1, 2, 2, 1\)"):
        penalties.GradientPenalty()(linear(np.ones(4, "float32")), real, fake[:1], SEED)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: penalties.R1(-1), "`weight`.* got -1"),
        (lambda: penalties.R2(math.nan), "`weight`.* got nan"),
        (lambda: penalties.R1(10, every=0), "`every`.* got 0"),
        (lambda: penalties.R1(10, every=2.5), "`every`.* got 2.5"),
        (lambda: penalties.DRAGAN(every=True), "`every`.* got True"),
        (lambda: penalties.GradientPenalty(target=-1.0), "`target`.* got -1.0"),
        (lambda: penalties.WeightClipping(0.0), "`limit`.* got 0.0"),
        (lambda: penalties.WeightClipping(0.1, every=-1), "`every`.* got -1"),
    ],
)
def test_arguments_out_of_range_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize(
    "penalty",
    [
        penalties.GradientPenalty(5.0, target=0.5, one_sided=True, every=2),
        penalties.DRAGAN(3.0, every=4),
        penalties.R1(1.5, every=16),
        penalties.R2(2.5, every=8),
        penalties.WeightClipping(0.02, every=3),
    ],
)
def test_serialization_brings_back_an_equal_one(penalty):
    packed = keras.saving.serialize_keras_object(penalty)
    back = keras.saving.deserialize_keras_object(json.loads(json.dumps(packed)))
    assert type(back) is type(penalty) and vars(back) == vars(penalty) and back.name == penalty.name


def test_get():
    assert penalties.get(None) == []
    r1 = penalties.R1(10, every=16)
    assert penalties.get(r1) == [r1]
    assert penalties.get(()) == []
    found = penalties.get([r1, "r2", "weight_clipping"])
    assert [type(one) for one in found] == [penalties.R1, penalties.R2, penalties.WeightClipping]
    names = ["gradient_penalty", "dragan", "r1", "r2", "weight_clipping"]
    assert [one.name for one in penalties.get(names)] == names
    (one_sided,) = penalties.get("one_sided_gradient_penalty")
    assert one_sided.one_sided and one_sided.target == 1.0


def test_terms_and_constraints_are_told_apart():
    assert all(isinstance(one, penalties.Penalty) for one in TERMS.values())
    clipping = penalties.WeightClipping()
    assert isinstance(clipping, penalties.Constraint) and not isinstance(clipping, penalties.Penalty)


def test_get_refuses_what_it_does_not_know():
    with pytest.raises(InputError, match="unknown penalty 'r3'; did you mean 'r"):
        penalties.get("r3")
    for wrong in (10, penalties.R1, ["r1", None]):
        with pytest.raises(InputError, match="`penalty` must be a penalty"):
            penalties.get(wrong)
    with pytest.raises(InputError, match="more than one 'r1'"):
        penalties.get(["r1", penalties.R1(5)])
