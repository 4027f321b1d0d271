"""`kgan evaluate` as its user meets it."""

import json
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import kgan
import kgan_cli
import tiny
from kgan import GAN, evaluation, pixels
from kgan.data import synthetic
from kgan.evaluation import intervals
from kgan.export import Origin, manifest
from kgan.runs import Run

NUM = 100
pytestmark = pytest.mark.usefixtures("quick_apps")


def call(monkeypatch, capsys, *words):
    """Runs `kgan evaluate` in this process; returns its exit code, stdout and stderr."""
    monkeypatch.setattr(sys, "argv", ["kgan", "evaluate", *map(str, words)])
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    with pytest.raises(SystemExit) as ended:
        kgan_cli.main()
    captured = capsys.readouterr()
    return ended.value.code or 0, captured.out, captured.err


@pytest.fixture(autouse=True)
def quick(tmp_path_factory, monkeypatch):
    monkeypatch.setattr(intervals, "REPLICATES", 3)
    monkeypatch.setenv("KGAN_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Drawn digits as files: `train` and `test`, and `few` and `small` ones for mistakes."""
    folder = tmp_path_factory.mktemp("digits")
    digits = synthetic.digits(2 * NUM + 20, seed=9)[0]
    for index, digit in enumerate(digits):
        split = "data/train" if index < NUM + 20 else "data/test"
        pixels.save_png(folder / split / f"{index:03}.png", digit)
    for digit in range(4):
        pixels.save_png(folder / "few" / f"{digit}.png", digits[digit])
        pixels.save_png(folder / "small" / f"{digit}.png", digits[digit, ::2, ::2])
    return folder


def make_run(path, data, seed=0, ema_decay=0.9):
    """A run as `kgan train` leaves it, of a generator that has learnt nothing; its average lies elsewhere."""
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    model = GAN(
        keras.Sequential([keras.Input((3,)), layers.Dense(784, "tanh"), layers.Reshape((28, 28, 1))]),
        keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(1)]),
        latent_dim=3,
        ema_decay=ema_decay,
    )
    model.compile("adam", "adam")
    for average in model.averages:
        average.set_weights([weight - 0.3 for weight in model.generator.get_weights()])
    run = Run.new("own.py", {} if data is None else {"data": str(data)}, path)
    run.save_model(model)
    run.write_options()
    return path


@pytest.fixture(scope="module")
def runs(folder, tmp_path_factory):
    path = tmp_path_factory.mktemp("runs")
    return make_run(path / "a", folder / "data", 1), make_run(path / "b", folder / "data", 2)


def test_a_run_is_judged_with_all_that_the_numbers_depend_on(runs, monkeypatch, capsys):
    code, out, err = call(monkeypatch, capsys, runs[0], "--num", NUM, "--seed", 3)
    assert code == 0, err
    report = evaluation.load(out.split()[-1])
    for words in (
        str(runs[0]),
        f"random-conv ({report.protocol.extractor_digest[:12]})",
        f"generated  {NUM} of the averaged generator (ema), seeds from 3",
        "split train, 28x28x1",
        f"floor      {NUM} images of split test",
        "Frechet distance (random-conv)",
        "memorisation: ",
        "modes: ",
    ):
        assert words in out
    assert "no extractor named: random-conv" in err
    assert "FID" not in out + err
    assert report["frechet_distance"].value > 10 * report["frechet_distance"].floor
    written = Path(out.split()[-1]).parent
    assert written.parent == runs[0] / "evaluation"
    assert {file.name for file in written.iterdir()} == {"report.json", "memorisation.png", "modes.png"}
    with Image.open(written / "memorisation.png") as picture:
        assert picture.width == 4 * 30 + 2


def test_raw_weights_are_another_protocol_and_other_numbers(runs, monkeypatch, capsys):
    reports = []
    for words in ((), ("--raw",)):
        code, out, err = call(monkeypatch, capsys, runs[0], "--num", NUM, *words)
        assert code == 0, err
        reports.append(out.split()[-1])
    ema, raw = map(evaluation.load, reports)
    assert raw.model_digest == ema.model_digest
    assert raw["frechet_distance"].value != ema["frechet_distance"].value
    code, _, err = call(monkeypatch, capsys, *reports)
    assert code == 1
    assert "differ in weights (ema and raw)" in err
    assert "Traceback" not in err


