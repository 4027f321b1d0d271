"""Every adversarial loss against float64 NumPy, in value and gradient, and what the losses promise beyond numbers."""

import itertools
import json
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from kgan import losses
from kgan.errors import InputError

mean = np.mean


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def entropy(logits, label):
    """Cross-entropy written with probabilities, as the papers write it."""
    return mean(-label * np.log(sigmoid(logits)) - (1 - label) * np.log(1 - sigmoid(logits)))


def relu(x):
    return np.maximum(x, 0)


FORMS = {
    "logistic": lambda m: -np.log(sigmoid(m)),
    "least_squares": lambda m: (m - 1) ** 2,
    "hinge": lambda m: relu(1 - m),
}


def paired(form):
    phi = FORMS[form]
    return lambda r, f: mean(phi(r - f)), lambda r, f: mean(phi(f - r))


def averaged_logistic():
    def critic(r, f):
        return -mean(np.log(sigmoid(r - mean(f)))) - mean(np.log(1 - sigmoid(f - mean(r))))

    def generator(r, f):
        return -mean(np.log(sigmoid(f - mean(r)))) - mean(np.log(1 - sigmoid(r - mean(f))))

    return critic, generator


# The loss, then the oracles of both players: functions of float64 logits on real and on generated images.
CASES = {
    "minimax": (
        losses.Minimax(),
        lambda r, f: -mean(np.log(sigmoid(r))) - mean(np.log(1 - sigmoid(f))),
        lambda r, f: mean(np.log(1 - sigmoid(f))),
    ),
    "minimax, smoothed": (
        losses.Minimax(real_label=0.9),
        lambda r, f: entropy(r, 0.9) + entropy(f, 0),
        lambda r, f: mean(np.log(1 - sigmoid(f))),
    ),
    "non-saturating": (
        losses.NonSaturating(),
        lambda r, f: entropy(r, 1) + entropy(f, 0),
        lambda r, f: -mean(np.log(sigmoid(f))),
    ),
    "non-saturating, smoothed and flipped": (
        losses.NonSaturating(real_label=0.9, flip_labels=0.2),
        lambda r, f: 0.8 * (entropy(r, 0.9) + entropy(f, 0)) + 0.2 * (entropy(r, 0) + entropy(f, 0.9)),
        lambda r, f: entropy(f, 1),
    ),
    "least squares": (
        losses.LeastSquares(),
        lambda r, f: 0.5 * mean((r - 1) ** 2) + 0.5 * mean(f**2),
        lambda r, f: 0.5 * mean((f - 1) ** 2),
    ),
    "least squares, -1 1 0, flipped": (
        losses.LeastSquares(real_label=1.0, fake_label=-1.0, generator_label=0.0, flip_labels=0.1),
        lambda r, f: 0.45 * mean((r - 1) ** 2 + (f + 1) ** 2) + 0.05 * mean((r + 1) ** 2 + (f - 1) ** 2),
        lambda r, f: 0.5 * mean(f**2),
    ),
    "hinge": (losses.Hinge(), lambda r, f: mean(relu(1 - r)) + mean(relu(1 + f)), lambda r, f: -mean(f)),
    "wasserstein": (losses.Wasserstein(), lambda r, f: mean(f) - mean(r), lambda r, f: -mean(f)),
    "paired logistic": (losses.RelativisticPaired(), *paired("logistic")),
    "paired least squares": (losses.RelativisticPaired("least_squares"), *paired("least_squares")),
    "paired hinge": (losses.RelativisticPaired("hinge"), *paired("hinge")),
    "average logistic": (losses.RelativisticAverage(), *averaged_logistic()),
    "average least squares": (
        losses.RelativisticAverage("least_squares"),
        lambda r, f: mean((r - mean(f) - 1) ** 2) + mean((f - mean(r) + 1) ** 2),
        lambda r, f: mean((f - mean(r) - 1) ** 2) + mean((r - mean(f) + 1) ** 2),
    ),
    "average hinge": (
        losses.RelativisticAverage("hinge"),
        lambda r, f: mean(relu(1 - (r - mean(f)))) + mean(relu(1 + (f - mean(r)))),
        lambda r, f: mean(relu(1 - (f - mean(r)))) + mean(relu(1 + (r - mean(f)))),
    ),
    "kl": (losses.KL(), lambda r, f: mean(np.exp(f - 1)) - mean(r), lambda r, f: -mean(f)),
    "kl, bound": (
        losses.KL(non_saturating=False),
        lambda r, f: mean(np.exp(f - 1)) - mean(r),
        lambda r, f: -mean(np.exp(f - 1)),
    ),
    "reverse kl": (
        losses.ReverseKL(),
        lambda r, f: mean(np.exp(-r)) + mean(-1 - np.log(np.exp(-f))),
        lambda r, f: mean(np.exp(-f)),
    ),
    "reverse kl, bound": (
        losses.ReverseKL(non_saturating=False),
        lambda r, f: mean(np.exp(-r)) + mean(f - 1),
        lambda r, f: -mean(f - 1),
    ),
    "pearson": (losses.PearsonChiSquared(), lambda r, f: mean(f**2 / 4 + f) - mean(r), lambda r, f: -mean(f)),
    "pearson, bound": (
        losses.PearsonChiSquared(non_saturating=False),
        lambda r, f: mean(f**2 / 4 + f) - mean(r),
        lambda r, f: -mean(f**2 / 4 + f),
    ),
    "squared hellinger": (
        losses.SquaredHellinger(),
        lambda r, f: mean((1 - np.exp(-f)) / np.exp(-f)) - mean(1 - np.exp(-r)),
        lambda r, f: -mean(1 - np.exp(-f)),
    ),
    "squared hellinger, bound": (
        losses.SquaredHellinger(non_saturating=False),
        lambda r, f: mean(np.exp(f) - 1) - mean(1 - np.exp(-r)),
        lambda r, f: -mean(np.exp(f) - 1),
    ),
    "jensen-shannon": (
        losses.JensenShannon(),
        lambda r, f: -mean(np.log(2 * sigmoid(r))) - mean(np.log(2 - 2 * sigmoid(f))),
        lambda r, f: -mean(np.log(2 * sigmoid(f))),
    ),
    "jensen-shannon, bound": (
        losses.JensenShannon(non_saturating=False),
        lambda r, f: -mean(np.log(2 * sigmoid(r))) - mean(np.log(2 - 2 * sigmoid(f))),
        lambda r, f: mean(np.log(2 - 2 * sigmoid(f))),
    ),
}

