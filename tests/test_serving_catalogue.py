"""`Catalogue`: versions come and go while requests are answered, and a bad one stays out."""

import gc
import shutil
import socket
import threading
import time
import weakref

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2
from tensorflow_serving.config import model_server_config_pb2

import kgan.serving.catalogue
import serving_models
from kgan.errors import InputError
from kgan.serving.catalogue import Catalogue
from kgan.serving.errors import ServingError
from kgan.serving.models_config import max_batch_size
from kgan.serving.servable import Servable
from kgan.serving.server import running
from serving_models import ask, images

X = [[0.1, -0.2, 0.3]]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Version v of the model has scale 1/v."""
    folder = tmp_path_factory.mktemp("written")
    for version in (1, 2, 3):
        serving_models.write(folder, version, scale=1 / version)
    return folder


@pytest.fixture
def publish(written, tmp_path):
    """Puts a version into `tmp_path/digits` in one step."""

    def put(version, name="digits"):
        (tmp_path / name).mkdir(exist_ok=True)
        shutil.copytree(written / str(version), tmp_path / name / ".tmp-copy")
        (tmp_path / name / ".tmp-copy").rename(tmp_path / name / str(version))

    return put


def versions(catalogue, name="digits"):
    return {version: status.state for version, status in catalogue.statuses(name).items()}


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def configure(folder, policy="", labels=()):
    entries = "".join(f' version_labels {{ key: "{label}" value: {version} }}' for label, version in labels)
    text = f'model_config_list {{ config {{ name: "digits" base_path: "/x/digits" {policy} {entries} }} }}'
    (folder / ".new").write_text(text)
    (folder / ".new").rename(folder / "models.config")


def test_the_newest_is_served_and_the_old_one_let_go(publish, tmp_path):
    publish(1)
    catalogue = Catalogue(tmp_path)
    catalogue.refresh()
    held = catalogue.get("digits")
    assert held.version == 1
    publish(2)
    catalogue.refresh()
    assert catalogue.get("digits").version == 2
    assert versions(catalogue) == {2: "AVAILABLE", 1: "END"}
    with pytest.raises(ServingError, match=r"Specific\(digits, 1\)"):
        catalogue.get("digits", 1)
    # A request that began on the old version still ends on it.
    signature = held.signature("")
    np.testing.assert_allclose(
        held.run(signature, {"latents": np.array(X, "float32")}, None, 10)["images"], images(X), atol=1e-6
    )
    session = weakref.ref(held._batcher._run.__self__.session)
    del held
    gc.collect()
    assert session() is None, "the old version's memory is not given back"


def test_a_version_that_does_not_load_stays_out_until_it_is_replaced(publish, tmp_path):
    publish(1)
    (tmp_path / "digits" / "2").mkdir()
    (tmp_path / "digits" / "2" / "saved_model.pb").write_bytes(b"\xff" * 100)
    catalogue = Catalogue(tmp_path)
    catalogue.refresh()
    assert versions(catalogue) == {2: "END"}
    assert not catalogue.is_ready()
    status = catalogue.statuses("digits")[2]
    assert status.code == "UNKNOWN"
    assert status.message
    shutil.rmtree(tmp_path / "digits" / "2")
    catalogue.refresh()
    assert versions(catalogue) == {1: "AVAILABLE"}
    assert catalogue.is_ready()
    # Now with a good one before it, which goes on.
    (tmp_path / "digits" / "2").mkdir()
    catalogue.refresh()
    assert versions(catalogue) == {1: "AVAILABLE"}
    (tmp_path / "digits" / "2" / "saved_model.pb").write_bytes(b"\xff" * 100)
    catalogue.refresh()
    assert versions(catalogue) == {2: "END", 1: "AVAILABLE"}
    assert catalogue.get("digits").version == 1
    shutil.rmtree(tmp_path / "digits" / "2")
    catalogue.refresh()
    publish(2)
    catalogue.refresh()
    assert versions(catalogue) == {2: "AVAILABLE", 1: "END"}


def test_a_version_that_is_copied_file_by_file_is_served_once_it_is_whole(publish, written, tmp_path):
    publish(1)
    catalogue = Catalogue(tmp_path)
    (tmp_path / "digits" / "2").mkdir()
    for part in ("saved_model.pb", "assets.extra", "variables"):
        catalogue.refresh()
        assert catalogue.get("digits").version == 1
        copy = shutil.copytree if (written / "2" / part).is_dir() else shutil.copy
        copy(written / "2" / part, tmp_path / "digits" / "2" / part)
    catalogue.refresh()
    assert catalogue.get("digits").version == 2


def test_a_label_moves_when_its_new_version_answers(publish, tmp_path, monkeypatch):
    publish(1)
    configure(tmp_path, "model_version_policy { all {} }", [("stable", 1)])
    catalogue = Catalogue(tmp_path)
    catalogue.refresh()
    publish(2)
    configure(tmp_path, "model_version_policy { all {} }", [("stable", 2)])
    seen = []

    def look(*args):
        seen.append(catalogue.get("digits", "stable").version)
        return Servable(*args)

    monkeypatch.setattr(kgan.serving.catalogue, "Servable", look)
    catalogue.refresh()
    # While it was loaded, and after.
    assert seen == [1]
    assert catalogue.get("digits", "stable").version == 2
    assert catalogue.listing()[0]["labels"] == {"stable": 2}


def test_what_a_client_configures_holds_until_the_file_says_otherwise(publish, tmp_path):
    publish(1)
    catalogue = Catalogue(tmp_path)
    config = model_server_config_pb2.ModelServerConfig()
    entry = config.model_config_list.config.add(name="digits", base_path="/x/digits")
    entry.version_labels["canary"] = 1
    catalogue.configure(config)
    catalogue.refresh()
    assert catalogue.get("digits", "canary").version == 1
    configure(tmp_path)
    catalogue.refresh()
    with pytest.raises(ServingError, match="Unrecognized servable version label: canary"):
        catalogue.get("digits", "canary")


def test_requests_are_answered_while_models_are_loaded(publish, tmp_path, monkeypatch):
    publish(1)
    go_on, stop = threading.Event(), threading.Event()

    def slow(*args):
        go_on.wait(60)
        return Servable(*args)

    monkeypatch.setattr(kgan.serving.catalogue, "Servable", slow)
    port = free_port()
    answers = []

    def visit():
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: reached(port) and ask(url, "/v1/models/digits")[0] == 200)
        answers.extend(ask(url, path) for path in ("/v1/models/digits/metadata", "/v1/models/digits"))
        stop.set()

    visitor = threading.Thread(target=visit)
    visitor.start()
    # Told to stop while it loads, it stops.
    with running(tmp_path, rest_port=port, stop=stop):
        visitor.join()
        go_on.set()
    (status, _), (code, reply) = answers
    assert status == 404
    assert code == 200 and reply["model_version_status"][0]["state"] == "LOADING"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def reached(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_a_folder_of_one_model_or_of_none_is_told(publish, tmp_path, caplog):
    with running(tmp_path):
        assert "holds no models yet" in caplog.text
    publish(1)
    with pytest.raises(InputError, match=rf"one model's folder; serve the one that holds it: {tmp_path}$"):
        Catalogue(tmp_path / "digits")
    (tmp_path / "models.config").write_text("model_config_list {}")
    with running(tmp_path):
        assert "digits is not in models.config, and not served" in caplog.text


def write_warmup(folder, *records):
    with tf.io.TFRecordWriter(str(folder / "assets.extra" / "tf_serving_warmup_requests")) as writer:
        for signature, inputs in records:
            log = prediction_log_pb2.PredictionLog()
            request = log.predict_log.request
            request.model_spec.signature_name = signature
            for name, value in inputs.items():
                request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
            writer.write(log.SerializeToString())


def test_warm_up_requests_are_replayed_and_one_that_fails_keeps_the_version_out(publish, tmp_path):
    good = ("sample", {"seed": np.array([1])})
    for version, records in ((1, [good, ("", {"latents": np.zeros((1, 3), "float32")})]), (2, [good, ("x", {})])):
        publish(version)
        write_warmup(tmp_path / "digits" / str(version), *records)
        catalogue = Catalogue(tmp_path)
        catalogue.refresh()
        status = catalogue.statuses("digits")[version]
        expected = {1: ("AVAILABLE", "OK"), 2: ("END", "FAILED_PRECONDITION")}
        assert (status.state, status.code) == expected[version]
    assert 'Serving signature name: "x" not found' in status.message


def test_policies_and_labels_follow_the_config(publish, tmp_path):
    for version in (1, 2, 3):
        publish(version)
    configure(tmp_path, "model_version_policy { all {} }", [("stable", 1), ("old", 7)])
    catalogue = Catalogue(tmp_path)
    catalogue.refresh()
    assert list(versions(catalogue)) == [3, 2, 1]
    assert catalogue.get("digits", "stable").version == 1
    with pytest.raises(ServingError, match=r"Specific\(digits, 7\)"):
        catalogue.get("digits", "old")
    configure(tmp_path, "model_version_policy { latest { num_versions: 2 } }", [("stable", 2)])
    catalogue.refresh()
    assert catalogue.get("digits", "stable").version == 2
    assert versions(catalogue) == {3: "AVAILABLE", 2: "AVAILABLE", 1: "END"}
    (tmp_path / "models.config").write_text("model_config_list { nonsense")
    catalogue.refresh()
    assert catalogue.get("digits", "stable").version == 2
    configure(tmp_path, "model_version_policy { specific { versions: 1 } }")
    catalogue.refresh()
    assert versions(catalogue) == {3: "END", 2: "END", 1: "AVAILABLE"}


def test_models_come_and_go_without_a_config(publish, tmp_path):
    publish(1)
    (tmp_path / "notes").mkdir()
    (tmp_path / "digits" / "007x").mkdir()
    (tmp_path / "digits" / "5").write_text("a file is no version")
    catalogue = Catalogue(tmp_path)
    catalogue.refresh()
    publish(1, "faces")
    catalogue.refresh()
    assert [model["name"] for model in catalogue.listing()] == ["digits", "faces"]
    shutil.rmtree(tmp_path / "digits")
    catalogue.refresh()
    assert [model["name"] for model in catalogue.listing()] == ["faces"]
    with pytest.raises(ServingError, match=r"Latest\(digits\)"):
        catalogue.get("digits")


def test_publishing_under_load_fails_no_request(publish, tmp_path):
    publish(1)
    failures, seen, stop = [], set(), threading.Event()

    def load(url):
        while not stop.is_set():
            status, reply = ask(url, "/v1/models/digits:predict", {"instances": X})
            matching = {
                v for v in (1, 2, 3) if status == 200 and np.allclose(reply["predictions"], images(X, 1 / v), atol=1e-6)
            }
            seen.update(matching)
            if not matching:
                failures.append((status, reply))

    with running(tmp_path) as address:
        threads = [threading.Thread(target=load, args=(address.rest,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            wait_for(lambda: 1 in seen)
            for version in (2, 3):
                publish(version)
                wait_for(lambda v=version: v in seen)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    assert failures == []
    assert seen == {1, 2, 3}


def test_requests_under_way_are_answered_before_the_server_stops(publish, tmp_path):
    publish(1)
    answers = []
    with running(tmp_path) as address:
        body = {"signature_name": "sample", "inputs": list(range(4000))}
        thread = threading.Thread(target=lambda: answers.append(ask(address.rest, "/v1/models/digits:predict", body)))
        thread.start()
        time.sleep(0.3)
    thread.join()
    assert [status for status, _ in answers] == [200]
    assert len(answers[0][1]["outputs"]) == 4000


def test_mistakes_of_the_operator_are_told(tmp_path):
    with pytest.raises(InputError, match="is no folder of models; kgan export"):
        Catalogue(tmp_path / "nowhere")
    (tmp_path / "models.config").write_text("model_config_list { nonsense")
    with pytest.raises(InputError, match="is no model server config"):
        Catalogue(tmp_path)
    (tmp_path / "models.config").write_text('model_config_list { config { name: "x" base_path: "/models/.." } }')
    with pytest.raises(InputError, match="must be a folder of versions"):
        Catalogue(tmp_path)
    (tmp_path / "models.config").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"models\.config is no text in UTF-8"):
        Catalogue(tmp_path)
    (tmp_path / "models.config").unlink()
    with running(tmp_path) as address:
        for option in ("rest", "grpc"):
            port = int(getattr(address, option).rsplit(":", 1)[1])
            with pytest.raises(InputError, match=str(port)), running(tmp_path, **{f"{option}_port": port}):
                pass


def test_the_batch_size_is_that_of_batching_config(tmp_path):
    assert max_batch_size(tmp_path) == 32
    (tmp_path / "batching.config").write_text("# max_batch_size { value: 4 }\nmax_batch_size { value: 8 }")
    assert max_batch_size(tmp_path) == 8
    (tmp_path / "batching.config").write_text("max_batch_size { value: 0 }")
    with pytest.raises(InputError, match="at least 1"):
        max_batch_size(tmp_path)
