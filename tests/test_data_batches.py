"""The order of batches, its resumption, flips, and what Keras' `fit` sees of it."""

import itertools
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest
import tensorflow as tf

from kgan.data import ImageSet
from kgan.errors import InputError


def numbered(count, height=1, width=1):
    """An image set whose image i has the value i everywhere."""
    return ImageSet(np.full((count, height, width, 1), np.arange(count)[:, None, None, None], np.uint8))


def taken(dataset):
    """The numbers of the images in each batch of `numbered`."""
    return [np.rint((batch[:, 0, 0, 0] + 1) * 127.5).astype(int).tolist() for batch in dataset.as_numpy_iterator()]


def test_batches_are_full_float_images_in_minus_one_to_one():
    images = ImageSet(np.array([0, 51, 255], np.uint8).reshape(3, 1, 1, 1))
    dataset = images.batches(3, shuffle=False)
    assert dataset.element_spec == tf.TensorSpec((3, 1, 1, 1), tf.float32)
    (batch,) = dataset.as_numpy_iterator()
    np.testing.assert_allclose(batch.ravel(), [-1.0, -0.6, 1.0], rtol=1e-6)


def test_unshuffled_order_is_the_set_s_own_without_the_rest():
    dataset = numbered(8).batches(3, shuffle=False)
    assert taken(dataset) == [[0, 1, 2], [3, 4, 5]]
    assert dataset.cardinality() == 2


def test_an_epoch_takes_no_image_twice_and_each_sits_out_in_turn():
    stream = taken(numbered(50).batches(8, seed=3, repeat=True).take(6 * 40))
    epochs = np.reshape(stream, (40, 48))
    assert all(len(set(epoch)) == 48 for epoch in epochs.tolist())
    left_out = np.concatenate([np.setdiff1d(np.arange(50), epoch) for epoch in epochs])
    assert len(left_out) == 80
    assert len(set(left_out.tolist())) > 30


def test_epochs_have_independent_orders():
    count = 250
    stream = taken(numbered(count).batches(count, seed=1, repeat=True).take(400))
    assert all(sorted(epoch) == list(range(count)) for epoch in stream)
    assert len({tuple(epoch) for epoch in stream}) == 400
    # For independent permutations the correlation has a standard deviation of 1 / sqrt(count - 1) = 0.063.
    neighbours = [np.corrcoef(a, b)[0, 1] for a, b in itertools.pairwise(stream)]
    assert abs(np.mean(neighbours)) < 5 * 0.063 / np.sqrt(399)
    assert np.std(neighbours) < 0.08


def test_order_depends_on_the_seed_alone():
    assert taken(numbered(40).batches(8, seed=5)) == taken(numbered(40).batches(8, seed=5))
    assert taken(numbered(40).batches(8, seed=5)) != taken(numbered(40).batches(8, seed=6))


@pytest.mark.parametrize("start", [1, 5, 12])
@pytest.mark.parametrize("repeat", [True, False])
def test_a_stream_resumes_exactly(start, repeat):
    rng = np.random.default_rng(0)
    images = ImageSet(rng.integers(0, 256, (43, 4, 5, 3), dtype=np.uint8))
    whole = [*images.batches(8, seed=2, flip=True, repeat=True).take(25).as_numpy_iterator()]
    resumed = images.batches(8, seed=2, flip=True, start=start, repeat=repeat)
    # An epoch has 5 batches; two iterations of an unrepeated dataset go on one after the other.
    parts = [resumed.take(10)] if repeat else [resumed, resumed]
    again = [batch for part in parts for batch in part.as_numpy_iterator()]
    assert len(again) == 10
    for expected, got in zip(whole[start:], again, strict=False):
        np.testing.assert_array_equal(got, expected)


def test_each_iteration_is_the_next_epoch():
    stream = taken(numbered(20).batches(6, seed=4, repeat=True).take(9))
    dataset = numbered(20).batches(6, seed=4)
    assert [taken(dataset), taken(dataset), taken(dataset)] == [stream[0:3], stream[3:6], stream[6:9]]


def test_an_iterator_that_takes_nothing_uses_up_no_epoch():
    dataset = numbered(20).batches(6, seed=4)
    first = taken(numbered(20).batches(6, seed=4))
    unused = [iter(dataset) for _ in range(3)]
    assert taken(dataset) == first
    del unused


