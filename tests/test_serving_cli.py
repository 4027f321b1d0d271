"""`kgan serve`: the built-in server as a process, and TensorFlow Serving where it is on PATH."""

import json
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

import serving_models
from kgan.errors import InputError
from kgan.export import write_configs
from kgan_cli import serving
from serving_models import ask, images

KGAN = [sys.executable, "-c", "from kgan_cli import main; main()"]


@pytest.fixture
def program(tmp_path, monkeypatch):
    """A tensorflow_model_server on PATH, that says how it was called."""
    (tmp_path / "bin").mkdir()
    file = tmp_path / "bin" / "tensorflow_model_server"
    file.write_text('#!/bin/sh\nfor word in "$@"; do echo "$word"; done\nexit 7\n')
    file.chmod(0o755)
    monkeypatch.setenv("PATH", str(file.parent), prepend=os.pathsep)
    return file


def test_the_server_runs_until_it_is_told_to_stop(tmp_path):
    (tmp_path / "digits").mkdir()
    serving_models.write(tmp_path / "digits")
    words = [*KGAN, "serve", str(tmp_path), "--built-in", "--port", "0", "--grpc-port", "0", "--max-pixels", "100"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        try:
            said = ""
            while "REST" not in said:
                line = process.stderr.readline()
                assert line, said
                said += line
            assert "kgan's own server, for development" in said
            url = re.search(r"http://127\.0\.0\.1:\d+", said)[0]
            reply = ask(url, "/v1/models/digits:predict", {"instances": [[0.1, 0.2, 0.3]]})[1]
            np.testing.assert_allclose(reply["predictions"], images([[0.1, 0.2, 0.3]]), atol=1e-6)
            pixels = {"signature_name": "translate", "inputs": np.zeros((1, 11, 10, 3), "int").tolist()}
            assert "may have 100 pixels" in ask(url, "/v1/models/digits:predict", pixels)[1]["error"]
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
            assert "stopping" in process.stderr.read()
        finally:
            process.kill()


def manifest_of(folder, *shape):
    """Publishes no more than what says how large an input is."""
    file = folder / "1" / "assets.extra" / "kgan.json"
    file.parent.mkdir(parents=True)
    (folder / "1" / "saved_model.pb").touch()
    file.write_text(json.dumps({"signatures": {"serving_default": {"inputs": {"x": {"shape": shape}}}}}))


def test_tensorflow_serving_is_started_with_the_configs_where_it_is_installed(tmp_path, program):
    # As it comes from another machine.
    (tmp_path / "models.config").write_text(
        'model_config_list { config { name: "digits" base_path: "/models/digits" model_platform: "tensorflow" } }'
    )
    manifest_of(tmp_path / "digits", None, 64)
    words = [*KGAN, "serve", str(tmp_path), "--port", "9501", "--grpc-port", "9500"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == 7
    assert done.stdout.splitlines() == [
        "--port=9500",
        "--rest_api_port=9501",
        f"--model_config_file={tmp_path}/models.config",
        "--model_config_file_poll_wait_seconds=1",
        "--file_system_poll_wait_seconds=1",
        "--allow_version_labels_for_unavailable_models=true",
        "--enable_grpc_healthcheck_service=true",
        f"--monitoring_config_file={tmp_path}/monitoring.config",
        "--enable_batching=true",
        f"--batching_parameters_file={tmp_path}/batching.config",
    ]
    assert f'base_path: "{tmp_path}/digits"' in (tmp_path / "models.config").read_text()


def test_tensorflow_serving_joins_no_pictures_of_several_sizes(tmp_path, program):
    manifest_of(tmp_path / "horses", None, None, None, 3)
    done = subprocess.run([*KGAN, "serve", str(tmp_path)], capture_output=True, text=True, timeout=120)
    assert f"--model_config_file={tmp_path}/models.config" in done.stdout.splitlines()
    assert "batching" not in done.stdout


def test_a_folder_that_cannot_be_written_to_will_do_if_its_config_is_right(tmp_path, monkeypatch):
    def refused(folder):
        raise PermissionError(13, "Permission denied")

    manifest_of(tmp_path / "digits", None, 64)
    write_configs(tmp_path)
    monkeypatch.setattr(sys.modules["kgan.export"], "write_configs", refused)
    serving._put_in_step(tmp_path)
    (tmp_path / "batching.config").rename(tmp_path / "aside")
    # Servers are started with all three files.
    with pytest.raises(InputError, match="cannot be written"):
        serving._put_in_step(tmp_path)
    (tmp_path / "aside").rename(tmp_path / "batching.config")
    manifest_of(tmp_path / "horses", None, 64)
    with pytest.raises(InputError, match=r"cannot be written \(Permission denied\); copy the folder"):
        serving._put_in_step(tmp_path)


def test_what_tensorflow_serving_cannot_do_is_said(tmp_path, program):
    with pytest.raises(InputError, match="holds no models"):
        serving.serve(tmp_path)
    manifest_of(tmp_path / "digits", None, 64)
    for options in ({"host": "0.0.0.0"}, {"max_pixels": 5}):
        with pytest.raises(InputError, match="--built-in"):
            serving.serve(tmp_path, **options)


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match=r"is no folder of models; kgan export"):
        serving.serve(tmp_path / "nowhere", built_in=True)
