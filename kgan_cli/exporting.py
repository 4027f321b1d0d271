"""`kgan export`: a run's model becomes the next version of a published one."""

from pathlib import Path, PurePath

from kgan.export import Origin, publish
from kgan.runs import Run
from kgan_cli.failures import say

SAVEDMODELS = Path("savedmodels")


def export_run(run: Path, to: Path | None, label: str | None, formats: list[str], training: bool) -> Path:
    """Publishes the model that scored best, or where none was scored the last one; returns the version's path.

    Args:
        run: The run's folder.
        to: The model's folder; by default `savedmodels/<app>`.
        label: What is to stand for the version.
        formats: Beside the SavedModel.
        training: Whether what is needed to train on is published too.

    Raises:
        InputError: If it is no run, has no model, or an argument cannot be used.
        ExportError: If what was written does not answer as the model does.
    """
    opened = Run.open(run)
    origin, model = Origin.of(opened), opened.load_model()
    say("writing the SavedModel, and checking it in a fresh process ...")
    return publish(model, to or SAVEDMODELS / PurePath(opened.app).stem, origin, label, formats, training)
