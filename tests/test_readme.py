"""The README's example does what it says."""

import re
from pathlib import Path

import keras

import kgan

README = Path(__file__).parent.parent / "README.md"


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
