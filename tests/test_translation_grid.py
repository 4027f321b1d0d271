"""The pictures of a translator's training: what stands in which column."""

import numpy as np
import pytest
from PIL import Image

import tiny
from kgan.data import ImageSet, PairedImages, UnpairedImages
from kgan.errors import InputError
from kgan.monitors import SampleGrid, TranslationGrid

SIDE, GAP = 4, 2


class Steps:
    """Adds 10 on the way to B, and 1 on the way back."""

    directions = ("a_to_b", "b_to_a")

    def translate(self, images, direction):
        assert len(images) == 1
        return images + (10 if direction == "a_to_b" else 1) / 127.5


def flat(values, channels=3):
    return ImageSet(np.stack([np.full((SIDE, SIDE, channels), value, np.uint8) for value in values]))


def tiles(picture):
    """The value of each tile, row by row; every tile must be of one value."""
    step = SIDE + GAP
    rows, columns = ((size - GAP) // step for size in picture.shape[:2])
    found = []
    for row in range(rows):
        for column in range(columns):
            top, left = GAP + row * step, GAP + column * step
            values = np.unique(picture[top : top + SIDE, left : left + SIDE])
            assert len(values) == 1
            found.append(int(values[0]))
    return np.reshape(found, (rows, columns)).tolist()


def shown(images, **options):
    grid = TranslationGrid("unused", images, **options)
    grid.set_model(Steps())
    grid.check_model()
    return tiles(grid.picture())


def test_pairs_are_shown_as_input_output_target():
    pairs = PairedImages(flat([20, 40, 60]), flat([120, 140, 160]))
    assert shown(pairs, num_images=2) == [[20, 30, 120], [40, 50, 140]]


def test_two_domains_are_shown_there_and_back_from_both():
    domains = UnpairedImages(flat([20, 40, 60]), flat([120, 140]))
    assert shown(domains) == [[20, 30, 31, 120, 121, 131], [40, 50, 51, 140, 141, 151]]


def test_gray_stands_beside_colour():
    assert shown(PairedImages(flat([20], channels=1), flat([120]))) == [[20, 30, 120]]


def test_a_training_leaves_a_picture_an_epoch_and_a_film(tmp_path):
    sides = (ImageSet(np.random.default_rng(seed).integers(0, 256, (4, *tiny.PICTURE), np.uint8)) for seed in (0, 1))
    pairs = PairedImages(*sides)
    grid, model = TranslationGrid(tmp_path, pairs, num_images=3, first_after=0.0), tiny.pix2pix(run_eagerly=True)
    model.fit(pairs.batches(2, repeat=True), steps_per_epoch=2, epochs=2, verbose=0, callbacks=[grid])
    files = sorted(file.name for file in tmp_path.glob("*.png"))
    assert files == ["epoch-0000.png", "epoch-0001.png", "epoch-0002.png"]
    with Image.open(tmp_path / files[-1]) as picture:
        np.testing.assert_array_equal(np.asarray(picture), grid.picture())
        assert picture.size == (3 * 18 + 2, 3 * 18 + 2)
    grid.save_gif(tmp_path / "training.gif")
    with Image.open(tmp_path / "training.gif") as film:
        assert film.n_frames == 3


def test_what_cannot_be_shown_is_refused(tmp_path):
    domains = UnpairedImages(flat([20]), flat([120]))
    with pytest.raises(InputError, match="num_images must be at least 1; got 0"):
        TranslationGrid(tmp_path, domains, num_images=0)
    batches = tiny.batches()
    for make, grid, message in (
        (tiny.gan, TranslationGrid(tmp_path, domains), "a GAN does not translate; kgan.SampleGrid shows samples"),
        (tiny.pix2pix, TranslationGrid(tmp_path, domains), "two domains both ways.*Pix2Pix.*give pairs"),
        (tiny.cyclegan, SampleGrid(tmp_path), "got a CycleGAN. kgan.TranslationGrid shows"),
    ):
        with pytest.raises(InputError, match=message):
            make().fit(batches, verbose=0, callbacks=[grid])
