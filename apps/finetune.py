"""Fine-tuning: a trained model of any family goes on with pictures of your own.

A model that has seen many pictures needs far fewer of another kind, and far fewer steps, than one that begins with
nothing. Too many steps on too few pictures end in copies of them: --freeze keeps what the critic's first layers have
learnt (FreezeD; Mo et al. 2020), and training stops by itself when samples become copies (`kgan.CopyGuard`).
"""

import sys
from functools import partial
from pathlib import Path
from typing import Any, Literal

import kgan
from kgan.apps._finetune_data import open_examples, side_of
from kgan.apps._shared import absolute, publish, train_watched
from kgan.apps._translators import decay, open_sides, steps_of, train_translator
from kgan.devices import apart
from kgan.errors import InputError, RunError
from kgan.export import find_model, load_for_training
from kgan.finetuning import prepare
from kgan.runs import Run
from kgan.translation import Translation
from kgan.workers import is_chief

EPOCHS = 20
BATCH_SIZE = 32


def train(
    *,
    model: str,
    data: str = "",
    input_side: Literal["left", "right"] = "left",
    epochs: int | None = None,
    minutes: float | None = None,
    batch_size: int | None = None,
    freeze: int = 0,
    learning_rate: float | None = None,
    guard: bool = True,
    jitter: float | None = None,
    flip: bool = False,
    skip_broken: bool = False,
    seed: int = 0,
    out: Path | None = None,
    run: Run | None = None,
) -> Run:
    """Go on from a published model or a run with pictures of your own, and publish what comes of it.

    Args:
        model: What to go on from: a published model by its name or folder, a version in it, a run, or a .keras file.
        data: What it is to learn, of the kind that it was trained on: a folder of images; with tags.csv in it for a
            model of words; pairs for pix2pix; trainA/ and trainB/ for cyclegan; or a TFDS name. Images get the size
            that the model was trained at.
        input_side: The side of joined pictures that is translated; of A/ and B/, left is A.
        epochs: Passes over the data; 20 if --minutes is not given either.
        minutes: Wall-clock minutes of training.
        batch_size: Images a step; by default 32, of translators 1.
        freeze: Layers of each critic, from the picture on, that stay as they are.
        learning_rate: Of both players; by default what each began with. A translator's goes to 0 over the second half.
        guard: Stop when samples become copies of training images, and keep no such model; translators make no samples.
        jitter: How many times as large a translator's training images become before they are cropped at random.
        flip: Mirror images half the time.
        skip_broken: Leave out images that cannot be read.
        seed: Of the order of the data.
        out: The run's folder, by default runs/finetune/<time>.
        run: The run to go on with (`kgan resume`).
    """
    if not data:
        raise InputError("say what to learn: --data FOLDER, with pictures of the kind that the model was trained on.")
    model, data = _absolute(model), absolute(data)
    run = run or Run.new("finetune", locals(), out)
    trained = run.restore()
    if trained is None:
        trained = _load(Path(model))
        prepare(trained, learning_rate, freeze)
    epochs = EPOCHS if epochs is None and minutes is None else epochs
    budget: dict[str, Any] = {"epochs": epochs, "minutes": minutes, "flip": flip, "seed": seed}
    if isinstance(trained, Translation):
        _train_translator(run, trained, data, input_side, jitter, skip_broken, batch_size or 1, **budget)
    else:
        _train_generator(run, trained, data, skip_broken, guard, batch_size=batch_size or BATCH_SIZE, **budget)
    return run


def _absolute(model: str) -> str:
    path = Path(model).expanduser()
    return str((path if path.exists() else find_model(model)).resolve())


def _load(path: Path) -> kgan.Adversarial:
    return Run.open(path).load_model() if (path / "options.json").is_file() else load_for_training(path)


def _train_translator(
    run: Run,
    model: Translation,
    data: str,
    input_side: str,
    jitter: float | None,
    skip_broken: bool,
    batch_size: int,
    epochs: int | None,
    **options: Any,
) -> None:
    unpaired = isinstance(model, kgan.CycleGAN)
    opener = kgan.data.open_domains if unpaired else partial(kgan.data.open_pairs, input_side=input_side)
    sides = open_sides(opener, data, side_of(model), jitter, skip_broken)
    decay(model, None, steps_of(sides[0], batch_size, epochs))
    train_translator(run, model, *sides, batch_size=batch_size, epochs=epochs, **options)


def _train_generator(run: Run, model: Any, data: str, skip_broken: bool, guard: bool, **options: Any) -> None:
    images, held_out, examples = open_examples(model, data, skip_broken)
    watching = apart(partial(kgan.CopyGuard, images, held_out)) if guard and is_chief() else None
    train_watched(run, model, images, held_out, examples=examples, guard=watching, **options)
    if watching is not None and watching.alarmed and not (run.best / "model.keras").exists():
        raise RunError(
            f"samples were copies from the first look on, and nothing is published; what was trained is in {run.path}. "
            "Take more pictures, a lower --learning-rate or --freeze; --no-guard publishes all the same."
        )
    published = publish(run)
    print(f"published {published}; draw from it: kgan sample {run.path}", file=sys.stderr)
