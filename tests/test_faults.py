"""What can go wrong beneath a training, injected: full disks, power cuts, signals, bad data, clocks that jump."""

import contextlib
import csv
import datetime
import os
import resource
import shutil
import signal
import time
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image
from test_runs import Do, fit_tiny
from test_score_monitor import IMAGES, Planned

import kgan
import tiny
from kgan import runs
from kgan.apps import _shared
from kgan.data import ConditionedImages, PairedImages, UnpairedImages, open_images
from kgan.errors import InputError, RunError
from kgan.files import atomic_file
from kgan.metrics.features import open_extractor
from kgan.monitors.health.journal import Journal
from kgan.runs import Run, checkpoints, keeper
from kgan_cli.failures import explain

pytestmark = pytest.mark.usefixtures("quick_apps")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What three epochs of six steps come to when nothing goes wrong."""
    return fit_tiny(Run.new("x", {}, tmp_path_factory.mktemp("whole") / "run"), tiny.gan(), epochs=3)


def epochs_of(run):
    with (run.path / "history.csv").open(newline="") as file:
        return [row["epoch"] for row in csv.DictReader(file)]


def resumed(run, callbacks=()):
    """The model of a run that a new process trains to its end."""
    run = Run.open(run.path)
    return fit_tiny(run, run.restore() or tiny.gan(), callbacks, epochs=3)


@contextlib.contextmanager
def no_room():
    """Lets the system refuse to write to files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def without_room(function, call):
    """The same function, the disk being full at one of its calls."""
    calls = iter(range(1, 1000))

    def refused(*args, **kwargs):
        with no_room() if next(calls) == call else contextlib.nullcontext():
            return function(*args, **kwargs)

    return refused


def watched(run, model):
    """Trains with all that an app's training writes."""
    scorer = kgan.evaluation.Scorer(IMAGES, open_extractor("pixels"), num_images=8)
    pictures = kgan.SampleGrid(run.samples, num_images=4)
    _shared.fit_watched(run, model, IMAGES, None, pictures, lambda: scorer, images=IMAGES, batch_size=8, epochs=3)
    return model


# In the order in which they come, each at a call of its own.
WRITERS = {
    "options.json": (Run, "write_options", 1),
    "health.jsonl": (Journal, "write", 1),
    "TensorBoard's logs": (keras.callbacks.TensorBoard, "on_train_begin", 1),
    "history.csv": (keras.callbacks.CSVLogger, "on_epoch_end", 2),
    "samples": (kgan.SampleGrid, "_draw", 1),
    "the best model": (kgan.ScoreMonitor, "_note", 1),
    "a checkpoint": (checkpoints, "save", 1),
    "the model": (Run, "save_model", 1),
    "the film": (kgan.SampleGrid, "save_gif", 1),
    "the report": (kgan.report, "write", 1),
}


def test_a_disk_that_is_full_again_and_again_is_said_in_a_line_and_costs_nothing(tmp_path, whole, monkeypatch, capsys):
    path = tmp_path / "run"
    stood = []
    for what, (owner, name, call) in WRITERS.items():
        # A run as the next process opens it.
        run = Run(path, "mine.py", {})
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, without_room(getattr(owner, name), call))
            with pytest.raises(OSError) as full:
                watched(run, run.restore() or tiny.gan())
        capsys.readouterr()
        assert explain(full.value) == 1, what
        said = capsys.readouterr().err
        assert said.startswith("error: the disk is full") and len(said.splitlines()) == 1
        stood.append(checkpoints.read_progress(checkpoints.newest(run.checkpoints)).step)
    assert stood == [0, 0, 0, 6, 6, 6, 6, 18, 18, 18]
    run = Run(path, "mine.py", {})
    assert tiny.differences(whole, watched(run, run.restore())) == []
    assert epochs_of(run) == ["0", "1", "2"]
    assert {file.name for file in path.iterdir()} >= {"model.keras", "training.gif", "report.html", "health.jsonl"}
    assert not list(path.rglob(".tmp-*"))


