"""`kgan evaluate`: a trained model, two of them, or two folders of images."""

import time
from pathlib import Path

from kgan import evaluation, pixels
from kgan.errors import InputError
from kgan.evaluation import Evaluation
from kgan.export import find_model
from kgan.export.configs import published_models
from kgan.export.versions import versions
from kgan_cli.failures import say
from kgan_cli.judging import Judged, Request, judged_files, judged_model
from kgan_cli.opening import is_run

QUIET_SECONDS = 3.0


class Telling:
    """Says on stderr, every few seconds, how far a long step has come."""

    def __init__(self) -> None:
        self.told = time.monotonic()

    def __call__(self, doing: str, done: int, total: int) -> None:
        """Says it, if it is time."""
        if time.monotonic() - self.told >= QUIET_SECONDS:
            self.told = time.monotonic()
            say(f"{doing}: {done:,} of {total:,}")


def evaluate(first: Path, second: Path | None, request: Request, out: Path | None) -> str:
    """Evaluates or compares, writes the reports, and returns what to print.

    Args:
        first: A run or published model, a report, or a folder of generated images.
        second: None; one of the first three to compare with; or the folder of real images.
        request: How.
        out: The folder for the report; by default one in the run's, or in `evaluation` here of a published model; that
            of two folders of images is not written.

    Raises:
        InputError: If the two are of different kinds, cannot be compared, or cannot be evaluated as asked.
    """
    kinds = [_kind(path) for path in (first, second) if path is not None]
    if "images" in kinds:
        if second is None:
            raise InputError(f"{first} holds images; name the real ones as well: kgan evaluate {first} FOLDER")
        if kinds != ["images", "images"]:
            raise InputError("two models can be compared, or a folder of images with one of real images; got one each.")
        return _judge(judged_files(first, second, request, Telling()), out)
    if second is not None:
        return _compare(first, second, request)
    if kinds == ["report"]:
        return evaluation.table(evaluation.load(first))
    return _judge(judged_model(first, request, Telling()), out)


def _kind(path: Path) -> str:
    if path.suffix == ".json" and not path.is_dir():
        return "report"
    if is_run(path):
        return "model"
    if not path.is_dir():
        try:
            find_model(path)
        except InputError as error:
            raise InputError(
                f"{path} is neither a run, a report.json, a folder of images nor a published model: {error}"
            ) from None
        return "model"
    if (path / "saved_model.pb").exists() or versions(path):
        return "model"
    if any(published_models(path)):
        raise InputError(f"{path} holds several models; name one of them: {path}/NAME")
    return "images"


def _judge(judged: Judged, out: Path | None) -> str:
    """Evaluates and returns the table, and where the report is."""
    found = judged.evaluate(Telling())
    path = out / "report.json" if out else judged.report
    text = evaluation.table(found)
    if path is None:
        return text
    _write(found, path)
    return f"{text}\n\n{path}"


def _write(found: Evaluation, path: Path) -> None:
    """Writes the pictures, and then the report: where there is a report, all is there."""
    for name, picture in found.pictures.items():
        pixels.save_png(path.with_name(f"{name}.png"), picture)
    found.save(path)


def _compare(a: Path, b: Path, request: Request) -> str:
    """Compares two models or reports; models are evaluated first unless there is a report of just that."""
    subjects = [
        evaluation.load(path) if _kind(path) == "report" else judged_model(path, request, Telling()) for path in (a, b)
    ]
    # Before an evaluation that would be of no use.
    evaluation.refuse_different((str(a), subjects[0].protocol), (str(b), subjects[1].protocol))
    found = [subject if isinstance(subject, Evaluation) else _report_of(subject) for subject in subjects]
    return evaluation.comparison_table(evaluation.compare(*found))


def _report_of(judged: Judged) -> Evaluation:
    """Returns the report of a model by this protocol, and of this very one, or makes it."""
    path = judged.report
    assert path is not None
    if path.exists():
        kept = evaluation.load(path)
        if (kept.protocol, kept.model_digest) == (judged.protocol, judged.model_digest):
            say(f"taken from {path}")
            return kept
    say(f"evaluating {judged.subject}")
    found = judged.evaluate(Telling())
    _write(found, path)
    return found
