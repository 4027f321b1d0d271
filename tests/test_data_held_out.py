"""The images that a training does not see."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kgan.data import has_split, open_held_out, open_images
from kgan.errors import InputError


def write(folder, count, seed=0):
    folder.mkdir(parents=True)
    for index, pixels in enumerate(np.random.default_rng(seed).integers(0, 256, (count, 9, 12, 3), dtype=np.uint8)):
        Image.fromarray(pixels).save(folder / f"{index}.png")


def test_a_folder_of_splits_has_one_at_the_size_of_its_training_images(tmp_path):
    write(tmp_path / "train", 3)
    write(tmp_path / "test", 2, seed=1)
    train = open_images(tmp_path, image_size=6, channels=1)
    held_out = open_held_out(tmp_path, train)
    assert (len(held_out), held_out.image_shape) == (2, (6, 6, 1))


def test_a_folder_that_is_trained_on_as_a_whole_has_none(tmp_path):
    write(tmp_path / "test", 2)
    write(tmp_path / "more", 2)
    train = open_images(tmp_path)
    assert len(train) == 4
    assert open_held_out(tmp_path, train) is None


def test_synthetic_digits_have_another_world():
    train = open_images("synthetic", num_images=20)
    held_out = open_held_out("synthetic", train)
    assert held_out.image_shape == train.image_shape
    assert not np.array_equal(held_out[:20], train[:20])


def test_broken_held_out_images_are_named(tmp_path):
    write(tmp_path / "train", 2)
    write(tmp_path / "test", 2)
    (tmp_path / "test" / "torn.png").write_bytes(b"no picture")
    train = open_images(tmp_path)
    with pytest.raises(InputError, match=r"torn\.png"):
        open_held_out(tmp_path, train)
    assert len(open_held_out(tmp_path, train, skip_broken=True)) == 2


@pytest.mark.parametrize(
    ("folders", "there"),
    [
        (("train", "test"), True),
        (("test",), False),
        (("trainA", "trainB", "testA", "testB"), True),
        (("trainA", "trainB"), False),
        (("train/A", "train/B", "test/A", "test/B"), True),
        (("A/train", "B/train", "A/test", "B/test"), True),
        (("A", "B"), False),
        (("A", "B", "testA", "testB"), True),
        # All of A/ and B/ is trained on.
        (("A/test", "B/test"), False),
    ],
)
def test_a_folder_of_two_sides_has_a_test_split_if_none_of_it_is_trained_on(folders, there, tmp_path):
    for name in folders:
        (tmp_path / name).mkdir(parents=True)
    assert has_split(tmp_path) is there
    assert has_split(str(tmp_path)) is there


def test_half_a_test_split_is_an_error(tmp_path):
    for name in ("trainA", "trainB", "testA"):
        (tmp_path / name).mkdir()
    with pytest.raises(InputError, match="testB"):
        has_split(tmp_path)


def test_drawn_sides_have_a_test_split():
    assert has_split("synthetic/facades") and has_split("synthetic/horses")
    assert has_split("synthetic/horses", "val") and not has_split("synthetic/horses", "dev")


def test_other_splits_are_found_the_same_way(tmp_path):
    for name in ("train", "val"):
        (tmp_path / name).mkdir()
    assert has_split(tmp_path, "val") and not has_split(tmp_path, "test")


@pytest.mark.real_data
def test_mnist_has_ten_thousand(monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(Path(os.environ["KGAN_TEST_DATA"], "tensorflow_datasets")))
    train = open_images("mnist", num_images=10)
    assert open_held_out("mnist", train).images.shape == (10_000, 28, 28, 1)
    assert not has_split("mnist")
    assert has_split("cycle_gan/horse2zebra")
