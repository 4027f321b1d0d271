"""Scores of translators: what is good and what only looks so, the numbers by hand, what is compared with what."""

import itertools
import json
import sys

import numpy as np
import pytest
import tensorflow as tf

import kgan
import kgan_cli
import tiny
from kgan import evaluation
from kgan.data import ImageSet, PairedImages, UnpairedImages
from kgan.data.synthetic import facades, horses
from kgan.errors import InputError
from kgan.evaluation import TranslationScorer
from kgan.metrics.features import Extractor, open_extractor
from kgan.monitors import HealthMonitor, ScoreMonitor, TranslationGrid
from kgan.pixels import from_uint8, to_uint8
from kgan.runs import Run, fit

BOTH = ("a_to_b", "b_to_a")
NUM, SIZE = 60, 64

pytestmark = pytest.mark.usefixtures("quick_apps")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KGAN_CACHE", str(tmp_path / "cache"))


class Translator:
    """A model that is a function of an image and a direction."""

    def __init__(self, function, directions=BOTH):
        self.function, self.directions = function, directions
        self.sizes = set()

    def translate(self, images, direction):
        self.sizes.add(len(images))
        return self.function(tf.convert_to_tensor(images), direction)


def table(pairs):
    """A translator that knows what each image ought to become."""
    known = {
        (way, one.tobytes()): other for way, ones, others in pairs for one, other in zip(ones, others, strict=True)
    }
    return Translator(lambda x, way: from_uint8(known[way, to_uint8(x).numpy()[0].tobytes()])[None])


IDENTITY = Translator(lambda x, way: x)


@pytest.fixture(scope="module")
def extractor():
    return open_extractor("random-conv")


def brightness():
    """Sees an image's mean and its mean square: two features."""

    def network(images):
        x = images / 255.0
        return tf.stack([tf.reduce_mean(x, (1, 2, 3)), tf.reduce_mean(x * x, (1, 2, 3))], axis=1), None

    return Extractor("brightness", "b" * 64, network, num_features=2)


# ------------------------------------------------------------------ good and bad


@pytest.fixture(scope="module")
def scenes():
    """Training scenes, test scenes, and what the test scenes ought to become."""
    train, test = ((horses(NUM, SIZE, s, "horse")[0], horses(NUM, SIZE, s + 1, "zebra")[0]) for s in (0, 2))
    truth = horses(NUM, SIZE, 2, "zebra")[0], horses(NUM, SIZE, 3, "horse")[0]
    return train, test, truth


def unpaired(a, b):
    return UnpairedImages(ImageSet(a), ImageSet(b))


def test_neither_the_identity_nor_a_constant_passes_for_a_translation(scenes, extractor):
    train, (a, b), (a_as_b, b_as_a) = scenes
    scorer = TranslationScorer(unpaired(*train), extractor, held_out=unpaired(a, b))
    identity = scorer.score_model(IDENTITY)
    assert identity["cycle_error_a"] == identity["cycle_error_b"] == 0.0
    assert identity["translation_error"] == pytest.approx(1.0)
    middle = {"a_to_b": np.median(b, axis=0), "b_to_a": np.median(a, axis=0)}
    constants = (lambda x, way: from_uint8(middle[way])[None], lambda x, way: tf.zeros_like(x))
    # The best of all constants, and another one.
    for constant in constants:
        assert scorer.score_model(Translator(constant))["translation_error"] > 1.5
    right = table(
        [("a_to_b", a, a_as_b), ("b_to_a", a_as_b, a), ("b_to_a", b, b_as_a), ("a_to_b", b_as_a, b)],
    )
    perfect = scorer.score_model(right)
    assert perfect["cycle_error_a"] == perfect["cycle_error_b"] == 0.0
    # Around the floor, which strays around 0 as 60 images do.
    assert abs(perfect["translation_error"]) < 0.3 and abs(scorer.floor["translation_error"]) < 0.3
    # The right animals, but of other scenes: no cycle comes back.
    strange = table([("a_to_b", a, b), ("b_to_a", b, np.roll(a, 1, axis=0))])
    assert scorer.score_model(strange)["cycle_error_a"] > 0.5 * scorer._a.spread
    assert set(scorer.metrics) == set(perfect) == set(scorer.floor) and scorer.metrics[0] == "translation_error"
    assert {scorer.better(metric) for metric in scorer.metrics} == {"lower"}


