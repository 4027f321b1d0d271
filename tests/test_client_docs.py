"""The examples of docs/serving.md do what they say, on a running server."""

import base64
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import served_models
from kgan.export import find_model, load_published
from kgan.export.shipped import shipped
from kgan.latents import from_seeds
from kgan.pixels import to_uint8
from kgan.serving.server import running

TEXT = (Path(__file__).parent.parent / "docs" / "serving.md").read_text()


@pytest.fixture(scope="module")
def address():
    with running(served_models.published()[0]) as found:
        yield found.rest


@pytest.fixture
def photo(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 28, 3), "uint8")).save("photo.jpg")
    return np.asarray(Image.open("photo.jpg"))


def example(language, address):
    (found,) = re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)
    assert "http://127.0.0.1:8501" in found
    return found.replace("http://127.0.0.1:8501", address)


def translated(photo):
    images = photo[None] / np.float32(127.5) - 1
    return np.asarray(to_uint8(served_models.published()[1]["horses"].translate(images)))[0].astype(int)


def test_python(address, photo, capsys):
    exec(compile(example("python", address), "serving.md", "exec"), {})
    assert capsys.readouterr().out == "(8, 8)\n" * 4
    assert np.asarray(Image.open("face.png")).shape == (8, 8, 3)
    # JPEG leaves decoders a level or two.
    np.testing.assert_allclose(np.asarray(Image.open("painting.png"), int), translated(photo), atol=4)


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not on PATH")
def test_curl(address, photo):
    subprocess.run(["bash", "-eu", "-o", "pipefail", "-c", example("bash", address)], check=True, timeout=60)
    expected = to_uint8(served_models.published()[1]["digits"].sample(1, seed=0))[0, ..., 0]
    np.testing.assert_allclose(np.asarray(Image.open("digit.png"), int), expected, atol=1)
    np.testing.assert_allclose(np.asarray(Image.open("painting.png"), int), translated(photo), atol=4)


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not on PATH")
def test_the_curl_of_the_readme_draws_with_the_box():
    (line,) = re.findall(
        r"^    (curl .*)$", (Path(__file__).parent.parent / "README.md").read_text(), flags=re.MULTILINE
    )
    assert "localhost:8501" in line
    with running(shipped()) as found:
        command = line.replace("localhost:8501", found.rest.removeprefix("http://"))
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=True)
    (picture,) = json.loads(done.stdout)["predictions"]
    with Image.open(io.BytesIO(base64.b64decode(picture["b64"]))) as digit:
        expected = to_uint8(load_published(find_model("dcgan-mnist"))(from_seeds([7], 64)))[0, ..., 0]
        np.testing.assert_allclose(np.asarray(digit, int), expected, atol=1)


@pytest.mark.skipif(not shutil.which("node"), reason="node is not on PATH")
def test_javascript(address):
    script = f"{example('javascript', address)}\nconsole.log(JSON.stringify(pictures));"
    command = ["node", "--input-type=module", "--eval", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    prefix = "data:image/png;base64,"
    pictures = [Image.open(io.BytesIO(base64.b64decode(url.removeprefix(prefix)))) for url in json.loads(done.stdout)]
    conditions = np.array([[0, 0, 1], [1, 0, 0]], "float32")
    faces = served_models.published()[1]["faces"]
    expected = to_uint8(faces(np.concatenate([faces.latents([0, 0])[:, :3], conditions], axis=1)))
    np.testing.assert_allclose(pictures, expected, atol=1)
