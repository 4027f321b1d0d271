"""Images with conditions: each with its own in every epoch, in the order and with the flips of the images alone."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kgan.data import ConditionedImages, ImageSet, one_hot, open_images
from kgan.errors import InputError


def numbered(count=43):
    """Images of which number i holds i at its left and 0 at its right, with the condition (i, -i)."""
    pixels = np.zeros((count, 2, 2, 1), np.uint8)
    numbers = np.arange(count)
    pixels[:, :, 0, 0] = numbers[:, None]
    return ConditionedImages(ImageSet(pixels, name="numbers"), np.stack([numbers, -numbers], axis=1))


def numbers_of(images):
    return np.rint((images.max((1, 2, 3)) + 1) * 127.5)


def test_every_image_has_its_own_condition_in_every_epoch():
    data = numbered()
    dataset = data.batches(8, seed=1, flip=True, repeat=True)
    assert dataset.element_spec == (tf.TensorSpec((8, 2, 2, 1), tf.float32), tf.TensorSpec((8, 2), tf.float32))
    seen = []
    for images, conditions in dataset.take(5 * 20).as_numpy_iterator():
        np.testing.assert_array_equal(conditions, np.stack([numbers_of(images), -numbers_of(images)], axis=1))
        seen += conditions[:, 0].tolist()
    epochs = np.reshape(seen, (20, 40))
    assert all(len(set(epoch)) == 40 for epoch in epochs.tolist())
    assert len({tuple(epoch) for epoch in epochs.tolist()}) == 20


@pytest.mark.parametrize("options", [{"flip": True, "repeat": True, "start": 7}, {}, {"shuffle": False, "start": 2}])
def test_the_images_are_those_of_the_image_set(options):
    data = numbered()
    alone = data.images.batches(8, seed=3, **options)
    together = data.batches(8, seed=3, **options)
    for _ in range(2):
        pairs = zip(alone.take(9).as_numpy_iterator(), together.take(9).as_numpy_iterator(), strict=True)
        for expected, (images, _) in pairs:
            np.testing.assert_array_equal(images, expected)


@pytest.mark.parametrize("start", [1, 5, 12])
@pytest.mark.parametrize("repeat", [True, False])
def test_a_stream_resumes_exactly(start, repeat):
    data = numbered()
    whole = [*data.batches(8, seed=2, flip=True, repeat=True).take(25).as_numpy_iterator()]
    resumed = data.batches(8, seed=2, flip=True, start=start, repeat=repeat)
    parts = [resumed.take(10)] if repeat else [resumed, resumed]
    again = [pair for part in parts for pair in part.as_numpy_iterator()]
    assert len(again) == 10
    for expected, got in zip(whole[start:], again, strict=False):
        for one, other in zip(expected, got, strict=True):
            np.testing.assert_array_equal(other, one)


def test_images_on_the_disk_keep_their_conditions(tmp_path):
    for value in range(6):
        Image.fromarray(np.full((4, 4), 40 * value, np.uint8)).save(tmp_path / f"{value}.png")
    data = ConditionedImages(open_images(tmp_path, memory_budget=0), 40 * np.arange(6)[:, None])
    assert not data.images.in_memory
    for images, conditions in data.batches(3, repeat=True).take(8).as_numpy_iterator():
        np.testing.assert_array_equal(numbers_of(images), conditions[:, 0])


class Recorder(keras.Model):
    """Notes the conditions of every batch it is trained on."""

    def __init__(self):
        super().__init__()
        self.built = True
        self.seen = []

    def train_step(self, batch):
        images, conditions = batch
        tf.numpy_function(lambda rows: self.seen.append(rows[:, 0].tolist()), [conditions], [])
        return {"mean": tf.reduce_mean(images)}


def test_keras_fit_takes_the_pairs_epoch_after_epoch():
    data = numbered(20)
    stream = [
        conditions[:, 0].tolist() for _, conditions in data.batches(6, seed=4, repeat=True).take(9).as_numpy_iterator()
    ]
    model = Recorder()
    model.compile()
    model.fit(data.batches(6, seed=4), epochs=3, verbose=0, shuffle=False)
    assert model.seen == stream


def test_random_access_and_what_is_known():
    data = numbered(5)
    assert (len(data), data.name, data.image_shape) == (5, "numbers", (2, 2, 1))
    images, conditions = data[[3, 0]]
    assert images.dtype == np.uint8
    assert images[:, 0, 0, 0].tolist() == [3, 0]
    np.testing.assert_array_equal(conditions, [[3, -3], [0, 0]])
    image, condition = data[4]
    assert image.shape == (2, 2, 1)
    np.testing.assert_array_equal(condition, np.array([4, -4], np.float32))
    assert data.conditions.dtype == np.float32


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        (np.zeros((4, 2)), "conditions: expected 5 rows, one for each image of numbers; got 4."),
        (np.zeros(5), "conditions: expected numbers of shape (n, k), a row for each image; got float64 (5,)."),
        (np.zeros((5, 0)), "conditions: expected numbers of shape (n, k), a row for each image; got float64 (5, 0)."),
        (np.full((5, 1), "red"), "conditions: expected numbers of shape (n, k), a row for each image; got <U3 (5, 1)."),
        (
            np.where(np.eye(5) == 1, [[0, 0, np.nan, 0, 0]], 0.0),
            "conditions[2, 2]=nan: expected finite float32 numbers.",
        ),
    ],
)
def test_bad_conditions_are_refused(conditions, message):
    with pytest.raises(InputError) as refused:
        ConditionedImages(numbered(5).images, conditions)
    assert str(refused.value) == message


def test_a_batch_that_cannot_be_filled_is_refused():
    with pytest.raises(InputError, match=r"batch_size=64 needs at least 64 images, and numbers has 43"):
        numbered().batches(64)
    with pytest.raises(InputError, match="start=-1"):
        numbered().batches(4, start=-1)


def test_one_hot():
    np.testing.assert_array_equal(one_hot([2, 0, 2], 3), [[0, 0, 1], [1, 0, 0], [0, 0, 1]])
    assert one_hot(np.array([1], np.uint8), 4).dtype == np.float32
    assert one_hot(np.array([], int), 4).shape == (0, 4)
    for labels, message in (
        ([3, 10, 11], "labels[1]=10: expected 0 to 9, as there are 10 classes."),
        ([0, -1], "labels[1]=-1: expected 0 to 9, as there are 10 classes."),
        ([1.0], "labels: expected integers of shape (n,); got float64 (1,)."),
        ([[1]], "labels: expected integers of shape (n,); got int64 (1, 1)."),
    ):
        with pytest.raises(InputError) as refused:
            one_hot(labels, 10)
        assert str(refused.value) == message
