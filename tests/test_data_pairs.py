"""Pairs and domains: orders, jitter, resumption; joined pictures, two folders, TFDS, drawn ones; what is refused."""

import os
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

from kgan.data import ImageSet, Jitter, PairedImages, UnpairedImages, open_domains, open_images, open_pairs
from kgan.data.synthetic import decode_facades, decode_labels, draw_horses, horses
from kgan.errors import InputError
from kgan.pixels import from_uint8


def numbered(count, first=0, side=1, channels=1, name="images"):
    """Images of one value each: first, first + 1, ..."""
    values = np.arange(first, first + count)[:, None, None, None]
    return ImageSet(np.full((count, side, side, channels), values, np.uint8), name=name)


def noise(count, side=8, channels=3, seed=0):
    images = np.random.default_rng(seed).integers(0, 256, (count, side, side, channels), dtype=np.uint8)
    return ImageSet(images)


def values(batch):
    return np.rint((batch[:, 0, 0, 0] + 1) * 127.5).astype(int).tolist()


def taken(dataset):
    """The numbers of the images in each batch, of A and of B."""
    return [(values(a), values(b)) for a, b in dataset.as_numpy_iterator()]


def arrays(dataset):
    return list(dataset.as_numpy_iterator())


def write(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path, **options)


def flat(value, height=4, width=4, channels=3):
    return np.full((height, width, channels), value, np.uint8)


# Orders.


def test_pairs_stay_together_in_the_order_of_one_image_set():
    a, b = numbered(20), numbered(20, first=100)
    pairs = taken(PairedImages(a, b).batches(3, seed=5, repeat=True).take(15))
    assert all(bs == [x + 100 for x in xs] for xs, bs in pairs)
    alone = [values(batch) for batch in a.batches(3, seed=5, repeat=True).take(15).as_numpy_iterator()]
    assert [xs for xs, _ in pairs] == alone


def test_pairs_are_cut_and_mirrored_alike():
    images = noise(6)
    data = PairedImages(images, images, Jitter(1.5))
    for a, b in data.batches(4, flip=True, repeat=True).take(6).as_numpy_iterator():
        np.testing.assert_array_equal(a, b)
    plain = arrays(PairedImages(images, images).batches(4, flip=True, repeat=True).take(6))
    alone = arrays(images.batches(4, flip=True, repeat=True).take(6))
    np.testing.assert_array_equal([a for a, _ in plain], alone)


def test_a_side_of_a_domain_is_the_stream_of_its_image_set_and_the_other_has_its_own():
    a, b = numbered(12), numbered(12)
    stream = taken(UnpairedImages(a, b).batches(3, seed=2, repeat=True).take(40))
    alone = [values(batch) for batch in a.batches(3, seed=2, repeat=True).take(40).as_numpy_iterator()]
    assert [xs for xs, _ in stream] == alone
    together = sum(x == y for xs, ys in stream for x, y in zip(xs, ys, strict=True))
    # 120 places, each equal by chance once in 12.
    assert together < 30


def test_the_shorter_domain_goes_on_with_its_next_epoch():
    data = UnpairedImages(numbered(10), numbered(4, first=100))
    assert len(data) == 10
    epoch = data.batches(2, seed=1)
    assert epoch.cardinality() == 5
    batches = taken(epoch)
    assert len(batches) == 5
    assert sorted(x for xs, _ in batches for x in xs) == list(range(10))
    shorter = [y for _, ys in batches + taken(epoch) for y in ys]
    # Two passes over the longer are ten batches, five epochs of the shorter.
    assert [sorted(shorter[i : i + 4]) for i in range(0, 20, 4)] == [[100, 101, 102, 103]] * 5
    assert len({tuple(shorter[i : i + 4]) for i in range(0, 20, 4)}) > 1


