"""`--data synthetic`: every app has a world of its own that it draws."""

import importlib

import pytest

from kgan.runs import Run
from kgan_cli import catalogue

DRAWN = {"anime": "synthetic/faces", "pix2pix": "synthetic/facades", "cyclegan": "synthetic/horses"}
APPS = [name for name in catalogue.names() if name != "finetune"]


class Named(Exception):
    """Ends an app where it has named its run."""


@pytest.mark.parametrize("app", APPS)
def test_synthetic_stands_for_the_world_of_the_app(app, monkeypatch):
    def new(name, options, out):
        raise Named(options["data"])

    monkeypatch.setattr(Run, "new", new)
    with pytest.raises(Named, match=rf"^{DRAWN.get(app, 'synthetic')}$"):
        importlib.import_module(f"kgan.apps.{app}").train(data="synthetic")
