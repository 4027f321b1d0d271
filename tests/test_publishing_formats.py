"""ONNX and LiteRT: other runtimes give the numbers of the live model, or nothing is published."""

import functools
import sys

import numpy as np
import pytest

import tiny
from kgan.errors import InputError
from kgan.export import ExportError, export, exporting, formats, manifest

pytestmark = pytest.mark.filterwarnings(
    # TensorFlow's own, of the place that LiteRT's interpreter will move to.
    "ignore::UserWarning:tensorflow.lite"
)


@pytest.fixture
def unchecked(monkeypatch):
    """Leaves out the fresh process, which does not look at other formats."""
    monkeypatch.setattr(exporting, "_check", lambda folder, cases: None)


@functools.cache
def openvino_core():
    """One for all time: when one of several goes, signals are handled on a stack that is gone, and crash."""
    return pytest.importorskip("openvino").Core()


def compiled(file):
    # Its default on such processors is bfloat16.
    return openvino_core().compile_model(file, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})


def test_translators_answer_in_onnx_at_every_size(unchecked, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")
    openvino_core()
    model = tiny.cyclegan()
    version = export(model, tmp_path / "domains", formats=["onnx"])
    names = ["translate_a_to_b.onnx", "translate_b_to_a.onnx"]
    assert manifest.read(version)["formats"] == names
    for name, direction in zip(names, ("a_to_b", "b_to_a"), strict=True):
        file = str(version / "assets.extra" / name)
        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        by_openvino = compiled(file)
        for shape in ((1, 16, 97, 3), (7, 41, 30, 3)):
            images = np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")
            expected = model.translate(images, direction)
            np.testing.assert_allclose(session.run(None, {"images": images})[0], expected, atol=1e-4)
            np.testing.assert_allclose(by_openvino({"images": images})[0], expected, atol=1e-4)


def test_latents_answer_in_onnx(unchecked, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")
    openvino_core()
    model = tiny.gan()
    file = str(export(model, tmp_path / "gan", formats=["onnx"]) / "assets.extra" / "serving_default.onnx")
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    by_openvino = compiled(file)
    for count in (1, 7):
        latents = np.random.default_rng(count).standard_normal((count, tiny.LATENT_DIM)).astype("float32")
        np.testing.assert_allclose(session.run(None, {"latents": latents})[0], model(latents), atol=1e-4)
        np.testing.assert_allclose(by_openvino({"latents": latents})[0], model(latents), atol=1e-4)


def test_latents_answer_in_litert(unchecked, tmp_path):
    import tensorflow as tf

    model = tiny.gan()
    version = export(model, tmp_path / "gan", formats=["litert"])
    assert manifest.read(version)["formats"] == ["serving_default.tflite"]
    with pytest.warns(UserWarning, match=r"tf\.lite\.Interpreter is deprecated"):
        interpreter = tf.lite.Interpreter(str(version / "assets.extra" / "serving_default.tflite"))
    latents = np.random.default_rng(0).standard_normal((7, tiny.LATENT_DIM)).astype("float32")
    found = interpreter.get_signature_runner("serving_default")(latents=latents)["images"]
    np.testing.assert_allclose(found, model(latents), atol=1e-4)


def test_what_a_format_cannot_say_is_named_and_not_published(unchecked, tmp_path):
    # Its dropout draws numbers at test too.
    with pytest.raises(ExportError, match=r"as litert, and nothing was published: it has no StatelessRandomUniformV2$"):
        export(tiny.pix2pix(norm="batch"), tmp_path / "model", formats=["litert"])
    assert list((tmp_path / "model").iterdir()) == []


def test_another_answer_is_not_published(unchecked, tmp_path, monkeypatch):
    def wrong(folder, name, signature, file):
        file.touch()
        return lambda inputs: np.asarray(signature.expected(*inputs.values())) + np.float32(2e-4)

    monkeypatch.setitem(formats.WRITERS, "litert", (".tflite", wrong))
    with pytest.raises(ExportError, match=r"serving_default as litert answers otherwise than the model, by 0\.0002"):
        export(tiny.gan(), tmp_path / "model", formats=["litert"])
    assert list((tmp_path / "model").iterdir()) == []


def test_a_format_whose_packages_are_missing_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(InputError, match=r"pip install 'kgan\[onnx\]'"):
        formats.check_formats(["onnx"])
    with pytest.raises(InputError, match="unknown format 'tflite'"):
        formats.check_formats(["tflite"])