@pytest.mark.parametrize("start", [4, 13])
@pytest.mark.parametrize("kind", [PairedImages, UnpairedImages])
def test_a_stream_goes_on_exactly_where_it_was_left(kind, start):
    other = noise(10 if kind is PairedImages else 4, seed=1)
    data = kind(noise(10), other, Jitter(1.5))
    whole = arrays(data.batches(2, seed=4, flip=True, repeat=True).take(20))
    rest = arrays(data.batches(2, seed=4, flip=True, repeat=True, start=start).take(20 - start))
    epoch = arrays(data.batches(2, seed=4, flip=True, start=start))
    assert len(epoch) == 5
    for old, new in zip(whole[start:], rest, strict=True):
        np.testing.assert_array_equal(old, new)
    for old, new in zip(whole[start:], epoch, strict=False):
        np.testing.assert_array_equal(old, new)


def test_domains_are_cut_and_mirrored_each_by_itself():
    images = noise(1, side=16)
    ones = UnpairedImages(images, images, Jitter(1.5)).batches(1, flip=True, repeat=True).take(8)
    assert sum(np.array_equal(a, b) for a, b in ones.as_numpy_iterator()) <= 1


def test_batches_are_float32_in_range_and_indexing_gives_the_pixels_as_they_are():
    a, b = noise(5, channels=1), noise(3, seed=1)
    data = UnpairedImages(a, b, Jitter())
    assert data.image_shapes == ((8, 8, 1), (8, 8, 3))
    assert data.batches(2).element_spec == (
        tf.TensorSpec((2, 8, 8, 1), tf.float32),
        tf.TensorSpec((2, 8, 8, 3), tf.float32),
    )
    for side in arrays(data.batches(3, repeat=True).take(4))[0]:
        assert -1.0 <= side.min() < -0.9
        assert 0.9 < side.max() <= 1.0
    np.testing.assert_array_equal(data[4][1], b[1])
    np.testing.assert_array_equal(data[1:5][1], b[[1, 2, 0, 1]])
    np.testing.assert_array_equal(PairedImages(b, b)[[2, 0]][0], b[[2, 0]])
    (first, _), *_ = PairedImages(b, b).batches(3, shuffle=False).as_numpy_iterator()
    np.testing.assert_allclose(first, from_uint8(b[:]), atol=1e-6)


def test_sides_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match=r"left has 3 images and right has 4; expected as many"):
        PairedImages(numbered(3, name="left"), numbered(4, name="right"))
    with pytest.raises(InputError, match=r"A and B differ in size: the images of images are 1x1, those of .* 2x2"):
        UnpairedImages(numbered(3), numbered(4, side=2))
    with pytest.raises(InputError, match=r"domain B \(none\) is empty"):
        UnpairedImages(numbered(3), numbered(0, name="none"))
    with pytest.raises(InputError, match="batch_size=4 needs at least 4 images, and short has 3"):
        UnpairedImages(numbered(9), numbered(3, name="short")).batches(4)


# Joined pictures.


@pytest.fixture
def joined(tmp_path):
    for index in range(4):
        write(tmp_path / "train" / f"{index}.png", np.concatenate([flat(10 + index), flat(100 + index)], 1))
    write(tmp_path / "test" / "0.png", np.concatenate([flat(50), flat(150)], 1))
    return tmp_path


@pytest.mark.parametrize("memory_budget", [None, 0])
def test_joined_pictures_either_side_first(joined, memory_budget):
    data = open_pairs(joined, memory_budget=memory_budget)
    assert data.image_shapes == ((4, 4, 3), (4, 4, 3))
    assert data.a.in_memory == (memory_budget is None)
    assert [data[i][0][0, 0, 0] for i in range(4)] == [10, 11, 12, 13]
    assert [data[i][1][0, 0, 0] for i in range(4)] == [100, 101, 102, 103]
    swapped = open_pairs(joined, input_side="right", memory_budget=memory_budget, num_images=2)
    np.testing.assert_array_equal(swapped.a[:], data.b[:2])
    np.testing.assert_array_equal(swapped.b[:], data.a[:2])
    assert len(open_pairs(joined, split="test")) == 1
    assert data.a.files[2] == joined / "train" / "2.png"