def test_of_pairs_what_misses_its_target_is_bad_too(extractor):
    train, test = (PairedImages(*(ImageSet(side) for side in facades(NUM, SIZE, seed)[:2])) for seed in (0, 1))
    scorer = TranslationScorer(train, extractor, held_out=test)
    a, b = test[:]
    assert scorer.metrics == ("translation_error", "kernel_distance_a_to_b", "l1_distance")
    constant = Translator(lambda x, way: from_uint8(np.median(b, axis=0))[None])
    other = table([("a_to_b", a, np.roll(b, 1, axis=0))])
    perfect = scorer.score_model(table([("a_to_b", a, b)]))
    for bad in (IDENTITY, constant, other):
        assert scorer.score_model(bad)["translation_error"] > 1.0
    assert perfect["l1_distance"] == 0.0 and abs(perfect["translation_error"]) < 0.3
    assert perfect == scorer.floor


# ------------------------------------------------------------------ the numbers by hand


def noise(count, seed, low=0, high=256, shape=(8, 8, 3)):
    return np.random.default_rng(seed).integers(low, high, (count, *shape), dtype=np.uint8)


def mmd(x, y):
    """The unbiased squared MMD, term by term."""

    def kernel(one, other):
        return (one @ other / 2 + 1.0) ** 3

    own = [np.mean([kernel(p, q) for p, q in itertools.permutations(points, 2)]) for points in (x, y)]
    return sum(own) - 2 * np.mean([kernel(p, q) for p, q in itertools.product(x, y)])


def seen(images):
    x = images.astype("float64") / 255.0
    return np.stack([x.mean(axis=(1, 2, 3)), (x * x).mean(axis=(1, 2, 3))], axis=1)


def test_the_numbers_by_hand():
    a, b, test_a, test_b = noise(7, 0, 0, 90), noise(7, 1, 150), noise(7, 2, 0, 90), noise(7, 3, 150)
    scorer = TranslationScorer(unpaired(a, b), brightness(), held_out=unpaired(test_a, test_b))

    def half(x, way):
        return -x if way == "a_to_b" else -x / 2

    def apply(images, way):
        return to_uint8(half(from_uint8(images), way)).numpy()

    found = scorer.score_model(Translator(half))
    made_b, made_a = apply(test_a, "a_to_b"), apply(test_b, "b_to_a")
    kernels = {"a_to_b": mmd(seen(b), seen(made_b)), "b_to_a": mmd(seen(a), seen(made_a))}
    scales = {"a_to_b": mmd(seen(b), seen(test_a)), "b_to_a": mmd(seen(a), seen(test_b))}
    rounds = {"a": (apply(made_b, "b_to_a"), test_a), "b": (apply(made_a, "a_to_b"), test_b)}
    cycles = {k: np.abs(x.astype(float) - y).mean() / 127.5 for k, (x, y) in rounds.items()}
    spreads = {k: np.abs(y - np.median(y, axis=0)).mean() / 127.5 for k, (_, y) in rounds.items()}
    expected = {f"kernel_distance_{way}": value for way, value in kernels.items()}
    expected |= {f"cycle_error_{domain}": value for domain, value in cycles.items()}
    relative = np.mean([kernels[w] / scales[w] for w in BOTH]) + np.mean([cycles[k] / spreads[k] for k in "ab"])
    assert found == pytest.approx({"translation_error": relative, **expected}, rel=1e-4)
    floor = (mmd(seen(b), seen(test_b)) / scales["a_to_b"] + mmd(seen(a), seen(test_a)) / scales["b_to_a"]) / 2
    assert scorer.floor["translation_error"] == pytest.approx(floor, rel=1e-3)


def test_images_are_translated_one_by_one():
    model = Translator(lambda x, way: x)
    TranslationScorer(unpaired(noise(6, 0, 0, 99), noise(8, 1, 99)), brightness()).score_model(model)
    assert model.sizes == {1}


# ------------------------------------------------------------------ what is compared with what


