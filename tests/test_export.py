"""`kgan.export`: what is published answers as the model does, to TensorFlow alone, and only whole versions are seen."""

import errno
import io
import json
import resource
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow.core.protobuf import saved_model_pb2

import kgan
import savedmodel_loader
from kgan.errors import InputError
from kgan.export import ExportError, check, export, exporting, versions
from kgan.export.cases import ask_live_model
from kgan.networks import dcgan
from kgan.pixels import to_uint8

SHAPE, LATENT_DIM = (16, 16, 1), 8


def make_gan(ema_decay=0.5):
    keras.utils.set_random_seed(0)
    # Weights large enough that the images differ and reach both ends of the range.
    generator = dcgan.generator(LATENT_DIM, SHAPE, width=8, upsampling="resize", init_stddev=0.5)
    discriminator = dcgan.discriminator(SHAPE, width=8, dropout=0.3)
    return kgan.GAN(generator, discriminator, LATENT_DIM, ema_decay=ema_decay)


@pytest.fixture(scope="module")
def model():
    model = make_gan()
    images = np.random.default_rng(0).uniform(-1, 1, (16, *SHAPE)).astype("float32")
    model.compile(keras.optimizers.Adam(0.01), keras.optimizers.Adam(0.01), run_eagerly=True)
    model.fit(tf.data.Dataset.from_tensor_slices(images).batch(8), verbose=0)
    # What a model was trained with must leave no trace in what it publishes.
    model.compile(keras.optimizers.Adam(0.01), keras.optimizers.Adam(0.01), jit_compile=True)
    return model


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    return tmp_path_factory.mktemp("savedmodels") / "digits"


@pytest.fixture(scope="module")
def published(model, folder):
    path = export(model, folder)
    # Here, before other tests add to the folder.
    assert path == folder / "1"
    assert [child.name for child in folder.iterdir()] == ["1"]
    return path


@pytest.fixture(scope="module")
def loaded(published):
    return tf.saved_model.load(str(published))


@pytest.fixture(scope="module")
def served(loaded):
    return loaded.signatures


@pytest.fixture(scope="module")
def cases(model):
    return ask_live_model(exporting._signatures(model))


@pytest.fixture
def unchecked(monkeypatch):
    """Leaves out the fresh process, for tests of what comes before and after it."""
    monkeypatch.setattr(exporting, "_check", lambda folder, cases: None)


def latents(num_rows):
    return np.random.default_rng(num_rows).standard_normal((num_rows, LATENT_DIM)).astype("float32")


def seeds(num_rows):
    return np.random.default_rng(num_rows).integers(-(2**62), 2**62, num_rows)


def draw(model, latents):
    """The live model's images; TensorFlow's own Conv2D fails on an empty batch, which a server must answer."""
    return model(latents).numpy() if len(latents) else np.zeros((0, *SHAPE), "float32")


# ------------------------------------------------------------------ the answers


@pytest.mark.parametrize("num_rows", [0, 1, 7])
def test_signatures_answer_as_the_live_model(model, served, num_rows):
    x, s = latents(num_rows), seeds(num_rows)
    images = served["serving_default"](latents=tf.constant(x))
    assert list(images) == ["images"]
    np.testing.assert_allclose(images["images"], draw(model, x), atol=1e-6)

    expected = draw(model, model.latents(tf.constant(s)))
    sampled = served["sample"](seed=tf.constant(s))
    assert list(sampled) == ["images"]
    np.testing.assert_allclose(sampled["images"], expected, atol=1e-6)

    files = served["sample_png"](seed=tf.constant(s))["image_bytes"].numpy()
    assert files.shape == (num_rows,)
    for file, image in zip(files, expected, strict=True):
        picture = Image.open(io.BytesIO(file))
        assert (picture.format, picture.size) == ("PNG", SHAPE[:2])
        np.testing.assert_allclose(np.asarray(picture, "int64"), to_uint8(image)[..., 0], atol=1)


