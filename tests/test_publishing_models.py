"""A folder of published models: its configuration files, cards and listing, and `kgan export` and `kgan models`."""

import json
import math
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import filelock
import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from PIL import Image
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig
from test_cli import call

import tiny
from kgan.errors import InputError
from kgan.export import configs, exporting, manifest, publish, published, write_configs
from kgan.export.card import BEGIN, END, write_card
from kgan.export.versions import check_name
from kgan.runs import Run
from kgan_cli.exporting import export_run

SCORES = {
    "metric": "frechet_distance",
    "step": 7,
    "scores": {"frechet_distance": 5.7652},
    "floor": {"frechet_distance": 1.6419},
    "protocol": {
        "extractor": "lenet-mnist",
        "data": "/home/somebody/pictures/cats",
        "split": "train",
        "held_out": "images of split test",
        "num_real": 5000,
        "num_generated": 4000,
    },
}


@pytest.fixture
def versions(tmp_path):
    """Makes folders that look like published versions to a server."""

    def make(name, *numbers):
        for number in numbers:
            folder = tmp_path / name / str(number)
            folder.mkdir(parents=True)
            (folder / "saved_model.pb").touch()
        return tmp_path

    return make


def config(folder):
    parsed = text_format.Parse((folder / "models.config").read_text(), ModelServerConfig())
    return {entry.name: entry for entry in parsed.model_config_list.config}


# ------------------------------------------------------------------ models.config and its like


def test_every_model_has_an_entry_that_serves_all_its_versions(versions):
    versions("digits", 1, 2)
    folder = versions("cats", 7)
    (folder / "digits" / ".tmp-3-1234").mkdir()
    (folder / "notes").mkdir()
    write_configs(folder, {"digits": {"stable": 1}})
    entries = config(folder)
    assert list(entries) == ["cats", "digits"]
    for name, entry in entries.items():
        assert entry.base_path == str(folder / name)
        assert Path(entry.base_path).is_absolute()
        assert entry.model_platform == "tensorflow"
        assert entry.model_version_policy.WhichOneof("policy_choice") == "all"
    assert [dict(entry.version_labels) for entry in entries.values()] == [{}, {"stable": 1}]
    assert "enable: true" in (folder / "monitoring.config").read_text()
    assert "max_batch_size" in (folder / "batching.config").read_text()


def test_labels_move_and_others_stay(versions):
    folder = versions("digits", 1, 2, 3)
    write_configs(folder, {"digits": {"stable": 1, "canary": 2}})
    write_configs(folder, {"digits": {"canary": 3}})
    assert dict(config(folder)["digits"].version_labels) == {"stable": 1, "canary": 3}
    # A label without its version keeps a server from taking the whole file.
    (folder / "digits" / "1" / "saved_model.pb").unlink()
    write_configs(folder)
    assert dict(config(folder)["digits"].version_labels) == {"canary": 3}


def test_what_someone_has_changed_in_the_files_stays(versions, tmp_path_factory):
    folder, elsewhere = versions("digits", 1), tmp_path_factory.mktemp("elsewhere")
    write_configs(folder)
    text = (folder / "models.config").read_text().replace("all {\n      }", "latest {\n num_versions: 2 }")
    others = "".join(
        f'config {{ name: "{name}" base_path: "{path}" model_platform: "tensorflow" }}\n'
        for name, path in [
            ("far", "gs://bucket/far"),
            ("near", elsewhere),
            ("gone", folder / "gone"),
            ("old", "/no/old"),
        ]
    )
    (folder / "models.config").write_text(text.rstrip().removesuffix("}") + others + "}\n")
    (folder / "batching.config").write_text("# mine\n")
    versions("digits", 2)
    write_configs(folder)
    entries = config(folder)
    assert list(entries) == ["digits", "far", "near"]
    assert entries["digits"].model_version_policy.latest.num_versions == 2
    assert (folder / "batching.config").read_text() == "# mine\n"


def test_two_exports_at_one_time_write_one_after_the_other(versions):
    folder, done = versions("digits", 1), []
    with filelock.FileLock(folder / configs.LOCK):
        other = threading.Thread(target=lambda: done.append(write_configs(folder)))
        other.start()
        other.join(0.5)
        assert not done
        versions("faces", 1)
    other.join()
    assert done and set(config(folder)) == {"digits", "faces"}