def numbered(count, first=0):
    """Images that say which they are."""
    return ImageSet(
        np.full((count, 4, 4, 1), 1, np.uint8) * np.arange(first, first + count, dtype=np.uint8)[:, None, None, None]
    )


def numbers(part):
    return part.pixels()[:, 0, 0, 0].tolist()


def test_without_others_one_half_is_translated_and_the_other_compared_with():
    scorer = TranslationScorer(PairedImages(numbered(11), numbered(11, 100)), brightness())
    a, b = scorer._a, scorer._b
    assert (len(a.chosen.indices), len(a.reference.indices)) == (5, 6)
    assert sorted(numbers(a.chosen) + numbers(a.reference)) == list(range(11))
    # Pair by pair, and no target among what translations are compared with.
    assert [n - 100 for n in numbers(b.chosen)] == numbers(a.chosen)
    assert not set(numbers(b.reference)) & set(numbers(b.chosen))


def test_with_others_these_are_translated_as_many_as_asked():
    data, others = (
        unpaired(numbered(30).images, numbered(9).images),
        unpaired(numbered(12, 50).images, numbered(5, 80).images),
    )
    scorer = TranslationScorer(data, brightness(), 8, held_out=others)
    a, b = scorer._a, scorer._b
    assert all(50 <= n < 62 for n in numbers(a.chosen)) and all(n >= 80 for n in numbers(b.chosen))
    assert [len(part.indices) for part in (a.reference, b.reference, a.chosen, b.chosen)] == [8, 8, 8, 5]
    assert (scorer.protocol.num_real, scorer.protocol.num_generated) == (16, 13)


def test_gray_is_compared_with_colour_in_colour():
    gray, colour = noise(12, 0, shape=(8, 8, 1)), noise(12, 1, 0, 40)
    scorer = TranslationScorer(PairedImages(ImageSet(gray), ImageSet(colour)), open_extractor("pixels"))
    black = Translator(lambda x, way: tf.repeat(x * 0.0 - 1.0, 3, axis=-1), ("a_to_b",))
    assert scorer.score_model(black)["kernel_distance_a_to_b"] < scorer._kernel_scales["a_to_b"]


def test_an_extractor_that_cannot_tell_a_from_b_is_said_so():
    told = []
    scorer = TranslationScorer(unpaired(noise(20, 0), noise(20, 1)), brightness(), note=told.append)
    assert any("brightness hardly tells images from images by 10 images of each" in text for text in told)
    # By chance, never by what could be 0 or less.
    assert min(scorer._kernel_scales.values()) > 0
    assert np.isfinite(scorer.score_model(IDENTITY)["translation_error"])
    told.clear()
    TranslationScorer(unpaired(noise(20, 0, 0, 60), noise(20, 1, 99)), brightness(), note=told.append)
    assert told == []


def test_protocols_differ_where_the_images_do_and_survive_json():
    a, b, c = noise(8, 0, 0, 99), noise(8, 1, 99), noise(8, 2, 99)
    make = [lambda: unpaired(a, b), lambda: unpaired(a, c), lambda: PairedImages(ImageSet(a), ImageSet(b))]
    found = [TranslationScorer(images(), brightness()).protocol.to_json() for images in (make[0], *make)]
    assert found[0] == found[1] == json.loads(json.dumps(found[0]))
    assert found[1] != found[2] and found[1] != found[3]


# ------------------------------------------------------------------ refused

A, B = noise(8, 0, 0, 99), noise(8, 1, 99)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: TranslationScorer(unpaired(A[:3], B), brightness()),
            r"domain a: .*2 images to translate and 2 others",
        ),
        (lambda: TranslationScorer(unpaired(A, B), brightness(), held_out=unpaired(A, B[:1])), r"domain b: .*has 1\."),
        (
            lambda: TranslationScorer(unpaired(A, B), brightness(), held_out=PairedImages(ImageSet(A), ImageSet(B))),
            r"must be UnpairedImages.*got PairedImages",
        ),
        (
            lambda: TranslationScorer(unpaired(A, B), brightness(), held_out=unpaired(A[:, :4], B[:, :4])),
            r"of the shapes \(\(8, 8, 3\), \(8, 8, 3\)\).*\(\(4, 8, 3\)",
        ),
        (
            lambda: TranslationScorer(unpaired(A, B[:1].repeat(6, 0)), brightness()),
            "domain b: all 3 images .* are alike",
        ),
    ],
)
def test_images_that_no_score_can_be_taken_of_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_models_that_do_not_translate_them_are_refused():
    scorer = TranslationScorer(unpaired(A, B), brightness())
    with pytest.raises(InputError, match=r"got a GAN\. Models that sample are scored by kgan"):
        scorer.score_model(tiny.gan())
    with pytest.raises(InputError, match="Pix2Pix knows only a_to_b, not b_to_a; score it on pairs"):
        scorer.check_model(tiny.pix2pix())


