"""The run folder and the training that fills it: stopped, resumed, refused, on a full disk."""

import csv
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import tiny
from kgan import runs
from kgan.errors import InputError, RunError
from kgan.runs import Run, checkpoints, training

sys.path.insert(0, str(Path(__file__).parent / "apps"))
import tiny_app

pytestmark = pytest.mark.usefixtures("quick_apps")


def train(tmp_path, name, **options):
    return tiny_app.train(out=tmp_path / name, **options)


class Do(keras.callbacks.Callback):
    """Does something at the end of one step."""

    def __init__(self, step, action):
        super().__init__()
        self.left, self.action = step, action

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            self.action()


def fit_tiny(run, model, callbacks=(), **budget):
    data = tiny_app.kgan.data.ImageSet(np.random.default_rng(0).integers(0, 256, (48, 4, 4, 1), dtype=np.uint8))
    runs.fit(run, model, data, batch_size=8, callbacks=callbacks, **budget)
    return model


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_the_resumed_training_ends_the_same(tmp_path, number):
    whole = fit_tiny(Run.new("x", {}, tmp_path / "whole"), tiny.gan(), epochs=3)
    run = Run.new("x", {}, tmp_path / "cut")
    before = signal.getsignal(number)
    # Step 9 is the third of the second epoch.
    stop = Do(9, lambda: os.kill(os.getpid(), number))
    with pytest.raises(runs.Interrupted) as stopped:
        fit_tiny(run, tiny.gan(), [stop], epochs=3)
    assert (stopped.value.signal_number, stopped.value.step) == (number, 9)
    assert signal.getsignal(number) is before

    resumed = fit_tiny(Run.open(run.path), run.restore(), epochs=3)
    assert tiny.differences(whole, resumed) == []
    assert [row["epoch"] for row in _history(run)] == ["0", "1", "2"]
    assert tiny.differences(whole, run.load_model()) == []


def _history(run):
    with (run.path / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_training_cut_between_checkpoints_repeats_the_steps_since(tmp_path):
    whole = fit_tiny(Run.new("x", {}, tmp_path / "whole"), tiny.gan(), epochs=4)
    run = Run.new("x", {}, tmp_path / "cut")

    def crash():
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        fit_tiny(run, tiny.gan(), [Do(15, crash)], epochs=4)
    assert checkpoints.read_progress(checkpoints.newest(run.checkpoints)).step == 12
    # What a kill in the middle of a save leaves behind.
    (run.checkpoints / ".tmp-1-step-00000018").mkdir()
    resumed = fit_tiny(run, run.restore(), epochs=4)
    assert tiny.differences(whole, resumed) == []
    assert not list(run.checkpoints.glob(".tmp-*"))


def test_minutes_count_all_sittings(tmp_path):
    run = Run.new("x", {}, tmp_path / "run")
    fit_tiny(run, tiny.gan(), epochs=1)
    newest = checkpoints.newest(run.checkpoints)
    (newest / "progress.json").write_text(json.dumps({"step": 6, "seconds": 3000.0}))
    fit_tiny(run, run.restore(), minutes=50)
    assert checkpoints.read_progress(checkpoints.newest(run.checkpoints)).step == 7


def test_a_full_disk_keeps_the_last_good_checkpoint(tmp_path):
    run = Run.new("x", {}, tmp_path / "run")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    fill = Do(8, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard)))
    try:
        with pytest.raises(OSError):
            fit_tiny(run, tiny.gan(), [fill], epochs=3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in run.checkpoints.iterdir()] == ["step-00000006"]
    whole = fit_tiny(Run.new("x", {}, tmp_path / "whole"), tiny.gan(), epochs=3)
    assert tiny.differences(whole, fit_tiny(run, run.restore(), epochs=3)) == []


@pytest.mark.parametrize("spoil", [lambda file: file.write_bytes(b"rubbish"), Path.unlink], ids=["broken", "gone"])
def test_an_image_that_breaks_midway_is_named_and_nothing_is_lost(tmp_path, spoil):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (48, 4, 4), dtype=np.uint8)):
        Image.fromarray(pixels).save(folder / f"{index}.png")

    def images():
        # Too many for the memory: each is decoded whenever it is needed.
        return tiny_app.kgan.data.open_images(folder, image_size=4, channels=1, memory_budget=1)

    def fit(run, model, callbacks=()):
        runs.fit(run, model, images(), batch_size=8, epochs=9, callbacks=callbacks)
        return model

    assert not images().in_memory
    whole = fit(Run.new("x", {}, tmp_path / "whole"), tiny.gan())
    run, victim = Run.new("x", {}, tmp_path / "cut"), folder / "7.png"
    content = victim.read_bytes()
    with pytest.raises(InputError, match=r"7\.png could be read before and cannot be any more"):
        fit(run, tiny.gan(), [Do(7, lambda: spoil(victim))])
    assert checkpoints.read_progress(checkpoints.newest(run.checkpoints)).step >= 6
    victim.write_bytes(content)
    assert tiny.differences(whole, fit(run, run.restore())) == []


TRAIN_FOR_LONG = """
import sys
import test_runs, tiny
from kgan.runs import Run

test_runs.fit_tiny(Run.new("x", {}, sys.argv[1]), tiny.gan(), [test_runs.Do(3, lambda: print("training", flush=True))],
                   minutes=60)
"""