def test_a_folder_that_has_moved_gets_its_new_paths(versions, tmp_path):
    folder = versions("models/digits", 1) / "models"
    write_configs(folder, {"digits": {"stable": 1}})
    moved = folder.rename(tmp_path / "moved")
    write_configs(moved)
    assert config(moved)["digits"].base_path == str(moved / "digits")
    assert dict(config(moved)["digits"].version_labels) == {"stable": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model_config_list { config {", "is no model_server_config"),
        ("custom_model_config { }", "custom_model_config, which kgan does not know"),
    ],
)
def test_a_config_that_cannot_be_kept_is_refused_before_the_work(versions, text, message):
    folder = versions("digits", 1)
    (folder / "models.config").write_text(text)
    with pytest.raises(InputError, match=message):
        publish(None, folder / "digits")
    assert (folder / "models.config").read_text() == text


@pytest.mark.parametrize("name", ["a b", ".hidden", "ü", "a:b", "a%2Fb"])
def test_a_name_that_is_no_part_of_a_url_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="name in a URL"):
        check_name(tmp_path / name)
    with pytest.raises(InputError, match="a label is a part of URLs"):
        publish(None, tmp_path / "digits", label=name)
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------ the commands


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run's folder, as a training would have left it."""
    folder = tmp_path_factory.mktemp("run")
    left = Run(folder, "/home/somebody/cats.py", {"data": "/home/somebody/pictures/cats", "epochs": 3, "size": None})
    left.write_options()
    model = tiny.gan()
    left.best.mkdir()
    model.save(left.best / "model.keras")
    (left.best / "best.json").write_text(json.dumps(SCORES))
    return folder


@pytest.fixture(scope="module")
def savedmodels(run, tmp_path_factory):
    """Two versions of a run, the first labelled; written without the check's fresh process."""
    folder = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exporting, "_check", lambda folder, cases: None)
        patch.chdir(folder)
        assert export_run(run, None, "stable", [], True) == folder / "savedmodels" / "cats" / "1"
        card = folder / "savedmodels" / "cats" / "README.md"
        card.write_text(card.read_text().replace("# cats", "# My cats\n\nThey are nice.") + "\nAsk me.\n")
        assert export_run(run, Path("savedmodels/cats"), None, [], True).name == "2"
    return folder / "savedmodels"


def test_the_manifest_says_which_training_it_was(savedmodels):
    about = manifest.read(savedmodels / "cats" / "1")
    assert (about["app"], about["data"], about["family"]) == ("cats", "cats", "GAN")
    assert about["options"] == {"data": "cats", "epochs": 3, "size": None}
    assert about["scores"]["scores"] == SCORES["scores"]
    # Where its maker keeps pictures is nobody's business.
    assert "/home/" not in json.dumps(about)


def test_exports_keep_the_label_the_versions_and_what_people_wrote(savedmodels):
    assert sorted(child.name for child in savedmodels.iterdir()) == [
        ".models.config.lock",
        "batching.config",
        "cats",
        "models.config",
        "monitoring.config",
    ]
    assert sorted(child.name for child in (savedmodels / "cats").iterdir()) == ["1", "2", "README.md"]
    assert dict(config(savedmodels)["cats"].version_labels) == {"stable": 1}
    (model,) = published(savedmodels)
    assert (model.name, model.versions, model.labels) == ("cats", (1, 2), {"stable": 1})
    card = (savedmodels / "cats" / "README.md").read_text()
    assert card.startswith("# My cats\n\nThey are nice.\n")
    assert card.endswith("\nAsk me.\n")
    assert card.count(BEGIN) == card.count(END) == 1


def test_the_card_says_what_it_is_how_good_it_is_and_how_to_ask(savedmodels):
    card = (savedmodels / "cats" / "README.md").read_text()
    for words in (
        "A model of the family GAN, trained by the app `cats` on `cats`.",
        "It makes images, 4x4x1, from noise. Version 2, published 20",
        "![The images of the seeds 0 to 15](2/assets.extra/samples.png)",
        "| `sample_png` | `seed` int64 (n): any integers | `image_bytes` string (n): PNG files |",
        "| frechet distance | 5.765 | 1.642 |",
        "Of 4,000 generated images and 5,000 real ones of `cats`, split train, by the features of lenet-mnist",
        "epochs `3`",
        "POST /v1/models/cats:predict",
    ):
        assert words in card
    with Image.open(savedmodels / "cats" / "2" / "assets.extra" / "samples.png") as grid:
        # Four by four, 4 pixels each, 2 between.
        assert grid.size == (26, 26)


def test_a_card_that_someone_else_wrote_is_added_to(savedmodels, tmp_path):
    shutil.copytree(savedmodels / "cats", tmp_path / "cats")
    (tmp_path / "cats" / "README.md").write_text("# Cats\n\nMine.\n")
    for _ in range(2):
        card = write_card(tmp_path / "cats").read_text()
    assert card.startswith(f"# Cats\n\nMine.\n\n{BEGIN}\nA model of")
    assert card.count("## Scores") == 1


