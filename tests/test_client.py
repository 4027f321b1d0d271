"""`kgan.serving.Client`: pictures and arrays in and out, over REST and gRPC alike, from a running server."""

import numpy as np
import pytest
from PIL import Image

import served_models
from kgan.errors import InputError
from kgan.pixels import to_uint8
from kgan.serving import Client
from kgan.serving.errors import ServingError
from kgan.serving.server import running


@pytest.fixture(scope="module")
def address():
    with running(served_models.published()[0]) as found:
        yield found


@pytest.fixture(scope="module", params=["http", "grpc"])
def client(request, address):
    with Client(address.rest if request.param == "http" else f"grpc://{address.grpc}") as made:
        yield made


@pytest.fixture(scope="module")
def live():
    return served_models.published()[1]


def pixels_of(pictures):
    return [np.asarray(picture, "int64") for picture in pictures]


def noise(height, width, channels=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), "uint8")


# ------------------------------------------------------------------ numbers


@pytest.mark.parametrize("num_rows", [0, 1, 7])
def test_arrays_go_in_and_out_exactly(client, live, num_rows):
    latents = np.random.default_rng(0).standard_normal((num_rows, 11))
    answer = client.model("digits").predict(latents)
    assert list(answer) == ["images"]
    assert answer["images"].dtype == np.float32
    assert answer["images"].shape == (num_rows, 8, 8, 1)
    if num_rows:
        np.testing.assert_allclose(answer["images"], live["digits"](latents.astype("float32")), atol=1e-6)


def test_several_inputs_are_named_and_integers_stay_whole(client, live):
    seeds = [2**62, -5]
    asked = {"seed": seeds, "categorical_1": [1, 3], "continuous_1": [0, -1.5]}
    images = client.model("digits").predict(asked, "codes")["images"]
    latents = live["digits"].latents(seeds, categorical_1=[1, 3], continuous_1=[0.0, -1.5])
    np.testing.assert_allclose(images, live["digits"](latents), atol=1e-6)


def test_signatures_say_what_goes_in_and_what_comes_out(client):
    known = client.model("faces").signatures()
    assert sorted(known) == ["label", "label_png", "prompt", "sample", "sample_png", "serving_default"]
    label = known["label"].inputs["label"]
    assert (label.dtype, label.shape) == (np.int64, (None,))
    assert known["label"].outputs["images"].shape == (None, 8, 8, 3)
    assert known["prompt"].inputs["prompt"].dtype == object
    pictures = client.model("horses").signatures()["translate_b_to_a"].inputs["images"]
    assert pictures.shape == (None, None, None, 3)


# ------------------------------------------------------------------ samples


def test_samples_are_the_live_model_s_however_many(client, live):
    # More than go into one request.
    pictures = client.model("digits").sample(40, seed=3)
    assert all(picture.mode == "L" for picture in pictures)
    expected = to_uint8(live["digits"].sample(40, seed=3))[..., 0]
    np.testing.assert_allclose(pixels_of(pictures), expected, atol=1)
    assert client.model("digits").sample(0) == []


def test_the_largest_and_the_least_seed_can_be_asked_for(client):
    # Two equal ones would be a seed that went round.
    for seed in (2**63 - 2, -(2**63)):
        first, second = pixels_of(client.model("digits").sample(2, seed=seed))
        assert (first != second).any()
    assert len(client.model("digits").sample(1, seed=2**63 - 1)) == 1


def test_samples_show_what_is_asked_for(client, live):
    faces, conditions = client.model("faces"), np.eye(3, dtype="float32")[[2, 0]]
    expected = to_uint8(live["faces"].sample(2, seed=5, conditions=conditions))
    np.testing.assert_allclose(pixels_of(faces.sample(2, seed=5, label=[2, 0])), expected, atol=1)
    np.testing.assert_allclose(pixels_of(faces.sample(2, seed=5, prompt=["red hair", "hair blue"])), expected, atol=1)
    one_for_all = pixels_of(faces.sample(2, seed=5, label=2))
    np.testing.assert_allclose(one_for_all[0], expected[0], atol=1)
    assert np.abs(one_for_all[1] - expected[1]).max() > 1
    codes = client.model("digits").sample(1, categorical_1=2, continuous_1=0.5)
    latents = live["digits"].latents([0], categorical_1=2, continuous_1=0.5)
    np.testing.assert_allclose(pixels_of(codes), to_uint8(live["digits"](latents))[..., 0], atol=1)


# ------------------------------------------------------------------ translations


def test_pictures_of_any_kind_and_size_are_translated(client, live, tmp_path):
    kinds = {
        "picture": Image.fromarray(noise(21, 33)),
        "gray": Image.fromarray(noise(16, 40)[..., 0]),
        "transparent": Image.fromarray(noise(30, 18, 4)),
    }
    Image.fromarray(noise(25, 17)).save(tmp_path / "file.png")
    turned = Image.Exif()
    turned[274] = 6
    Image.fromarray(noise(24, 16)).save(tmp_path / "turned.png", exif=turned)
    given = [*kinds.values(), tmp_path / "file.png", str(tmp_path / "turned.png")]
    made = client.model("horses").translate(given, "b_to_a")
    white = Image.alpha_composite(Image.new("RGBA", (18, 30), "white"), kinds["transparent"]).convert("RGB")
    upright = np.rot90(noise(24, 16), -1)
    seen = [noise(21, 33), np.asarray(kinds["gray"].convert("RGB")), np.asarray(white), noise(25, 17), upright]
    for picture, pixels in zip(made, seen, strict=True):
        images = pixels[None] / np.float32(127.5) - 1
        np.testing.assert_allclose(picture, to_uint8(live["horses"].translate(images, "b_to_a"))[0], atol=1)
    np.testing.assert_array_equal(client.model("horses").translate(given[0], "b_to_a"), made[0])