def test_a_line_that_a_full_disk_cut_short_is_written_anew(tmp_path):
    run = Run.new("x", {}, tmp_path / "run")
    run.path.mkdir()
    # The first bytes of a header, and of the row of epoch 10.
    (run.path / "history.csv").write_text("epoch,discrim")
    fit_tiny(run, tiny.gan(), epochs=2)
    assert epochs_of(run) == ["0", "1"]
    with (run.path / "history.csv").open("a") as file:
        file.write("1")
    resumed(run)
    assert epochs_of(run) == ["0", "1", "2"]


def test_what_kills_left_half_written_is_gone_when_training_goes_on(tmp_path):
    run = Run.new("x", {}, tmp_path / "run")
    for folder in (run.path, run.best, run.samples, run.path / "savedmodel"):
        (folder / ".tmp-1-folder").mkdir(parents=True)
        (folder / ".tmp-1-folder" / "half.keras").write_bytes(b"half")
        (folder / ".tmp-2-file").write_bytes(b"half")
    fit_tiny(run, tiny.gan(), epochs=1)
    assert not list(run.path.rglob(".tmp-*"))


def test_a_file_that_is_written_beside_the_one_asked_for_goes_with_it(tmp_path):
    # As Keras does, where memory is short.
    with atomic_file(tmp_path / "model.keras") as temporary:
        temporary.with_name("weights").touch()
        temporary.write_text("whole")
        assert all(path.name.startswith(".tmp-") for path in tmp_path.iterdir())
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]


@pytest.mark.parametrize("step", [6, 18])
def test_a_signal_at_an_epochs_last_step_leaves_the_epoch_complete(step, tmp_path, whole):
    run = Run.new("x", {}, tmp_path / "run")
    pictures = kgan.SampleGrid(run.samples, num_images=4)
    with pytest.raises(runs.Interrupted) as stopped:
        fit_tiny(run, tiny.gan(), [Do(step, lambda: os.kill(os.getpid(), signal.SIGTERM)), pictures], epochs=3)
    assert stopped.value.step == step
    assert tiny.differences(whole, resumed(run, [kgan.SampleGrid(run.samples, num_images=4)])) == []
    assert epochs_of(run) == ["0", "1", "2"]
    assert {file.name for file in run.samples.iterdir()} >= {f"epoch-000{epoch}.png" for epoch in (1, 2, 3)}


def test_a_signal_in_the_last_epochs_end_stops_the_program_too(tmp_path, monkeypatch):
    def first_save(*args):
        monkeypatch.setattr(checkpoints, "save", save)
        os.kill(os.getpid(), signal.SIGTERM)
        return save(*args)

    save = checkpoints.save
    monkeypatch.setattr(checkpoints, "save", first_save)
    run = Run.new("x", {}, tmp_path / "run")
    with pytest.raises(runs.Interrupted):
        fit_tiny(run, tiny.gan(), epochs=1)
    assert checkpoints.newest(run.checkpoints).name == "step-00000006"


