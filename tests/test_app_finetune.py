"""`kgan finetune`: every family goes on from what it published, on other pictures."""

import sys

import numpy as np
import pytest
from PIL import Image
from test_infogan import infogan

import kgan
import kgan_cli
import tiny
from kgan.apps import _finetune_data, anime, conditional, dcgan, finetune
from kgan.data import synthetic
from kgan.errors import InputError, RunError
from kgan.runs import Run

pytestmark = pytest.mark.usefixtures("quick_apps")

NOISE = {"size": 16, "batch_size": 8, "width": 4, "depth": 0, "epochs": 1}


def command(monkeypatch, capsys, *words):
    monkeypatch.setattr(sys, "argv", ["kgan", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        kgan_cli.main()
    captured = capsys.readouterr()
    return ended.value.code or 0, captured.out, captured.err


@pytest.fixture(scope="module", autouse=True)
def few_drawn():
    """As many drawn pictures as an epoch in a test can take."""
    patch = pytest.MonkeyPatch()
    patch.setitem(kgan.data.sources.WORLDS, "synthetic", (synthetic.digits, 40))
    yield
    patch.undo()


def folder_of(images, folder):
    folder.mkdir(parents=True)
    for index, image in enumerate(images):
        Image.fromarray(image.squeeze().astype(np.uint8)).save(folder / f"{index}.png")
    return folder


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """A trained run, its published model, and others to learn: digits upside down."""
    home = tmp_path_factory.mktemp("digits")
    run = dcgan.train(data="synthetic", latent_dim=4, out=home / "run", **NOISE)
    kgan.export(run.load_model(), home / "savedmodels" / "digits")
    return run, home / "savedmodels" / "digits", folder_of(synthetic.digits(24)[0][:, ::-1], home / "pictures")


def test_the_command_goes_on_from_what_is_published(digits, tmp_path, monkeypatch, capsys):
    run, published, pictures = digits
    monkeypatch.chdir(tmp_path)
    words = ("--data", pictures, "--epochs", 2, "--batch-size", 8, "--freeze", 1, "--learning-rate", 1e-4)
    code, _, err = command(monkeypatch, capsys, "finetune", published, *words, "--out", "mine")
    assert code == 0, err
    assert "published mine/savedmodel/1" in err
    tuned = Run.open("mine")
    model, before = tuned.restore(), run.load_model()
    assert float(model.generator_optimizer.learning_rate) == pytest.approx(1e-4)
    assert int(model.generator_optimizer.iterations.numpy()) == 6
    # The critic's first layer is the published one's, all others have moved on.
    ours, theirs = model.discriminator.weights, before.discriminator.weights
    same = [np.array_equal(a.numpy(), b.numpy()) for a, b in zip(ours, theirs, strict=True)]
    assert same[:2] == [True, True] and not any(same[2:])
    assert "  copies 0." in err
    # Resumed from anywhere: of the model that it began with nothing is needed any more.
    code, _, err = command(monkeypatch, capsys, "resume", "mine", "--epochs", 3)
    assert code == 0, err
    assert int(tuned.restore().generator_optimizer.iterations.numpy()) == 9


def saved(model, path):
    model.save(path / "model.keras")
    return path / "model.keras"


def two_sides(folder):
    noise = np.random.default_rng(0).integers(0, 256, (2, 10, 16, 16, 3), dtype=np.uint8)
    for side, images in zip("AB", noise, strict=True):
        folder_of(images, folder / side)
    return folder


@pytest.mark.parametrize("family", ["pix2pix", "cyclegan"])
def test_translators_go_on_with_a_rate_that_goes_to_nothing(family, tmp_path):
    model = getattr(tiny, family)()
    data = two_sides(tmp_path / "pictures")
    run = finetune.train(model=str(saved(model, tmp_path)), data=str(data), epochs=2, out=tmp_path / "run")
    last = run.restore()
    assert type(last) is type(model)
    steps = int(last.generator_optimizer.iterations.numpy())
    # 10 pictures, of which 2 are held out.
    assert steps == 2 * 8
    schedule = last.generator_optimizer.get_config()["learning_rate"]["config"]
    assert (schedule["initial_learning_rate"], schedule["total_steps"]) == (pytest.approx(0.01), steps)
    assert (run.path / "savedmodel" / "1" / "saved_model.pb").exists()


def test_an_infogan_goes_on(digits, tmp_path):
    model = infogan()
    small = folder_of(tiny.images(24)[..., 0] * 127 + 128, tmp_path / "pictures")
    run = finetune.train(model=str(saved(model, tmp_path)), data=str(small), epochs=1, batch_size=8, out=tmp_path / "x")
    assert type(run.load_model()) is kgan.InfoGAN


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    return conditional.train(data="synthetic", latent_dim=4, out=tmp_path_factory.mktemp("labelled") / "run", **NOISE)


def test_labels_go_on_and_pictures_without_them_are_refused(labelled, digits, tmp_path):
    options = {"model": str(labelled.path), "epochs": 1, "batch_size": 8}
    run = finetune.train(data="synthetic", out=tmp_path / "run", **options)
    assert "label" in run.load_model().endpoints()
    with pytest.raises(InputError, match=r"conditions of 10 values, and .* has no such labels"):
        finetune.train(data=str(digits[2]), out=tmp_path / "no", **options)
    assert not (tmp_path / "no").exists()


def test_words_go_on_in_the_columns_that_the_model_has(tmp_path):
    data = synthetic.write_faces(tmp_path / "faces", 40)
    first = anime.train(data=str(data), latent_dim=4, out=tmp_path / "first", **NOISE)
    known = first.load_model().encoder.attributes
    # Fewer words than it knows, and so other columns.
    word = known["hair"][-1]
    lines = (data / "tags.csv").read_text().splitlines()
    place = lines[0].split(",").index("hair")
    chosen = [line for line in lines[1:] if line.split(",")[place] in known["hair"][-2:]]
    (data / "few.csv").write_text("\n".join([lines[0], *chosen]))
    tags = kgan.data.Tags({"hair": (word,), "eyes": known["eyes"]}, {"hair": np.zeros(3, int), "eyes": np.arange(3)})
    rows = _finetune_data.known_words(tags, known)
    expected = np.concatenate([np.eye(len(known["hair"]))[[-1] * 3], np.eye(len(known["eyes"]))[:3]], axis=1)
    np.testing.assert_array_equal(rows, expected)
    run = finetune.train(model=str(first.path), data=str(data), epochs=1, batch_size=8, out=tmp_path / "second")
    assert run.load_model().encoder.attributes == known
    with pytest.raises(InputError, match="has not learnt violet of hair"):
        _finetune_data.known_words(kgan.data.Tags({"hair": ("violet",)}, {"hair": np.zeros(2, int)}), known)
    with pytest.raises(InputError, match="no column 'eyes'"):
        _finetune_data.known_words(kgan.data.Tags({"hair": (word,)}, {"hair": np.zeros(2, int)}), known)


def test_copies_from_the_first_look_on_are_not_published(digits, tmp_path, monkeypatch):
    _, published, pictures = digits
    copies = kgan.data.open_images(pictures, image_size=16, channels=1).images
    monkeypatch.setattr(kgan.monitors.copy_guard, "draw", lambda model, count: np.resize(copies, (count, 16, 16, 1)))
    options = {"model": str(published), "data": str(pictures), "epochs": 3, "batch_size": 8}
    with pytest.raises(RunError, match="copies from the first look on, and nothing is published"):
        finetune.train(out=tmp_path / "run", **options)
    stopped = Run.open(tmp_path / "run")
    assert not (stopped.path / "savedmodel").exists() and not (stopped.best / "model.keras").exists()
    assert len((stopped.path / "history.csv").read_text().splitlines()) == 2
    unwatched = finetune.train(out=tmp_path / "unwatched", guard=False, **options)
    assert (unwatched.path / "savedmodel" / "1").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere", "--data", "synthetic"), "unknown model 'nowhere'; known: anime-faces"),
        (("MODEL",), "say what to learn: --data"),
        (("MODEL", "--data", "synthetic", "--freeze", "99"), "freeze must be from 0 to"),
        (("MODEL", "--data", "synthetic", "--learning-rate", "-1"), "learning_rate must be positive"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(digits, words, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    given = [str(digits[1]) if word == "MODEL" else word for word in words]
    code, _, err = command(monkeypatch, capsys, "finetune", *given)
    assert code == 1
    assert said in err and "Traceback" not in err
    assert not (tmp_path / "runs").exists()


def test_the_help_names_model_and_data(monkeypatch, capsys):
    code, out, _ = command(monkeypatch, capsys, "finetune")
    assert code == 0
    assert all(words in out for words in ("Usage: kgan finetune", "MODEL", "--freeze"))
