"""The comparison of runs: scores together only where one protocol found them, and the options that differ."""

import json
from pathlib import Path

import pytest

from kgan import evaluation, report
from kgan.errors import InputError
from kgan.evaluation import Evaluation, Protocol, Row
from report_runs import PROTOCOL, Page, write_run

OTHER = {**PROTOCOL, "extractor": "pixels", "num_real": 400}


def compared(tmp_path, *runs, **options):
    return Page(report.write_comparison(runs, tmp_path / "compare.html", **options))


def test_scores_of_one_protocol_are_laid_over_each_other(tmp_path):
    a, b = write_run(tmp_path / "one"), write_run(tmp_path / "two", score=4.5)
    page = compared(tmp_path, a, b)
    lines = page.charts()["frechet distance"]["lines"]
    assert [(line["name"], line["y"][-1]) for line in lines] == [("A one", 5.818), ("B two", 4.5)]
    assert "best model A one B two real images ↓ frechet distance 5.818 4.5 1.642" in page.text
    assert "cannot be compared" not in page.text
    assert [line["name"] for line in page.charts()["generator loss"]["lines"]] == ["A one", "B two"]


def test_scores_of_different_protocols_are_not_and_it_says_what_differs(tmp_path):
    a, b, c = write_run(tmp_path / "one"), write_run(tmp_path / "two", protocol=OTHER), write_run(tmp_path / "three")
    page = compared(tmp_path, a, b, c)
    drawn = [chart["lines"] for chart in page.data if chart.get("title") == "frechet distance"]
    assert [[line["name"] for line in lines] for lines in drawn] == [["A one", "C three"], ["B two"]]
    wanted = "A one and B two cannot be compared, as their protocols differ in extractor (random-conv and pixels)"
    assert wanted in page.text
    # Losses are no scores.
    assert len(page.charts()["generator loss"]["lines"]) == 3


def test_samples_and_translations_are_not_compared(tmp_path):
    a, b = write_run(tmp_path / "one"), write_run(tmp_path / "two", protocol={**PROTOCOL, "paired": True})
    assert "the scores of samples and of translations are different things" in compared(tmp_path, a, b).text


def test_options_and_versions_that_differ_are_named_and_no_others(tmp_path):
    a, b = write_run(tmp_path / "one"), write_run(tmp_path / "two", options={"loss": "kl", "seed": 1})
    content = json.loads((b / "options.json").read_text())
    content["versions"]["keras"] = "3.16.0"
    (b / "options.json").write_text(json.dumps(content))
    text = compared(tmp_path, a, b, defaults=[{"loss": "wasserstein"}] * 2).text
    table = text.partition("Options that differ ")[2]
    assert table == ("option A one B two default loss hinge kl wasserstein seed - 1 - version of keras 3.15.1 3.16.0 -")


def test_runs_alike_in_all_options_say_so(tmp_path):
    assert (
        "All options and versions are the same."
        in compared(tmp_path, write_run(tmp_path / "one"), write_run(tmp_path / "two")).text
    )


def evaluated(run, value, **protocol):
    """Adds what `kgan evaluate` would have found."""
    rows = (Row("recall", "recall (random-conv)", value, value - 0.02, value + 0.02, 0.9, "higher"),)
    found = Evaluation(str(run), None, Protocol.from_json({**PROTOCOL, **protocol}), rows, {})
    found.save(run / "evaluation" / "some" / "report.json")
    return run


def test_evaluations_name_the_better_one_only_beyond_doubt(tmp_path):
    a, b = evaluated(write_run(tmp_path / "one"), 0.5), evaluated(write_run(tmp_path / "two"), 0.8)
    page = compared(tmp_path, a, b)
    assert "↑ recall (random-conv) 0.5 (0.48 to 0.52) 0.8 (0.78 to 0.82) 0.9" in page.text
    text = (tmp_path / "compare.html").read_text()
    assert "<td><b>0.8 (0.78 to 0.82)</b></td>" in text
    assert "<td>0.5 (0.48 to 0.52)</td>" in text

    evaluated(b, 0.51)
    compared(tmp_path, a, b)
    assert "<td><b>" not in (tmp_path / "compare.html").read_text()


def test_evaluations_by_other_protocols_are_left_out(tmp_path):
    a, b = evaluated(write_run(tmp_path / "one"), 0.5), evaluated(write_run(tmp_path / "two"), 0.8, num_real=300)
    assert "recall" not in compared(tmp_path, a, b).text


def test_a_run_s_own_page_shows_its_evaluation(tmp_path):
    page = Page(report.write(evaluated(write_run(tmp_path / "one"), 0.5), neighbours=False))
    assert "↑ recall (random-conv) 0.5 0.48 to 0.52 0.9" in page.text
    (found,) = report.read(tmp_path / "one").evaluations
    assert found == evaluation.load(tmp_path / "one" / "evaluation" / "some" / "report.json")


@pytest.mark.parametrize("count", [1, 9])
def test_too_few_or_too_many_runs_are_refused(tmp_path, count):
    runs = [write_run(tmp_path / str(index)) for index in range(count)]
    with pytest.raises(InputError, match=f"2 to 8 runs; got {count}"):
        compared(tmp_path, *runs)


def test_a_run_is_not_compared_with_itself(tmp_path, monkeypatch):
    run = write_run(tmp_path / "one")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="given twice"):
        compared(tmp_path, run, Path("one"))


def test_pictures_stand_side_by_side(tmp_path):
    page = compared(tmp_path, write_run(tmp_path / "one"), write_run(tmp_path / "two", epochs=1))
    assert len(page.pictures()) == 6
    epochs = next(found["epochs"] for found in page.data if "epochs" in found)
    assert epochs == [0, 1, 2, 3]