def test_arrays_are_translated_as_arrays(client, live):
    images = noise(19, 27)[None] / np.float64(127.5) - 1
    made = client.model("horses").translate(images)
    assert (made.dtype, made.shape) == (np.float32, (1, 19, 27, 3))
    np.testing.assert_allclose(made, live["horses"].translate(images.astype("float32"), "a_to_b"), atol=1e-5)


# ------------------------------------------------------------------ versions, and the contract's errors


def test_versions_and_labels_are_told_apart(client):
    digits = client.model("digits").status()
    assert [(each.version, each.state, each.error) for each in digits] == [(2, "AVAILABLE", ""), (1, "AVAILABLE", "")]
    assert [each.version for each in client.model("digits", label="stable").status()] == [1]
    for choice in ({"version": 1}, {"version": 2}, {"label": "stable"}):
        (picture,) = client.model("digits", **choice).sample()
        assert picture.size == (8, 8)


@pytest.mark.parametrize(
    ("name", "choice", "code", "message"),
    [
        ("digit", {}, "NOT_FOUND", "Servable not found for request: Latest(digit)"),
        ("digits", {"version": 50}, "NOT_FOUND", "Servable not found for request: Specific(digits, 50)"),
        ("digits", {"label": "x"}, "INVALID_ARGUMENT", "Unrecognized servable version label: x"),
    ],
)
def test_the_server_s_own_words_reach_the_caller(client, name, choice, code, message):
    model = client.model(name, **choice)
    with pytest.raises(ServingError) as raised:
        model.predict([0], "sample")
    assert (raised.value.code, raised.value.message) == (code, message)
    if code == "NOT_FOUND":
        assert not model.ready()


def test_a_model_is_ready_when_it_answers(client):
    assert client.model("digits").ready()
    assert client.model("digits", label="stable").ready()


def test_what_the_model_refuses_is_an_error_of_the_server(client):
    with pytest.raises(ServingError) as raised:
        client.model("faces").sample(1, label=3)
    assert raised.value.code == "INVALID_ARGUMENT"


# ------------------------------------------------------------------ mistakes


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda client: client.model("digits").predict([0], "sampel"), "did you mean 'sample'"),
        (lambda client: client.model("digits").predict([0], "codes"), "takes categorical_1, continuous_1, seed: give"),
        (lambda client: client.model("digits").predict({"seed": [0]}, "codes"), "also takes categorical_1, continuous"),
        (lambda client: client.model("digits").predict({"seeds": [0]}, "sample"), "did you mean 'seed'"),
        (lambda client: client.model("digits").predict([0.5], "sample"), "must be int64; got double"),
        (lambda client: client.model("digits").predict([[0]], "sample"), r"must be of shape \[\?\]; got \[1,1\]"),
        (lambda client: client.model("digits").predict([[0.0] * 10]), r"of shape \[\?,11\]; got \[1,10\]"),
        (lambda client: client.model("digits").predict([[0.0], [0.0, 1.0]]), "rows of several lengths"),
        (lambda client: client.model("faces").predict({"prompt": [7], "seed": [0]}, "prompt"), "got int"),
        (lambda client: client.model("faces").sample(label=1, prompt="x"), "cannot be asked for label, prompt; it can"),
        (lambda client: client.model("digits").sample(label=1), "it can for: categorical_1, continuous_1"),
        (lambda client: client.model("faces").sample(2, label=[1]), "one for each of 2; got 1"),
        (
            lambda client: client.model("digits").sample(2, seed=2**63 - 1),
            r"to 2\*\*63 - 2 for 2 images; got 922337203",
        ),
        (lambda client: client.model("digits").sample(seed=-(2**63) - 1), r"from -2\*\*63 to 2\*\*63 - 1 for 1 images"),
        (lambda client: client.model("digits").sample(-1), "0 or more images; got -1"),
        (lambda client: client.model("horses").sample(), "does not draw from seeds"),
        (lambda client: client.model("digits").translate(noise(4, 4)), "does not translate pictures"),
        (lambda client: client.model("horses").translate(noise(4, 4), "a_to_c"), "did you mean 'a_to_b'"),
        (lambda client: client.model("horses").translate(noise(4, 4)[None]), "float in .* got uint8"),
        (lambda client: client.model("horses").translate(7), "a Pillow picture or a path; got int"),
        (lambda client: client.model("digits", version=1, label="stable"), "give one"),
    ],
)
def test_mistakes_are_named(client, ask, message):
    with pytest.raises(InputError, match=message):
        ask(client)


@pytest.mark.parametrize("url", ["127.0.0.1:8501", "ftp://here", "grpc://here", "http://", "http://here:port"])
def test_a_url_that_is_none_is_refused(url):
    with pytest.raises(InputError, match="url must be like"):
        Client(url)
