"""Two replicas on two virtual CPU devices: one game, two different draws of noise."""

import subprocess
import sys
import textwrap
from pathlib import Path

SCRIPT = """
    import numpy as np, keras, tensorflow as tf
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    import kgan, tiny

    def deaf():
        return tiny.generator(keras.layers.Rescaling(0.0))

    def train(strategy):
        with strategy.scope():
            model = tiny.gan(deaf, penalty=[kgan.R1(10, every=2), kgan.WeightClipping(0.5)], ema_decay=0.9,
                             critic_steps=2, optimizer=lambda: keras.optimizers.SGD(0.1))
        # Each replica cuts its own half in two parts: laid out so that the parts of both cases hold the same images.
        images = tiny.images(64).reshape(4, 2, 2, 4, *tiny.SHAPE)
        order = images.swapaxes(1, 2) if strategy.num_replicas_in_sync == 1 else images
        data = tf.data.Dataset.from_tensor_slices(order.reshape(64, *tiny.SHAPE)).batch(16)
        history = model.fit(data, epochs=5, verbose=0).history
        return model, history

    one, history_one = train(tf.distribute.get_strategy())
    # One for all: a second strategy of the process would take up the first one's collective operations.
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    two, history_two = train(strategy)
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)
    for name in history_one:
        np.testing.assert_allclose(history_one[name], history_two[name], rtol=1e-4, atol=1e-6)

    with strategy.scope():
        model = tiny.gan()
    seeds = strategy.run(tf.function(lambda: model.next_seed())).values
    assert seeds[0][0] != seeds[1][0] and seeds[0][1] == seeds[1][1], seeds

    def fused(strategy):
        keras.utils.set_random_seed(0)
        with strategy.scope():
            model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(1)])
            model.compile(kgan.optimizers.FusedAdam(0.01, epsilon=1e-2), "mse")
        x = np.random.default_rng(0).standard_normal((32, 3)).astype("float32")
        model.fit(x, x.sum(1, keepdims=True), batch_size=8, epochs=3, shuffle=False, verbose=0)
        return model.get_weights()

    for a, b in zip(fused(tf.distribute.get_strategy()), fused(strategy), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    print("same game, different noise")
"""


def test_two_replicas_play_the_game_of_one_with_noise_of_their_own():
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT)],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout.strip().endswith("same game, different noise"), done.stderr[-3000:]
