"""The model card, README.md: what a published model is, for people (Mitchell et al. 2019, Model Cards)."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kgan.export import manifest
from kgan.export.versions import versions
from kgan.files import atomic_file

CARD = "README.md"
BEGIN, END = "<!-- kgan export writes from here -->", "<!-- to here; what stands outside stays -->"


def write_card(folder: Path) -> Path:
    """Writes `<folder>/README.md` of the newest version, from its manifest; returns its path.

    What someone has written before or after kgan's part stays.

    Args:
        folder: The model's, that holds at least one version published by kgan.
    """
    path, version = folder / CARD, versions(folder)[-1]
    name = folder.resolve().name
    text = path.read_text() if path.exists() else f"# {name}\n\n{BEGIN}\n{END}\n"
    before, begin, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not begin:
        before, after = f"{text.rstrip()}\n\n", "\n"
    lines = "\n".join(_lines(name, version, folder / str(version)))
    with atomic_file(path) as temporary:
        temporary.write_text(f"{before}{BEGIN}\n{lines}\n{END}{after}")
    return path


def _lines(name: str, version: int, folder: Path) -> Iterator[str]:
    about = manifest.read(folder)
    yield f"{_summary(about)} Version {version}, published {about['created'][:10]} by kgan {about['kgan']}."
    picture = f"{manifest.EXTRA}/{manifest.SAMPLES}"
    if (folder / picture).exists():
        yield f"\n![The images of the seeds 0 to 15]({version}/{picture})"
    yield "\n## What it answers\n"
    yield "| signature | takes | gives |\n|---|---|---|"
    for signature, parts in about["signatures"].items():
        takes, gives = (_tensors(parts[part]) for part in ("inputs", "outputs"))
        yield f"| `{signature}` | {takes} | {gives} |"
    yield f"\nOver REST: `POST /v1/models/{name}:predict`; over gRPC: `PredictionService.Predict`, model `{name}`."
    yield from _scores(about["scores"])
    yield "\n## Training\n"
    yield from _training(about)
    yield "\n## Limits\n"
    yield from _limits(about)


def _summary(about: Mapping[str, Any]) -> str:
    trained = f", trained by the app `{about['app']}`" if about["app"] else ", trained"
    on = f" on `{about['data']}`" if about["data"] else ""
    steps = f" for {about['step']:,} steps" if about["step"] else ""
    kind = "from images" if about["directions"] else "from noise"
    if about["words"]:
        kind = "from words and noise"
    size = "of any size" if about["image"]["height"] is None else "{height}x{width}x{channels}".format(**about["image"])
    return f"A model of the family {about['family']}{trained}{on}{steps}. It makes images, {size}, {kind}."


def _tensors(tensors: Mapping[str, Mapping[str, Any]]) -> str:
    return "; ".join(
        f"`{name}` {tensor['dtype']} ({_shape(tensor['shape'])}): {tensor['meaning']}"
        for name, tensor in tensors.items()
    )


def _shape(shape: list[int | None]) -> str:
    return ", ".join(["n", *("any" if size is None else str(size) for size in shape[1:])])


def _scores(scores: Mapping[str, Any] | None) -> Iterator[str]:
    yield "\n## Scores\n"
    if scores is None:
        yield "It was not scored in training. `kgan evaluate RUN` judges it."
        return
    yield "| metric | this model | real images |\n|---|---|---|"
    for metric, value in scores["scores"].items():
        yield f"| {metric.replace('_', ' ')} | {value:.4g} | {scores['floor'][metric]:.4g} |"
    protocol = scores["protocol"]
    yield (
        f"\nOf {protocol['num_generated']:,} generated images and {protocol['num_real']:,} real ones of "
        f"`{protocol['data']}`, split {protocol['split']}, by the features of {protocol['extractor']}; real images: as "
        f"many, {protocol['held_out']}. Only numbers of one protocol can be compared."
    )


def _training(about: Mapping[str, Any]) -> Iterator[str]:
    options = {key: value for key, value in (about["options"] or {}).items() if value is not None}
    if options:
        yield "Options: " + ", ".join(f"{key} `{value}`" for key, value in options.items()) + ".\n"
    if about["training"] is None:
        yield "It was published without its optimizers: no training goes on from here."
        return
    yield (
        f"`<version>/{manifest.EXTRA}/{about['training']}` is the whole model, both players and their optimizers: "
        "`keras.saving.load_model` after `import kgan`, then `fit` goes on from there."
    )


def _limits(about: Mapping[str, Any]) -> Iterator[str]:
    data = f"`{about['data']}`" if about["data"] else "the images that it was trained on"
    yield f"- Of the world it knows {data} alone: what is rare, missing or wrong there is so here."
    yield "- Its images are made up. They show nothing that happened, and nobody who exists."
    yield "- A generator may come close to training images. `kgan evaluate RUN` says how close this one does."
    yield f"- What its images may be used for depends on the licence of {data}, which kgan does not know."
