"""The image pool, against a plain loop over images."""

import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from kgan.errors import InputError
from kgan.pool import ImagePool

SHAPE = (1, 1, 1)


def numbered(first, count):
    """Images that are told apart by their one pixel."""
    return np.arange(first, first + count, dtype="float32").reshape(count, *SHAPE)


def graph(pool, **options):
    signature = [tf.TensorSpec((None, *SHAPE)), tf.TensorSpec((2,), tf.int32)]
    return tf.function(pool.exchange, input_signature=signature, **options)


def loop(stored, size, images, seed):
    """The authors' loop, with the pool's draws."""
    coins, slots = tf.random.stateless_uniform((2, len(images)), seed, alg="philox").numpy()
    given = []
    for image, coin, slot in zip(images.ravel(), coins, slots, strict=True):
        if len(stored) < size:
            stored.append(image)
            given.append(image)
        elif coin < 0.5:
            place = int(np.float32(slot) * size)
            given.append(stored[place])
            stored[place] = image
        else:
            given.append(image)
    return given


@pytest.mark.parametrize("batch", [1, 3, 20])
def test_it_does_what_a_loop_over_the_images_does_though_many_meet_in_one_slot(batch):
    pool, stored = ImagePool(5, SHAPE), []
    exchange = graph(pool)
    for step in range(30):
        images = numbered(1 + step * batch, batch)
        given = exchange(images, [3, step]).numpy()
        np.testing.assert_array_equal(given.ravel(), loop(stored, 5, images, [3, step]))
        assert int(pool.count.numpy()) == len(stored)
        np.testing.assert_array_equal(pool.images.numpy().ravel()[: len(stored)], stored)


def test_first_it_fills_then_half_of_the_images_are_older_ones_of_all_ages_alike():
    pool, size, batch = ImagePool(50, SHAPE), 50, 25
    exchange = graph(pool)
    new, ages = [], []
    for step in range(320):
        images = numbered(step * batch, batch)
        given = exchange(images, [0, step]).numpy().ravel()
        if (step + 1) * batch <= size:
            np.testing.assert_array_equal(given, images.ravel())
        elif step > 32:
            own = given == images.ravel()
            new.extend(own)
            ages.extend((images.ravel() - given)[~own])
    # Of 7175 coins: 3 standard deviations are 0.018.
    assert np.mean(new) == pytest.approx(0.5, abs=0.018)
    # An image that is stored leaves at each later one with probability 1/100: its age is geometric, 100 in the mean.
    assert np.mean(ages) == pytest.approx(100, rel=0.06)
    assert np.mean(np.array(ages) > 100) == pytest.approx(0.99**100, abs=0.03)


def test_under_xla_no_image_is_lost_or_doubled():
    pool = ImagePool(5, SHAPE)
    exchange = graph(pool, jit_compile=True)
    exchange(numbered(0, 5), [0, 0])
    for step in range(1, 10):
        before, images = Counter(pool.images.numpy().ravel()), numbered(100 * step, 7)
        given = exchange(images, [0, step]).numpy()
        assert Counter(pool.images.numpy().ravel()) + Counter(given.ravel()) == before + Counter(images.ravel())


REPLICAS = """
    import numpy as np, tensorflow as tf
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    from kgan.pool import ImagePool
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        pool = ImagePool(4, (1, 1, 1))
    firsts = []

    @tf.function
    def step(number):
        def replica():
            index = tf.distribute.get_replica_context().replica_id_in_sync_group
            images = tf.fill((2, 1, 1, 1), tf.cast(1000 * index + number, tf.float32))
            return pool.exchange(images, [index, number])
        return strategy.run(replica)

    seen = [[], []]
    for number in range(1, 40):
        for replica, images in enumerate(step(tf.constant(number)).values):
            seen[replica].extend(images.numpy().ravel())
        copies = [copy.numpy() for copy in pool.images.value.values]
        np.testing.assert_array_equal(*copies)
        assert copies[0].max() < 1000
    old = np.array(seen[1][8:]) < 1000
    assert set(seen[0]) <= set(range(1, 40)) and 0.3 < old.mean() < 0.7, seen
    print("one pool")
"""


def test_replicas_share_what_the_first_one_stores():
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(REPLICAS)],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout.strip().endswith("one pool"), done.stderr[-3000:]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((0, SHAPE), "at least 1 image"), ((5, (None, 8, 3)), "of one size"), ((5, (8, 8)), "of one size")],
)
def test_impossible_pools_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        ImagePool(*arguments)
