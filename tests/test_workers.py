"""Several workers, named by TF_CONFIG: one game, one writer, and what is left when one is killed."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import kgan_cli
import tiny
from kgan.cluster import named_cluster
from kgan.data import ImageSet
from kgan.errors import InputError, RunError
from kgan.runs import Run, fit

# What both workers run; several things in one process each, for TensorFlow takes long to come.
PRELUDE = """
    import os, signal, sys
    import keras, numpy as np, tensorflow as tf
    import kgan, tiny
    from kgan.devices import strategy, training_on
    from kgan.runs import Run
    from kgan.workers import is_chief
    from pathlib import Path
    from tiny_cli import draw_few, kgan_, publish_unchecked

    draw_few()
    publish_unchecked()
    small = ["--data", "synthetic", "--size", 16, "--batch-size", 8, "--width", 4, "--depth", 0, "--epochs", 2]
"""

# The worker is told to stop after step 3, all go on, and in step 7 it is killed.
KILLED = """
    from kgan.runs.keeper import Keeper
    ended = Keeper.on_train_batch_end

    def on_train_batch_end(self, batch, logs=None):
        step = self.epoch_start + batch + 1
        if not is_chief() and step in (3, 7):
            os.kill(os.getpid(), signal.SIGTERM if step == 3 else signal.SIGKILL)
        ended(self, batch, logs)

    Keeper.on_train_batch_end = on_train_batch_end
    assert kgan_("train", "dcgan", *small, "--out", "cut") == 143
    assert [path.name for path in Path("cut/checkpoints").glob("step-*")] == ["step-00000003"]
    sys.exit(kgan_("resume", "cut"))
"""

# The killed training goes on, another is never interrupted, and two begin in vain.
TRAINED = """
    assert kgan_("resume", "cut") == 0
    assert kgan_("train", "dcgan", *small, "--out", "whole") == 0
    assert kgan_("train", "dcgan", *small, "--batch-size", 7, "--out", "refused") == 1
    assert kgan_("train", "dcgan", *small, "--width", 4 if is_chief() else 5, "--out", "refused") == 1
"""

# 20 steps beside one device's, and the noise.
CURVE = """
    def deaf():
        return tiny.generator(keras.layers.Rescaling(0.0))

    def train(replicas):
        model = tiny.gan(deaf, penalty=[kgan.R1(10, every=2), kgan.WeightClipping(0.5)], ema_decay=0.9,
                         critic_steps=2, optimizer=lambda: keras.optimizers.SGD(0.1))
        # Each replica cuts its own half in two parts: laid out so that the parts of both cases hold the same images.
        images = tiny.images(64).reshape(4, 2, 2, 4, *tiny.SHAPE)
        order = images.swapaxes(1, 2) if replicas == 1 else images
        data = tf.data.Dataset.from_tensor_slices(order.reshape(64, *tiny.SHAPE)).batch(16, drop_remainder=True)
        history = model.fit(kgan.devices.divided(data.repeat()), epochs=5, steps_per_epoch=4, verbose=0).history
        return model.get_weights(), history

    with training_on():
        two, history_two = train(2)
        model = tiny.gan()
        seeds = strategy().run(tf.function(lambda: model.next_seed()[None], autograph=False))
        seeds = strategy().gather(seeds, axis=0).numpy()
        assert len({tuple(seed) for seed in seeds}) == 2 and seeds[0][1] == seeds[1][1], seeds
    if is_chief():
        one, history_one = train(1)
        for a, b in zip(one, two, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-4)
        for name in history_one:
            np.testing.assert_allclose(history_one[name], history_two[name], rtol=1e-4, atol=1e-6)
        print("same game, different noise")

    # To the worker there is no such run.
    sys.exit(kgan_("resume", "whole" if is_chief() else "elsewhere/whole"))