# ------------------------------------------------------------------ in a training


def data(kind, count=4):
    sides = (ImageSet(noise(count, seed, *limits, tiny.PICTURE)) for seed, limits in ((0, (0, 120)), (1, (90, 256))))
    return kind(*sides)


def trained(folder, model, images, *callbacks, epochs=2):
    run = Run.open(folder) if folder.exists() else Run.new("x", {}, folder)
    fit(run, model, images, batch_size=2, epochs=epochs, callbacks=callbacks)
    return model


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda: tiny.cyclegan(run_eagerly=True), UnpairedImages),
        (lambda: tiny.pix2pix(norm="batch", run_eagerly=True), PairedImages),
    ],
    ids=["cyclegan", "pix2pix"],
)
def test_all_monitors_together_change_nothing_and_a_resumed_run_goes_on(tmp_path, make, kind):
    images = data(kind)

    def monitors():
        scorer = TranslationScorer(images, brightness())
        return (
            TranslationGrid(tmp_path / "pictures", images, num_images=2),
            ScoreMonitor(scorer, tmp_path / "best", share=1.0),
            HealthMonitor(images, images, path=tmp_path / "health.jsonl"),
        )

    seen = trained(tmp_path / "seen", make(), images, *monitors())
    assert tiny.differences(trained(tmp_path / "alone", make(), images), seen) == []
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 2
    best = json.loads((tmp_path / "best" / "best.json").read_text())
    again = monitors()[1]
    trained(tmp_path / "seen", Run.open(tmp_path / "seen").restore(), images, again, epochs=3)
    assert (
        again.allowance.taken == 1 and again.best["scores"]["translation_error"] <= best["scores"]["translation_error"]
    )
    assert len((tmp_path / "best" / "scores.csv").read_text().splitlines()) == 4
    assert "translation error (brightness" in again.summary()


def test_the_default_scorer_says_what_is_worth_knowing(capsys):
    images, others = (unpaired(noise(16, seed), noise(16, seed + 1)) for seed in (0, 2))
    scorer = evaluation.default_translation_scorer(images, others)
    assert scorer.protocol.extractor == "domain-classifier.keras" and scorer.protocol.held_out == "held-out images"
    said = capsys.readouterr().err
    assert "of 32 images that it had not seen it tells" in said and "scores say little; give more images" in said
    pairs = PairedImages(ImageSet(noise(8, 0)), ImageSet(noise(8, 1)))
    assert evaluation.default_translation_scorer(pairs, pairs).protocol.extractor == "random-conv"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["sample"], "draws none from nothing; kgan translate {run} IN OUT does"),
        (["evaluate"], "its scores are in {run}/best/scores.csv"),
    ],
)
def test_commands_for_models_that_sample_name_the_one_for_translators(words, message, tmp_path, monkeypatch, capsys):
    run = Run.new("pix2pix", {"data": "synthetic/facades"}, tmp_path / "run")
    run.write_options()
    run.save_model(tiny.pix2pix())
    monkeypatch.setattr(sys, "argv", ["kgan", *words, str(run.path)])
    with pytest.raises(SystemExit) as ended:
        kgan_cli.main()
    said = capsys.readouterr().err.strip()
    assert ended.value.code == 1, said
    assert len(said.splitlines()) == 1
    assert "of pix2pix" in said and message.format(run=run.path) in said


def test_the_scorer_and_the_grid_are_public():
    assert kgan.TranslationGrid is TranslationGrid and kgan.evaluation.TranslationScorer is TranslationScorer