def test_a_seed_gives_the_same_image_in_any_company(model, served):
    def sample(*seeds):
        return served["sample"](seed=tf.constant(seeds, tf.int64))["images"].numpy()

    first = sample(5, 2**40, -3, 6, 5)
    assert np.abs(first[0] - first[3]).max() > 0.1
    np.testing.assert_array_equal(first[0], first[4])
    for row, seed in enumerate([5, 2**40, -3, 6]):
        np.testing.assert_allclose(sample(seed)[0], first[row], atol=1e-6)
    np.testing.assert_allclose(sample(6)[0], model.sample(1, seed=6)[0], atol=1e-6)
    np.testing.assert_allclose(sample(5, 6), model.sample(2, seed=5), atol=1e-6)


def test_the_server_s_own_loader_answers_the_same(model, published):
    """TensorFlow Serving's loader, in a process without Python's tensorflow; wrong shapes get one clear status."""
    x, s = latents(3), seeds(3)
    reply = savedmodel_loader.ask(
        published,
        [
            ("serving_default", {"latents": x}),
            ("serving_default", {"latents": x[:0]}),
            ("sample", {"seed": s}),
            ("sample", {"seed": s[:0]}),
            ("sample_png", {"seed": s}),
            ("sample_png", {"seed": s[:0]}),
            ("serving_default", {"latents": latents(2)[:, :5]}),
            ("serving_default", {"latents": x[0]}),
            ("sample", {"seed": s[:, None]}),
            ("sample_png", {"seed": s[0]}),
        ],
    )
    images = ("images", "float32", (-1, *SHAPE))
    assert {
        name: [(key, info.dtype, info.shape) for part in parts for key, info in part.items()]
        for name, parts in reply.signatures.items()
    } == {
        "serving_default": [("latents", "float32", (-1, LATENT_DIM)), images],
        "sample": [("seed", "int64", (-1,)), images],
        "sample_png": [("seed", "int64", (-1,)), ("image_bytes", "string", (-1,))],
    }
    default, no_default, sample, no_sample, png, no_png, *refused = reply.answers
    np.testing.assert_allclose(default["images"], model(x), atol=1e-6)
    expected = model(model.latents(tf.constant(s)))
    np.testing.assert_allclose(sample["images"], expected, atol=1e-6)
    decoded = [np.asarray(Image.open(io.BytesIO(file)), "int64") for file in png["image_bytes"]]
    np.testing.assert_allclose(decoded, to_uint8(expected)[..., 0], atol=1)
    assert no_default["images"].shape == no_sample["images"].shape == (0, *SHAPE)
    assert no_png["image_bytes"].shape == (0,)
    for status, shape in zip(refused, ["[2,5]", f"[{LATENT_DIM}]", "[3,1]", "[]"], strict=True):
        assert status.code == "INVALID_ARGUMENT"
        assert f"{shape} is not compatible with expected shape" in status.message


# ------------------------------------------------------------------ what is in the folder


def test_only_the_averaged_generator_is_stored_and_once(model, published):
    prefix = str(published / "variables" / "variables")
    stored = [
        tf.train.load_variable(prefix, name) for name, _ in tf.train.list_variables(prefix) if name.startswith("_all")
    ]
    averaged = model.averaged(model.generator).get_weights()
    assert any((a != b).any() for a, b in zip(averaged, model.generator.get_weights(), strict=True))

    def key(array):
        return array.shape, array.tobytes()

    assert sorted(map(key, stored)) == sorted(map(key, averaged))
    others = [name for name, _ in tf.train.list_variables(prefix) if not name.startswith("_all")]
    assert others == ["_CHECKPOINTABLE_OBJECT_GRAPH"]


def test_only_core_kernels_are_asked_for(published):
    content = (published / "saved_model.pb").read_bytes()
    graph = saved_model_pb2.SavedModel.FromString(content).meta_graphs[0].graph_def
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    assert [node.op for node in nodes if "PyFunc" in node.op or "Xla" in node.op] == []
    compiled = [f for f in graph.library.function if f.attr["_XlaMustCompile"].b]
    assert compiled == []
    assert "ApplyAdam" not in " ".join(node.op for node in nodes)