def test_two_runs_are_compared_and_evaluated_only_once(runs, monkeypatch, capsys):
    code, out, err = call(monkeypatch, capsys, *runs, "--num", NUM, "--extractor", "pixels")
    assert code == 0, err
    assert f"A  {runs[0]}\nB  {runs[1]}" in out
    (line,) = [line for line in out.splitlines() if "Frechet distance (pixels)" in line]
    assert line.split()[-1] in ("A", "B", "-")
    _, again, err = call(monkeypatch, capsys, *runs, "--num", NUM, "--extractor", "pixels")
    assert again == out
    assert err.count("taken from") == 2


def test_runs_with_other_held_out_images_are_not_compared(runs, folder, tmp_path, monkeypatch, capsys):
    other = make_run(tmp_path / "other", folder / "data" / "train")
    code, out, err = call(monkeypatch, capsys, runs[0], other, "--num", 10**6)
    assert (code, out) == (1, "")
    for part in ("held out (images of split test and other images of split train)", "num generated (100 and 60)"):
        assert part in err
    assert not (other / "evaluation").exists()


def test_a_folder_is_judged_by_a_folder(folder, tmp_path, monkeypatch, capsys):
    real = folder / "data"
    code, out, err = call(monkeypatch, capsys, real / "test", folder / "all", "--out", tmp_path / "report")
    assert (code, "all" in err) == (1, True)
    pixels_of_both = sorted((folder / "data").rglob("*.png"))
    for index, file in enumerate(pixels_of_both):
        (tmp_path / "all").mkdir(exist_ok=True)
        (tmp_path / "all" / f"{index}.png").write_bytes(file.read_bytes())
    code, out, err = call(monkeypatch, capsys, real / "test", tmp_path / "all", "--out", tmp_path / "report")
    assert code == 0, err
    assert f"generated  {NUM} from files" in out
    content = json.loads((tmp_path / "report" / "report.json").read_text())
    assert content["protocol"]["weights"] == "files"
    # The very files are among the real ones.
    assert content["words"]["memorisation"].startswith("the generator copies its training images")


@pytest.fixture
def published(runs, tmp_path, monkeypatch):
    """The first run's model, published as savedmodels/digits of the folder at hand."""
    monkeypatch.chdir(tmp_path)
    run = Run.open(runs[0])
    return kgan.export(run.load_model(), "savedmodels/digits", Origin.of(run))


@pytest.mark.usefixtures("published")
def test_a_published_model_is_judged_by_its_name_as_its_run_is(runs, folder, monkeypatch, capsys):
    words = ["--num", NUM, "--data", folder / "data"]
    code, out, err = call(monkeypatch, capsys, "digits", *words)
    assert code == 0, err
    found = evaluation.load(out.split()[-1])
    assert Path(out.split()[-1]).parts[:2] == ("evaluation", "digits-1")
    assert f"{NUM} of the averaged generator (ema), seeds from 0" in out
    code, out, err = call(monkeypatch, capsys, runs[0], *words)
    assert code == 0, err
    judged = evaluation.load(out.split()[-1])
    assert (found.protocol, found.model_digest) == (judged.protocol, judged.model_digest)
    for row in judged.rows:
        assert found[row.key].value == pytest.approx(row.value, rel=1e-3, abs=1e-6), row.key
    # Its folder is the same model, and can be compared.
    code, out, err = call(monkeypatch, capsys, "savedmodels/digits", runs[0], *words)
    assert code == 0, err


def test_a_published_model_has_no_raw_weights(published, monkeypatch, capsys):
    code, _, err = call(monkeypatch, capsys, published, "--raw")
    assert code == 1
    assert "holds the averaged generator alone" in err.splitlines()[-1]


