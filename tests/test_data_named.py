"""Image sets of TensorFlow Datasets: prepared, to be prepared, missing and misspelt."""

import os
import socket
import threading
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

from kgan.data import open_images
from kgan.data.named import answers
from kgan.errors import InputError

# Large flat squares, so that they take far more room decoded than encoded.
PIXELS = np.random.default_rng(0).integers(0, 256, (30, 2, 2, 3), dtype=np.uint8).repeat(16, 1).repeat(16, 2)


class KganToy(tfds.core.GeneratorBasedBuilder):
    """Thirty small images that need no download; split in two, in two configs."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = (tfds.core.BuilderConfig(name="even"), tfds.core.BuilderConfig(name="uneven"))

    def _info(self):
        side = 32 if self.builder_config.name == "even" else None
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(
                {
                    "id": tfds.features.Text(),
                    "image": tfds.features.Image(shape=(side, side, 3)),
                    "label": tfds.features.ClassLabel(num_classes=30),
                }
            ),
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(0, 20), "test": self._generate_examples(20, 30)}

    def _generate_examples(self, first, last):
        for index in range(first, last):
            cut = 1 + index % 3 if self.builder_config.name == "uneven" else 0
            yield index, {"id": str(index), "image": PIXELS[index, cut:], "label": index}


class KganTexts(tfds.core.GeneratorBasedBuilder):
    """A set without images."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict({"text": tfds.features.Text()}))

    def _split_generators(self, dl_manager):
        return {"train": iter([(0, {"text": "a"})])}

    def _generate_examples(self):
        raise NotImplementedError


@pytest.fixture(autouse=True)
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    return tmp_path


def prepare(name, data_dir, file_format):
    builder = tfds.builder(name, data_dir=data_dir, file_format=file_format)
    builder.download_and_prepare()


def check(images, split=slice(0, 20)):
    """Compares with what was written, by label, since TFDS shuffles what it writes."""
    assert sorted(images.labels.tolist()) == list(range(30))[split]
    np.testing.assert_array_equal(images[:], PIXELS[images.labels])


def test_a_set_that_needs_no_download_is_prepared():
    check(open_images("kgan_toy/even"))
    check(open_images("kgan_toy/even", split="test"), slice(20, 30))


@pytest.mark.parametrize("memory_budget", [None, 10_000])
@pytest.mark.parametrize("file_format", ["tfrecord", "array_record"])
def test_records_in_memory_and_out_of_it(data_dir, file_format, memory_budget):
    if file_format == "array_record":
        pytest.importorskip("array_record")
    prepare("kgan_toy/even", data_dir, file_format)
    images = open_images("kgan_toy/even", memory_budget=memory_budget)
    assert images.in_memory == (memory_budget is None)
    check(images)
    labels = open_images("kgan_toy/even", memory_budget=memory_budget, num_images=7).labels
    np.testing.assert_array_equal(labels, images.labels[:7])
    part = open_images("kgan_toy/even", memory_budget=memory_budget, split="train[5:10]")
    np.testing.assert_array_equal(part.labels, images.labels[5:10])
    np.testing.assert_array_equal(part[:], images[5:10])


def test_records_that_can_neither_be_held_nor_read_at_random_are_refused(data_dir):
    prepare("kgan_toy/even", data_dir, "tfrecord")
    with pytest.raises(InputError, match=r"'kgan_toy'.*prepare it with tensorflow_datasets as file_format='array_rec"):
        open_images("kgan_toy/even", memory_budget=100)


def test_size_and_channels():
    assert open_images("kgan_toy/even").image_shape == (32, 32, 3)
    small = open_images("kgan_toy/even", image_size=2, channels=1)
    assert small.image_shape == (2, 2, 1)
    with pytest.raises(InputError, match=r"the images of 'kgan_toy/uneven' differ in size: image 0 is 32x"):
        open_images("kgan_toy/uneven")
    assert open_images("kgan_toy/uneven", image_size=8).image_shape == (8, 8, 3)


