"""`--devices`: every app on two virtual devices, and what cannot be."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from kgan.devices import strategy
from kgan.errors import InputError

# Two devices in one process, and several commands in one after another, for TensorFlow takes long to come.
COMMANDS = """
    import numpy as np, tensorflow as tf
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    import tiny
    from kgan.runs import Run
    from PIL import Image
    from pathlib import Path
    from tiny_cli import draw_few, kgan_, publish_unchecked

    draw_few()
    for side in "AB":
        Path("pictures", side).mkdir(parents=True)
        for index in range(20):
            pixels = np.random.default_rng(index).integers(0, 256, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(f"pictures/{side}/{index}.png")

    small = ["--size", 16, "--batch-size", 8, "--width", 4, "--epochs", 1, "--devices", 2]
    drawn = ["--data", "synthetic", *small, "--depth", 0]
    sides = ["--data", "pictures", *small, "--receptive-field", 16]
"""

APPS = """
    publish_unchecked()
    small_net = [*sides, "--blocks", 0]
    for app, data in {"infogan": drawn, "conditional": drawn, "pix2pix": sides, "cyclegan": small_net}.items():
        assert kgan_("train", app, *data, "--out", app) == 0, app
        assert Path(app, "savedmodel/1/saved_model.pb").exists()
        assert list(Path(app, "samples").glob("epoch-*.png"))
    print("trained and published")
"""

RESUMED = """
    publish_unchecked()
    cut = kgan_("train", "dcgan", *drawn, "--out", "cut")
    assert kgan_("resume", "cut", "--epochs", 2, "--devices", 2) == 0
    assert kgan_("train", "dcgan", *drawn, "--epochs", 2, "--out", "whole") == 0
    assert tiny.differences(Run.open("cut").restore(), Run.open("whole").restore()) == []
    # Noise of its own for each device: the training of one device is another.
    assert kgan_("train", "dcgan", *drawn, "--epochs", 2, "--devices", 1, "--out", "alone") == 0
    assert tiny.differences(Run.open("alone").restore(), Run.open("whole").restore()) != []
    print("resumed exactly")
"""

REFUSED = """
    assert kgan_("train", "dcgan", *drawn, "--devices", 3) == 1
    assert kgan_("train", "dcgan", *drawn, "--batch-size", 7) == 1
    assert kgan_("train", "dcgan", *drawn, "--xla") == 1
    assert kgan_("train", "dcgan", *drawn, "--dry-run") == 1
    assert not Path("runs").exists()
"""


def run(script, folder):
    where = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    code = textwrap.dedent(COMMANDS) + textwrap.dedent(script)
    command = [sys.executable, "-W", "ignore", "-c", code]
    return subprocess.run(command, cwd=folder, env=where, capture_output=True, text=True, timeout=600)


def test_the_apps_train_on_two_devices(tmp_path):
    done = run(APPS, tmp_path)
    assert done.stdout.endswith("trained and published\n"), done.stderr[-3000:]


def test_a_training_on_two_devices_goes_on_exactly(tmp_path):
    done = run(RESUMED, tmp_path)
    assert done.stdout.endswith("resumed exactly\n"), done.stderr[-3000:]


def test_what_devices_cannot_do_is_said_in_a_line(tmp_path):
    done = run(REFUSED, tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 4
    assert "of which there are 2 CPUs; got '3'" in errors[0]
    assert "--batch-size must be a multiple of the 2 devices; got 7" in errors[1]
    assert "XLA (jit_compile, --xla) does not work on several devices" in errors[2]
    assert "--dry-run measures a step on one device" in errors[3]


@pytest.mark.parametrize("devices", ["0", "2", "two", "-1", ""])
def test_devices_that_are_not_there_are_named(devices):
    with pytest.raises(InputError, match=r"of which there are 1 CPU; got"):
        strategy(devices)
