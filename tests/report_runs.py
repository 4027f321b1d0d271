"""Run folders as trainings leave them, written by hand, without models; and reports of them, taken apart."""

import csv
import html.parser
import json

import numpy as np

from kgan import pixels

VOID = {"br", "img", "input", "meta"}
PROTOCOL = {
    "extractor": "random-conv",
    "extractor_digest": "a" * 64,
    "data": "synthetic",
    "split": "train",
    "data_digest": "b" * 64,
    "held_out": "held-out images",
    "held_out_digest": "c" * 64,
    "num_real": 500,
    "num_generated": 500,
    "image_shape": [28, 28, 1],
    "weights": "ema",
    "seed": 0,
    "detector": None,
    "definitions": 1,
}
HISTORY = {
    "epoch": [0, 1, 2],
    "discriminator_loss": [1.3862943611198906, 0.9500000000000001, 1.1],
    "generator_loss": [0.6931471805599453, 1.25, 1.0000000000000002],
    "r1": [0.05, 0.0123456789, 0.02],
    "val_discriminator_loss": ["NA", "NA", "NA"],
}
SCORES = {"epoch": [1, 3], "step": [10, 30], "frechet_distance": [140.46074174219314, 5.818]}
LOOK = {
    "kind": "look",
    "step": 0,
    "seconds": 0.5,
    "real_logit": 0.1,
    "held_out_logit": None,
    "fake_logit": -0.1,
    "separation": 0.75,
    "memorising": None,
    "diversity": 0.5,
    "closeness": 0.25,
    "distance": 0.125,
    "generator_gradient": 1.0,
    "discriminator_gradient": 2.0,
    "generator_norm": 1.5,
    "discriminator_norm": 1.75,
}
ALARM = {
    "kind": "alarm",
    "name": "diverging",
    "step": 20,
    "seconds": 120.0,
    "words": "the critic's loss leapt to 1,856 <b>",
    "advice": "a quarter of the learning rate",
}


def write_run(path, app="dcgan", protocol=None, score=5.818, alarms=(), options=None, side=20, epochs=3):
    """Writes a run's folder and returns it."""
    (path / "best").mkdir(parents=True)
    options = {"data": "synthetic", "epochs": 3, "batch_size": 32, "loss": "hinge", **(options or {})}
    versions = {"kgan": "0.1.0", "keras": "3.15.1", "tensorflow": "2.21.0", "numpy": "2.4.6"}
    content = {
        "format": 1,
        "app": app,
        "options": options,
        "versions": versions,
        "created": "2026-11-22T02:09:54+00:00",
    }
    (path / "options.json").write_text(json.dumps(content))
    _write_table(path / "history.csv", HISTORY)
    _write_table(path / "best" / "scores.csv", {**SCORES, "frechet_distance": [140.46074174219314, score]})
    best = {
        "metric": "frechet_distance",
        "step": 30,
        "scores": {"frechet_distance": score},
        "floor": {"frechet_distance": 1.6419024024890372},
        "protocol": protocol or PROTOCOL,
    }
    (path / "best" / "best.json").write_text(json.dumps(best))
    looks = [{**LOOK, "step": step, "seconds": 0.5 + step} for step in (0, 15, 30)]
    lines = [json.dumps(entry) + "\n" for entry in [*looks, *alarms]]
    (path / "health.jsonl").write_text("".join(lines))
    checkpoint = path / "checkpoints" / "step-00000030"
    checkpoint.mkdir(parents=True)
    (checkpoint / "progress.json").write_text(json.dumps({"step": 30, "seconds": 7500.0}))
    noise = np.random.default_rng(0)
    for epoch in range(epochs + 1):
        pixels.save_png(path / "samples" / f"epoch-{epoch:04d}.png", noise.integers(0, 256, (side, side, 3), "uint8"))
    return path


def _write_table(path, columns):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


class Page(html.parser.HTMLParser):
    """A page taken apart: its elements, its text, its data; refuses what is not closed in order."""

    def __init__(self, path):
        super().__init__()
        self.open, self.elements, self.words, self.data = [], [], [], []
        self.feed(path.read_text())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        assert len(dict(attributes)) == len(attributes), f"an attribute is given twice: {attributes}"
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, text):
        tag, attributes = self.open[-1] if self.open else ("", {})
        if attributes.get("type") == "application/json":
            self.data.append(json.loads(text))
        elif tag not in ("script", "style"):
            self.words.append(text)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def charts(self):
        return {found["title"]: found for found in self.data if "lines" in found}

    def pictures(self):
        return [attributes for tag, attributes in self.elements if tag == "img"]
