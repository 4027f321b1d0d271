"""Every signature of every kind of model, asked through TensorFlow Serving's loader: answers, mistakes, warm-up."""

import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow_serving.apis import prediction_log_pb2
from test_conditional import model as conditional
from test_infogan import infogan

import kgan
import savedmodel_loader
import tiny
from kgan.export import export, exporting, manifest
from kgan.pixels import from_uint8, to_uint8

BATCHES = (0, 1, 7)
SIZES = [(size, 113 - size) for size in range(16, 98)]
WORDS = {"hair": ("blue", "green", "red")}
MODELS = {
    "codes": infogan,
    "words": lambda: conditional(encoder=kgan.PromptEncoder(WORDS)),
    "domains": tiny.cyclegan,
    "pairs": tiny.pix2pix,
}


@pytest.fixture(scope="module")
def models():
    return {name: make() for name, make in MODELS.items()}


@pytest.fixture(scope="module")
def published(models, tmp_path_factory):
    """The versions, by name; not checked when they were written, for here the loader itself asks them."""
    root = tmp_path_factory.mktemp("savedmodels")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exporting, "_check", lambda folder, cases: None)
        return {name: export(model, root / name) for name, model in models.items()}


def seeds(count):
    return np.random.default_rng(count).integers(-(2**62), 2**62, count)


def labels(count):
    return np.arange(count) % 3


def png(picture, kind="PNG", **options):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind, **options)
    return file.getvalue()


def assert_same_pictures(files, images):
    assert len(files) == len(images)
    for file, image in zip(files, images, strict=True):
        picture = Image.open(io.BytesIO(file))
        assert picture.format == "PNG"
        expected = np.squeeze(to_uint8(image).numpy().astype("int64"))
        np.testing.assert_allclose(np.asarray(picture, "int64"), expected, atol=1)


CODES = {"categorical_1": [0, 1, 2, 3, 0, 1, 2], "continuous_1": [-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5]}
PROMPTS = np.array([b"blue hair", b"hair green", b"red hair"], object)
PICTURES = [np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8) for size in SIZES[::3]]
GRAY, ALPHA = PICTURES[0][..., 0], np.dstack([PICTURES[1], PICTURES[1][..., 0]])
FILES = [*(png(picture) for picture in [*PICTURES, GRAY, ALPHA]), png(PICTURES[2], "JPEG", quality=90)]
SEEN = [*PICTURES, np.dstack([GRAY] * 3), PICTURES[1], tf.io.decode_jpeg(FILES[-1]).numpy()]
DIRECTIONS = ("a_to_b", "b_to_a")


def codes(count):
    slant = np.array(CODES["continuous_1"][:count], "float32")
    return {"seed": seeds(count), "categorical_1": np.array(CODES["categorical_1"][:count], int), "continuous_1": slant}


def images_of_every_size():
    singles = [tiny.pictures(1, seed, (*size, 3)) for seed, size in enumerate(SIZES)]
    return [*singles, *(tiny.pictures(count, count, (20, 24, 3)) for count in BATCHES)]


def strings(*texts):
    return np.array(texts, object)


