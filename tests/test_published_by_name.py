"""`kgan sample NAME`, `kgan translate NAME`: published models draw and translate as the models themselves do."""

import importlib
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import kgan
import served_models
import tiny
from kgan import pixels
from kgan.errors import InputError
from kgan.export import find_model, load_published, manifest
from kgan_cli import opening, sampling, translating

pytestmark = pytest.mark.usefixtures("quick_apps")
shipped = importlib.import_module("kgan.export.shipped")
SEEDS = np.array([0, 3, 2**40])


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A published model of each family, without what goes on training."""
    folder = tmp_path_factory.mktemp("savedmodels")
    made = {
        "gan": tiny.gan(),
        "conditional": served_models.conditional(),
        "infogan": served_models.infogan(),
        "pix2pix": tiny.pix2pix(),
        "cyclegan": tiny.cyclegan(),
    }
    for name, model in made.items():
        version = kgan.export(model, folder / name)
        (version / manifest.EXTRA / manifest.TRAINING).unlink(missing_ok=True)
    return folder, made


@pytest.mark.parametrize("name", ["gan", "conditional", "infogan"])
def test_seeds_draw_the_same_latents_and_images_as_the_live_model(models, name):
    folder, made = models
    published, live = load_published(find_model(folder / name)), made[name]
    np.testing.assert_allclose(published.latents(SEEDS), live.latents(SEEDS), atol=1e-6)
    rows = live.latents(SEEDS)
    np.testing.assert_allclose(published(rows), live(rows), atol=1e-5)
    assert published.noise_columns == live.noise_columns


def test_conditions_that_are_asked_for_are_drawn_as_by_the_live_model(models):
    folder, made = models
    published, live = load_published(find_model(folder / "conditional")), made["conditional"]
    asked = np.repeat(published.encoder.encode(live.encoder.example)[None], 3, axis=0)
    asked[1] = 0.0
    np.testing.assert_allclose(published.latents(SEEDS, asked), live.latents(SEEDS, asked), atol=1e-6)


def test_conditions_occur_as_often_as_in_the_training_images(tmp_path):
    live = served_models.conditional(prior=([[1], [2]], [1.0, 3.0]))
    published = load_published(kgan.export(live, tmp_path / "model"))
    rows = published.latents(np.arange(200))[:, published.noise_columns :]
    np.testing.assert_array_equal(rows, live.latents(np.arange(200))[:, published.noise_columns :])
    assert set(np.argmax(rows, axis=1)) == {1, 2}


def test_a_manifest_without_the_prior_is_no_uniform_one(models, tmp_path):
    folder, _ = models
    version = tmp_path / "old" / "1"
    shutil.copytree(folder / "conditional" / "1", version)
    about = manifest.read(version)
    del about["prior"]
    manifest.write(version, about)
    with pytest.raises(InputError, match="does not say which conditions occur; publish the run anew"):
        load_published(version)


@pytest.mark.parametrize("name", ["pix2pix", "cyclegan"])
def test_pictures_are_translated_as_by_the_live_model(models, name):
    folder, made = models
    published, live = load_published(find_model(folder / name)), made[name]
    assert published.directions == live.directions
    images = np.random.default_rng(0).uniform(-1, 1, (2, 19, 16, 3)).astype(np.float32)
    for direction in live.directions:
        assert published.channels(direction) == live.channels(direction)
        there = published.translate(images, direction)
        np.testing.assert_allclose(there, live.translate(images, direction), atol=1e-5)
    with pytest.raises(InputError, match="direction"):
        published.translate(images, "c_to_a")


def test_a_name_is_found_here_before_the_box_and_a_wrong_one_names_the_nearest(models, tmp_path, monkeypatch):
    folder, _ = models
    monkeypatch.setattr(shipped, "shipped", lambda: folder)
    monkeypatch.chdir(tmp_path)
    assert find_model("gan") == folder / "gan" / "1"
    assert shipped.served_by_default() == folder
    shutil.copytree(folder / "gan", tmp_path / "savedmodels" / "gan")
    (tmp_path / "savedmodels" / "gan" / "1").rename(tmp_path / "savedmodels" / "gan" / "12")
    assert find_model("gan").resolve() == tmp_path / "savedmodels" / "gan" / "12"
    assert find_model("infogan") == folder / "infogan" / "1"
    assert shipped.served_by_default().resolve() == tmp_path / "savedmodels"
    with pytest.raises(InputError, match=r"neither a run's folder nor a published model: .*did you mean 'infogan'"):
        opening.open_trained(Path("infogann"))
    with pytest.raises(InputError, match="there is no model no/where"):
        find_model("no/where")


def test_a_model_by_name_is_drawn_from_and_its_folder_left_alone(models, tmp_path, monkeypatch):
    folder, made = models
    monkeypatch.setattr(shipped, "shipped", lambda: folder)
    monkeypatch.chdir(tmp_path)
    before = sorted(folder.rglob("*"))
    request = sampling.SampleRequest(num=4, seed=7)
    written = sampling.write_samples(Path("gan"), request, None)
    assert str(written) == "generated/gan-grid-4-seed-7.png"
    with Image.open(written) as picture:
        assert np.abs(np.asarray(picture).astype(int) - grid_of(made["gan"], 4, 7)).max() <= 1
    walk = sampling.write_samples(Path("conditional"), sampling.SampleRequest(num=2, gif=True), None)
    assert walk.exists()
    label = sampling.write_samples(Path("conditional"), sampling.SampleRequest(num=2, label=1), None)
    assert label.name == "conditional-grid-2-seed-0-label-1.png"
    assert sorted(folder.rglob("*")) == before
    with pytest.raises(InputError, match="without labels"):
        sampling.write_samples(Path("gan"), sampling.SampleRequest(label=1), None)
    with pytest.raises(InputError, match="kgan translate cyclegan IN OUT"):
        sampling.write_samples(Path("cyclegan"), request, None)


def grid_of(model, count, seed):
    grid = np.asarray(pixels.grid(model.sample(count, seed=seed))).astype(int)
    return grid[..., 0] if grid.shape[-1] == 1 else grid


def test_a_picture_is_translated_by_a_model_s_name(models, tmp_path, monkeypatch):
    folder, made = models
    monkeypatch.setattr(shipped, "shipped", lambda: folder)
    monkeypatch.chdir(tmp_path)
    picture = np.random.default_rng(0).integers(0, 256, (21, 33, 3), dtype=np.uint8)
    Image.fromarray(picture).save("in.png")
    request = translating.TranslateRequest("b_to_a")
    assert translating.translate(Path("cyclegan"), "in.png", tmp_path / "out.png", request) == 0
    expected = pixels.to_uint8(made["cyclegan"].translate(pixels.from_uint8(picture)[None], "b_to_a"))[0]
    with Image.open("out.png") as made_picture:
        assert np.abs(np.asarray(made_picture).astype(int) - np.asarray(expected).astype(int)).max() <= 1
    with pytest.raises(InputError, match="kgan sample gan does"):
        translating.translate(Path("gan"), "in.png", tmp_path / "out2.png", request)
