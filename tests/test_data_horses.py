"""Drawn horses and zebras: one scene in two domains, and a judge that knows right answers from wrong ones."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from kgan.data.synthetic import draw_horses, horses, horses_animal, judge_horses
from kgan.errors import InputError

COUNT = 12


@pytest.fixture(scope="module")
def scenes():
    """Horses, zebras, empty fields, and what is known of them."""
    images, factors = horses(COUNT, 64, seed=5)
    return images, horses(COUNT, 64, seed=5, domain="zebra")[0], draw_horses(factors, 64, None), factors


def animal(image, field):
    """Where the animal is: what differs from the empty field by more than its shadow does, which is darker grass."""
    difference = image.astype(int) - field
    return np.abs(difference - difference.mean(-1, keepdims=True)).max(-1) + np.abs(difference).max(-1) * 0.3 > 25


def test_both_domains_show_the_same_scene(scenes):
    horse, zebra, field, factors = scenes
    where = (horse != zebra).any(-1)
    assert 0.05 < where.mean() < 0.2
    # Off the animal both are the field and a shadow.
    np.testing.assert_array_equal(horse[~where], zebra[~where])
    np.testing.assert_array_equal(horses(COUNT, 64, 5, "zebra")[1]["details"], factors["details"])
    assert (np.abs(horse.astype(int) - field).max(-1)[~where] > 30).mean() < 0.05


def test_horses_are_brown_and_zebras_are_striped(scenes):
    horse, zebra, _, factors = scenes
    where = np.abs(horse.astype(int) - zebra).max(-1) > 20
    brown = horse[where].astype(int)
    assert (brown[:, 0] > brown[:, 2] + 15).mean() > 0.85
    black_and_white = zebra[where].astype(int)
    assert (np.ptp(black_and_white, axis=1) < 40).mean() > 0.85
    luma = black_and_white.mean(1)
    assert (luma < 90).mean() > 0.2
    assert (luma > 150).mean() > 0.2
    # Along the trunk light and dark take turns, four and a half times a length of it.
    row = np.arange(-0.3, 0.3, 0.01)
    index = 3
    x = (
        (64 * factors["x"][index] - 0.5 + factors["facing"][index] * 64 * factors["scale"][index] * row)
        .round()
        .astype(int)
    )
    line = zebra[index, round(64 * float(factors["y"][index])), x].astype(int).mean(1)
    changes = np.diff((line > line.mean()).astype(int)).astype(bool).sum()
    assert 3 <= changes <= 7


def test_the_animal_is_where_the_factors_say(scenes):
    horse, _, field, factors = scenes
    grid = np.arange(64)
    for index in range(COUNT):
        brown = animal(horse[index], field[index])
        # All of it is in the picture.
        assert not brown[0].any()
        assert not brown[-1].any()
        rows = np.flatnonzero(brown.any(1))
        feet = 64 * (factors["y"][index] + 0.7 * factors["scale"][index])
        assert abs(rows[-1] - feet) < 3.5
        # The head is on the side that it looks to.
        middle = 64 * factors["x"][index]
        reach_right, reach_left = grid[brown.any(0)][-1] - middle, middle - grid[brown.any(0)][0]
        assert (reach_right > reach_left) == (factors["facing"][index] == 1)


def test_scenes_are_pure_functions_of_seed_and_index_at_every_size(scenes):
    np.testing.assert_array_equal(horses(3, 64, 5)[0], scenes[0][:3])
    assert (horses(3, 64, 6)[0] != scenes[0][:3]).any((1, 2, 3)).all()
    large = horses(3, 128, 5)[0].reshape(3, 64, 2, 64, 2, 3).mean((2, 4))
    assert np.abs(large - scenes[0][:3]).mean() < 4


def test_the_factors_are_spread_as_they_are_said_to_be():
    factors = horses(150, 64, 9)[1]
    raised = factors["raised"]
    assert ((raised >= 0.5) | (raised <= -0.7)).all()
    assert (raised < 0).mean() == pytest.approx(0.4, abs=0.15)
    assert (factors["facing"] == 1).mean() == pytest.approx(0.5, abs=0.15)
    assert 0.36 <= factors["scale"].min() < 0.37
    assert 0.45 < factors["scale"].max() <= 0.46


def blurred(images, radius):
    return np.stack([np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(radius))) for image in images])


def test_the_judge_knows_the_right_answer(scenes):
    horse, zebra, _, factors = scenes
    for images, domain in ((horse, "horse"), (zebra, "zebra")):
        scores = judge_horses(images, factors, domain)
        assert set(scores.answer) == {"right"}
        np.testing.assert_allclose(scores.psnr, 10 * np.log10(12 * 255**2), rtol=1e-5)
    rough = np.clip(zebra + np.random.default_rng(0).normal(0, 12, zebra.shape), 0, 255).astype(np.uint8)
    scores = judge_horses(rough, factors, "zebra")
    assert set(scores.answer) == {"right"}
    errors = ((rough.astype(float) - zebra) ** 2).mean((1, 2, 3))
    np.testing.assert_allclose(scores.psnr, 10 * np.log10(255**2 / errors), rtol=1e-4)


def test_the_judge_knows_wrong_answers(scenes):
    horse, zebra, field, factors = scenes
    mirrored = {**factors, "facing": -factors["facing"]}
    elsewhere = {**factors, "x": factors["x"] + 0.2 * factors["scale"]}
    other_pose = {**factors, "raised": np.where(factors["raised"] > 0, -0.8, 0.8).astype(np.float32)}
    for images, domain, answer in (
        (horse, "zebra", "other animal"),
        (zebra, "horse", "other animal"),
        (field, "zebra", "no animal"),
        (blurred(zebra, 2), "zebra", "plain"),
        (draw_horses(mirrored, 64, "zebra"), "zebra", "mirrored"),
        (draw_horses(mirrored, 64, "horse"), "horse", "mirrored"),
        (draw_horses(elsewhere, 64, "zebra"), "zebra", "moved"),
        (draw_horses(other_pose, 64, "horse"), "horse", "other pose"),
    ):
        given = judge_horses(images, factors, domain).answer
        assert (given == answer).mean() > 0.95, (domain, answer, set(given))


def test_stripes_out_of_place_are_stripes_yet_cost_psnr(scenes, monkeypatch):
    factors = scenes[3]
    inside = horses_animal._inside

    def shifted(shape, part, place):
        rows, columns, along, across, depth = inside(shape, part, place)
        return rows, columns, along + 0.25 / max(part.stripes, 1.0), across, depth

    with monkeypatch.context() as patched:
        patched.setattr(horses_animal, "_inside", shifted)
        images = draw_horses(factors, 64, "zebra")
    scores = judge_horses(images, factors, "zebra")
    assert set(scores.answer) == {"right"}
    assert scores.psnr.max() < 21


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: horses(0), "num_images=0"),
        (lambda: horses(1, 32), "size=32: scenes are drawn at 64 to 256"),
        (lambda: horses(1, domain="zebre"), "unknown domain 'zebre'; did you mean 'zebra'"),
        (lambda: judge_horses(np.zeros((2, 64, 64, 3), np.uint8), horses(1)[1], "zebra"), r"expected uint8 \(1, size"),
        (lambda: judge_horses(np.zeros((1, 64, 64, 3)), horses(1)[1], "zebra"), "got float64"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
