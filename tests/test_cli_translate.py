"""`kgan translate`: every kind of picture in, the same size and format out; broken ones named; goes on where it was."""

import re
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import kgan
import kgan_cli
from kgan import networks
from kgan_cli import translating
from kgan_cli.opening import Opened

RANDOM = np.random.default_rng(0)


def opened(model):
    """Returns how a run of a CycleGAN that nobody trained is opened."""
    return lambda path: Opened(model, "cyclegan", {}, path / "generated", path / "evaluation")


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    ab, ba = (networks.resnet.generator((32, 32, 3), width=2, blocks=1, name=name) for name in ("ab", "ba"))
    critics = [networks.patchgan.discriminator((32, 32, 3), width=2, name=name) for name in ("a", "b")]
    return kgan.CycleGAN(ab, ba, *critics, pool_size=0)


@pytest.fixture
def translate(model, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(translating, "open_trained", opened(model))

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["kgan", "translate", str(tmp_path / "run"), *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            kgan_cli.main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out.strip(), said.err

    return call


def noise(*shape, dtype=np.uint8):
    return RANDOM.integers(0, np.iinfo(dtype).max, shape, dtype=dtype)


PICTURES = {
    "rgba.png": (lambda: Image.fromarray(noise(211, 317, 4)), "RGBA", (317, 211)),
    "gray.jpg": (lambda: Image.fromarray(noise(40, 50)), "RGB", (50, 40)),
    "deep.png": (lambda: Image.fromarray(noise(33, 20, dtype=np.uint16)), "RGB", (20, 33)),
    "dot.png": (lambda: Image.fromarray(noise(1, 1, 3)), "RGB", (1, 1)),
    "palette.gif": (lambda: Image.fromarray(noise(30, 30, 3)).quantize(8), None, (30, 30)),
    "web.webp": (lambda: Image.fromarray(noise(25, 31, 3)), "RGB", (31, 25)),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_keeps_its_size_and_format(name, translate, tmp_path):
    make, mode, size = PICTURES[name]
    make().save(tmp_path / name)
    code, out, err = translate(tmp_path / name, tmp_path / "out" / name)
    assert code == 0, err
    assert out == str(tmp_path / "out" / name)
    with Image.open(tmp_path / name) as before, Image.open(out) as after:
        assert after.size == size and after.format == before.format
        assert mode is None or after.mode == mode
        if mode == "RGBA":
            np.testing.assert_array_equal(after.getchannel("A"), before.getchannel("A"))


def test_the_picture_is_what_the_model_makes_of_it_in_the_direction_asked(translate, model, tmp_path):
    pixels = noise(24, 36, 3)
    Image.fromarray(pixels).save(tmp_path / "in.png")
    for direction in ("a_to_b", "b_to_a"):
        translate(tmp_path / "in.png", tmp_path / f"{direction}.png", "--direction", direction)
        expected = kgan.pixels.to_uint8(model.translate(kgan.pixels.from_uint8(pixels)[None], direction))[0]
        with Image.open(tmp_path / f"{direction}.png") as made:
            np.testing.assert_array_equal(np.asarray(made), expected)


def test_a_folder_goes_through_with_the_broken_one_named_and_then_only_what_is_missing(translate, tmp_path):
    folder = tmp_path / "in"
    (folder / "deeper").mkdir(parents=True)
    for index in range(19):
        Image.fromarray(noise(16, 16, 3)).save(folder / ("deeper" if index % 2 else "") / f"{index}.png")
    (folder / "torn.jpg").write_bytes(b"torn")
    code, out, err = translate(folder, tmp_path / "out")
    assert code == 1 and out == str(tmp_path / "out")
    assert err.strip().splitlines()[-1].startswith(f"not translated: {folder / 'torn.jpg'}: ")
    made = sorted(file.relative_to(tmp_path / "out") for file in (tmp_path / "out").rglob("*.png"))
    assert made == sorted(file.relative_to(folder) for file in folder.rglob("*.png")) and len(made) == 19
    (tmp_path / "out" / "4.png").unlink()
    (tmp_path / "out" / "6.png").write_bytes(b"mine")
    (folder / "torn.jpg").unlink()
    code, _, err = translate(folder, tmp_path / "out")
    assert code == 0 and "18 of 19 are in" in err
    assert (tmp_path / "out" / "4.png").exists() and (tmp_path / "out" / "6.png").read_bytes() == b"mine"


def test_a_glob_and_tiles(translate, tmp_path):
    for name in ("a.png", "b.png", "c.txt"):
        Image.fromarray(noise(70, 90, 3)).save(tmp_path / name, format="PNG")
    code, _, err = translate(tmp_path / "*.*", tmp_path / "out", "--tile", 32)
    assert code == 0, err
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["a.png", "b.png"]
    with Image.open(tmp_path / "out" / "a.png") as made:
        assert made.size == (90, 70)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("none.png", "out"), "none.png: no such file"),
        (("in.png", "out.png", "--direction", "b_to_c"), "did you mean 'b_to_a'"),
        (("in.png", "out.tiffany"), "unknown picture format"),
        (("clip.mp4", "out.mp4"), "kgan\\[video\\]"),
        (("in.png", "in.png", "--overwrite"), "would be replaced by its own translation"),
        (("in", "in/out"), "give a folder apart"),
        (("in", "in", "--overwrite"), "give a folder apart"),
    ],
)
def test_what_cannot_be_translated_is_said_in_one_line(words, message, translate, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    Image.fromarray(noise(16, 16, 3)).save(tmp_path / "in.png")
    (tmp_path / "clip.mp4").write_bytes(b"clip")
    (tmp_path / "in").mkdir()
    Image.fromarray(noise(16, 16, 3)).save(tmp_path / "in" / "a.png")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    code, _, err = translate(*(word if word.startswith("-") or "_to_" in word else tmp_path / word for word in words))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before
    assert code == 1 and len(err.strip().splitlines()) == 1
    assert re.search(message, err)


def test_a_run_of_another_family_is_told_what_it_is_for(translate, tmp_path, monkeypatch):
    monkeypatch.setattr(translating, "open_trained", opened(object()))
    Image.fromarray(noise(16, 16, 3)).save(tmp_path / "in.png")
    code, _, err = translate(tmp_path / "in.png", tmp_path / "out.png")
    assert code == 1 and "draws pictures from nothing" in err


def test_a_picture_too_large_for_the_memory_goes_in_tiles_and_it_is_said_once(translate, tmp_path, monkeypatch):
    monkeypatch.setattr("kgan_cli.translating.default_memory_budget", lambda: translating.BYTES_A_PIXEL * 40 * 40)
    monkeypatch.setattr("kgan_cli.translating.TILE", 32)
    for name, side in (("small", 40), ("large", 41), ("larger", 50)):
        Image.fromarray(noise(side, side, 3)).save(tmp_path / f"{name}.png")
    assert "tiles" not in translate(tmp_path / "small.png", tmp_path / "out.png")[2]
    code, _, err = translate(tmp_path / "l*.png", tmp_path / "out")
    assert code == 0 and err.count("overlapping tiles of 32 pixels") == 1


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_a_broken_video_is_named_and_the_others_are_made(translate, tmp_path):
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    writer = ffmpeg.write_frames(str(tmp_path / "b.mp4"), (16, 16))
    writer.send(None)
    writer.send(noise(16, 16, 3).tobytes())
    writer.close()
    (tmp_path / "a.mp4").write_bytes(b"no video")
    Image.fromarray(noise(16, 16, 3)).save(tmp_path / "c.png")
    code, _, err = translate(tmp_path / "*.*", tmp_path / "out")
    assert code == 1 and err.strip().splitlines()[-1].startswith(f"not translated: {tmp_path / 'a.mp4'}: not a video")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["b.mp4", "c.png"]


def test_a_picture_that_an_accelerator_has_no_room_for_goes_in_tiles(translate, model, tmp_path, monkeypatch):
    def small(images, direction):
        if max(images.shape[1:3]) > 32:
            raise tf.errors.ResourceExhaustedError(None, None, "no room")
        return images

    monkeypatch.setattr(model, "translate", small)
    monkeypatch.setattr("kgan_cli.translating.TILE", 32)
    Image.fromarray(noise(40, 33, 3)).save(tmp_path / "in.png")
    code, out, err = translate(tmp_path / "in.png", tmp_path / "out.png")
    assert code == 0 and "overlapping tiles of 32 pixels" in err
    with Image.open(tmp_path / "in.png") as before, Image.open(out) as after:
        np.testing.assert_array_equal(np.asarray(after), np.asarray(before))


def test_a_picture_too_large_to_be_opened_is_named(translate, tmp_path, monkeypatch):
    Image.fromarray(noise(20, 20, 3)).save(tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    code, _, err = translate(tmp_path / "bomb.png", tmp_path / "out.png")
    assert code == 1 and re.search("not translated: .*bomb.png: Image size", err)


def test_nothing_is_named_where_nothing_was_made(translate, tmp_path):
    (tmp_path / "torn.png").write_bytes(b"torn")
    code, out, err = translate(tmp_path / "torn.png", tmp_path / "out.png")
    assert (code, out) == (1, "") and "not translated" in err
