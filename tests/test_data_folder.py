"""Image sets from folders: what is found, what is refused and how, in memory and from the disk."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kgan.data import load, open_images
from kgan.errors import InputError
from kgan.pixels import from_uint8


def write(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path, **options)


def flat(value, height=4, width=4):
    return np.full((height, width), value, np.uint8)


@pytest.fixture
def mixed(tmp_path):
    """Nine images of several formats and sizes, in subfolders, with other files among them."""
    rng = np.random.default_rng(0)
    for index, suffix in enumerate(["png", "jpg", "JPEG", "webp", "bmp", "gif", "PNG", "png", "png"]):
        shape = (20 + 3 * index, 30 - index, 3) if index % 2 else (16 + index, 16 + index, 3)
        write(tmp_path / f"sub{index % 3}" / f"{index}.{suffix}", rng.integers(0, 256, shape))
    (tmp_path / "notes.txt").write_text("no image")
    write(tmp_path / ".hidden" / "a.png", flat(1))
    (tmp_path / "sub0" / "._0.png").write_bytes(b"a resource fork")
    return tmp_path


def test_finds_images_below_in_the_order_of_their_paths(tmp_path):
    for value, name in enumerate(["a.png", "b/a.png", "b/c/d.gif", "c.bmp"]):
        write(tmp_path / name, flat(value))
    images = open_images(tmp_path)
    assert images.image_shape == (4, 4, 1)
    assert images[:][:, 0, 0, 0].tolist() == [0, 1, 2, 3]
    assert open_images(str(tmp_path), num_images=2)[:][:, 0, 0, 0].tolist() == [0, 1]


def test_many_formats_and_sizes_become_squares(mixed):
    images = open_images(mixed, image_size=12)
    assert len(images) == 9
    assert images.image_shape == (12, 12, 3)
    assert load(mixed, image_size=12, channels=1, batch_size=9).element_spec.shape == (9, 12, 12, 1)


def test_batches_from_the_disk_are_those_from_memory(mixed):
    held = open_images(mixed, image_size=12)
    read = open_images(mixed, image_size=12, memory_budget=0)
    assert held.in_memory
    assert not read.in_memory
    np.testing.assert_array_equal(read[:], held[:])
    np.testing.assert_array_equal(read[[5, 2]], held[[5, 2]])
    np.testing.assert_array_equal(read[-1], held[-1])
    batches = [images.batches(4, seed=1, flip=True, repeat=True).take(7) for images in (held, read)]
    assert batches[0].element_spec == batches[1].element_spec
    for expected, got in zip(*(dataset.as_numpy_iterator() for dataset in batches), strict=True):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("memory_budget", [None, 0])
def test_a_part_has_the_images_of_its_rows_and_their_files(mixed, memory_budget):
    whole = open_images(mixed, image_size=12, memory_budget=memory_budget)
    whole.factors["place"] = np.arange(len(whole))
    rows = [2, 0]
    part = whole.part(rows)
    assert (len(part), part.in_memory, part.name) == (2, memory_budget is None, whole.name)
    np.testing.assert_array_equal(part[:], whole[rows])
    np.testing.assert_array_equal(part.part([1])[0], whole[0])
    assert part.files == tuple(whole.files[row] for row in rows)
    assert part.factors["place"].tolist() == rows
    first = next(iter(part.batches(2, shuffle=False)))
    np.testing.assert_array_equal(first, from_uint8(whole[rows]))


def test_channels_are_one_only_if_all_files_are_gray(tmp_path):
    write(tmp_path / "a.png", flat(7))
    assert open_images(tmp_path).image_shape == (4, 4, 1)
    assert open_images(tmp_path, channels=3)[0][0, 0].tolist() == [7, 7, 7]
    write(tmp_path / "b.png", np.full((4, 4, 3), 9))
    assert open_images(tmp_path)[:][:, 0, 0].tolist() == [[7, 7, 7], [9, 9, 9]]


def test_sizes_are_those_after_turning(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    write(tmp_path / "a.png", flat(1, 2, 6), exif=exif)
    write(tmp_path / "b.png", flat(2, 6, 2))
    assert open_images(tmp_path).image_shape == (6, 2, 1)


def test_a_subfolder_of_the_split_s_name_is_the_split(tmp_path):
    write(tmp_path / "train" / "a.png", flat(1))
    write(tmp_path / "test" / "b.png", flat(2))
    assert open_images(tmp_path)[:].max() == 1
    assert open_images(tmp_path, split="test")[:].min() == 2
    with pytest.raises(InputError, match=r"split='val': .* has no subfolder of that name"):
        open_images(tmp_path, split="val")


def test_paths_are_told_from_names(tmp_path, monkeypatch):
    write(tmp_path / "mnist" / "a.png", flat(1))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for path in ("mnist", "./mnist", "~/mnist", Path("mnist"), str(tmp_path / "mnist")):
        assert len(open_images(path)) == 1


def test_a_folder_that_is_none_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"gone'.*expected a folder of images, but it does not exist"):
        open_images(tmp_path / "gone")
    with pytest.raises(InputError, match=r"data 'gone': expected a folder of images, but it does not exist"):
        open_images("./gone")
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(InputError, match=r"a.txt'.*expected a folder of images, but it is a file"):
        open_images(tmp_path / "a.txt")
    with pytest.raises(InputError, match=r"no images \(\.png, .*\) in the folder or below it; of its 1 other files"):
        open_images(tmp_path)


def break_some(folder):
    """Puts a text, an empty and a truncated file among the images."""
    (folder / "sub0" / "text.png").write_text("this is no image")
    (folder / "sub1" / "void.jpg").touch()
    whole = (folder / "sub1" / "1.jpg").read_bytes()
    (folder / "sub1" / "torn.jpg").write_bytes(whole[: len(whole) * 2 // 3])


@pytest.mark.parametrize("channels", [None, 3])
@pytest.mark.parametrize("memory_budget", [None, 0])
def test_broken_images_are_all_named_and_refused_or_left_out(mixed, memory_budget, channels):
    good = open_images(mixed, image_size=12)[:]
    break_some(mixed)
    options = {"image_size": 12, "memory_budget": memory_budget, "channels": channels}
    with pytest.raises(InputError) as refused:
        open_images(mixed, **options)
    for part in ("3 of 12 images", "sub0/text.png (", "sub1/void.jpg (", "sub1/torn.jpg (", "--skip-broken"):
        assert part in str(refused.value)
    images = open_images(mixed, skip_broken=True, **options)
    assert list(images.skipped) == ["sub0/text.png", "sub1/torn.jpg", "sub1/void.jpg"]
    assert "truncated" in images.skipped["sub1/torn.jpg"]
    np.testing.assert_array_equal(images[:], good)


def test_one_broken_image_among_many_is_named(tmp_path):
    for index in range(100):
        write(tmp_path / f"{index:03}.png", flat(index))
    (tmp_path / "042.png").write_bytes(b"\x89PNG")
    with pytest.raises(InputError, match=r"1 of 100 images of .* cannot be read: 042\.png \(no image, or damaged\)"):
        open_images(tmp_path)


def test_a_folder_of_broken_images_is_refused_even_when_skipping(tmp_path):
    for index in range(5):
        (tmp_path / f"{index}.png").write_text("no image")
    with pytest.raises(InputError, match=r"5 of 5 images .* 2\.png \(no image, or damaged\) and 2 more; give other"):
        open_images(tmp_path, skip_broken=True)


def test_images_of_two_sizes_need_an_image_size(tmp_path):
    write(tmp_path / "a.png", flat(1, 4, 4))
    write(tmp_path / "b.png", flat(1, 4, 6))
    with pytest.raises(InputError, match=r"a\.png is 4x4 and b\.png is 6x4; give image_size \(--size\)"):
        open_images(tmp_path)


def test_bad_arguments_are_named(tmp_path):
    write(tmp_path / "a.png", flat(1))
    with pytest.raises(InputError, match="channels=2: expected 1"):
        open_images(tmp_path, channels=2)
    with pytest.raises(InputError, match="image_size=0: expected at least 1"):
        open_images(tmp_path, image_size=0)
    with pytest.raises(InputError, match=r"num_images=3: .* has 1 images"):
        open_images(tmp_path, num_images=3)
    with pytest.raises(InputError, match="batch_size=64 needs at least 64 images"):
        load(tmp_path)


def test_progress_is_told_at_most_once_a_second(tmp_path, monkeypatch):
    for index in range(100):
        write(tmp_path / f"{index}.png", flat(index))
    clock = iter(np.arange(0, 1000, 0.4))
    monkeypatch.setattr("kgan.data.reading.time.monotonic", lambda: next(clock))
    told = []
    open_images(tmp_path, progress=lambda *words: told.append(words))
    # Four parts of 32 each; the clock moves by 0.4 s whenever it is looked at.
    assert told == [("reading headers", 96, 100), ("decoding", 96, 100)]


@pytest.mark.real_data
def test_real_photographs_and_drawings():
    data = Path(os.environ["KGAN_TEST_DATA"])
    faces = open_images(data / "anime" / "faces", num_images=300)
    assert len(faces) == 300
    assert faces.image_shape == (96, 96, 3)
    facades = open_images(data / "facades", image_size=32, num_images=100)
    assert facades.image_shape == (32, 32, 3)
    assert not facades.skipped
    (batch,) = facades.batches(100, shuffle=False).as_numpy_iterator()
    assert -0.6 < batch.mean() < 0.4
    assert batch.std() > 0.3