def test_halves_are_cut_after_the_picture_is_turned_and_then_resized(tmp_path):
    picture = np.concatenate([flat(20, 6, 10), flat(220, 6, 10)], 1)
    exif = Image.Exif()
    exif[0x0112] = 6
    # Stored on its side: to be turned a quarter clockwise.
    write(tmp_path / "a.png", np.rot90(picture), exif=exif)
    data = open_pairs(tmp_path)
    assert data.image_shapes[0] == (6, 10, 3)
    np.testing.assert_array_equal(data.a[0], flat(20, 6, 10))
    small = open_pairs(tmp_path, image_size=3)
    np.testing.assert_array_equal(small.b[0], flat(220, 3, 3))


def test_pictures_that_are_not_joined_are_refused(tmp_path):
    write(tmp_path / "a.png", flat(1, 4, 8))
    write(tmp_path / "b.png", flat(1, 4, 4))
    with pytest.raises(InputError, match=r"b\.png is 4x4, and no two images side by side; .*trainA/ and trainB/"):
        open_pairs(tmp_path)
    write(tmp_path / "b.png", flat(1, 4, 9))
    with pytest.raises(InputError, match=r"b\.png \(is 9 pixels wide, an odd number, and has no halves"):
        open_pairs(tmp_path)
    data = open_pairs(tmp_path, skip_broken=True)
    assert len(data) == 1
    assert list(data.skipped) == ["b.png"]


# Two folders.


def write_sides(root, layout=("A", "B"), stems=("0", "1", "sub/2"), size=4):
    for k, folder in enumerate(layout):
        for i, stem in enumerate(stems):
            write(root / folder / f"{stem}.{('png', 'bmp')[k]}", flat(10 + i + 100 * k, size, size))


@pytest.mark.parametrize("layout", [("A", "B"), ("trainA", "trainB"), ("train/A", "train/B"), ("A/train", "B/train")])
def test_two_folders_are_paired_by_stem(tmp_path, layout):
    write_sides(tmp_path, layout)
    data = open_pairs(tmp_path)
    assert data.a[:][:, 0, 0, 0].tolist() == [10, 11, 12]
    assert data.b[:][:, 0, 0, 0].tolist() == [110, 111, 112]
    assert data.b.files[2] == tmp_path / layout[1] / "sub" / "2.bmp"
    assert open_pairs(tmp_path, input_side="right").a[0][0, 0, 0] == 110
    domains = open_domains(tmp_path)
    np.testing.assert_array_equal(domains.b[:], data.b[:])


def test_missing_partners_are_named(tmp_path):
    write_sides(tmp_path)
    for name in ("A/x.png", "A/y.png", "B/z.png"):
        write(tmp_path / name, flat(0))
    with pytest.raises(InputError, match=r"no partner .*A/x\.png, .*A/y\.png without one in .*B; .*B/z\.png without"):
        open_pairs(tmp_path)
    assert len(open_domains(tmp_path).a) == 5


def test_two_files_of_one_stem_are_refused(tmp_path):
    write_sides(tmp_path)
    write(tmp_path / "A" / "0.jpg", flat(0))
    with pytest.raises(InputError, match=r"0\.jpg and 0\.png have the same stem"):
        open_pairs(tmp_path)


def test_a_missing_and_an_empty_side(tmp_path):
    write(tmp_path / "trainA" / "0.png", flat(0))
    for opened in (open_pairs, open_domains):
        with pytest.raises(InputError, match=r"trainA is there, but .*trainB, for the other side, is not"):
            opened(tmp_path)
    (tmp_path / "trainB").mkdir()
    for opened in (open_pairs, open_domains):
        with pytest.raises(InputError, match=r"trainB': no images"):
            opened(tmp_path)


