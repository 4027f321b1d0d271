"""The models in the box: all there, small, told about, and drawing what they drew when they were published."""

import numpy as np
import pytest
from google.protobuf import text_format
from PIL import Image
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from kgan import pixels
from kgan.export import find_model, load_for_training, load_published, manifest, published
from kgan.export.shipped import shipped
from kgan.metrics.features import open_extractor

DRAWING = ("anime-faces", "conditional-mnist", "dcgan-mnist", "infogan-mnist")
TRANSLATING = ("cyclegan-horse2zebra", "pix2pix-facades")


def test_all_six_are_there_and_small():
    assert [model.name for model in published(shipped())] == sorted([*DRAWING, *TRANSLATING])
    assert sum(file.stat().st_size for file in shipped().rglob("*") if file.is_file()) < 60e6


def test_the_configuration_is_that_of_the_container():
    config = text_format.Parse((shipped() / "models.config").read_text(), ModelServerConfig())
    paths = [entry.base_path for entry in config.model_config_list.config]
    assert paths == [f"/models/{name}" for name in sorted([*DRAWING, *TRANSLATING])]


@pytest.mark.parametrize("name", [*DRAWING, *TRANSLATING])
def test_a_card_says_what_people_ask(name):
    card = (shipped() / name / "README.md").read_text()
    assert card.startswith(f"# {name}\n")
    for words in ("**Recipe**: `kgan train", "**Data**", "**Measured**", "**Limits**", "kgan export RUN", "## Scores"):
        assert words in card
    for picture in card.split("](")[1:]:
        target = picture.partition(")")[0]
        assert target.startswith("http") or (shipped() / name / target).is_file(), target


@pytest.mark.parametrize("name", DRAWING)
def test_seeds_draw_what_they_drew_when_it_was_published(name):
    version = find_model(name)
    model = load_published(version)
    made = pixels.to_uint8(model(model.latents(np.arange(16))))
    with Image.open(version / manifest.EXTRA / manifest.SAMPLES) as picture:
        drawn = np.asarray(picture).astype(int)
    grid = np.asarray(pixels.grid(made)).astype(int).reshape(drawn.shape)
    assert np.abs(grid - drawn).max() <= 1


@pytest.mark.parametrize("name", ["dcgan-mnist", "infogan-mnist"])
def test_what_trains_on_from_is_the_same_model(name):
    version = find_model(name)
    model = load_for_training(name)
    assert model.compiled and int(model.optimizer.iterations.numpy()) == manifest.read(version)["step"]
    np.testing.assert_allclose(model(model.latents([5])), load_published(version)(model.latents([5])), atol=1e-5)


def test_digits_are_those_asked_for():
    model = load_published(find_model("conditional-mnist"))
    labels = np.arange(100) % 10
    images = pixels.to_uint8(model(model.latents(np.arange(100), model.conditions.one_hot(labels))))
    told = np.argmax(open_extractor("lenet-mnist")(np.asarray(images)).probabilities, axis=1)
    assert np.mean(told == labels) >= 0.95


@pytest.mark.parametrize("name", TRANSLATING)
def test_pictures_are_translated_at_sizes_of_their_own(name):
    model = load_published(find_model(name))
    images = np.random.default_rng(0).uniform(-1, 1, (1, 70, 91, 3)).astype(np.float32)
    for direction in model.directions:
        made = np.asarray(model.translate(images, direction))
        assert made.shape == images.shape and np.isfinite(made).all() and np.abs(made).max() <= 1.0
        # Neither the picture itself, nor one colour.
        assert np.abs(made - images).mean() > 0.05 and made.std() > 0.05
