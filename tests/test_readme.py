"""The examples in the README and the docs do what they say."""

import re
from pathlib import Path

import keras
from PIL import Image

import kgan

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


def test_the_example_runs_on_drawn_digits(tmp_path, monkeypatch):
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    quick = {'"mnist", batch_size=64': '"synthetic", batch_size=8, num_images=32', "epochs=25": "epochs=1"}
    for words, instead in quick.items():
        assert words in example
        example = example.replace(words, instead)
    monkeypatch.chdir(tmp_path)
    exec(compile(example, str(README), "exec"), {})
    assert keras.saving.load_model("gan.keras").sample(2).shape == (2, 28, 28, 1)
    assert Path("savedmodels/digits/1/saved_model.pb").exists()
    assert list(Path("runs/digits").glob("epoch-*.png"))
    assert isinstance(keras.saving.load_model("gan.keras"), kgan.GAN)


def test_the_monitors_of_the_evaluation_page_run_in_fit(tmp_path, monkeypatch):
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "evaluation.md").read_text(), flags=re.DOTALL)
    for words, instead in {"num_images=2000": "num_images=64", "num_images=500": "num_images=16"}.items():
        assert words in example
        example = example.replace(words, instead)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KGAN_CACHE", str(tmp_path / "cache"))
    names: dict = {}
    exec(compile(example, "evaluation.md", "exec"), names)
    gan = kgan.GAN(
        kgan.networks.residual.generator(4, width=4, depth=0),
        kgan.networks.residual.discriminator(width=4, depth=0),
        latent_dim=4,
    )
    gan.compile("adam", "adam")
    gan.fit(names["digits"].batches(16), epochs=2, callbacks=names["callbacks"], verbose=0)
    assert keras.saving.load_model("runs/digits/best/model.keras").sample(1).shape == (1, 28, 28, 1)
    assert Path("runs/digits/health.jsonl").read_text()


def test_the_five_lines_of_fine_tuning_go_on_from_what_was_published(tmp_path, monkeypatch):
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "finetuning.md").read_text(), flags=re.DOTALL)
    assert "epochs=5" in example
    monkeypatch.chdir(tmp_path)
    generator = kgan.networks.residual.generator(4, width=4, depth=0)
    gan = kgan.GAN(generator, kgan.networks.residual.discriminator(width=4, depth=0), latent_dim=4, ema_decay=0.9)
    gan.compile("adam", "adam", loss="hinge")
    digits = kgan.data.open_images("synthetic", num_images=16)
    gan.fit(digits.batches(8), epochs=1, verbose=0)
    kgan.export(gan, "savedmodels/digits")
    Path("pictures").mkdir()
    for index, digit in enumerate(digits[:]):
        Image.fromarray(digit[::-1, :, 0]).save(f"pictures/{index}.png")
    names: dict = {}
    exec(compile(example.replace("epochs=5", "epochs=1"), "finetuning.md", "exec"), names)
    before, after = gan.discriminator.weights, names["model"].discriminator.weights
    assert [bool((a.numpy() == b.numpy()).all()) for a, b in zip(before, after, strict=True)][:4] == [True] * 4
    assert Path("savedmodels/mine/1/saved_model.pb").exists()