def test_pairs_that_differ_in_size_need_a_size_and_one_shape(tmp_path):
    write_sides(tmp_path)
    write(tmp_path / "A" / "1.png", flat(11, 8, 8))
    with pytest.raises(InputError, match=r"A and B differ in size: .*1\.png is 8x8 and .*1\.bmp 4x4; give image_size"):
        open_pairs(tmp_path)
    assert open_pairs(tmp_path, image_size=4).a[1][0, 0, 0] == 11
    write(tmp_path / "A" / "1.png", flat(11, 4, 8))
    with pytest.raises(InputError, match=r"A and B differ in shape: .*1\.png is 8x4 and .*1\.bmp 4x4"):
        open_pairs(tmp_path, image_size=4)


def test_domains_that_differ_in_size_are_refused(tmp_path):
    write_sides(tmp_path)
    for name in ("0", "1", "sub/2"):
        write(tmp_path / "A" / f"{name}.png", flat(0, 6, 8))
    with pytest.raises(InputError, match=r"A and B differ in size: .*A are 8x6, those of .*B 4x4; give image_size"):
        open_domains(tmp_path)
    assert open_domains(tmp_path, image_size=2).image_shapes == ((2, 2, 3), (2, 2, 3))


def test_a_broken_file_takes_its_partner_along(tmp_path):
    write_sides(tmp_path)
    (tmp_path / "B" / "1.bmp").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"1 of 3 images of .*B cannot be read: B/1\.bmp"):
        open_pairs(tmp_path)
    data = open_pairs(tmp_path, skip_broken=True)
    assert data.a[:][:, 0, 0, 0].tolist() == [10, 12]
    assert data.b[:][:, 0, 0, 0].tolist() == [110, 112]
    assert data.skipped == {"B/1.bmp": "no image, or damaged"}


def test_gray_labels_beside_colour_photos_keep_their_channels(tmp_path):
    write_sides(tmp_path)
    for i, name in enumerate(("0", "1", "sub/2")):
        write(tmp_path / "A" / f"{name}.png", flat(i)[..., 0])
    assert open_pairs(tmp_path).image_shapes == ((4, 4, 1), (4, 4, 3))
    assert open_pairs(tmp_path, channels=3).image_shapes == ((4, 4, 3), (4, 4, 3))


@pytest.mark.parametrize(
    ("opened", "options", "message"),
    [
        (open_pairs, {"split": "val"}, "split='val': .* has no subfolder of that name"),
        (open_domains, {"split": "val"}, "no two domains for split 'val'; expected trainA/ and trainB/"),
        (open_pairs, {"input_side": "lft"}, "unknown input_side 'lft'; did you mean 'left'"),
        (open_pairs, {"image_size": 0}, "image_size=0: expected at least 1"),
        (open_domains, {"channels": 2}, "channels=2: expected 1"),
        (open_pairs, {"num_images": 4}, "num_images=4: .* has 3 pairs"),
        (open_domains, {"num_images": 4}, "num_images=4: .*A has 3 images"),
    ],
)
def test_wrong_arguments_are_named(tmp_path, opened, options, message):
    write_sides(tmp_path)
    with pytest.raises(InputError, match=message):
        opened(tmp_path, **options)


@pytest.mark.parametrize("opened", [open_pairs, open_domains])
def test_sources_that_are_none(tmp_path, opened):
    with pytest.raises(InputError, match=r"nowhere': expected a folder of images, but it does not exist"):
        opened(tmp_path / "nowhere")
    with pytest.raises(InputError, match="data '': give a folder"):
        opened("")
    with pytest.raises(InputError, match=r"unknown data set of two sides 'synthetic/horse'; did you mean 'synthetic/h"):
        opened("synthetic/horse")
    with pytest.raises(InputError, match="unknown split of synthetic/horses 'dev'; known: test, train, val"):
        opened("synthetic/horses", split="dev")


def test_pairs_are_not_looked_for_in_tensorflow_datasets():
    with pytest.raises(InputError, match=r"'facade': no such folder; pairs come from .* have none: open_domains"):
        open_pairs("facade")


# TensorFlow Datasets.


