"""Drawn faces: the same for the same seed, and measurably what their factors say."""

import numpy as np
import pytest

from kgan.data import open_held_out, open_images, open_tagged
from kgan.data.synthetic import FACE_WORDS, faces, faces_features, faces_hair, write_faces
from kgan.data.synthetic.faces_colours import EYES, HAIR
from kgan.errors import InputError

COUNT = 600


@pytest.fixture(scope="module")
def drawn():
    return faces(COUNT, seed=3)


def at(drawn, across, down):
    """The pixels `(n, 3)` at a place in face coordinates, given as a number or `(n,)`."""
    images, factors = drawn
    x, y, scale, tilt = (factors[name].astype(float) for name in ("x", "y", "scale", "tilt"))
    right = 31.5 + x + scale * (across * np.cos(tilt) - down * np.sin(tilt))
    below = 31.5 + y + scale * (across * np.sin(tilt) + down * np.cos(tilt))
    rows, columns = (np.clip(np.rint(place).astype(int), 0, 63) for place in (below, right))
    return images[np.arange(len(images)), rows, columns].astype(float)


def nearest(colours, palette):
    known = np.array(list(palette.values()), float)
    return ((colours[:, None] - known) ** 2).sum(2).argmin(1)


def test_shapes_and_ranges(drawn):
    images, factors = drawn
    assert images.shape == (COUNT, 64, 64, 3)
    assert images.dtype == np.uint8
    ranges = {"turn": (-1, 1), "tilt": (-0.15, 0.15), "x": (-2.5, 2.5), "y": (-2, 2), "scale": (1, 1.2), "skin": (0, 1)}
    ranges |= {"hair_shade": (-1, 1), "eyes_shade": (-1, 1)}
    assert set(factors) == {*FACE_WORDS, *ranges}
    for name, (low, high) in ranges.items():
        values = factors[name]
        assert (values.shape, values.dtype) == ((COUNT,), np.float32)
        assert low <= values.min() < low + 0.03 * (high - low)
        assert high - 0.03 * (high - low) < values.max() <= high + 1e-6
    for name, words in FACE_WORDS.items():
        assert factors[name].dtype == np.int64
        # A fair share, less five standard deviations.
        fair = COUNT / len(words)
        assert np.bincount(factors[name], minlength=len(words)).min() > fair - 5 * np.sqrt(fair)
    assert FACE_WORDS["hair"] == tuple(sorted(HAIR))
    assert FACE_WORDS["eyes"] == tuple(sorted(EYES))
    np.testing.assert_array_equal(np.rint(factors["turn"]), factors["view"] - 1)


def test_factors_are_independent(drawn):
    _, factors = drawn
    correlation = np.corrcoef(np.stack([values for name, values in factors.items() if name != "turn"]))
    # Of 600 independent pairs the standard deviation is 0.041.
    assert np.abs(correlation - np.eye(len(correlation))).max() < 0.17


def test_an_image_depends_on_seed_and_index_alone(drawn):
    images, factors = drawn
    for count in (1, 15, 100):
        fewer, fewer_factors = faces(count, seed=3)
        np.testing.assert_array_equal(fewer, images[:count])
        for name in factors:
            np.testing.assert_array_equal(fewer_factors[name], factors[name][:count])
    assert (faces(50, seed=4)[0] != images[:50]).any((1, 2, 3)).all()
    with pytest.raises(InputError, match="num_images=0: expected at least 1"):
        faces(0)


def test_the_rows_that_are_not_painted_have_nothing_to_paint(drawn, monkeypatch):
    monkeypatch.setattr(faces_hair, "BACK_ROW", 0)
    monkeypatch.setattr(faces_hair, "STRAND_ROW", 64)
    monkeypatch.setattr(faces_features, "BODY_ROW", 0)
    np.testing.assert_array_equal(faces(300, seed=3)[0], drawn[0][:300])


def test_hair_has_the_colour_it_is_said_to_have(drawn):
    top = [at(drawn, across, down) for across in np.linspace(-10, 10, 9) for down in np.linspace(-22, -13, 9)]
    assert (nearest(np.median(top, axis=0), HAIR) == drawn[1]["hair"]).mean() > 0.995


def test_eyes_have_the_colour_they_are_said_to_have(drawn):
    middle = 5.2 * drawn[1]["turn"]
    iris = [
        at(drawn, 8.9 * side + middle + across, down)
        for side in (-1, 1)
        for across in (-2.5, -1.5, 0, 1.5, 2.5)
        for down in (6, 7, 8)
    ]
    assert (nearest(np.median(iris, axis=0), EYES) == drawn[1]["eyes"]).mean() > 0.99


def test_a_shade_makes_its_colour_lighter(drawn):
    _, factors = drawn
    top = [(across, down) for across in np.linspace(-10, 10, 9) for down in (-21, -19)]
    looks = 5.2 * factors["turn"]
    iris = [
        (8.9 * side + looks + across, down)
        for side in (-1, 1)
        for across in (-3, -2.5, -2, 2, 2.5, 3)
        for down in (5, 6, 7, 8)
    ]
    for name, places, palette, least in (("hair", top, HAIR, 0.9), ("eyes", iris, EYES, 0.5)):
        pure = np.array(list(palette.values()), float)[factors[name]][:, None]
        pixels = np.stack([at(drawn, *place) for place in places], axis=1)
        # Of the pixels that are some multiple of the word's colour, the multiple; others are shine, pupil or lashes.
        multiple = (pixels * pure).sum(2) / (pure**2).sum(2)
        unlike = np.abs(pixels - multiple[..., None] * pure).sum(2) + 200 * (np.abs(multiple - 1) > 0.15)
        lightness = np.median(np.take_along_axis(multiple, unlike.argsort(1)[:, :5], 1), axis=1)
        for which, word in enumerate(FACE_WORDS[name]):
            here = factors[name] == which
            assert np.corrcoef(lightness[here], factors[f"{name}_shade"][here])[0, 1] > least, word


