"""The protocol, the floor, the intervals, the cache: all that makes a number one that can be compared."""

import dataclasses
import json
import math

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

import tiny
from kgan import evaluation, metrics
from kgan.data import ImageSet, synthetic
from kgan.errors import InputError
from kgan.evaluation import Evaluation, Protocol, Row, Scorer, intervals, protocol
from kgan.evaluation.cache import cache_folder
from kgan.evaluation.measures import MEASURES, Measure
from kgan.evaluation.sample import Pair, Sample
from kgan.metrics.features import Extractor

NUM = 60


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KGAN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def make_extractor(classes=True, digest="d" * 64, scale=1.0):
    """Sees the means of 7x7 squares: 16 features; its classes are the brightest of four rows."""

    def network(images):
        squares = scale * tf.nn.avg_pool2d(images / 255.0, 7, 7, "VALID")
        rows = tf.reduce_sum(squares, axis=(2, 3))
        return tf.reshape(squares, (-1, 16)), tf.nn.softmax(9.0 * rows) if classes else None

    extractor = Extractor("squares", digest, network, num_features=16, num_classes=4 if classes else None)
    calls = []

    def counting(images):
        calls.append(len(images))
        return extractor(images)

    counting.name, counting.digest, counting.calls = "squares", digest, calls
    return counting


@pytest.fixture(scope="module")
def digits():
    return synthetic.digits(400, seed=5)[0]


def open_reference(digits, num=NUM, extractor=None, **options):
    return evaluation.open_reference(ImageSet(digits, name="'drawn'"), extractor or make_extractor(), num, **options)


def features(images):
    return make_extractor()(images).values


# ------------------------------------------------------------------ protocol

PROTOCOL = Protocol(
    extractor="squares",
    extractor_digest="a" * 64,
    data="mnist",
    split="train",
    data_digest="b" * 64,
    held_out="images of split test",
    held_out_digest="c" * 64,
    num_real=10,
    num_generated=10,
    image_shape=(28, 28, 1),
    weights="ema",
    seed=0,
)


def test_protocols_that_agree_have_no_difference_and_survive_json():
    again = Protocol.from_json(json.loads(json.dumps(PROTOCOL.to_json())))
    assert again == PROTOCOL
    assert again.differences(PROTOCOL) == []


@pytest.mark.parametrize("part", [field.name for field in dataclasses.fields(Protocol)])
def test_every_part_of_a_protocol_forbids_a_comparison_and_is_named(part):
    value = getattr(PROTOCOL, part)
    other = {int: 7, str: "another", tuple: (32, 32, 3), type(None): "x.xml"}[type(value)]
    changed = dataclasses.replace(PROTOCOL, **{part: other})
    first = Evaluation("runs/a", None, PROTOCOL, (), {})
    with pytest.raises(InputError) as caught:
        evaluation.compare(first, Evaluation("runs/b", None, changed, (), {}))
    message = str(caught.value)
    shown = str(value)[:12] if part.endswith("digest") else str(value)
    assert f"differ in {part.replace('_', ' ')} ({shown} and {other})." in message
    assert "runs/a and runs/b" in message


def test_a_protocol_with_other_parts_is_refused_by_name():
    content = {**PROTOCOL.to_json(), "mood": "good"}
    with pytest.raises(InputError, match="mood"):
        Protocol.from_json(content)


def test_a_set_is_known_by_its_pixels(digits):
    def digest(images):
        return protocol.digest_of(ImageSet(images))

    one = digits.copy()
    one[123, 3, 3] += 1
    found = [
        digest(digits),
        digest(one),
        digest(digits[:-1]),
        digest(digits[::-1]),
        digest(digits.reshape(400, 14, 56, 1)),
    ]
    assert len(set(found)) == 5
    assert digest(digits.copy()) == found[0]


def test_a_large_set_is_known_by_some_of_its_images(digits, monkeypatch):
    monkeypatch.setattr(protocol, "HASHED_BYTES", 1000)
    monkeypatch.setattr(protocol, "HASHED_IMAGES", 3)
    first = protocol.digest_of(ImageSet(digits))
    for index, seen in ((0, True), (199, True), (399, True), (100, False)):
        changed = digits.copy()
        changed[index] ^= 1
        assert (protocol.digest_of(ImageSet(changed)) != first) == seen


# ------------------------------------------------------------------ reference and cache