def test_a_published_model_without_an_average_says_so(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run = Run.open(make_run(tmp_path / "run", folder / "data", ema_decay=None))
    kgan.export(run.load_model(), "savedmodels/plain", Origin.of(run))
    for words in ((), ("--raw",)):
        code, out, err = call(monkeypatch, capsys, "plain", "--num", NUM, "--data", folder / "data", *words)
        assert code == 0, err
        assert evaluation.load(out.split()[-1]).protocol.weights == "raw"


def test_what_a_published_model_cannot_say_is_asked_for(published, runs, monkeypatch, capsys):
    for words, message in (
        (["digits"], "was trained on a folder 'data', wherever that was; say where it is: --data FOLDER"),
        (["digit"], "nor a published model: unknown model 'digit'; did you mean 'digits'"),
        (["savedmodels"], "savedmodels holds several models; name one of them: savedmodels/NAME"),
    ):
        code, out, err = call(monkeypatch, capsys, *words)
        assert (code, out) == (1, "")
        assert message in err.splitlines()[-1]
    about = manifest.read(published)
    del about["averaged"]
    manifest.write(published, about)
    code, _, err = call(monkeypatch, capsys, "digits")
    assert code == 1
    assert "does not say whether it is averaged; publish the run anew" in err


def test_a_published_translator_is_not_judged_so(monkeypatch, capsys, tmp_path):
    kgan.export(tiny.pix2pix(), tmp_path / "maps")
    code, _, err = call(monkeypatch, capsys, tmp_path / "maps")
    assert code == 1
    assert "turns pictures into pictures" in err.splitlines()[-1]


def test_the_detection_rate_stands_beside_that_of_real_images(runs, monkeypatch, capsys):
    cv2 = pytest.importorskip("cv2")
    cascade = Path(cv2.data.haarcascades) / "haarcascade_frontalface_default.xml"
    code, out, err = call(monkeypatch, capsys, runs[0], "--num", NUM, "--detector", cascade)
    assert code == 0, err
    report = evaluation.load(out.split()[-1])
    row = report["detection_rate"]
    assert (row.name, row.value, row.floor) == (f"detection rate ({cascade.name})", 0.0, 0.0)
    assert row.high == pytest.approx(3.6995e-2, abs=1e-5)
    assert report.protocol.detector.startswith(f"{cascade.name} ")
    assert f"detector   {report.protocol.detector}" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "nowhere is neither a run, a report.json, a folder of images nor a published model"),
        (["nowhere.json"], "there is no report nowhere.json"),
        (["{few}"], "name the real ones as well"),
        (["{a}", "{few}"], "got one each"),
        (["{few}", "{small}"], "are (28, 28, 1) and the real ones"),
        (["{few}", "{few}"], "at least 100 images of each kind; there are 2"),
        (["{a}", "--data", "{small}", "--size", "14"], "makes images (28, 28, 1), but the real ones"),
        (["{unsaid}"], "name it with --data"),
        (["{a}", "--extractor", "lenet"], "did you mean 'lenet-mnist'"),
        (["{a}", "--extractor", "mine.keras"], "mine.keras"),
        (["{a}", "--detector", "no.xml"], "no.xml"),
        (["{a}", "--num", "50"], "at least 100 images of each kind; there are 50"),
    ],
)
def test_mistakes_get_one_line_and_leave_nothing(words, message, folder, monkeypatch, capsys, tmp_path):
    make_run(tmp_path / "a", folder / "data")
    make_run(tmp_path / "unsaid", None)
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    places = {name: folder / name for name in ("few", "small")} | {name: tmp_path / name for name in ("a", "unsaid")}
    code, out, err = call(monkeypatch, capsys, *(word.format(**places) for word in words))
    assert (code, out) == (1, "")
    assert message in err.splitlines()[-1]
    assert "Traceback" not in err
    assert sorted(tmp_path.rglob("*")) == before


def test_features_that_are_no_numbers_are_one_error(runs, monkeypatch, capsys, tmp_path):
    inputs = keras.Input((28, 28, 1))
    broken = keras.layers.Dense(4, kernel_initializer=keras.initializers.Constant(float("nan")))
    keras.Model(inputs, broken(keras.layers.Flatten()(inputs))).save(tmp_path / "broken.keras")
    code, _, err = call(monkeypatch, capsys, runs[0], "--num", NUM, "--extractor", tmp_path / "broken.keras")
    assert code == 1
    assert "must be finite" in err.splitlines()[-1]


def test_the_help_says_what_can_be_judged(monkeypatch, capsys):
    code, out, _ = call(monkeypatch, capsys, "--help")
    assert code == 0
    for words in ("--extractor", "--detector", "lenet-mnist", "floor"):
        assert words in out


def test_an_evaluation_can_be_repeated(runs, monkeypatch, capsys):
    found = []
    for _ in range(2):
        code, out, err = call(monkeypatch, capsys, runs[1], "--num", NUM)
        assert code == 0, err
        found.append(evaluation.load(out.split()[-1]).to_json() | {"created": ""})
    assert found[0] == found[1]
    assert np.isfinite([row["value"] for row in found[0]["rows"]]).all()