def test_wrong_splits_counts_and_contents_are_named():
    with pytest.raises(InputError, match="unknown split of kgan_toy/even 'trian'; did you mean 'train'"):
        open_images("kgan_toy/even", split="trian")
    with pytest.raises(InputError, match="num_images=11: split 'test' of 'kgan_toy/even' has 10 images"):
        open_images("kgan_toy/even", split="test", num_images=11)
    with pytest.raises(InputError, match="'kgan_texts' has no 8- or 16-bit 'image'; it has text"):
        open_images("kgan_texts")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mnst", "unknown data set 'mnst'; did you mean 'mnist'"),
        ("sintetic", "unknown data set 'sintetic'; did you mean 'synthetic'"),
        ("cycle_gan/horse2zebr", "unknown variant of cycle_gan 'horse2zebr'; did you mean 'horse2zebra'"),
        ("cyclegan/horse2zebra", "no such folder, and no such name .* though there is 'cycle_gan'"),
        ("pictures/cats", "data 'pictures/cats': no such folder, and no such name in TensorFlow Datasets"),
        (
            "qqqqqq",
            "data 'qqqqqq': no such folder, and no such name in TensorFlow Datasets; give a folder of images, a name "
            r"such as 'mnist', 'synthetic' or 'synthetic/faces'\.$",
        ),
        ("", r"data '': give a folder of images, a name such as 'mnist', 'synthetic' or 'synthetic/faces'\.$"),
    ],
)
def test_unknown_names_offer_the_nearest_without_network(name, message, monkeypatch):
    monkeypatch.setattr(socket, "socket", None)
    with pytest.raises(InputError, match=message):
        open_images(name)


@pytest.fixture
def no_way_out(monkeypatch):
    """Sends every request to a proxy that is not there."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    # Where it is kept, urllib would go on sending later tests' requests there.
    monkeypatch.setattr(urllib.request, "_opener", None)


def test_a_set_that_is_not_there_without_network_ends_in_one_clear_error(no_way_out, data_dir, capfd):
    begun = time.monotonic()
    with pytest.raises(InputError) as refused:
        open_images("mnist")
    assert time.monotonic() - begun < 10
    for part in ("'mnist'", str(data_dir / "mnist"), "storage.googleapis.com", "TFDS_DATA_DIR", "--data synthetic"):
        assert part in str(refused.value)
    assert capfd.readouterr() == ("", "")
    assert not list(data_dir.iterdir())


@pytest.fixture
def server():
    """A listening socket, and its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening, f"http://127.0.0.1:{listening.getsockname()[1]}/file"


def reply(listening, text):
    def serve():
        connection, _ = listening.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(text)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


@pytest.mark.parametrize(("status", "reached"), [("200 OK", True), ("403 Forbidden", True), ("503 Unavailable", False)])
def test_a_server_is_there_if_it_answers(server, status, reached, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(urllib.request, "_opener", None)
    listening, url = server
    thread = reply(listening, f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    monkeypatch.setattr("kgan.data.named.PROBE_SECONDS", 2.0)
    assert answers(url) is reached
    thread.join()


def test_a_server_that_says_nothing_is_not_waited_for(server, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(urllib.request, "_opener", None)
    monkeypatch.setattr("kgan.data.named.PROBE_SECONDS", 0.3)
    begun = time.monotonic()
    assert not answers(server[1])
    assert time.monotonic() - begun < 2


def test_a_download_that_fails_says_why(monkeypatch):
    def fail(self, *args, **kwargs):
        raise OSError("the disk is full")

    monkeypatch.setattr(KganToy, "download_and_prepare", fail)
    with pytest.raises(
        InputError, match=r"kgan_toy/even' is not in .* cannot be downloaded: the disk is full; set TFDS"
    ):
        open_images("kgan_toy/even")


@pytest.mark.real_data
def test_real_mnist(monkeypatch, capfd):
    monkeypatch.setenv("TFDS_DATA_DIR", str(Path(os.environ["KGAN_TEST_DATA"], "tensorflow_datasets")))
    train, test = open_images("mnist"), open_images("mnist", split="test", image_size=32)
    assert (len(train), len(test)) == (60_000, 10_000)
    assert (train.image_shape, test.image_shape) == ((28, 28, 1), (32, 32, 1))
    # As published: the mean of the training images is 0.1307 of white, and there are 6,742 ones.
    assert train[:].mean() / 255 == pytest.approx(0.1307, abs=1e-4)
    assert np.bincount(train.labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    zebras = open_images("cycle_gan/horse2zebra", split="testB")
    assert zebras.image_shape == (256, 256, 3)
    assert len(zebras) == 140
    assert capfd.readouterr() == ("", "")