"""

LOST = (
    "error: another worker was lost, whose own output says why, and without it no step can be made; start all of them "
    "again: kgan resume RUN goes on from the last checkpoint."
)


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [opened.getsockname()[1] for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports


def start(script, folder, cluster, task):
    where = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]),
        "TF_CONFIG": json.dumps({"cluster": cluster, "task": task}),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    code = textwrap.dedent(PRELUDE) + textwrap.dedent(script)
    command = [sys.executable, "-W", "ignore", "-c", code]
    return subprocess.Popen(
        command, cwd=folder, env=where, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )


def run_both(script, folder):
    """Runs a script as the chief and as a worker; returns exit code and output of both."""
    chief, worker = (f"127.0.0.1:{port}" for port in free_ports(2))
    cluster = {"chief": [chief], "worker": [worker]}
    processes = [start(script, folder, cluster, {"type": job, "index": 0}) for job in ("chief", "worker")]
    try:
        outputs = [process.communicate(timeout=600) for process in processes]
    finally:
        for process in processes:
            process.kill()
    return [(process.returncode, out + err) for process, (out, err) in zip(processes, outputs, strict=True)]


def errors(output):
    assert "Traceback" not in output
    return re.findall("^error: .*", output, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("workers")


@pytest.fixture(scope="module")
def killed(folder):
    """What two workers said of whom one was killed, in the run `cut`."""
    return run_both(KILLED, folder)


@pytest.fixture(scope="module")
def trained(killed, folder):
    """What two workers said who went on with it, trained the run `whole`, and did the same as one device."""
    return run_both(TRAINED + CURVE, folder)


def test_one_killed_worker_ends_all_with_one_line(killed):
    (chief, said), (worker, _) = killed
    assert (chief, worker) == (1, -signal.SIGKILL), said[-3000:]
    assert errors(said) == [LOST]


def test_a_signal_to_one_worker_stops_all_after_the_same_step(killed):
    for _, said in killed:
        assert "stopped at step 3, all of it saved; go on with: kgan resume cut" in said, said[-3000:]


def test_two_workers_do_what_one_device_does_but_for_the_noise(trained):
    (_, said), _ = trained
    assert "same game, different noise" in said, said[-3000:]


def test_two_workers_train_an_app_and_one_writes(trained, folder):
    whole = folder / "whole"
    assert sorted(path.name for path in folder.iterdir()) == ["cut", "whole"], trained[0][1][-3000:]
    assert sorted(path.name for path in (whole / "checkpoints").iterdir()) == ["step-00000005", "step-00000010"]
    assert {"epoch-0001.png", "epoch-0002.png"} <= {path.name for path in (whole / "samples").iterdir()}
    assert [path.name for path in (whole / "savedmodel").iterdir() if path.is_dir()] == ["1"]
    assert (whole / "savedmodel" / "1" / "saved_model.pb").exists()
    for name in ("model.keras", "health.jsonl", "report.html", "best/model.keras"):
        assert (whole / name).exists(), name
    assert [line.split(",")[0] for line in (whole / "history.csv").read_text().splitlines()] == ["epoch", "0", "1"]
    # TensorBoard's, of one process.
    assert len(list((whole / "logs").rglob("events.out.*"))) == 1


@pytest.mark.usefixtures("trained")
def test_a_training_whose_workers_were_stopped_and_killed_ends_with_the_same_bits(folder):
    assert tiny.differences(Run.open(folder / "cut").restore(), Run.open(folder / "whole").restore()) == []


def test_what_cannot_be_is_said_in_a_line_by_each(trained):
    for index, (code, said) in enumerate(trained):
        assert code == 1, said[-3000:]
        batch, command, last = errors(said)
        assert "--batch-size must be a multiple of the 2 devices; got 7" in batch
        assert command.startswith("error: worker 1 has other options, or another version of kgan")
        no_run = "error: there is no run folder elsewhere/whole. All workers need the chief's run under the same path."
        assert last == (no_run if index else LOST)


def test_workers_that_stand_at_different_steps_are_refused(monkeypatch, tmp_path):
    monkeypatch.setattr("kgan.runs.folder.gather", lambda values: [values, [5, values[1]]])
    with pytest.raises(RunError, match=r"worker 1 finds the run at step 5, the chief at step 0; all workers need"):
        Run.new("dcgan", {}, tmp_path / "run").restore()


def test_workers_that_have_different_data_are_refused(monkeypatch, tmp_path):
    monkeypatch.setattr("kgan.runs.training.gather", lambda values: [values, [31]])
    run, images = Run.new("dcgan", {}, tmp_path / "run"), ImageSet(np.zeros((32, 4, 4, 1), np.uint8))
    with pytest.raises(InputError, match="worker 1 has 31 examples, and this one 32"):
        fit(run, tiny.gan(), images, batch_size=8, epochs=1)
    assert not run.path.exists()


# ------------------------------------------------------------------ TF_CONFIG

TWO = {"chief": ["a:2222"], "worker": ["b:2222"]}
FIRST = {"type": "worker", "index": 0}


def named(cluster, task):
    return named_cluster({"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})})


def test_a_cluster_is_read_and_the_chief_comes_first():
    cluster = named(TWO, FIRST)
    assert (cluster.addresses, cluster.index) == (("a:2222", "b:2222"), 1)
    assert named(TWO, {"type": "chief", "index": 0}).index == 0
    assert named({"worker": ["a:1", "b:1", "c:1"]}, {"type": "worker", "index": "2"}).index == 2


@pytest.mark.parametrize("text", ["", "{}", json.dumps({"cluster": {"worker": ["a:2222"]}, "task": FIRST})])
def test_one_worker_is_no_cluster(text):
    assert named_cluster({"TF_CONFIG": text}) is None
    assert named_cluster({}) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no JSON"),
        ("[]", 'has no "cluster"'),
        ('{"task": {"type": "worker", "index": 0}}', 'has no "cluster"'),
        (json.dumps({"cluster": {"worker": []}, "task": FIRST}), "as host:port"),
        (json.dumps({"cluster": {"worker": ["a", "b"]}, "task": FIRST}), "as host:port"),
        (json.dumps({"cluster": {"worker": ["a:1", "a:1"]}, "task": FIRST}), "the same address: a:1, a:1"),
        (json.dumps({"cluster": TWO | {"ps": ["c:1"]}, "task": FIRST}), "has a job 'ps'"),
        (json.dumps({"cluster": TWO | {"evaluator": ["c:1"]}, "task": FIRST}), "has a job 'evaluator'"),
        (json.dumps({"cluster": {"chief": ["a:1", "b:1"]}, "task": FIRST}), "names 2 chiefs"),
        (json.dumps({"cluster": TWO}), "it has None"),
        (json.dumps({"cluster": TWO, "task": {"type": "evaluator", "index": 0}}), "it has {'type': 'evaluator'"),
        (json.dumps({"cluster": TWO, "task": {"type": "worker", "index": 1}}), "has 1 of job 'worker', counted from 0"),
        (json.dumps({"cluster": TWO, "task": {"type": "worker", "index": -1}}), "number -1"),
    ],
)
def test_a_malformed_tf_config_is_told_in_one_line(text, said, monkeypatch, capsys):
    monkeypatch.setenv("TF_CONFIG", text)
    monkeypatch.setattr(sys, "argv", ["kgan", "train", "dcgan", "--data", "synthetic"])
    with pytest.raises(SystemExit) as ended:
        kgan_cli.main()
    assert ended.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: TF_CONFIG ")
    assert said in line