ONE = np.array([1])
# A signature, its inputs, and words of the one clear message that it gets.
MISTAKES = {
    "codes": [
        ("codes", codes(2) | {"categorical_1": np.array([0, 4])}, "categorical_1 must be 0 to 3; got"),
        ("codes_png", codes(2) | {"categorical_1": np.array([-1, 0])}, "categorical_1 must be 0 to 3; got"),
        ("codes", codes(2) | {"continuous_1": np.array([0, np.nan], "float32")}, "continuous_1 must be finite"),
        ("codes", codes(2) | {"continuous_1": np.zeros(3, "float32")}, "all inputs must have as many rows"),
        ("codes", codes(2) | {"seed": np.array(3)}, "[] is not compatible with expected shape"),
        ("serving_default", {"latents": np.zeros((2, 5), "float32")}, "[2,5] is not compatible"),
    ],
    "words": [
        ("label", {"label": np.array([3]), "seed": ONE}, "x < y did not hold"),
        ("label", {"label": np.array([0, 1]), "seed": ONE}, "all inputs must have as many rows"),
        ("prompt", {"prompt": strings(b"purple hair"), "seed": ONE}, "unknown words in a prompt"),
        ("prompt", {"prompt": strings(b"red hair", b"red hair"), "seed": ONE}, "as many rows"),
    ],
    "domains": [
        ("translate_a_to_b_png", {"image_bytes": strings(b"no picture")}, "Unknown image file format"),
        ("translate_a_to_b_png", {"image_bytes": strings(FILES[0], b"")}, "empty"),
        ("translate_a_to_b_png", {"image_bytes": strings(FILES[0][:60])}, "PNG"),
        ("translate_a_to_b_png", {"image_bytes": strings(FILES[0])[None]}, "[1,1] is not compatible"),
        ("serving_default", {"images": np.zeros((1, 16, 16, 1), "float32")}, "[1,16,16,1] is not compatible"),
        ("translate_b_to_a", {"images": np.zeros((16, 16, 3), "float32")}, "[16,16,3] is not compatible"),
    ],
    "pairs": [("serving_default", {"images": np.zeros((1, 16, 16, 1), "float32")}, "[1,16,16,1] is not compatible")],
}
QUESTIONS = {
    "codes": {
        "codes": [("codes", codes(count)) for count in BATCHES],
        "codes_png": [("codes_png", codes(count)) for count in BATCHES],
    },
    "words": {
        "label": [("label", {"label": labels(count), "seed": seeds(count)}) for count in BATCHES],
        "label_png": [("label_png", {"label": labels(count), "seed": seeds(count)}) for count in BATCHES],
        "prompt": [("prompt", {"prompt": PROMPTS[labels(count)], "seed": seeds(count)}) for count in BATCHES],
    },
    "domains": {
        **{
            direction: [(f"translate_{direction}", {"images": images}) for images in images_of_every_size()]
            for direction in DIRECTIONS
        },
        "default": [("serving_default", {"images": tiny.pictures(2)})],
        "files": [
            (f"translate_{direction}_png", {"image_bytes": strings(*some)})
            for direction in DIRECTIONS
            for some in (FILES, FILES[:1], [])
        ],
    },
    "pairs": {
        "a_to_b": [("translate_a_to_b", {"images": images}) for images in images_of_every_size()],
    },
}


@pytest.fixture(scope="module")
def replies(published):
    """By model the loader's signatures, and its answers by the names above and to mistakes and the warm-up file."""
    found = {}
    for name, version in published.items():
        groups = {
            **QUESTIONS[name],
            "mistakes": [mistake[:2] for mistake in MISTAKES[name]],
            "warm-up": warm_up(version),
        }
        reply = savedmodel_loader.ask(version, [request for group in groups.values() for request in group])
        answers = iter(reply.answers)
        found[name] = {group: [next(answers) for _ in requests] for group, requests in groups.items()}
        found[name]["signatures"] = reply.signatures
    return found


def warm_up(version):
    """The requests of the warm-up file, as TensorFlow Serving's own protobufs parse it."""
    records = tf.data.TFRecordDataset(str(version / "assets.extra" / "tf_serving_warmup_requests"))
    logs = [prediction_log_pb2.PredictionLog.FromString(record.numpy()).predict_log.request for record in records]
    assert {log.model_spec.name for log in logs} == {version.parent.name}
    return [
        (log.model_spec.signature_name, {key: tf.make_ndarray(proto) for key, proto in log.inputs.items()})
        for log in logs
    ]


def test_codes_are_chosen_by_their_values(models, replies):
    model = models["codes"]
    for index, count in enumerate(BATCHES):
        chosen = codes(count)
        expected = model(model.latents(chosen.pop("seed"), **chosen)).numpy()
        np.testing.assert_allclose(replies["codes"]["codes"][index]["images"], expected, atol=1e-5)
        assert_same_pictures(replies["codes"]["codes_png"][index]["image_bytes"], expected)
    # What was chosen is seen.
    assert np.abs(expected[0] - expected[1]).max() > 0.01


