"""The page at `/`: what a person can do on it in a browser, and that nothing comes from outside."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import chromium
import kgan.serving
import served_models
from kgan.pixels import to_uint8
from kgan.serving.server import running

FILES = Path(kgan.serving.__file__).parent / "page"


@pytest.fixture(scope="module")
def address():
    with running(served_models.published()[0]) as found:
        yield found.rest


@pytest.fixture(scope="module")
def page():
    if not chromium.find():
        pytest.skip(f"none of {', '.join(chromium.NAMES)} is on PATH: apt-get install chromium")
    with chromium.browser() as found:
        yield found


@pytest.fixture
def visit(page, address):
    """Opens a model's page as a visitor who comes for the first time."""

    def open_model(name):
        page.urls.clear(), page.errors.clear()
        page.open("about:blank")
        page.open(f"{address}/#{name}")
        page.wait_for(f"document.querySelector('h2')?.textContent === {json.dumps(name)}")
        return page

    return open_model


def shown(page, selector):
    """The pixels of the pictures that a selector finds on the page, (height, width) of red."""
    script = f"""Promise.all([...document.querySelectorAll({json.dumps(selector)})].map(async (picture) => {{
        if (picture.decode) await picture.decode();
        const [w, h] = [picture.naturalWidth ?? picture.width, picture.naturalHeight ?? picture.height];
        const copy = document.createElement("canvas");
        [copy.width, copy.height] = [w, h];
        copy.getContext("2d").drawImage(picture, 0, 0);
        const bytes = copy.getContext("2d").getImageData(0, 0, w, h).data;
        return {{ w, h, red: [...bytes].filter((_, index) => index % 4 === 0) }};
    }}))"""
    return [np.array(found["red"]).reshape(found["h"], found["w"]) for found in page.run(script)]


def red(images):
    return np.asarray(to_uint8(images))[..., 0].astype(int)


def click(page, selector):
    page.run(f"document.querySelector({json.dumps(selector)}).click()")


def change(page, selector, value, event="change"):
    page.run(
        f"""(() => {{
            const control = document.querySelector({json.dumps(selector)});
            control.value = {json.dumps(value)};
            control.dispatchEvent(new Event({json.dumps(event)}));
        }})()"""
    )


def counted(page, selector, count):
    page.wait_for(f"document.querySelectorAll({json.dumps(selector)}).length === {count}")


def test_the_models_are_listed_and_samples_are_the_live_model_s(visit):
    page = visit("digits")
    names = page.run("[...document.querySelectorAll('nav b')].map((name) => name.textContent)")
    assert names == ["digits", "faces", "horses"]
    change(page, "#sample_png [name=seed]", 5)
    change(page, "#sample_png [name=num]", 3)
    click(page, "#sample_png button")
    counted(page, "#sample_png img", 3)
    captions = page.run("[...document.querySelectorAll('#sample_png figcaption')].map((each) => each.textContent)")
    assert captions == ["seed 5", "seed 6", "seed 7"]
    live = served_models.published()[1]["digits"].sample(3, seed=5)
    np.testing.assert_allclose(shown(page, "#sample_png img"), red(live), atol=1)
    assert page.errors == []


def test_a_moved_code_changes_the_same_seeds_at_once(visit):
    page = visit("digits")
    change(page, "#codes_png [name=num]", 2)
    change(page, "#codes_png [name=categorical_1]", "3")
    counted(page, "#codes_png img", 2)
    source = "document.querySelector('#codes_png img').src"
    old = page.run(source)
    change(page, "#codes_png [name=continuous_1]", 1.5, event="input")
    page.wait_for(f"{source} !== {json.dumps(old)}")
    model = served_models.published()[1]["digits"]
    live = model(model.latents([0, 1], categorical_1=3, continuous_1=1.5))
    np.testing.assert_allclose(shown(page, "#codes_png img"), red(live), atol=1)


def test_latents_can_be_moved(visit):
    page = visit("digits")
    page.wait_for("document.querySelector('#latents canvas').width === 8")
    page.run(
        """document.querySelectorAll('#latents input').forEach((range) => {
            range.value = 0.5;
            range.dispatchEvent(new Event("input"));
        })"""
    )
    # Six columns of noise, of which none is named; four of the class 0; the code.
    row = np.array([[0.5] * 6 + [1, 0, 0, 0] + [0.5]], "float32")
    live = red(served_models.published()[1]["digits"](row))[0]
    page.wait_for(f"document.querySelectorAll('#latents output').length === 7 && {settled('#latents')}")
    np.testing.assert_allclose(shown(page, "#latents canvas")[0], live, atol=1)


def settled(section):
    """An expression that is true when a section waits for no answer."""
    return f"!document.querySelector('{section} .problem').hasAttribute('aria-busy')"


def test_a_prompt_is_drawn_and_what_the_server_says_of_a_wrong_one_is_shown(visit):
    page = visit("faces")
    change(page, "#prompt [name=prompt]", "red hair")
    change(page, "#prompt [name=num]", 2)
    click(page, "#prompt button")
    counted(page, "#prompt img", 2)
    live = served_models.published()[1]["faces"].sample(2, seed=0, conditions=[0.0, 0.0, 1.0])
    np.testing.assert_allclose(shown(page, "#prompt img"), red(live), atol=1)
    change(page, "#prompt [name=prompt]", "a horse")
    click(page, "#prompt button")
    assert "horse" in page.wait_for("document.querySelector('#prompt .problem').textContent")
    counted(page, "#prompt img", 2)


@pytest.mark.parametrize("way", ["drop", "choose"])
def test_a_picture_is_translated(visit, tmp_path, way):
    pixels = np.random.default_rng(0).integers(0, 256, (21, 33, 3), "uint8")
    Image.fromarray(pixels).save(tmp_path / "horse.png")
    page = visit("horses")
    change(page, "#translate [name=direction]", "b_to_a")
    if way == "drop":
        page.drop_file(".drop", tmp_path / "horse.png")
    else:
        page.choose_file(".drop input", tmp_path / "horse.png")
    counted(page, "#translate img", 2)
    given, made = shown(page, "#translate img")
    np.testing.assert_array_equal(given, pixels[..., 0])
    live = served_models.published()[1]["horses"].translate(pixels[None] / np.float32(127.5) - 1, "b_to_a")
    np.testing.assert_allclose(made, red(live)[0], atol=1)
    assert page.errors == []


def test_a_file_that_is_no_picture_is_named(visit, tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    page = visit("horses")
    page.choose_file(".drop input", tmp_path / "notes.txt")
    assert "notes.txt is no picture" in page.wait_for("document.querySelector('#translate .problem').textContent")


def test_an_older_version_is_asked_by_its_label(visit, address):
    page = visit("digits")
    options = page.run("[...document.querySelectorAll('[name=version] option')].map((each) => each.textContent)")
    assert options == ["the newest", "stable (1)", "2", "1"]
    change(page, "[name=version]", "/labels/stable")
    click(page, "#codes_png button")
    counted(page, "#codes_png img", 8)
    assert f"{address}/v1/models/digits/labels/stable:predict" in page.urls


def test_all_comes_from_the_server_itself(visit, address):
    page = visit("digits")
    counted(page, "#sample_png img", 8)
    assert len(page.urls) > 8
    assert [url for url in page.urls if not url.startswith((f"{address}/", "data:"))] == []


def test_no_file_of_the_page_names_another_place():
    for file in FILES.iterdir():
        assert re.findall(r"(?:https?:)?//[\w.-]+\.\w", file.read_text()) == [], file.name