def test_long_hair_falls_beside_the_neck(drawn):
    _, factors = drawn
    colour = np.array(list(HAIR.values()), float)[factors["hair"]]
    beside = np.stack([np.abs(at(drawn, side * 20.0, 24.0) - colour).max(1) for side in (-1, 1)]).min(0)
    assert (beside[factors["hair_length"] == 1] < 30).mean() > 0.98
    assert (beside[factors["hair_length"] == 0] < 30).mean() < 0.1


def test_the_mouth_is_open_or_not(drawn):
    _, factors = drawn
    inside = at(drawn, 5.5 * factors["turn"], 14.5)
    red = inside[:, 0] - inside[:, 1]
    is_open = factors["mouth"] == FACE_WORDS["mouth"].index("open")
    assert ((red > 75) == is_open).mean() > 0.98


def test_a_smile_is_broad_and_has_its_corners_up(drawn):
    _, factors = drawn
    rows = np.linspace(13.0, 18.5, 12)

    def line(across):
        """How much darker than the skin the mouth's line is in this column, and at what height."""
        column = np.stack([at(drawn, 5.5 * factors["turn"] + across, row).sum(1) for row in rows])
        ink = np.maximum(column.max(0) - column - 40, 0)
        return np.ptp(column, axis=0), (ink * rows[:, None]).sum(0) / np.maximum(ink.sum(0), 1)

    left, middle, right = (line(across) for across in (-3.0, 0.0, 3.0))
    smiling, closed = (factors["mouth"] == FACE_WORDS["mouth"].index(word) for word in ("smiling", "closed"))
    has_corners = np.minimum(left[0], right[0]) > 100
    assert has_corners[smiling].mean() > 0.95
    assert has_corners[closed].mean() < 0.05
    # By its formula the corners, 3 pixels from the middle, are 0.08 * 3^2 = 0.72 pixels up at scale 1.
    rise = middle[1] - (left[1] + right[1]) / 2
    assert rise[smiling].mean() == pytest.approx(0.72, abs=0.1)


def test_a_face_looks_to_the_side_that_is_said(drawn):
    _, factors = drawn
    # The pupils and lashes are what is darkest in the strip of the eyes; hair may be as dark.
    light_hair = ~np.isin(factors["hair"], [FACE_WORDS["hair"].index(word) for word in ("black", "brown", "blue")])
    across = np.linspace(-16, 16, 65)
    strip = np.stack([at(drawn, place, 4.5).max(1) for place in across], axis=1)
    dark = np.maximum(90 - strip, 0)
    eyes = (dark * across).sum(1) / np.maximum(dark.sum(1), 1)
    black_eyes = light_hair & (factors["eyes"] == FACE_WORDS["eyes"].index("black"))
    assert black_eyes.sum() > 20
    assert np.corrcoef(eyes[black_eyes], factors["turn"][black_eyes])[0, 1] > 0.9


def test_as_an_image_set():
    train = open_images("synthetic/faces", num_images=20)
    np.testing.assert_array_equal(train[:], faces(20, seed=0)[0])
    assert train.name == "'synthetic/faces'"
    assert set(train.factors) == set(faces(1)[1])
    np.testing.assert_array_equal(open_images("synthetic/faces", num_images=20, split="test")[:], faces(20, seed=1)[0])
    small = open_images("synthetic/faces", num_images=20, image_size=32, channels=1)
    assert small.image_shape == (32, 32, 1)
    assert small[:].mean() == pytest.approx(train[:].mean(), rel=0.05)
    with pytest.raises(InputError, match=r"unknown split of synthetic/faces 'dev'; known: test, train, val"):
        open_images("synthetic/faces", split="dev")
    with pytest.raises(InputError, match=r"unknown data set 'synthetic/face'; did you mean 'synthetic/faces'"):
        open_images("synthetic/face")


def test_held_out_faces_are_of_another_world(monkeypatch):
    monkeypatch.setitem(open_held_out.__globals__["WORLDS"], "synthetic/faces", (faces, 20))
    train = open_images("synthetic/faces", image_size=32)
    held_out = open_held_out("synthetic/faces", train)
    assert held_out.images.shape == train.images.shape == (20, 32, 32, 3)
    assert (held_out[:] != train[:]).any((1, 2, 3)).all()


def test_written_faces_are_read_back_with_their_tags(tmp_path):
    folder = write_faces(tmp_path / "anime", 30, seed=2)
    images, tags = open_tagged(folder)
    drawn, factors = faces(30, seed=2)
    np.testing.assert_array_equal(images[:], drawn)
    assert [file.name for file in images.files[:2]] == ["000000.png", "000001.png"]
    for name in ("hair", "eyes"):
        words = [tags.attributes[name][value] for value in tags.values[name]]
        assert words == [FACE_WORDS[name][value] for value in factors[name]]
    assert (folder / "tags.csv").read_text().splitlines()[0] == "file,hair,eyes"
    with pytest.raises(InputError, match=r"anime' exists; give a new one"):
        write_faces(folder, 3)
    with pytest.raises(InputError, match="num_images=0"):
        write_faces(tmp_path / "none", 0)
    assert not (tmp_path / "none").exists()


def test_drawn_faces_are_tagged_without_files():
    images, tags = open_tagged("synthetic/faces", num_images=10)
    assert tags.attributes == {"hair": FACE_WORDS["hair"], "eyes": FACE_WORDS["eyes"]}
    np.testing.assert_array_equal(tags.values["eyes"], images.factors["eyes"])
    assert tags.one_hot().shape == (10, 12 + 11)