each_case = pytest.mark.parametrize(("loss", "critic_oracle", "generator_oracle"), CASES.values(), ids=CASES.keys())
each_loss = pytest.mark.parametrize("loss", [case[0] for case in CASES.values()], ids=CASES.keys())


def logits(shape=(6, 1)):
    real, fake = np.random.default_rng(3).normal(0.3, 1.5, size=(2, *shape))
    return real.astype("float32"), fake.astype("float32")


def value_and_gradients(function, real, fake):
    real, fake = tf.constant(real), tf.constant(fake)
    with tf.GradientTape() as tape:
        tape.watch([real, fake])
        value = function(real, fake)
    gradients = tape.gradient(value, [real, fake], unconnected_gradients="zero")
    return value.numpy(), [gradient.numpy() for gradient in gradients]


def central_differences(oracle, real, fake, step=1e-5):
    points = np.stack([real, fake]).astype("float64")
    gradient = np.empty_like(points)
    for index in np.ndindex(points.shape):
        up, down = points.copy(), points.copy()
        up[index] += step
        down[index] -= step
        gradient[index] = (oracle(*up) - oracle(*down)) / (2 * step)
    return list(gradient)


@pytest.mark.parametrize("shape", [(6, 1), (5,), (2, 3, 3, 1)], ids=["column", "flat", "patches"])
@each_case
def test_values_and_gradients(loss, critic_oracle, generator_oracle, shape):
    real, fake = logits(shape)
    for function, oracle in [(loss.discriminator, critic_oracle), (loss.generator, generator_oracle)]:
        value, gradients = value_and_gradients(function, real, fake)
        assert value.shape == () and value.dtype == np.float32
        np.testing.assert_allclose(value, oracle(real.astype("float64"), fake.astype("float64")), rtol=2e-6, atol=1e-6)
        for gradient, expected in zip(gradients, central_differences(oracle, real, fake), strict=True):
            np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("loss", "critic", "generator"),
    [
        (
            losses.Minimax(),
            2 * math.log(2) / 2 + math.log(1.25) / 2 + math.log(4) / 2,
            -(math.log(2) + math.log(4)) / 2,
        ),
        (losses.LeastSquares(), 0.25 + 0.25 * (math.log(4) - 1) ** 2 + 0.25 * math.log(3) ** 2, None),
        (losses.Hinge(), 0.5 * 1 + 0.5 * 1 + 0.5 * (1 + math.log(3)), -math.log(3) / 2),
        (losses.Wasserstein(), (math.log(3) - math.log(4)) / 2, -math.log(3) / 2),
    ],
)
def test_numbers_worked_out_by_hand(loss, critic, generator):
    # D = 1/2 and 4/5 on the real images, 1/2 and 3/4 on the generated ones.
    real, fake = np.float32([[0.0], [math.log(4)]]), np.float32([[0.0], [math.log(3)]])
    assert float(loss.discriminator(real, fake)) == pytest.approx(critic, rel=1e-6)
    if generator is not None:
        assert float(loss.generator(None, fake)) == pytest.approx(generator, rel=1e-6)