def test_real_and_held_out_images_are_disjoint_and_as_many(digits):
    reference = open_reference(digits)
    first, second = reference.real_part.indices, reference.held_out_part.indices
    assert len(first) == len(second) == NUM
    assert not set(first) & set(second)
    np.testing.assert_array_equal(reference.real.values, features(digits[first]))
    np.testing.assert_array_equal(reference.held_out.values, features(digits[second]))
    assert reference.protocol("ema", 3).held_out == "other images of split train"


def test_held_out_images_give_the_floor_where_they_suffice(digits):
    reference = open_reference(digits[:200], 100, held_out=ImageSet(digits[200:350]))
    assert (reference.held_out_part.split, len(reference)) == ("test", 100)
    np.testing.assert_array_equal(reference.held_out.values, features(digits[200:350][reference.held_out_part.indices]))
    told = []
    reference = open_reference(digits[:200], 500, held_out=ImageSet(digits[200:250]), note=told.append)
    assert (reference.held_out_part.split, len(reference)) == ("train", 100)
    assert "100 images of each kind are compared, not 500" in told[0]


def test_held_out_images_of_another_shape_and_too_few_images_are_refused(digits):
    with pytest.raises(InputError, match=r"shape of the real ones, \(28, 28, 1\); got \(14, 14, 1\)"):
        open_reference(digits, held_out=ImageSet(digits[:, ::2, ::2]))
    with pytest.raises(InputError, match="at least 4 real images; got 3"):
        open_reference(digits[:3])


def test_real_features_are_computed_once(digits):
    first, second = make_extractor(), make_extractor()
    before, after = open_reference(digits, extractor=first), open_reference(digits, extractor=second)
    assert (first.calls, second.calls) == ([NUM, NUM], [])
    for name in ("real", "held_out"):
        np.testing.assert_array_equal(getattr(before, name).values, getattr(after, name).values)
        np.testing.assert_array_equal(getattr(before, name).probabilities, getattr(after, name).probabilities)


def test_other_extractors_images_and_numbers_are_not_taken_from_the_cache(digits):
    open_reference(digits)
    other = make_extractor(digest="e" * 64)
    open_reference(digits, extractor=other)
    more = make_extractor()
    open_reference(digits, NUM + 1, extractor=more)
    changed = make_extractor()
    open_reference(255 - digits, extractor=changed)
    assert other.calls and more.calls and changed.calls


@pytest.mark.parametrize("damage", [b"", b"no archive", None])
def test_a_damaged_cache_is_mended_with_a_note(digits, cache, damage):
    before = open_reference(digits)
    for file in cache_folder().iterdir():
        file.write_bytes(file.read_bytes()[:-100] if damage is None else damage)
    told, again = [], make_extractor()
    after = open_reference(digits, extractor=again, note=told.append)
    assert len(told) == 2 and all("computed anew" in text for text in told)
    np.testing.assert_array_equal(before.real.values, after.real.values)
    third = make_extractor()
    open_reference(digits, extractor=third)
    assert (again.calls, third.calls) == ([NUM, NUM], [])


