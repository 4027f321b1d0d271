import keras
import numpy as np
import pytest
import tensorflow as tf

from kgan.layers import Clip


def test_values_are_clipped_and_the_gradient_never_pushes_farther_out():
    x = tf.constant([-3.0, -3.0, -0.5, -0.5, 0.5, 0.5, 3.0, 3.0])
    slope = tf.constant([1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = Clip()(x)
        loss = tf.reduce_sum(slope * y)
    np.testing.assert_array_equal(y, [-1, -1, -0.5, -0.5, 0.5, 0.5, 1, 1])
    # Descent goes against the gradient: at -3 a positive one would go farther down, at 3 a negative one farther up.
    np.testing.assert_array_equal(tape.gradient(loss, x), [0, -1, 1, -1, 1, -1, 1, 0])


@pytest.mark.parametrize("compiled", [False, True])
def test_descent_comes_back_from_far_outside_where_tanh_stands_still(compiled):
    def descend(end):
        x = tf.Variable([-12.0])

        @tf.function(jit_compile=compiled)
        def step():
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum((end(x) - 0.5) ** 2)
            x.assign_sub(0.1 * tape.gradient(loss, x))

        for _ in range(200):
            step()
        return float(end(x)[0])

    assert descend(Clip()) == pytest.approx(0.5, abs=1e-3)
    assert descend(tf.tanh) == pytest.approx(-1.0, abs=1e-3)


def test_a_network_with_it_comes_back_from_its_file(tmp_path):
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3), Clip(dtype="float32")])
    network.save(tmp_path / "network.keras")
    given = 10 * np.random.default_rng(0).normal(size=(4, 2))
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(loaded(given), network(given))