@each_loss
def test_huge_logits_give_finite_losses_and_gradients(loss):
    for real, fake in itertools.product([-1e4, 1e4], repeat=2):
        pair = np.float32([[real], [0.0]]), np.float32([[fake], [0.0]])
        for function in (loss.discriminator, loss.generator):
            value, gradients = value_and_gradients(function, *pair)
            assert np.isfinite(value), (real, fake)
            assert np.isfinite(gradients).all(), (real, fake)


@pytest.mark.parametrize("loss", [losses.Minimax(), losses.NonSaturating(), losses.RelativisticPaired()])
def test_a_critic_that_is_surely_wrong_pays_its_logit_and_one_that_is_right_nothing(loss):
    wrong = float(loss.discriminator(np.float32([-1e4]), np.float32([1e4])))
    assert wrong == pytest.approx(2e4)
    assert float(loss.discriminator(np.float32([1e4]), np.float32([-1e4]))) == 0.0


def test_only_the_non_saturating_generator_learns_from_a_critic_that_is_sure():
    real, fake = np.float32([30.0, 30.0]), np.float32([-30.0, -30.0])
    _, (_, saturated) = value_and_gradients(losses.Minimax().generator, real, fake)
    _, (_, alive) = value_and_gradients(losses.NonSaturating().generator, real, fake)
    assert np.abs(saturated).max() < 1e-12
    np.testing.assert_allclose(alive, -0.5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@each_loss
def test_half_precision_logits_are_computed_in_float32(loss, dtype):
    # 300 squared, and exp(12), overflow float16; 1 + 1/512 vanishes in bfloat16.
    real, fake = tf.constant([[300.0], [1.0]], dtype), tf.constant([[12.0], [-1.25]], dtype)
    for function in (loss.discriminator, loss.generator):
        value = function(real, fake)
        assert value.dtype == tf.float32
        assert float(value) == float(function(tf.cast(real, tf.float32), tf.cast(fake, tf.float32)))
        assert np.isfinite(float(value))


@each_loss
def test_relativistic_says_whether_the_generator_needs_real_logits(loss):
    real, fake = logits()
    if loss.relativistic:
        assert float(loss.generator(real, fake)) != float(loss.generator(real + 1, fake))
        with pytest.raises(InputError, match="needs `real_logits`"):
            loss.generator(None, fake)
    else:
        assert float(loss.generator(None, fake)) == float(loss.generator(real, fake))


def test_paired_logits_of_different_shape_are_refused_not_broadcast():
    real, fake = logits()
    with pytest.raises(InputError, match=r"\(6, 1\) and \(6,\)"):
        losses.RelativisticPaired().discriminator(real, fake[:, 0])


@pytest.mark.parametrize("game", [losses.Minimax, losses.NonSaturating])
def test_smoothing_is_one_sided(game):
    real, fake = logits()
    plain, smooth = game(), game(real_label=0.9)
    _, (_, fakes_plain) = value_and_gradients(plain.discriminator, real, fake)
    _, (reals_smooth, fakes_smooth) = value_and_gradients(smooth.discriminator, real, fake)
    np.testing.assert_array_equal(fakes_smooth, fakes_plain)
    # The best answer on real images is D = 0.9: the gradient is D - 0.9.
    np.testing.assert_allclose(reals_smooth, (sigmoid(real) - 0.9) / real.size, rtol=1e-4, atol=1e-7)
    assert float(smooth.generator(None, fake)) == float(plain.generator(None, fake))


@pytest.mark.parametrize("label", [1.0, 0.9])
def test_flips_are_the_mean_over_every_way_of_flipping_labels(label):
    p, real, fake = 0.2, np.array([0.7, -1.3]), np.array([0.4, 2.1])
    expected = 0.0
    for flips in itertools.product([False, True], repeat=4):
        probability = np.prod([p if flip else 1 - p for flip in flips])
        labels = [(0 if flip else label) for flip in flips[:2]] + [(label if flip else 0) for flip in flips[2:]]
        terms = [entropy(logit, y) for logit, y in zip([*real, *fake], labels, strict=True)]
        expected += probability * (mean(terms[:2]) + mean(terms[2:]))
    loss = losses.NonSaturating(real_label=label, flip_labels=p)
    assert float(loss.discriminator(real, fake)) == pytest.approx(expected, rel=1e-6)


def test_all_losses_compile_with_xla_to_the_same_numbers():
    real, fake = logits((4, 2, 2, 1))

    def everything():
        return [
            function(real, fake) for case in CASES.values() for function in (case[0].discriminator, case[0].generator)
        ]

    compiled = tf.function(everything, jit_compile=True)()
    np.testing.assert_allclose(compiled, everything(), rtol=1e-5, atol=1e-6)


@each_loss
def test_serialization_brings_back_an_equal_loss(loss):
    packed = keras.saving.serialize_keras_object(loss)
    back = keras.saving.deserialize_keras_object(json.loads(json.dumps(packed)))
    assert type(back) is type(loss) and back.get_config() == loss.get_config()
    real, fake = logits()
    assert float(back.discriminator(real, fake)) == float(loss.discriminator(real, fake))
    assert float(back.generator(real, fake)) == float(loss.generator(real, fake))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("minimax", losses.Minimax),
        ("non_saturating", losses.NonSaturating),
        ("least_squares", losses.LeastSquares),
        ("hinge", losses.Hinge),
        ("wasserstein", losses.Wasserstein),
        ("relativistic_paired", losses.RelativisticPaired),
        ("relativistic_average", losses.RelativisticAverage),
        ("kl", losses.KL),
        ("reverse_kl", losses.ReverseKL),
        ("pearson", losses.PearsonChiSquared),
        ("squared_hellinger", losses.SquaredHellinger),
        ("jensen_shannon", losses.JensenShannon),
    ],
)
def test_get_by_name(name, kind):
    assert type(losses.get(name)) is kind


def test_get_passes_a_loss_through():
    loss = losses.Hinge()
    assert losses.get(loss) is loss


def test_get_refuses_what_it_does_not_know():
    with pytest.raises(InputError, match=r"unknown loss 'hinje'; did you mean 'hinge'"):
        losses.get("hinje")
    for wrong in (None, 3, losses.Hinge):
        with pytest.raises(InputError, match="`loss` must be an adversarial loss"):
            losses.get(wrong)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: losses.Minimax(real_label=1.1), "`real_label`.* Got 1.1"),
        (lambda: losses.NonSaturating(real_label=0.5), "`real_label`.* Got 0.5"),
        (lambda: losses.NonSaturating(real_label=math.nan), "`real_label`"),
        (lambda: losses.NonSaturating(flip_labels=0.5), "`flip_labels`.* got 0.5"),
        (lambda: losses.LeastSquares(flip_labels=-0.1), "`flip_labels`.* got -0.1"),
        (lambda: losses.LeastSquares(real_label=0.0), "`real_label` must be above `fake_label`"),
        (lambda: losses.RelativisticPaired("hing"), "did you mean 'hinge'"),
    ],
)
def test_arguments_out_of_range_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_a_loss_of_one_s_own_needs_two_formulas():
    class Linear(losses.AdversarialLoss):
        def discriminator(self, real_logits, fake_logits):
            return keras.ops.mean(fake_logits) - keras.ops.mean(real_logits)

        def generator(self, real_logits, fake_logits):
            return -keras.ops.mean(fake_logits)

    loss = losses.get(Linear())
    assert float(loss.discriminator(np.float32([3.0]), np.float32([1.0]))) == -2.0
    assert Linear.from_config(loss.get_config()).relativistic is False
