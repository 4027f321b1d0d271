"""The report of a run: its numbers are the files', it needs nothing else, and it says what is wrong."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

import report_runs
import tiny
from kgan import GAN, Pix2Pix, data, pixels, report
from kgan.errors import InputError, RunError
from kgan.report import pictures, timeline
from kgan.report.document import PAGE
from kgan.report.neighbours import beside_neighbours
from kgan.runs import Run
from kgan_cli import reporting
from report_runs import Page


@pytest.fixture
def written(tmp_path):
    """The page of a run with an alarm."""
    run = report_runs.write_run(tmp_path / "run", alarms=[report_runs.ALARM])
    return Page(report.write(run, defaults={"data": "mnist", "epochs": None, "batch_size": 32}, neighbours=False))


def line(chart, name):
    return next(found for found in chart["lines"] if found["name"] == name)


def test_the_numbers_are_those_of_the_files(written):
    charts = written.charts()
    players = charts["the two players' losses"]
    for term in ("discriminator_loss", "generator_loss"):
        assert line(players, term.replace("_", " "))["y"] == report_runs.HISTORY[term]
    assert line(players, "generator loss")["x"] == [1, 2, 3]
    assert charts["r1"]["lines"][0]["y"] == report_runs.HISTORY["r1"]
    assert charts["frechet distance"]["lines"][0]["y"] == report_runs.SCORES["frechet_distance"]
    assert line(charts["the critic's logits"], "generated images") == {
        "name": "generated images",
        "x": [0.0, 15.0, 30.0],
        "y": [-0.1, -0.1, -0.1],
    }
    assert "Frechet distance 5.818 real images 1.642" in written.text
    assert "2 h 5 min 3 epochs, 30 steps" in written.text
    assert "↓ frechet distance 5.818 1.642" in written.text


def test_what_was_not_measured_is_not_drawn(written):
    names = [found["name"] for chart in written.charts().values() for found in chart["lines"]]
    assert not any("held" in name for name in names)


def test_lines_stand_where_their_numbers_are(written):
    chart = written.charts()["r1"]
    left, top, across, down = chart["frame"]
    (x_low, x_high), (y_low, y_high) = chart["x"], chart["y"]
    assert not chart["log"]
    wanted = [
        (left + across * (x - x_low) / (x_high - x_low), top + down * (1 - (y - y_low) / (y_high - y_low)))
        for x, y in zip(chart["lines"][0]["x"], chart["lines"][0]["y"], strict=True)
    ]
    paths = [attributes["d"] for tag, attributes in written.elements if tag == "path"]
    drawn = [[tuple(map(float, point.split())) for point in re.split("[ML]", path)[1:]] for path in paths]
    assert any(np.shape(path) == np.shape(wanted) and np.allclose(path, wanted, atol=0.06) for path in drawn)


def test_scores_far_apart_are_drawn_on_a_logarithmic_axis_with_the_floor_in_it(tmp_path):
    page = Page(report.write(report_runs.write_run(tmp_path / "run", score=3.0), neighbours=False))
    chart = page.charts()["frechet distance"]
    assert chart["log"]
    assert chart["y"][0] < 1.6419024024890372 < 140.46 < chart["y"][1]


def test_alarms_are_told_as_text(written):
    assert "1 alarm" in written.text
    assert "Diverging step 20, after 2 min; not over" in written.text
    assert report_runs.ALARM["words"] in written.text
    assert "Try a quarter of the learning rate." in written.text


def test_an_alarm_that_is_over_says_when(tmp_path):
    over = {"kind": "over", "name": "diverging", "step": 25, "seconds": 130.0}
    run = report_runs.write_run(tmp_path / "run", alarms=[report_runs.ALARM, over])
    assert "over by step 25" in Page(report.write(run, neighbours=False)).text


def test_options_that_differ_from_the_defaults_stand_first_with_them(written):
    assert "option this run default data synthetic mnist epochs 3 none loss hinge - 1 options at their defaults" in (
        written.text
    )
    assert "keras 3.15.1" in written.text


def test_of_folders_only_the_names_go_out(tmp_path):
    run = report_runs.write_run(tmp_path / "run", options={"data": str(tmp_path / "pictures")})
    text = report.write(run).read_text()
    assert "pictures" in text
    assert "Left out: " in text
    assert str(tmp_path) not in text


def test_the_page_asks_for_nothing_from_outside(written, tmp_path):
    policy = next(each["content"] for tag, each in written.elements if each.get("http-equiv"))
    assert policy.startswith("default-src 'none'")
    for tag, attributes in written.elements:
        assert tag not in ("link", "iframe", "base", "object", "embed")
        for name in ("src", "href", "srcset", "action", "data"):
            assert attributes.get(name, "data:").startswith("data:"), (tag, attributes)
    for file in PAGE.iterdir():
        assert re.findall(r"(?:https?:)?//[\w.-]+\.\w|@import|url\(", file.read_text()) == [], file.name


def test_the_pictures_are_the_files_and_the_last_is_shown(written, tmp_path):
    found = written.pictures()
    assert [each["data-epoch"] for each in found] == ["0", "1", "2", "3"]
    assert ["hidden" in each for each in found] == [True, True, True, False]
    for each in found:
        content = base64.b64decode(each["src"].partition("base64,")[2])
        assert content == (tmp_path / "run" / "samples" / f"epoch-000{each['data-epoch']}.png").read_bytes()
    labels = next(numbers["labels"] for numbers in written.data if "labels" in numbers)
    assert labels == ["within epoch 1", "after epoch 1", "after epoch 2", "after epoch 3, the best"]


def test_pictures_too_many_or_too_large_are_made_to_fit(tmp_path, monkeypatch):
    monkeypatch.setattr(timeline, "MOST", 4)
    monkeypatch.setattr(timeline, "BUDGET", 20_000)
    run = report_runs.write_run(tmp_path / "run", side=120, epochs=9)
    found = Page(report.write(run, neighbours=False)).pictures()
    # Those four and that of the best model.
    assert [each["data-epoch"] for each in found] == ["0", "3", "6", "9"]
    contents = [base64.b64decode(each["src"].partition("base64,")[2]) for each in found]
    assert sum(map(len, contents)) <= 20_000
    with Image.open(io.BytesIO(contents[0])) as smaller:
        assert smaller.width < 120
    # Shown as large as ever.
    assert {each["width"] for each in found} == {str(120 * (pictures.SHOWN // 120))}


def test_a_long_training_s_lines_are_thinned_and_end_where_they_end(tmp_path):
    run = report_runs.write_run(tmp_path / "run")
    rows = [f"{epoch},{epoch / 7!r}" for epoch in range(5000)]
    (run / "history.csv").write_text("\n".join(["epoch,r1", *rows]) + "\n")
    drawn = Page(report.write(run, neighbours=False)).charts()["r1"]["lines"][0]
    assert len(drawn["x"]) == 1000
    assert (drawn["x"][-1], drawn["y"][-1]) == (5000, 4999 / 7)


def test_a_training_that_broke_off_in_nan_is_reported(tmp_path):
    run = report_runs.write_run(tmp_path / "run")
    (run / "history.csv").write_text("epoch,r1\n0,0.5\n1,nan\n2,inf\n3,0.25\n")
    page = Page(report.write(run, neighbours=False))
    assert page.charts()["r1"]["lines"][0]["y"] == [0.5, None, None, 0.25]


def test_what_a_training_is_just_writing_is_left_for_later(tmp_path):
    run = report_runs.write_run(tmp_path / "run")
    for name in ("history.csv", "health.jsonl"):
        with (run / name).open("a") as file:
            file.write("3,0.1,0.2" if name == "history.csv" else '{"kind": "look", "st')
    assert Page(report.write(run, neighbours=False)).charts()["r1"]["lines"][0]["y"] == report_runs.HISTORY["r1"]


def empty(run):
    for name in ("history.csv", "best/scores.csv", "best/best.json"):
        (run / name).unlink()
    for picture in (run / "samples").iterdir():
        picture.unlink()


DAMAGE = {
    "nothing to report yet.*kgan resume": empty,
    "best.json is damaged": lambda run: (run / "best" / "best.json").write_text('{"metric":'),
    "best.json is damaged: it has no floor": lambda run: (run / "best" / "best.json").write_text(
        '{"metric": "x", "step": 1, "scores": {}, "protocol": {}}'
    ),
    "history.csv is damaged": lambda run: (run / "history.csv").write_text("epoch,r1\n0,abc\n"),
    "scores.csv is damaged": lambda run: (run / "best" / "scores.csv").write_text("epoch,step\n1\n"),
    "health.jsonl is damaged": lambda run: (run / "health.jsonl").write_text("[]\n"),
    "progress.*cannot be read|checkpoint .* cannot be read": lambda run: (
        run / "checkpoints" / "step-00000030" / "progress.json"
    ).write_text(""),
    "epoch-0002.png is no picture": lambda run: (run / "samples" / "epoch-0002.png").write_text("no picture"),
    "is no run: it holds no options.json": lambda run: (run / "options.json").unlink(),
}


@pytest.mark.parametrize("message", DAMAGE)
def test_a_broken_or_empty_run_gets_one_clear_error(tmp_path, message):
    run = report_runs.write_run(tmp_path / "run")
    DAMAGE[message](run)
    with pytest.raises(RunError, match=message):
        report.write(run, neighbours=False)
    assert not (run / "report.html").exists()


def test_a_run_that_was_neither_scored_nor_watched_is_reported(tmp_path):
    run = report_runs.write_run(tmp_path / "run")
    for name in ("best/scores.csv", "best/best.json", "health.jsonl"):
        (run / name).unlink()
    text = Page(report.write(run, neighbours=False)).text
    assert "No model was scored in this training." in text
    assert "This training was not watched." in text


def drawn_run(tmp_path, images):
    """A run whose model draws 8x8 images, and whose data are files."""
    for index, image in enumerate(images):
        pixels.save_png(tmp_path / "pictures" / f"{index}.png", image)
    run = report_runs.write_run(tmp_path / "run", options={"data": str(tmp_path / "pictures")})
    model = tiny.gan()
    assert isinstance(model, GAN)
    Run.open(run).save_model(model)
    return run


def test_neighbours_are_training_images_nearest_first(tmp_path):
    images = np.random.default_rng(1).integers(0, 256, (6, 8, 8, 1), "uint8")
    picture = beside_neighbours(images[[4, 2]], data.ImageSet(images), 3)
    assert picture.shape == (2 * 10 + 2, 5 * 10 + 2, 1)
    for row, index in enumerate((4, 2)):
        top = 2 + 10 * row
        for column in (0, 2):
            left = 2 + 10 * column
            np.testing.assert_array_equal(picture[top : top + 8, left : left + 8], images[index])
    with pytest.raises(InputError, match="7 neighbours need as many training images"):
        beside_neighbours(images, data.ImageSet(images), 7)


def test_the_page_shows_samples_beside_their_neighbours_or_says_why_not(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (7, 4, 4, 1), "uint8")
    run = drawn_run(tmp_path, images)
    page = Page(report.write(run))
    assert page.pictures()[-1]["alt"] == "samples and their nearest training images"
    content = base64.b64decode(page.pictures()[-1]["src"].partition("base64,")[2])
    shown = np.asarray(Image.open(io.BytesIO(content)))
    sample = np.asarray(pixels.to_uint8(tiny.gan().sample(8, seed=0)))[0, ..., 0]
    np.testing.assert_array_equal(shown[2:6, 2:6], sample)
    assert any(np.array_equal(shown[2:6, 14:18], image[..., 0]) for image in images)

    for file in (tmp_path / "pictures").iterdir():
        file.unlink()
    text = Page(report.write(run)).text
    assert "Nearest training images Left out: " in text
    # A training still has them open.
    assert Page(report.write(run, images=data.ImageSet(images))).pictures()[-1] == page.pictures()[-1]
    assert "Nearest training images" not in Page(report.write(run, neighbours=False)).text


def test_translators_have_no_neighbours(tmp_path):
    run = report_runs.write_run(tmp_path / "run", app="pix2pix")
    assert not hasattr(Pix2Pix, "sample")
    Run.open(run).save_model(tiny.generator())
    assert "Left out: this family makes pictures of pictures" in Page(report.write(run)).text


def test_the_command_takes_the_app_s_defaults_and_says_where_the_file_is(tmp_path, capsys):
    run = report_runs.write_run(tmp_path / "run", options={"width": 32})
    assert reporting.write_report([run], None, neighbours=False) == run / "report.html"
    text = Page(run / "report.html").text
    assert "loss hinge non_saturating" in text
    assert "width 32 32" not in text
    out = tmp_path / "deep" / "page.html"
    assert reporting.write_report([run], out, neighbours=False) == out
    assert out.exists()
    with pytest.raises(InputError, match="is a folder; name the file"):
        reporting.write_report([run], tmp_path)
    lost = report_runs.write_run(tmp_path / "lost", app="/nowhere/mine.py")
    assert "defaults are not known" in Page(reporting.write_report([lost], None, neighbours=False)).text
    assert "there is no file /nowhere/mine.py" in capsys.readouterr().err