def test_a_second_signal_while_a_checkpoint_is_written_loses_no_other(tmp_path, whole, monkeypatch):
    def save(model, path):
        path.write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGTERM)

    def first_signal():
        monkeypatch.setattr(kgan.GAN, "save", save)
        os.kill(os.getpid(), signal.SIGTERM)

    run = Run.new("x", {}, tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        fit_tiny(run, tiny.gan(), [Do(9, first_signal)], epochs=3)
    monkeypatch.undo()
    assert [path.name for path in run.checkpoints.iterdir()] == ["step-00000006"]
    assert tiny.differences(whole, resumed(run)) == []


def test_a_best_model_scored_twice_counts_once_towards_patience(tmp_path):
    class Killed(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise RuntimeError("killed")

    def monitor(*scores):
        return kgan.ScoreMonitor(Planned(*scores), tmp_path / "best", share=1.0, patience=2)

    run = Run.new("x", {}, tmp_path / "run")
    with pytest.raises(RuntimeError, match="killed"):
        fit_tiny(run, tiny.gan(), [monitor(5.0, 3.0), Killed()], epochs=9)
    # From the first epoch's checkpoint, and so through the second again.
    fit_tiny(run, run.restore(), [monitor(3.0, 4.0, 4.5)], epochs=9)
    assert epochs_of(run) == ["0", "1", "2", "3"]


def halved(checkpoint):
    content = (checkpoint / "model.keras").read_bytes()
    (checkpoint / "model.keras").write_bytes(content[: len(content) // 2])


def holed(checkpoint):
    content = bytearray((checkpoint / "model.keras").read_bytes())
    content[4096:8192] = bytes(4096)
    (checkpoint / "model.keras").write_bytes(content)


def scrambled(checkpoint):
    content = bytearray((checkpoint / "model.keras").read_bytes())
    # How the weights, the last file in the ZIP, are packed: in a way that nobody knows.
    content[content.rindex(b"PK\1\2") + 10] = 99
    (checkpoint / "model.keras").write_bytes(content)


DAMAGES = {
    "cut short": halved,
    "with a hole in it": holed,
    "scrambled": scrambled,
    "empty": lambda checkpoint: (checkpoint / "model.keras").write_bytes(b""),
    "gone": lambda checkpoint: (checkpoint / "model.keras").unlink(),
    "of unknown step": lambda checkpoint: (checkpoint / "progress.json").write_bytes(b""),
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    run = Run.new("x", {}, tmp_path_factory.mktemp("trained") / "run")
    fit_tiny(run, tiny.gan(), epochs=3)
    return run


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_after_a_power_cut_the_checkpoint_before_is_taken_and_named(damage, trained, tmp_path, capsys):
    shutil.copytree(trained.checkpoints, tmp_path / "checkpoints")
    damage(tmp_path / "checkpoints" / "step-00000018")
    run = Run(tmp_path, "x", {})
    assert run.restore().optimizer.iterations.numpy() == 12
    said = capsys.readouterr().err.splitlines()
    assert "step-00000018 cannot be read: " in said[0]
    assert said[1] == f"going on from the one before, {run.checkpoints / 'step-00000012'}"
    assert len(said) == 2


def test_training_goes_on_exactly_from_the_checkpoint_before(trained, tmp_path, whole):
    shutil.copytree(trained.path, tmp_path / "run")
    run = Run.open(tmp_path / "run")
    halved(run.checkpoints / "step-00000018")
    for _ in range(2):
        assert tiny.differences(whole, resumed(run)) == []
    assert epochs_of(run) == ["0", "1", "2"]
    names = sorted(path.name for path in run.checkpoints.iterdir())
    assert names == ["damaged-step-00000018", "step-00000012", "step-00000018"]
    for name in names[1:]:
        halved(run.checkpoints / name)
    with pytest.raises(RunError, match=r"no checkpoint in .* can be read; remove it to begin anew"):
        run.restore()


def test_checkpoints_come_by_the_clock_as_well_as_by_the_epoch(tmp_path, whole, monkeypatch):
    now, saved, save = [1000.0], [], checkpoints.save

    class Slow(keras.callbacks.Callback):
        """Steps of 25 seconds, by the clock that training goes by."""

        def on_train_batch_end(self, batch, logs=None):
            now[0] += 25.0
            if saved == [3, 6, 9] and batch == 4:
                raise RuntimeError("killed")

    def noted(folder, model, progress):
        saved.append(progress.step)
        return save(folder, model, progress)

    monkeypatch.setattr(keeper, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(checkpoints, "save", noted)
    run = Run.new("x", {}, tmp_path / "run")
    with pytest.raises(RuntimeError, match="killed"):
        fit_tiny(run, tiny.gan(), [Slow()], epochs=3)
    assert saved == [3, 6, 9]
    assert tiny.differences(whole, resumed(run)) == []
    assert epochs_of(run) == ["0", "1", "2"]


@pytest.mark.parametrize("years", [-1, 1])
def test_a_date_that_jumps_changes_nothing(years, tmp_path, whole, monkeypatch):
    real, shift = time.time, [0.0]

    def jump():
        shift[0] = years * 365 * 86400.0

    monkeypatch.setattr(time, "time", lambda: real() + shift[0])
    run = Run.new("x", {}, tmp_path / "run")
    with pytest.raises(RuntimeError, match="killed"):
        fit_tiny(run, tiny.gan(), [Do(4, jump), Do(15, killed)], epochs=3, minutes=600)
    old, new = sorted(run.checkpoints.iterdir())
    os.utime(new, (real(), real() - 1e7))
    os.utime(old, (real(), real() + 1e7))
    model = run.restore()
    assert run.standing == new
    assert tiny.differences(whole, fit_tiny(run, model, epochs=3, minutes=600)) == []
    assert 0 <= checkpoints.read_progress(checkpoints.newest(run.checkpoints)).seconds < 36_000


def killed():
    raise RuntimeError("killed")


def test_runs_begun_at_the_same_time_of_a_clock_set_back_have_folders_of_their_own(tmp_path, monkeypatch):
    class Stopped(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2026, 10, 25, 2, 30)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runs.folder, "datetime", SimpleNamespace(datetime=Stopped))
    paths = []
    for _ in range(3):
        run = Run.new("dcgan", {})
        run.write_options()
        paths.append(run.path.as_posix())
    assert paths == [f"runs/dcgan/2026-10-25-023000{again}" for again in ("", "-2", "-3")]


def lazy(folder):
    """Pictures that are decoded whenever they are needed."""
    if not folder.exists():
        folder.mkdir(parents=True)
        pictures = np.random.default_rng(0).integers(0, 256, (24, 4, 4), dtype=np.uint8)
        for index, pixels in enumerate(pictures):
            Image.fromarray(pixels).save(folder / f"{index}.png")
    return open_images(folder, image_size=4, channels=1, memory_budget=1)


KINDS = {
    "pairs": lambda folder: PairedImages(lazy(folder / "a"), lazy(folder / "b")),
    "domains": lambda folder: UnpairedImages(lazy(folder / "a"), lazy(folder / "b")),
    "conditions": lambda folder: ConditionedImages(lazy(folder / "b"), np.arange(24 * 16).reshape(24, 16) % 3),
}


# Of Keras, on any dataset that is given to a model which is none of kgan's.
@pytest.mark.filterwarnings("ignore:`shuffle=True` was passed")
@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_read_midway_is_named_and_costs_nothing(kind, tmp_path):
    def fit(name, action=lambda: None):
        run = Run.new("x", {}, tmp_path / name) if not (tmp_path / name).exists() else Run.open(tmp_path / name)
        model = run.restore()
        if model is None:
            # No game, but quick to make: one side learns the other.
            keras.utils.set_random_seed(1)
            model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(16)])
            if kind != "conditions":
                model.add(keras.layers.Reshape((4, 4, 1)))
            model.compile("adam", "mse")
        runs.fit(run, model, KINDS[kind](tmp_path), batch_size=4, epochs=9, callbacks=[Do(7, action)])
        return [variable.numpy() for variable in [*model.weights, *model.optimizer.variables]]

    whole = fit("whole")
    victim = tmp_path / "b" / "7.png"
    content = victim.read_bytes()
    with pytest.raises(InputError, match=r"7\.png could be read before and cannot be any more"):
        fit("cut", lambda: victim.write_bytes(b"torn"))
    victim.write_bytes(content)
    for one, other in zip(whole, fit("cut"), strict=True):
        np.testing.assert_array_equal(one, other)
