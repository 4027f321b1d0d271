"""A report in a browser: the slider, the cursor along the lines, and that nothing is asked for."""

import json

import pytest

import chromium
from kgan import report
from report_runs import ALARM, write_run


@pytest.fixture(scope="module")
def page():
    if not chromium.find():
        pytest.skip(f"none of {', '.join(chromium.NAMES)} is on PATH: apt-get install chromium")
    with chromium.browser() as found:
        yield found


@pytest.fixture
def visit(page):
    def open_file(path):
        page.urls.clear(), page.errors.clear()
        page.open(path.as_uri())
        page.wait_for(f"location.href === {json.dumps(path.as_uri())} && document.readyState === 'complete'")
        return page

    return open_file


def press(page, key, code):
    for kind in ("rawKeyDown", "keyUp"):
        page.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)


def shown(page):
    """The epochs whose pictures are to be seen, a column each."""
    return page.run("[...document.querySelectorAll('.timeline img:not([hidden])')].map((each) => each.dataset.epoch)")


def test_the_slider_goes_through_the_epochs_by_keyboard_and_by_itself(visit, tmp_path):
    page = visit(report.write(write_run(tmp_path / "run"), neighbours=False))
    assert shown(page) == ["3"]
    page.run("document.querySelector('.timeline input').focus()")
    press(page, "ArrowLeft", 37)
    page.wait_for("document.querySelector('.timeline output').textContent === 'after epoch 2'")
    assert shown(page) == ["2"]
    assert page.run("document.querySelector('.timeline input').getAttribute('aria-valuetext')") == "after epoch 2"
    press(page, "Home", 36)
    page.wait_for("document.querySelector('.timeline output').textContent === 'within epoch 1'")
    assert shown(page) == ["0"]
    sizes = page.run("[...document.querySelectorAll('.timeline img:not([hidden])')].map((each) => each.naturalWidth)")
    assert sizes == [20]
    page.run("document.querySelector('.timeline button').click()")
    page.wait_for("document.querySelector('.timeline output').textContent === 'after epoch 3, the best'")
    assert page.run("document.querySelector('.timeline button').textContent") == "Play"
    assert shown(page) == ["3"]
    assert page.errors == []
    assert [url for url in page.urls if not url.startswith(("file:", "data:"))] == []


def test_runs_of_different_lengths_share_a_slider(visit, tmp_path):
    runs = [write_run(tmp_path / "long"), write_run(tmp_path / "short", epochs=1)]
    page = visit(report.write_comparison(runs, tmp_path / "compare.html"))
    assert shown(page) == ["3", "1"]
    page.run("document.querySelector('.timeline input').focus()")
    press(page, "Home", 36)
    page.wait_for("document.querySelector('.timeline output').textContent === 'within epoch 1'")
    assert shown(page) == ["0", "0"]
    assert page.errors == []


def test_the_arrow_keys_read_a_chart_s_numbers(visit, tmp_path):
    page = visit(report.write(write_run(tmp_path / "run", alarms=[ALARM]), neighbours=False))
    page.run("document.querySelector('.chart').focus()")
    legend = (
        "[...document.querySelector('.chart').querySelectorAll('.legend b')].map((each) => each.textContent).join()"
    )
    assert page.run(legend) == "1.1,1"
    press(page, "Home", 36)
    page.wait_for(f"{legend} === '1.386,0.6931'")
    assert page.run("document.querySelector('.chart .at').textContent") == "epoch 1"
    press(page, "ArrowRight", 39)
    page.wait_for(f"{legend} === '0.95,1.25'")
    dot = page.run("document.querySelector('.chart circle.at').getAttribute('cx')")
    assert float(dot) == pytest.approx(52 + 458 / 2)
    page.run("document.activeElement.blur()")
    page.wait_for(f"{legend} === '1.1,1'")
    assert page.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_in_dark(visit, tmp_path, scheme):
    page = visit(report.write(write_run(tmp_path / "run", alarms=[ALARM]), neighbours=False))
    page.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    colours = page.run(
        """["backgroundColor", "color"].map((name) => getComputedStyle(document.body)[name])
            .concat(getComputedStyle(document.querySelector(".note")).color)"""
    )
    ground, *inks = (_luminance(colour) for colour in colours)
    assert (ground > 0.5) == (scheme == "light")
    # WCAG 2.1, level AA.
    for ink in inks:
        assert (max(ground, ink) + 0.05) / (min(ground, ink) + 0.05) >= 4.5


def _luminance(colour):
    """Relative luminance of a CSS `rgb(r, g, b)`, as WCAG 2.1 defines it."""
    parts = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
