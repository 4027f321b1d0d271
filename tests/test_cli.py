"""The command line as its user meets it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

import kgan_cli

APP = Path(__file__).parent / "apps" / "tiny_app.py"
KGAN = [sys.executable, "-c", "from kgan_cli import main; main()"]


def run(*words, **options):
    return subprocess.run([*KGAN, *map(str, words)], capture_output=True, text=True, timeout=300, **options)


def call(monkeypatch, capsys, *words):
    """Runs a command in this process; returns its exit code, stdout and stderr."""
    monkeypatch.setattr(sys, "argv", ["kgan", *map(str, words)])
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    with pytest.raises(SystemExit) as ended:
        kgan_cli.main()
    captured = capsys.readouterr()
    return ended.value.code or 0, captured.out, captured.err


def test_help_does_not_wait_for_tensorflow():
    script = (
        "import sys, kgan_cli\ntry: kgan_cli.app(['--help'])\nexcept SystemExit: assert 'tensorflow' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "resume" in done.stdout


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli") / "run"
    silent = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    done = run("train", APP, "--epochs", 2, "--out", folder, env=silent)
    assert done.returncode == 0, done.stderr
    assert "epoch 2/2" in done.stderr
    assert "absl" not in done.stderr
    return folder


def test_resume_trains_on_to_more_epochs(trained, monkeypatch, capsys):
    code, _, err = call(monkeypatch, capsys, "resume", trained, "--epochs", 3)
    assert code == 0, err
    assert "epoch 3/3" in err
    assert "epoch 2/3" not in err


def test_sample_writes_what_is_asked_for(trained, monkeypatch, capsys, tmp_path):
    def sample(*words):
        code, out, err = call(monkeypatch, capsys, "sample", trained, *words)
        assert code == 0, err
        return Path(out.strip())

    with Image.open(sample("--num", 9)) as grid:
        assert grid.size == (3 * 18 + 2, 3 * 18 + 2)
    with Image.open(sample("--num", 6, "--columns", 6)) as grid:
        assert grid.size == (6 * 18 + 2, 18 + 2)
    with Image.open(sample("--num", 4, "--interpolate", 5)) as grid:
        assert grid.size == (5 * 18 + 2, 3 * 18 + 2)
    with Image.open(sample("--num", 3, "--gif", "--interpolate", 4)) as walk:
        assert (walk.size, walk.is_animated) == ((16, 16), True)
    first = sample("--num", 2, "--single", "--seed", 5, "--out", tmp_path / "a")
    assert sorted(p.name for p in first.iterdir()) == ["000005.png", "000006.png"]
    second = sample("--num", 1, "--single", "--seed", 6, "--out", tmp_path / "b")
    assert (first / "000006.png").read_bytes() == (second / "000006.png").read_bytes()


def test_export_publishes_the_next_version(trained, monkeypatch, capsys, tmp_path):
    for version in (1, 2):
        code, out, err = call(monkeypatch, capsys, "export", trained, "--to", tmp_path / "model")
        assert (code, out.strip()) == (0, str(tmp_path / "model" / str(version))), err
    assert (tmp_path / "model" / "2" / "saved_model.pb").exists()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["train", "dcgn"], 1, "unknown app 'dcgn'; did you mean 'dcgan'"),
        (["train", "missing.py"], 1, "there is no file missing.py"),
        (["train", Path(__file__)], 1, "no function `train`"),
        (["train", "dcgan", "--data", "mnits"], 1, "did you mean 'mnist'"),
        (["train", "dcgan", "--data", "./no-such-folder"], 1, "no-such-folder"),
        (["train", "dcgan", "--data", "synthetic", "--size", "10", "--epochs", "1"], 1, "16 to 128"),
        (["train", "dcgan", "--data", "synthetic", "--loss", "hinges", "--epochs", "1"], 1, "did you mean 'hinge'"),
        (["train", "dcgan", "--data", "synthetic", "--epochs", "0"], 1, "at least 1"),
        (["train", "dcgan", "--wdith", "3"], 2, "--wdith"),
        (["train", "dcgan", "--precision", "float8"], 2, "float8"),
        (["resume", "nowhere"], 1, "no run folder nowhere"),
        (["resume", "."], 1, "is no run"),
        (["sample", "."], 1, "neither a run's folder nor a published model"),
    ],
)
def test_mistakes_get_one_line_and_leave_nothing(words, code, message, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    found, _, err = call(monkeypatch, capsys, *words)
    assert found == code
    assert message in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_an_existing_run_is_not_overwritten(trained, monkeypatch, capsys):
    code, _, err = call(monkeypatch, capsys, "train", APP, "--out", trained)
    assert (code, "kgan resume" in err) == (1, True)


def test_the_options_of_an_app_are_its_signature(monkeypatch, capsys):
    code, out, _ = call(monkeypatch, capsys, "train", APP, "--help")
    assert code == 0
    for words in ("Train on noise.", "--num-images", "How much noise.", "[default: 64]"):
        assert words in out
    assert "--run" not in out
    assert call(monkeypatch, capsys, "train", "--help")[0] == 0
    assert call(monkeypatch, capsys, "train")[0] == 2


def test_apps_are_listed_with_what_they_do(monkeypatch, capsys):
    code, out, _ = call(monkeypatch, capsys, "apps")
    assert code == 0
    assert "dcgan" in out
    assert "MNIST" in out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_says_how_to_resume(number, tmp_path):
    command = [*KGAN, "train", str(APP), "--epochs", "100000", "--out", str(tmp_path / "run")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not list((tmp_path / "run").glob("checkpoints/step-*")) and process.poll() is None:
        time.sleep(0.1)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number, err
    assert f"go on with: kgan resume {tmp_path / 'run'}" in err
    assert "Traceback" not in err


def test_ctrl_c_before_training_is_no_crash(monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("kgan_cli.opening.find_model", interrupted)
    code, _, err = call(monkeypatch, capsys, "sample", "anything")
    assert (code, "Traceback" in err) == (130, False)


def test_two_kills_cost_nothing_but_time():
    script = Path(__file__).parent.parent / "benchmarks" / "kill_resume.py"
    words = ["--kills", "2", APP, "--epochs", "10"]
    done = subprocess.run([sys.executable, script, *words], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 differ" in done.stdout and "nothing wrong after 2 kills" in done.stdout