def test_a_run_is_trained_by_one_process_at_a_time_and_free_when_that_is_killed(tmp_path):
    where = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-c", TRAIN_FOR_LONG, str(tmp_path / "run")]
    with subprocess.Popen(command, env=where, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "training\n"
        with pytest.raises(RunError, match="is being trained by another process"):
            fit_tiny(Run.open(tmp_path / "run"), tiny.gan(), epochs=1)
        other.kill()
    run = Run.open(tmp_path / "run")
    fit_tiny(run, run.restore() or tiny.gan(), minutes=0.01)
    assert run.load_model() is not None


def test_a_model_from_before_another_process_trained_on_is_refused(tmp_path):
    run = Run.new("x", {}, tmp_path / "run")
    fit_tiny(run, tiny.gan(), epochs=1)
    early, late = Run.open(run.path), Run.open(run.path)
    model = early.restore()
    fit_tiny(late, late.restore(), epochs=2)
    with pytest.raises(RunError, match="was trained on by another process"):
        fit_tiny(early, model, epochs=3)
    # One's own going on is no other's.
    fit_tiny(late, late.restore(), epochs=3)
    twice = Run.new("x", {}, tmp_path / "twice")
    assert twice.restore() is None
    fit_tiny(twice, fit_tiny(twice, tiny.gan(), epochs=1), epochs=2)


def test_an_app_leaves_what_the_folder_promises(tmp_path):
    run = train(tmp_path, "run", epochs=3)
    content = json.loads((run.path / "options.json").read_text())
    assert content["options"] == {"epochs": 3, "num_images": 64, "minutes": None}
    assert set(content["versions"]) >= {"kgan", "keras", "tensorflow"}
    # A slow machine may have drawn a first picture before the first epoch's end too.
    assert {p.name for p in run.samples.iterdir()} >= {f"epoch-{epoch:04d}.png" for epoch in (1, 2, 3)}
    assert len(_history(run)) == 3
    assert len(list(run.checkpoints.iterdir())) == checkpoints.KEPT
    assert list((run.path / "logs").rglob("events*"))
    again = tiny_app.train(**Run.open(run.path).options, run=Run.open(run.path))
    assert tiny.differences(run.load_model(), again.load_model()) == []


def test_the_first_picture_comes_before_a_long_epoch_ends(tmp_path):
    pictures = tiny_app.kgan.SampleGrid(tmp_path / "samples", num_images=4, first_after=0.0)
    fit_tiny(Run.new("x", {}, tmp_path / "run"), tiny.gan(), [pictures], epochs=2)
    assert sorted(p.name for p in (tmp_path / "samples").iterdir()) == [f"epoch-000{e}.png" for e in (0, 1, 2)]
    pictures.save_gif(tmp_path / "training.gif")
    assert (tmp_path / "training.gif").read_bytes()[:3] == b"GIF"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.joinpath("options.json").unlink(), "is no run"),
        (lambda path: path.joinpath("options.json").write_text("{"), "damaged"),
        (lambda path: _rewrite(path, format=training.ENDLESS), "newer than this kgan"),
        (lambda path: path.rename(path.with_name("gone")), "no run folder"),
    ],
)
def test_a_folder_that_is_no_run_is_refused(tmp_path, spoil, message):
    run = Run.new("x", {}, tmp_path / "run")
    run.write_options()
    assert Run.open(run.path).app == "x"
    spoil(run.path)
    with pytest.raises(RunError, match=message):
        Run.open(run.path)


def _rewrite(path, **changes):
    content = json.loads((path / "options.json").read_text())
    (path / "options.json").write_text(json.dumps({**content, **changes}))


def test_a_new_run_never_overwrites(tmp_path):
    (tmp_path / "empty").mkdir()
    assert Run.new("x", {}, tmp_path / "empty").path == tmp_path / "empty"
    (tmp_path / "empty" / "file").touch()
    with pytest.raises(RunError, match=r"exists already.*kgan resume"):
        Run.new("x", {}, tmp_path / "empty")


def test_a_run_without_a_model_says_so(tmp_path):
    run = Run.new("x", {}, tmp_path / "run")
    run.write_options()
    with pytest.raises(RunError, match="no model yet"):
        run.load_model()
    broken = run.checkpoints / "step-00000001"
    broken.mkdir(parents=True)
    (broken / "model.keras").write_bytes(b"PK")
    with pytest.raises(RunError, match=r"no checkpoint in .* can be read; remove it to begin anew"):
        run.load_model()


def test_fewer_images_than_a_batch_are_refused_before_anything_is_written(tmp_path):
    with pytest.raises(InputError, match="batch_size=8 needs at least 8 images"):
        train(tmp_path, "run", num_images=7)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("budget", "message"), [({}, "how long"), ({"epochs": 0}, "at least 1"), ({"minutes": -1.0}, "positive")]
)
def test_an_impossible_budget_is_refused_before_anything_is_written(tmp_path, budget, message):
    with pytest.raises(InputError, match=message):
        fit_tiny(Run.new("x", {}, tmp_path / "run"), tiny.gan(), **budget)
    assert not (tmp_path / "run").exists()