def test_a_cache_that_cannot_be_written_is_a_note(digits, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KGAN_CACHE", str(tmp_path / "file"))
    told = []
    reference = open_reference(digits, note=told.append)
    assert len(reference) == NUM
    assert any("cannot be written" in text for text in told)


def test_the_cache_lies_where_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.delenv("KGAN_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "kgan" / "features"


def test_features_that_are_no_numbers_are_refused_and_not_kept(digits):
    with pytest.raises(InputError, match=r"squares features of real images.*finite"):
        open_reference(digits, extractor=make_extractor(scale=float("nan")))
    assert not cache_folder().exists()


# ------------------------------------------------------------------ drawing


def test_an_image_depends_on_its_seed_alone(monkeypatch):
    monkeypatch.setattr(evaluation.drawing, "BATCH", 4)
    model = tiny.gan()
    ten = evaluation.draw(model, 10, seed=3)
    assert (ten.shape, ten.dtype) == ((10, *tiny.SHAPE), np.uint8)
    np.testing.assert_array_equal(ten[5:], evaluation.draw(model, 5, seed=8))


def test_raw_images_are_those_of_the_trained_weights_which_stay_as_they_are(monkeypatch):
    monkeypatch.setattr(evaluation.drawing, "BATCH", 4)
    model = tiny.gan()
    model.generator.set_weights([weight + 0.5 for weight in model.generator.get_weights()])
    before = [weight.numpy() for weight in model.weights]
    ema, raw = evaluation.draw(model, 5), evaluation.draw(model, 5, weights="raw")
    latents = model.latents(tf.range(5, dtype="int64"))
    np.testing.assert_array_equal(ema, np.asarray(kgan_uint8(model.averages[0](latents))))
    np.testing.assert_array_equal(raw, np.asarray(kgan_uint8(model.generator(latents))))
    assert (ema != raw).any()
    for weight, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)
    with pytest.raises(InputError, match="'ema' or 'raw'"):
        evaluation.draw(model, 5, weights="averaged")


def kgan_uint8(images):
    from kgan import pixels

    return pixels.to_uint8(images)


def test_the_digest_tells_models_apart():
    model, same = tiny.gan(), tiny.gan()
    first = evaluation.digest_of_weights(model)
    assert evaluation.digest_of_weights(same) == first
    same.averages[0].set_weights([weight + 1 for weight in same.averages[0].get_weights()])
    assert evaluation.digest_of_weights(same) != first


# ------------------------------------------------------------------ scorer


def test_a_score_and_its_floor_are_the_metrics_themselves(digits):
    real, fakes = ImageSet(digits[:200]), digits[200 : 200 + NUM]
    scorer = Scorer(real, make_extractor(), ("frechet_distance", "coverage"), NUM, seed=4)
    reference = open_reference(digits[:200])
    assert scorer.score(fakes) == pytest.approx(
        {
            "frechet_distance": metrics.frechet_distance(reference.real.values, features(fakes)),
            "coverage": metrics.density_coverage(reference.real.values, features(fakes))[1],
        }
    )
    assert scorer.floor["frechet_distance"] == pytest.approx(
        metrics.frechet_distance(reference.real.values, reference.held_out.values)
    )
    assert [scorer.better(name) for name in scorer.metrics] == ["lower", "higher"]
    assert (scorer.protocol.seed, scorer.protocol.num_generated, scorer.protocol.weights) == (4, NUM, "ema")


def test_a_scorer_looks_at_real_images_once(digits):
    extractor = make_extractor()
    scorer = Scorer(ImageSet(digits), extractor, num_images=NUM)
    for _ in range(2):
        scorer.score(digits[:NUM])
        assert scorer.floor
    assert extractor.calls == [NUM] * 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metrics": ("frechet",)}, "did you mean 'frechet_distance'"),
        ({"metrics": ("coverage",), "num_images": 5}, "coverage needs at least 6 images of each kind; there are 5"),
        ({"metrics": ("mode_count",), "extractor": make_extractor(classes=False)}, "needs an extractor that is a"),
    ],
)
def test_what_a_scorer_cannot_do_is_refused(digits, options, message):
    with pytest.raises(InputError, match=message):
        Scorer(ImageSet(digits), **{"extractor": make_extractor(), "num_images": NUM, **options})


@pytest.mark.parametrize(
    "fakes",
    [
        np.zeros((NUM - 1, 28, 28, 1), np.uint8),
        np.zeros((NUM, 28, 28, 3), np.uint8),
        np.zeros((NUM, 28, 28, 1), np.float32),
    ],
)
def test_images_unlike_the_real_ones_are_refused(digits, fakes):
    with pytest.raises(InputError, match=r"uint8 \(60, 28, 28, 1\).*got"):
        Scorer(ImageSet(digits), make_extractor(), num_images=NUM).score(fakes)


# ------------------------------------------------------------------ intervals


def test_the_interval_of_a_mean_is_the_one_of_the_textbook():
    count, widths, random = 400, [], np.random.default_rng(0)
    for most in (50, 10**9):
        mean = Measure("mean", "mean", "lower", lambda pair: pair.fake.values.mean(), (-math.inf, math.inf), most=most)
        for _ in range(30):
            real, fake = (Sample(random.normal(size=(count, 1))) for _ in range(2))
            value = float(fake.values.mean())
            ((low, high),) = intervals.intervals([mean], Pair(real, fake), [value])
            assert (low + high) / 2 == pytest.approx(value)
            widths.append((high - low) / 2)
    textbook = stats.t.ppf(0.975, intervals.REPLICATES - 1) / math.sqrt(count)
    # The mean of 60 standard deviations from 25 replicates each: 2 % apart at one sigma.
    assert np.mean(widths) == pytest.approx(textbook, rel=0.08)


def test_an_interval_ends_where_the_measure_does():
    share = Measure("share", "share", "higher", lambda pair: float((pair.fake.values > 0.02).mean()), (0.0, 1.0))
    fake = Sample(np.linspace(0, 1, 100)[:, None])
    ((low, high),) = intervals.intervals([share], Pair(fake, fake), [0.98])
    assert 0.9 < low < 0.98 < high == 1.0