class KganDomains(tfds.core.GeneratorBasedBuilder):
    """Two domains, as `cycle_gan` has them."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {
            "image": tfds.features.Image(shape=(None, None, 3)),
            "label": tfds.features.ClassLabel(num_classes=2),
        }
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        splits = (("trainA", 5, 0), ("trainB", 7, 100), ("testA", 2, 50), ("testB", 3, 150))
        return {name: self._generate_examples(count, first) for name, count, first in splits}

    def _generate_examples(self, count, first):
        for index in range(count):
            yield index, {"image": flat(first + index, 6, 6), "label": int(first >= 100)}


@pytest.fixture
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))


def test_a_set_of_tensorflow_datasets_with_two_domains(data_dir):
    train = open_domains("kgan_domains", image_size=4)
    assert (len(train.a), len(train.b)) == (5, 7)
    assert sorted(train.a[:][:, 0, 0, 0].tolist()) == [0, 1, 2, 3, 4]
    assert sorted(train.b[:][:, 0, 0, 0].tolist()) == list(range(100, 107))
    test = open_domains("kgan_domains", split="test", image_size=4, num_images=1)
    assert (len(test.a), len(test.b)) == (1, 1)
    part = open_domains("kgan_domains", split="train[:3]", image_size=4)
    assert (len(part.a), len(part.b)) == (3, 3)
    with pytest.raises(InputError, match="unknown split of kgan_domains 'trian'; did you mean 'train'"):
        open_domains("kgan_domains", split="trian", image_size=4)


@pytest.mark.real_data
def test_a_set_without_domains_is_refused(monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(Path(os.environ["KGAN_TEST_DATA"], "tensorflow_datasets")))
    with pytest.raises(InputError, match=r"'mnist' has no two domains: expected splits trainA and trainB; it has"):
        open_domains("mnist")


@pytest.mark.real_data
def test_real_facades_and_horses(monkeypatch):
    root = Path(os.environ["KGAN_TEST_DATA"])
    facades = open_pairs(root / "facades", split="test", input_side="right", image_size=64)
    assert len(facades) == 106
    # The colours of label maps have a channel near 0, those of photos rarely.
    labels, photos = facades[:]
    assert (labels.min(-1) < 60).mean() > 0.85
    assert (photos.min(-1) < 60).mean() < 0.4
    monkeypatch.setenv("TFDS_DATA_DIR", str(root / "tensorflow_datasets"))
    horses = open_domains("cycle_gan/horse2zebra", split="test", image_size=32)
    assert (len(horses.a), len(horses.b)) == (120, 140)


# Drawn ones.


def test_drawn_facades_are_pairs_and_their_test_is_another_world():
    data = open_pairs("synthetic/facades", num_images=6)
    assert data.image_shapes == ((64, 64, 3), (64, 64, 3))
    np.testing.assert_array_equal(decode_facades(data.b[:]), decode_labels(data.a[:]))
    test = open_pairs("synthetic/facades", split="test", num_images=6, image_size=96)
    assert test.image_shapes[0] == (96, 96, 3)
    classes = open_pairs("synthetic/facades", split="test", num_images=6).a.factors["classes"]
    assert not any(np.array_equal(one, other) for one in classes for other in data.a.factors["classes"])
    with pytest.raises(InputError, match="size=300: facades are drawn at 64 to 256 pixels"):
        open_pairs("synthetic/facades", image_size=300)


def test_drawn_horses_are_unpaired_to_train_with_and_paired_to_test_with():
    train = open_domains("synthetic/horses", num_images=8)
    test = open_pairs("synthetic/horses", split="test", num_images=8)
    np.testing.assert_array_equal(train.a[:], horses(8, seed=0)[0])
    zebras = draw_horses(train.a.factors, 64, "zebra")
    assert not any(np.array_equal(one, other) for one in zebras for other in train.b[:])
    np.testing.assert_array_equal(test.b[:], draw_horses(test.a.factors, 64, "zebra"))
    assert open_domains("synthetic/horses", num_images=2, channels=1).image_shapes[0] == (64, 64, 1)


def test_open_images_says_what_opens_two_sides():
    with pytest.raises(InputError, match="'synthetic/horses' has two sides; open it with open_pairs or open_domains"):
        open_images("synthetic/horses")