def test_the_manifest_says_what_goes_in_and_what_comes_out(published):
    manifest = json.loads((published / "assets.extra" / "kgan.json").read_text())
    assert (manifest["family"], manifest["latent_dim"]) == ("GAN", LATENT_DIM)
    assert (manifest["keras"], manifest["tensorflow"]) == (keras.__version__, tf.__version__)
    assert {"kgan", "created"} <= set(manifest)
    signatures = manifest["signatures"]
    images = {
        "images": {
            "dtype": "float32",
            "shape": [None, *SHAPE],
            "meaning": "images, in [-1, 1]",
            "range": [-1.0, 1.0],
        }
    }
    latents = {"dtype": "float32", "shape": [None, LATENT_DIM], "meaning": "drawn from N(0, 1)", "range": None}
    assert signatures["serving_default"] == {"inputs": {"latents": latents}, "outputs": images}
    assert manifest["latents"] == [{"name": "noise", "columns": LATENT_DIM, "kind": "normal"}]
    assert manifest["image"] == {"height": 16, "width": 16, "channels": 1}
    # Which training it comes from, nobody said.
    assert [manifest[key] for key in ("app", "options", "data", "scores")] == [None] * 4
    assert signatures["sample"]["outputs"] == images
    assert signatures["sample_png"]["outputs"]["image_bytes"]["shape"] == [None]
    assert not list(published.rglob("*.npz"))


# ------------------------------------------------------------------ versions


def test_versions_count_on_and_are_never_changed(model, published, folder, unchecked):
    before = (published / "fingerprint.pb").read_bytes()
    assert export(model, folder) == folder / "2"
    assert export(model, folder) == folder / "3"
    assert sorted(child.name for child in folder.iterdir()) == ["1", "2", "3"]
    assert (published / "fingerprint.pb").read_bytes() == before


@pytest.mark.parametrize(
    ("names", "version"),
    [
        ([], 1),
        (["1", "2"], 3),
        (["9", "10"], 11),
        (["0"], 1),
        (["-5"], 1),
        (["007"], 8),
        (["latest", ".tmp-99-1", "1e3", "1_000", "5 ", "٩", "v7"], 1),
        # No int64, so no version to the server.
        (["2", str(2**63)], 3),
        ([str(2**63 - 2)], 2**63 - 1),
    ],
)
def test_the_next_version_is_one_more_than_the_largest(tmp_path, names, version):
    for name in names:
        # A file too: nothing by that name is to be overwritten.
        (tmp_path / name).write_text("")
    assert versions.next_version(tmp_path) == version


def test_after_the_largest_version_there_is_none(tmp_path):
    (tmp_path / str(2**63 - 1)).mkdir()
    with pytest.raises(InputError, match="largest"):
        versions.next_version(tmp_path)


def test_a_version_that_another_export_took_first_is_left_alone(tmp_path, monkeypatch):
    look = versions.next_version
    # Both exports look before either renames.
    seen = iter([1, 1])
    monkeypatch.setattr(exporting, "next_version", lambda folder: next(seen, None) or look(folder))
    for content in ("mine", "theirs"):
        temporary = tmp_path / f".tmp-{content}"
        temporary.mkdir()
        (temporary / "content").write_text(content)
        exporting._rename_to_next_version(temporary)
    assert {child.name: (child / "content").read_text() for child in tmp_path.iterdir()} == {"1": "mine", "2": "theirs"}


# ------------------------------------------------------------------ nothing half done is seen


