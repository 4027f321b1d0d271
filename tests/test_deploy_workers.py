"""deploy/tfjob.yaml: a TFJob of replicas that it knows, pods that are valid, and a command that starts or goes on."""

import contextlib
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import typer

import kgan_cli
from kgan.runs import Run
from kgan_cli import catalogue
from kgan_cli.command import as_command

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def claim_and_job():
    yaml = pytest.importorskip("yaml")
    return list(yaml.safe_load_all((ROOT / "deploy" / "tfjob.yaml").read_text()))


@pytest.fixture(scope="module")
def templates(claim_and_job):
    return [replica["template"] for replica in claim_and_job[1]["spec"]["tfReplicaSpecs"].values()]


@pytest.fixture
def command(templates, tmp_path):
    """Runs the shell's line, for a run's folder of the caller's, with a `kgan` that prints its words; returns these."""
    (container,) = templates[0]["spec"]["containers"]
    stub = tmp_path / "bin" / "kgan"
    stub.parent.mkdir()
    stub.write_text('#!/bin/sh\necho "$$" "$@"\n')
    stub.chmod(0o755)

    def run(folder):
        environment = {"PATH": f"{stub.parent}{os.pathsep}{os.environ['PATH']}", "RUN": str(folder)}
        words = [*container["command"], *container["args"]]
        with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as process:
            pid, *said = shlex.split(process.communicate(timeout=30)[0])
        # One process: what is sent to the shell is sent to kgan.
        assert (int(pid), process.returncode) == (process.pid, 0)
        return said

    return run


def test_the_job_is_one_of_chief_and_workers_that_are_started_again(claim_and_job):
    job = claim_and_job[1]
    assert (job["apiVersion"], job["kind"]) == ("kubeflow.org/v1", "TFJob")
    assert set(job["spec"]) == {"runPolicy", "tfReplicaSpecs"}
    # Of kubeflow/training-operator, pkg/apis/kubeflow.org/v1: common_types.go and tensorflow_types.go.
    known = {"cleanPodPolicy", "ttlSecondsAfterFinished", "activeDeadlineSeconds", "backoffLimit", "schedulingPolicy"}
    assert set(job["spec"]["runPolicy"]) <= known
    assert job["spec"]["runPolicy"]["cleanPodPolicy"] in {"All", "Running", "None"}
    replicas = job["spec"]["tfReplicaSpecs"]
    # TFJob also knows PS, Evaluator and Master, which kgan does not.
    assert set(replicas) == {"Chief", "Worker"}
    assert replicas["Chief"]["replicas"] == 1
    for replica in replicas.values():
        assert set(replica) == {"replicas", "restartPolicy", "template"}
        assert replica["restartPolicy"] == "OnFailure"


def test_the_pods_and_the_claim_are_valid(claim_and_job, templates):
    validate = pytest.importorskip("kubernetes_validate", reason="pip install kubernetes-validate")
    pods = [{"apiVersion": "v1", "kind": "Pod", **template} for template in templates]
    for document in (claim_and_job[0], *pods):
        document["metadata"].setdefault("name", "worker")
        validate.validate(document, validate.latest_version(), strict=True)


def test_the_operator_finds_its_container_and_port(templates):
    for template in templates:
        (container,) = template["spec"]["containers"]
        assert container["name"] == "tensorflow"
        assert container["ports"] == [{"name": "tfjob-port", "containerPort": 2222}]


def test_what_is_mounted_is_there_and_the_run_is_on_what_all_share(claim_and_job, templates):
    claim = claim_and_job[0]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    for template in templates:
        (container,) = template["spec"]["containers"]
        volumes = {volume["name"]: volume for volume in template["spec"]["volumes"]}
        mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
        assert {mount["name"] for mount in mounts.values()} == set(volumes)
        run = next(entry["value"] for entry in container["env"] if entry["name"] == "RUN")
        shared = volumes[mounts[str(Path(run).parent)]["name"]]
        assert shared["persistentVolumeClaim"] == {"claimName": claim["metadata"]["name"]}
        assert "/home/kgan/data" in mounts


def test_the_image_and_its_user_are_the_dockerfile_s(templates):
    dockerfile = (ROOT / "Dockerfile").read_text()
    train = dockerfile[dockerfile.index(" AS train") :]
    for template in templates:
        assert template["spec"]["securityContext"]["runAsUser"] == int(re.search(r"^USER (\d+)$", train, re.M)[1])


def parse_training(words):
    """Parses `train APP ...` by the very parser that runs it; returns its options."""
    assert words[0] == "train"
    single = typer.Typer(add_completion=False)
    single.command()(as_command(catalogue.load(words[1]).train))
    with contextlib.suppress(typer.Exit):
        return typer.main.get_command(single).make_context("kgan", words[2:]).params


def test_it_begins_where_there_is_no_run(command, claim_and_job, templates, tmp_path):
    options = parse_training(command(tmp_path / "run"))
    assert options["out"] == tmp_path / "run"
    (container,) = templates[0]["spec"]["containers"]
    assert options["data"] in {mount["mountPath"] for mount in container["volumeMounts"]}
    replicas = sum(replica["replicas"] for replica in claim_and_job[1]["spec"]["tfReplicaSpecs"].values())
    assert options["batch_size"] % (replicas * int(container["resources"]["limits"]["nvidia.com/gpu"])) == 0


def test_it_begins_where_one_was_killed_before_it_had_options(command, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    # What a training leaves that is killed between its lock and its options.
    (folder / ".lock").touch()
    (folder / ".tmp-7-options.json").touch()
    options = parse_training(command(folder))
    assert Run.new("anime", {}, options["out"]).path == folder


def test_it_goes_on_with_a_run_before_its_first_checkpoint_too(command, tmp_path):
    run = Run.new("anime", {"epochs": 100}, tmp_path / "run")
    run.write_options()
    words = command(run.path)
    assert words == ["resume", str(run.path)]
    with contextlib.suppress(typer.Exit):
        typer.main.get_command(kgan_cli.app).commands["resume"].make_context("resume", words[1:])
    opened = Run.open(words[1])
    assert opened.options == {"epochs": 100}
    assert opened.restore() is None