def test_models_are_listed(savedmodels, versions, monkeypatch, capsys, tmp_path):
    code, out, err = call(monkeypatch, capsys, "models", savedmodels)
    assert code == 0, err
    first, second, third, fourth = out.splitlines()
    assert first == "cats: versions 1, 2, stable is 1"
    assert second.strip().startswith("GAN (cats on cats), 4x4x1, 20")
    assert third.strip() == "frechet distance 5.77, of real images 1.64 (lenet-mnist, 4,000 images)"
    assert fourth.strip() == "serving_default, sample, sample_png"
    assert (
        call(monkeypatch, capsys, "models", versions("other", 3))[1] == "other: version 3\n    not published by kgan\n"
    )
    (tmp_path / "empty").mkdir()
    assert "holds no models" in call(monkeypatch, capsys, "models", tmp_path / "empty")[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["models", "nowhere"], "there is no folder nowhere; kgan export RUN"),
        (["export", "nowhere"], "no run folder nowhere"),
        (["export", "RUN", "--to", "a b"], "name in a URL"),
        (["export", "RUN", "--label", "a/b"], "a label is a part of URLs"),
        (["export", "RUN", "--format", "onxn"], "unknown format 'onxn'; did you mean 'onnx'"),
    ],
)
def test_mistakes_get_one_line_and_leave_nothing(run, monkeypatch, capsys, tmp_path, words, message):
    monkeypatch.chdir(tmp_path)
    code, _, err = call(monkeypatch, capsys, *(run if word == "RUN" else word for word in words))
    assert code == 1
    assert message in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_numbers_that_json_does_not_know_are_written_as_null(tmp_path):
    (tmp_path / "assets.extra").mkdir()
    manifest.write(tmp_path, {"options": {"minutes": math.inf, "steps": [1, -math.inf, 2.5]}, "scores": math.nan})
    text = (tmp_path / "assets.extra" / "kgan.json").read_text()
    known = {"options": {"minutes": None, "steps": [1, None, 2.5]}, "scores": None}
    assert json.loads(text, parse_constant=pytest.fail) == known
    assert manifest.read(tmp_path) == known


def test_a_damaged_manifest_is_named(savedmodels, tmp_path):
    shutil.copytree(savedmodels, tmp_path / "savedmodels")
    file = tmp_path / "savedmodels" / "cats" / "2" / "assets.extra" / "kgan.json"
    about = json.loads(file.read_text())
    file.write_text("{")
    with pytest.raises(InputError, match="damaged"):
        published(tmp_path / "savedmodels")
    file.write_text(json.dumps(about | {"format": 2, "kgan": "9.0"}))
    with pytest.raises(InputError, match=r"made by kgan 9\.0: pip install --upgrade kgan"):
        published(tmp_path / "savedmodels")


# ------------------------------------------------------------------ killed


PUBLISHER = """
import tiny
from kgan.export import configs, exporting, publish

# What the fresh process would take, the kill would mostly hit.
exporting._check = lambda folder, cases: None
model = tiny.gan()
for _ in range(100):
    print(publish(model, "savedmodels/model", label="stable"), flush=True)
"""


@pytest.mark.parametrize("seed", range(int(os.environ.get("KGAN_TEST_KILLS", "1"))))
def test_a_publisher_killed_at_any_moment_leaves_whole_versions_alone(tmp_path, seed):
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-c", PUBLISHER]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as publisher:
        first = Path(publisher.stdout.readline().strip())
        seconds = time.monotonic()
        publisher.stdout.readline()
        seconds = time.monotonic() - seconds
        # Somewhere in the third export.
        time.sleep(np.random.default_rng(seed).uniform(0, seconds))
        publisher.kill()
    model = tmp_path / "savedmodels" / "model"
    kinds = {Path(child.name).suffix or child.name[:5] for child in model.iterdir() if not child.name.isdigit()}
    assert kinds <= {".md", ".tmp-"}
    numbers = sorted(int(child.name) for child in model.iterdir() if child.name.isdigit())
    assert numbers in ([1, 2], [1, 2, 3])
    newest = model / str(numbers[-1])
    assert files(newest) == files(first)
    assert manifest.read(newest)["model_digest"] == manifest.read(first)["model_digest"]
    images = tf.saved_model.load(str(newest)).signatures["sample"](seed=tf.range(3, dtype=tf.int64))["images"]
    np.testing.assert_allclose(images, tiny.gan().sample(3), atol=1e-5)
    label = config(model.parent)["model"].version_labels["stable"]
    assert label in numbers[-2:]


def files(folder):
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