def test_wilsons_interval_is_the_published_one():
    # Newcombe (1998), table I, method 3.
    for found, count, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)):
        assert intervals.share_interval(found / count, count) == pytest.approx((low, high), abs=5e-5)


# ------------------------------------------------------------------ an evaluation as a whole


@pytest.fixture(scope="module")
def evaluated(digits, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KGAN_CACHE", str(tmp_path_factory.mktemp("cache")))
        reference = open_reference(digits[:300], 100)
    return evaluation.evaluate_images(digits[300:], reference, "ema", 0, subject="runs/x", model_digest="f" * 64)


def test_every_measure_stands_beside_its_interval_and_its_floor(evaluated):
    assert {row.key for row in evaluated.rows} >= {measure.key for measure in MEASURES}
    for row in evaluated.rows:
        assert row.low <= row.value <= row.high
        assert math.isfinite(row.floor)
    for row in evaluated.rows[: len(MEASURES)]:
        assert row.name.endswith("(squares)")
    # New digits of the same hand are as good as the held-out ones.
    assert evaluated["frechet_distance"].value < 3 * evaluated["frechet_distance"].floor
    assert evaluated["coverage"].value > 0.8 * evaluated["coverage"].floor


def test_a_poor_generator_is_found_poor(digits, evaluated):
    noise = np.random.default_rng(0).integers(0, 256, (100, 28, 28, 1), dtype=np.uint8)
    poor = evaluation.evaluate_images(noise, open_reference(digits[:300], 100))
    verdicts = {a.key: verdict for a, _, verdict in evaluation.compare(evaluated, poor).rows}
    assert {verdicts[key] for key in ("frechet_distance", "kernel_distance", "coverage", "recall")} == {"A"}


def test_a_comparison_names_the_better_one_only_beyond_the_intervals():
    def one(value, better):
        row = Row("k", "k (squares)", value, value - 1.0, value + 1.0, 0.5, better)
        return Evaluation("runs/a", None, PROTOCOL, (row,), {})

    cases = ((5.0, 6.4, "lower", "-"), (5.0, 6.5, "lower", "A"), (5.0, 6.5, "higher", "B"), (6.5, 5.0, "lower", "B"))
    for first, second, better, expected in cases:
        ((_, _, verdict),) = evaluation.compare(one(first, better), one(second, better)).rows
        assert verdict == expected


def test_a_report_comes_back_from_its_file_as_it_was(evaluated, tmp_path):
    evaluated.save(tmp_path / "new" / "report.json")
    assert evaluation.load(tmp_path / "new" / "report.json") == evaluated
    text = (tmp_path / "new" / "report.json").read_text()
    content = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert content["protocol"]["num_generated"] == 100
    assert {"keras", "tensorflow", "numpy"} <= set(content["versions"])


def test_infinity_is_null_in_json(tmp_path):
    row = Row("k", "k", math.inf, 0.0, math.inf, 1.0, "lower")
    Evaluation("x", None, PROTOCOL, (row,), {}).save(tmp_path / "report.json")
    assert json.loads((tmp_path / "report.json").read_text())["rows"][0]["value"] is None
    assert evaluation.load(tmp_path / "report.json").rows == (row,)


@pytest.mark.parametrize("content", [None, "no json", "[]", "{}", '{"format": 99, "rows": []}'])
def test_what_is_no_report_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "report.json").write_text(content)
    with pytest.raises(InputError, match=r"report\.json"):
        evaluation.load(tmp_path / "report.json")


def test_the_table_says_all_that_a_number_depends_on(evaluated):
    text = evaluation.table(evaluated)
    for words in (
        "runs/x",
        "100 of the averaged generator (ema), seeds from 0",
        "100 of drawn, split train, 28x28x1",
        "100 other images of split train",
        "squares (dddddddddddd)",
        "Frechet distance (squares)",
        "floor",
    ):
        assert words in text
    assert "FID" not in text
    lines = [line for line in text.splitlines() if "(squares)" in line]
    assert len(lines) == len(MEASURES) + 1
    assert len({len(line) for line in lines}) == 1


def test_too_few_images_are_refused_with_how_many_it_takes(digits):
    reference = open_reference(digits, 30)
    with pytest.raises(InputError, match="at least 100 images of each kind; there are 30"):
        evaluation.evaluate_images(digits[:30], reference)
