"""Tiles: no seam where there is none to see, every pixel covered, sizes kept."""

import itertools

import numpy as np
import pytest

from kgan.errors import InputError
from kgan.tiles import in_tiles


def picture(height, width):
    return np.random.default_rng(0).uniform(-1, 1, (height, width, 3)).astype("float32")


@pytest.mark.parametrize(("height", "width"), [(33, 70), (64, 16), (16, 17), (100, 100), (1, 50)])
def test_what_depends_on_a_pixel_alone_is_the_same_in_tiles_and_at_once(height, width):
    image = picture(height, width)
    np.testing.assert_allclose(in_tiles(lambda x: -x[..., :1], image, 16, 4), -image[..., :1], atol=1e-6)


def test_tiles_are_of_one_size_and_share_what_they_should():
    seen = []

    def translate(part):
        seen.append(part[..., 0])
        return part

    image = np.stack([np.tile(np.arange(50.0, dtype="float32"), (20, 1))] * 3, axis=-1)
    in_tiles(translate, image, 20, 6)
    assert {part.shape for part in seen} == {(20, 20)}
    edges = [(part[0, 0], part[0, -1]) for part in seen]
    assert edges[0][0] == 0 and edges[-1][1] == 49
    assert all(end - start + 1 >= 6 for (_, end), (start, _) in itertools.pairwise(edges))


def test_neighbours_that_disagree_are_blended_across_the_overlap():
    values = iter([0.0, 1.0])
    row = in_tiles(lambda part: np.full_like(part, next(values)), picture(8, 12), 8, 4 - 1)[4, :, 0]
    assert row[0] == 0 and row[-1] == 1 and np.all(np.diff(row) >= 0)
    assert np.abs(np.diff(row)).max() < 0.4


def test_a_small_picture_is_translated_at_once():
    calls = []
    in_tiles(lambda x: calls.append(x.shape) or x, picture(16, 9), 16, 4)
    assert calls == [(16, 9, 3)]


@pytest.mark.parametrize(("tile", "overlap"), [(1, 0), (16, 8), (16, -1)])
def test_impossible_tiles_are_refused(tile, overlap):
    with pytest.raises(InputError, match="overlap"):
        in_tiles(lambda x: x, picture(4, 4), tile, overlap)