def test_labels_and_prompts_draw_what_they_say(models, replies):
    model, answers = models["words"], replies["words"]
    for index, count in enumerate(BATCHES):
        expected = model(model.latents(tf.constant(seeds(count)), tf.one_hot(labels(count), 3))).numpy()
        np.testing.assert_allclose(answers["label"][index]["images"], expected, atol=1e-5)
        assert_same_pictures(answers["label_png"][index]["image_bytes"], expected)
        assert_same_pictures(answers["prompt"][index]["image_bytes"], expected)


@pytest.mark.parametrize(("name", "direction"), [("domains", "a_to_b"), ("domains", "b_to_a"), ("pairs", "a_to_b")])
def test_images_of_every_size_are_translated(models, replies, name, direction):
    model, answers = models[name], replies[name]
    for images, answer in zip(images_of_every_size(), answers[direction], strict=True):
        if len(images):
            np.testing.assert_allclose(answer["images"], model.translate(images, direction), atol=1e-5)
        else:
            assert answer["images"].shape == images.shape


def test_the_default_of_a_translator_is_its_first_direction(models, replies):
    (answer,) = replies["domains"]["default"]
    np.testing.assert_allclose(answer["images"], models["domains"].translate(tiny.pictures(2), "a_to_b"), atol=1e-5)


def test_files_of_several_sizes_are_translated_in_one_request(models, replies):
    answers = [answer["image_bytes"] for answer in replies["domains"]["files"]]
    for direction, (several, one, none) in zip(DIRECTIONS, (answers[:3], answers[3:]), strict=True):
        expected = [models["domains"].translate(from_uint8(picture)[None], direction)[0] for picture in SEEN]
        assert_same_pictures(several, expected)
        assert one[0] == several[0]
        assert none.shape == (0,)


@pytest.mark.parametrize("name", MODELS)
def test_mistakes_get_one_clear_message(replies, name):
    for (signature, _, words), status in zip(MISTAKES[name], replies[name]["mistakes"], strict=True):
        assert status.code == "INVALID_ARGUMENT", (signature, words, status)
        assert words in status.message


@pytest.mark.parametrize("name", MODELS)
def test_the_warm_up_file_asks_every_signature_and_is_answered(published, replies, name):
    assert sorted(signature for signature, _ in warm_up(published[name])) == sorted(replies[name]["signatures"])
    for answer in replies[name]["warm-up"]:
        assert [len(values) for values in answer.values()] == [1]


@pytest.mark.parametrize("name", MODELS)
def test_all_that_goes_in_and_out_has_rows_first_and_a_type_that_replies_can_hold(published, replies, name):
    about, signatures = manifest.read(published[name]), replies[name]["signatures"]
    assert list(about["signatures"]) and set(about["signatures"]) == set(signatures)
    for signature, parts in signatures.items():
        for part, tensors in zip(("inputs", "outputs"), parts, strict=True):
            described = about["signatures"][signature][part]
            assert set(described) == set(tensors)
            for key, info in tensors.items():
                shape = [None if size == -1 else size for size in info.shape]
                assert (info.dtype, shape) == (described[key]["dtype"], described[key]["shape"])
                assert shape[0] is None
                assert info.dtype in ("float32", "int64", "string")
                assert part == "inputs" or key.endswith("_bytes") == (info.dtype == "string")


def test_the_columns_of_a_latent_and_the_words_of_a_prompt_are_named(published):
    about = manifest.read(published["codes"])
    assert [(column["name"], column["columns"]) for column in about["latents"]] == [
        ("noise", 3),
        ("categorical_1", 4),
        ("continuous_1", 1),
    ]
    assert about["signatures"]["codes"]["inputs"]["categorical_1"]["range"] == [0, 3]
    about = manifest.read(published["words"])
    assert [(column["name"], column["columns"]) for column in about["latents"]] == [("noise", 3), ("hair", 3)]
    assert about["words"] == {"hair": ["blue", "green", "red"]}
    about = manifest.read(published["domains"])
    assert (about["latents"], about["directions"]) == (None, ["a_to_b", "b_to_a"])


def test_training_goes_on_from_the_file_beside_a_version(models, published):
    model = models["words"]
    loaded = keras.saving.load_model(published["words"] / "assets.extra" / "model.keras")
    assert tiny.differences(model, loaded) == []
    assert loaded.compiled