class Recorder(keras.Model):
    """Notes the images of every batch it is trained on."""

    def __init__(self):
        super().__init__()
        self.built = True
        self.seen = []

    def train_step(self, images):
        def note(batch):
            self.seen.append(np.rint((batch[:, 0, 0, 0] + 1) * 127.5).astype(int).tolist())
            return np.float32(0)

        tf.numpy_function(note, [images], tf.float32)
        return {"mean": tf.reduce_mean(images)}


@pytest.mark.parametrize("options", [{}, {"steps_per_epoch": 3}])
def test_keras_fit_sees_one_epoch_after_another(options):
    stream = taken(numbered(20).batches(6, seed=4, repeat=True).take(18))
    dataset = numbered(20).batches(6, seed=4, repeat=bool(options))
    model = Recorder()
    model.compile()
    model.fit(dataset, epochs=4, verbose=0, shuffle=False, **options)
    assert model.seen == stream[:12]
    if not options:
        model.fit(dataset, epochs=2, verbose=0, shuffle=False)
        assert model.seen == stream


def test_flips_mirror_half_of_the_images_and_nothing_else():
    count = 400
    pixels = np.random.default_rng(0).integers(0, 256, (count, 3, 4, 3), dtype=np.uint8)
    images = ImageSet(pixels)
    plain = next(images.batches(count, seed=7).as_numpy_iterator())
    flipped = next(images.batches(count, seed=7, flip=True).as_numpy_iterator())
    mirrored = (flipped == plain[:, :, ::-1]).all((1, 2, 3))
    assert (mirrored | (flipped == plain).all((1, 2, 3))).all()
    assert 150 < mirrored.sum() < 250
    second = [*images.batches(count, seed=7, flip=True, repeat=True).take(2).as_numpy_iterator()][1]
    plain_second = [*images.batches(count, seed=7, repeat=True).take(2).as_numpy_iterator()][1]
    assert ((second == plain_second[:, :, ::-1]).all((1, 2, 3)) != mirrored).any()


MIRRORED = """
    import numpy as np, tensorflow as tf
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    from kgan.data import ImageSet

    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    images = ImageSet(np.arange(20, dtype=np.uint8).reshape(20, 1, 1, 1))
    whole = images.batches(6, seed=4, repeat=True)
    split = iter(strategy.experimental_distribute_dataset(whole))
    for batch in whole.take(7):
        halves = strategy.experimental_local_results(next(split))
        assert [len(half) for half in halves] == [3, 3]
        np.testing.assert_array_equal(tf.concat(halves, 0), batch)
    print("each replica has its half")
"""


def test_a_distribution_strategy_gives_each_replica_its_part_of_the_same_batches():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(MIRRORED)], capture_output=True, text=True, timeout=300
    )
    assert done.stdout.strip().endswith("each replica has its half"), done.stderr[-3000:]


def test_random_access_labels_and_shape():
    images = ImageSet(np.arange(5 * 2 * 3, dtype=np.uint8).reshape(5, 2, 3, 1), factors={"label": np.arange(5) % 2})
    assert len(images) == 5
    assert images.image_shape == (2, 3, 1)
    assert images.in_memory
    assert images[4][1, 2, 0] == 29
    assert images[[3, 0]].shape == (2, 2, 3, 1)
    np.testing.assert_array_equal(images.labels, [0, 1, 0, 1, 0])
    assert numbered(3).labels is None


def test_bad_arguments_are_named():
    with pytest.raises(InputError, match=r"batch_size=64 needs at least 64 images, and images has 20"):
        numbered(20).batches(64)
    with pytest.raises(InputError, match="batch_size=0"):
        numbered(20).batches(0)
    with pytest.raises(InputError, match="start=-1"):
        numbered(20).batches(4, start=-1)
    with pytest.raises(InputError, match=r"got float32 \(5, 2, 2, 1\)"):
        ImageSet(np.zeros((5, 2, 2, 1), np.float32))
    with pytest.raises(InputError, match=r"got uint8 \(5, 2, 2, 4\)"):
        ImageSet(np.zeros((5, 2, 2, 4), np.uint8))
    with pytest.raises(InputError, match=r"factors\['label'\]: expected 5 values"):
        ImageSet(np.zeros((5, 2, 2, 1), np.uint8), factors={"label": np.zeros(4)})