def test_a_wrong_answer_is_not_published(model, tmp_path, monkeypatch):
    def corrupt(signatures):
        cases = ask_live_model(signatures)
        cases["sample/3/expected"] = cases["sample/3/expected"] + np.float32(1e-4)
        return cases

    monkeypatch.setattr(exporting, "ask_live_model", corrupt)
    with pytest.raises(ExportError, match=r"not published: sample/3: the answer differs by 0\.0001"):
        export(model, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("case", "change", "message"),
    [
        ("serving_default/1/expected", lambda x: x * np.float32(np.nan), "differs by nan"),
        ("serving_default/0/expected", lambda x: x[..., 0], r"got float32 \(0, 16, 16, 1\)"),
        ("sample/3/expected", lambda x: x[:2], r"expected float32 \(2, 16, 16, 1\)"),
        ("sample_png/3/expected", lambda x: np.where(x > 127, x - 2, x + 2), "differs by 2, 1 is allowed"),
        ("sample_png/0/expected", lambda x: x.astype("float32"), "got uint8"),
        ("translate/1/expected", lambda x: x, r"missing: \['translate'\]"),
    ],
)
def test_the_check_finds_every_difference(published, loaded, cases, monkeypatch, case, change, message):
    monkeypatch.setattr(tf.saved_model, "load", lambda folder: loaded)
    check.check(str(published), cases)
    with pytest.raises(SystemExit, match=message):
        check.check(str(published), cases | {case: change(cases.get(case, np.zeros(1)))})


def test_a_check_that_takes_too_long_publishes_nothing(model, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "CHECK_SECONDS", 0.05)
    with pytest.raises(ExportError, match="could not be checked within"):
        export(model, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_killed_export_leaves_no_version_and_a_bfloat16_model_is_published(tmp_path):
    """In one process of its own, in a folder of its own: first a whole export, then one killed when all is written."""
    script = """
    import os, signal, sys
    import keras, kgan
    from kgan.export import export, exporting
    from kgan.networks import dcgan

    keras.config.set_dtype_policy("mixed_bfloat16")
    keras.utils.set_random_seed(0)
    generator = dcgan.generator(8, (16, 16, 3), width=8, normalization="none", init_stddev=0.3)
    model = kgan.GAN(generator, dcgan.discriminator((16, 16, 3), width=4), 8, ema_decay=0.5)
    print(export(model, "versions"))
    exporting._check = lambda folder, cases: os.kill(os.getpid(), signal.SIGKILL)
    export(model, "versions")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == -9, done.stderr
    assert done.stdout == "versions/1\n"
    names = sorted(child.name for child in (tmp_path / "versions").iterdir())
    assert names[1:] == ["1"]
    assert names[0].startswith(".tmp-")
    assert (tmp_path / "versions" / names[0] / "saved_model.pb").exists()
    manifest = json.loads((tmp_path / "versions" / "1" / "assets.extra" / "kgan.json").read_text())
    dtypes = [spec["dtype"] for s in manifest["signatures"].values() for part in s.values() for spec in part.values()]
    assert set(dtypes) == {"float32", "int64", "string"}
    # It never was compiled.
    assert manifest["training"] is None
    assert not (tmp_path / "versions" / "1" / "assets.extra" / "model.keras").exists()


# ------------------------------------------------------------------ bad input


def test_a_model_without_endpoints_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"got Sequential\. A network alone is exported by Keras"):
        export(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]), tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_a_diverged_model_is_refused(tmp_path):
    model = make_gan(ema_decay=None)
    model.generator.set_weights([np.full_like(weight, np.nan) for weight in model.generator.get_weights()])
    with pytest.raises(InputError, match="not finite"):
        export(model, tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_a_folder_that_is_a_file_is_refused(model, tmp_path):
    (tmp_path / "m").write_text("")
    with pytest.raises(InputError, match="is a file"):
        export(model, tmp_path / "m")
    with pytest.raises(OSError, match="m"):
        export(model, tmp_path / "m" / "below")


def test_a_disk_that_takes_no_more_leaves_nothing(model, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            export(model, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_named_as_the_system_does(model, tmp_path, monkeypatch):
    def fill(module, path, **options):
        # As TensorFlow words ENOSPC.
        raise tf.errors.ResourceExhaustedError(None, None, f"{path}; No space left on device")

    monkeypatch.setattr(tf.saved_model, "save", fill)
    with pytest.raises(OSError, match="No space left on device") as error:
        export(model, tmp_path)
    assert error.value.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []
