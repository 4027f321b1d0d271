import keras
import numpy as np
import pytest
import tensorflow as tf

import kgan
from kgan.errors import InputError
from kgan.optimizers import FusedAdam

SHAPES = ((3, 4), (5,), ())


def trained(make, steps=7, jit_compile=None, **options):
    """Weights after some steps down gradients of very different sizes."""
    rng = np.random.default_rng(0)
    variables = [keras.Variable(rng.standard_normal(shape), dtype="float32") for shape in SHAPES]
    optimizer = make(**options)
    optimizer.build(variables)

    @tf.function(jit_compile=jit_compile)
    def step(*gradients):
        optimizer.apply(gradients, variables)

    for number in range(steps):
        step(*(tf.constant(10.0**-number * rng.standard_normal(shape), tf.float32) for shape in SHAPES))
    return [variable.numpy() for variable in variables], optimizer


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"learning_rate": 0.1, "beta_1": 0.0, "beta_2": 0.99, "epsilon": 1e-3},
        {"learning_rate": kgan.schedules.LinearDecay(0.1, 6), "beta_1": 0.5},
        {"weight_decay": 0.1, "global_clipnorm": 0.5, "learning_rate": 0.1},
        {"use_ema": True, "ema_overwrite_frequency": 3, "learning_rate": 0.1},
        {"gradient_accumulation_steps": 2, "learning_rate": 0.1},
        {"jit_compile": True, "learning_rate": 0.1},
    ],
)
def test_it_moves_weights_as_keras_does(options):
    ours, optimizer = trained(FusedAdam, **options)
    theirs, reference = trained(keras.optimizers.Adam, **options)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
    for one, other in zip(optimizer.variables, reference.variables, strict=True):
        # The kernel has 1 - beta_2 in float32, Keras in float64.
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=2e-5, atol=1e-5, err_msg=one.path)


def test_against_the_formula_by_hand():
    (weight, *_), _ = trained(FusedAdam, steps=2, learning_rate=0.1, beta_1=0.5, beta_2=0.9, epsilon=1e-4)
    rng = np.random.default_rng(0)
    w = rng.standard_normal(SHAPES[0])
    [rng.standard_normal(shape) for shape in SHAPES[1:]]
    m = v = 0.0
    for step in (1, 2):
        g, *_ = [10.0 ** (1 - step) * rng.standard_normal(shape) for shape in SHAPES]
        m, v = 0.5 * m + 0.5 * g, 0.9 * v + 0.1 * g**2
        w = w - 0.1 * np.sqrt(1 - 0.9**step) / (1 - 0.5**step) * m / (np.sqrt(v) + 1e-4)
    np.testing.assert_allclose(weight, w, rtol=1e-5)


def test_gradients_of_few_rows_move_these_rows():
    tables = []
    for make in (FusedAdam, keras.optimizers.Adam):
        table = keras.Variable(np.ones((4, 2)), dtype="float32")
        optimizer = make(0.1)
        optimizer.build([table])
        optimizer.apply([tf.IndexedSlices(tf.ones((1, 2)), tf.constant([2]), tf.constant([4, 2]))], [table])
        tables.append(table.numpy())
    np.testing.assert_allclose(*tables, rtol=1e-6)
    assert (tables[0][2] < 1).all() and (tables[0][[0, 1, 3]] == 1).all()


def test_it_is_saved_with_its_options():
    optimizer = FusedAdam(kgan.schedules.LinearDecay(0.1, 6), beta_1=0.25)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
    assert type(again) is FusedAdam and again.get_config() == optimizer.get_config()


def test_amsgrad_is_refused():
    with pytest.raises(InputError, match="amsgrad"):
        FusedAdam(amsgrad=True)
