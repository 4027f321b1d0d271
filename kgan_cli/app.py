"""The commands: thin, each a few lines over what kgan does."""

from pathlib import Path
from typing import Annotated

import typer

from kgan_cli.data import data
from kgan_cli.quiet import import_tensorflow
from kgan_cli.serving import serve

app = typer.Typer(
    name="kgan",
    help="Train GANs, sample from them, publish them for TensorFlow Serving.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(data)
app.command()(serve)

Trained = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A run's folder, or a published model's folder or name.")
]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder, runs/<app>/<time>.")]


@app.command()
def apps() -> None:
    """List the apps that `kgan train` knows."""
    import_tensorflow()
    from kgan_cli import catalogue

    for name in catalogue.names():
        print(f"{name:12} {catalogue.summary(name)}")


@app.command(
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False},
)
def train(
    context: typer.Context,
    which: Annotated[str, typer.Argument(metavar="APP", help="An app's name, or a .py file with a `train`.")] = "",
) -> None:
    """Train an app: `kgan train dcgan --minutes 10`; its options: `kgan train dcgan --help`."""
    if which in ("", "--help", "-h"):
        print(context.get_help())
        print("\nThe apps: kgan apps. The options of one: kgan train APP --help.")
        raise typer.Exit(0 if which else 2)
    import_tensorflow()
    from kgan_cli import catalogue
    from kgan_cli.command import run_app

    run_app(catalogue.load(which), f"kgan train {which}", context.args)


@app.command(
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False},
)
def finetune(context: typer.Context) -> None:
    """Go on from a published model or a run with pictures of your own: `kgan finetune MODEL --data FOLDER`."""
    import_tensorflow()
    from kgan_cli import catalogue
    from kgan_cli.command import run_app

    run_app(catalogue.load("finetune"), "kgan finetune", context.args or ["--help"])


@app.command()
def resume(
    run: RunFolder,
    epochs: Annotated[int | None, typer.Option(help="Train to this epoch instead of the one first asked for.")] = None,
    minutes: Annotated[float | None, typer.Option(help="Train this many minutes in all instead.")] = None,
    devices: Annotated[
        str | None,
        typer.Option(help="How many devices a step is divided among, or all. By default 1, under TF_CONFIG all."),
    ] = None,
) -> None:
    """Go on with a run that was stopped, exactly where its last checkpoint stands."""
    import_tensorflow()
    from kgan.devices import training_on
    from kgan.runs import Run
    from kgan_cli import catalogue

    with training_on(devices):
        opened = Run.open(run)
        for name, value in (("epochs", epochs), ("minutes", minutes)):
            if value is not None:
                opened.options[name] = value
        catalogue.load(opened.app).train(**opened.options, run=opened)


@app.command()
def sample(
    run: Trained,
    num: Annotated[int, typer.Option(min=1, help="How many images.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="Of the first image; the others count on from it.")] = 0,
    label: Annotated[int | None, typer.Option(help="The class to draw, of a model trained with labels.")] = None,
    prompt: Annotated[str | None, typer.Option(help='What to draw, of a model trained with tags: "blue hair".')] = None,
    truncation: Annotated[float | None, typer.Option(help="Cut the latents off here: 1 is safer, less varied.")] = None,
    columns: Annotated[int | None, typer.Option(min=1, help="Images a row of the grid; by default a square.")] = None,
    single: Annotated[bool, typer.Option("--single", help="One PNG an image instead of a grid.")] = False,
    interpolate: Annotated[int, typer.Option(min=0, help="Steps from each image to the next, a row a pair.")] = 0,
    path: Annotated[str | None, typer.Option(help="Of an interpolation: spherical, as by default, or linear.")] = None,
    gif: Annotated[bool, typer.Option("--gif", help="A GIF that walks from image to image.")] = False,
    neighbours: Annotated[
        int, typer.Option(min=0, help="Show each image beside so many of the training images nearest to it.")
    ] = 0,
    out: Annotated[
        Path | None,
        typer.Option(help="File or folder to write; by default in generated/, of the run or here."),
    ] = None,
) -> None:
    """Draw images from the generator of a run or a published model: `kgan sample dcgan-mnist`."""
    import_tensorflow()
    from kgan_cli.sampling import SampleRequest, write_samples

    request = SampleRequest(num, seed, label, prompt, truncation, columns, single, interpolate, path, gif, neighbours)
    print(write_samples(run, request, out))


@app.command()
def translate(
    run: Trained,
    source: Annotated[str, typer.Argument(metavar="IN", help="A picture, a folder or a glob of them, or a video.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A file for a file, otherwise a folder.")],
    direction: Annotated[str | None, typer.Option(help="a_to_b, as by default, or b_to_a of a CycleGAN.")] = None,
    tile: Annotated[
        int | None,
        typer.Option(min=32, help="In overlapping tiles of so many pixels; by default where memory asks."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Make anew what is in OUT already.")] = False,
) -> None:
    """Translate pictures by pix2pix or cyclegan; sizes, formats and transparency stay as they are."""
    import_tensorflow()
    from kgan_cli.translating import TranslateRequest
    from kgan_cli.translating import translate as translate_all

    raise typer.Exit(translate_all(run, source, out, TranslateRequest(direction, tile, overwrite)))


@app.command()
def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="A run's folder; several are compared.")],
    out: Annotated[
        Path | None, typer.Option(help="The file; by default RUN/report.html, or compare.html here.")
    ] = None,
    neighbours: Annotated[
        bool, typer.Option("--neighbours/--no-neighbours", help="Samples beside the training images nearest to them.")
    ] = True,
) -> None:
    """Write a run's report, one HTML file that needs nothing else; of several runs, their comparison."""
    import_tensorflow()
    from kgan_cli.reporting import write_report

    print(write_report(runs, out, neighbours))


@app.command()
def export(
    run: RunFolder,
    to: Annotated[Path | None, typer.Option(help="The model's folder; by default savedmodels/APP.")] = None,
    label: Annotated[str | None, typer.Option(help="What is to stand for this version, such as stable.")] = None,
    formats: Annotated[
        list[str] | None, typer.Option("--format", help="Also as onnx or litert; can be given several times.")
    ] = None,
    training: Annotated[
        bool, typer.Option("--training/--no-training", help="With the critic and optimizers, for kgan finetune.")
    ] = True,
) -> None:
    """Publish a run's model as the next version of a SavedModel that TensorFlow Serving loads."""
    import_tensorflow()
    from kgan_cli.exporting import export_run

    print(export_run(run, to, label, formats or [], training))


@app.command()
def models(
    savedmodels: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FOLDER]", help="The folder of published models; by default savedmodels, or those in the box."
        ),
    ] = None,
) -> None:
    """List the published models: versions, labels, scores, signatures."""
    import_tensorflow()
    from kgan.export import served_by_default
    from kgan_cli.models import describe_models

    print(describe_models(savedmodels or served_by_default()))


@app.command()
def evaluate(
    first: Annotated[
        Path, typer.Argument(metavar="A", help="A run, a published model, a report.json, or a folder of images.")
    ],
    second: Annotated[
        Path | None, typer.Argument(metavar="[B]", help="Another of the first three, or the folder of real images.")
    ] = None,
    extractor: Annotated[
        str | None,
        typer.Option(help="lenet-mnist, random-conv, pixels, keras-inception-v3, or a .keras file or SavedModel."),
    ] = None,
    num: Annotated[int, typer.Option(min=2, help="Images of each kind: generated, real, and real for the floor.")] = (
        10_000
    ),
    split: Annotated[str, typer.Option(help="The part of the real images that generated ones are compared with.")] = (
        "train"
    ),
    seed: Annotated[int, typer.Option(min=0, help="Of the first generated image; the others count on from it.")] = 0,
    raw: Annotated[bool, typer.Option("--raw", help="Judge the generator as trained, not its average.")] = False,
    detector: Annotated[
        Path | None, typer.Option(help="An OpenCV cascade (XML): adds the share of images in which it fires.")
    ] = None,
    data: Annotated[str | None, typer.Option(help="The real images, if not what the run's options name.")] = None,
    size: Annotated[int | None, typer.Option(min=1, help="Side to bring real images to, if not the run's.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the report; by default evaluation/, in the run if it is one.")
    ] = None,
) -> None:
    """Judge a run or published model, compare two, or judge a folder of images by a folder of real ones.

    Every number stands beside an interval and beside the floor: the same of as many real images. Two models are
    compared only if all was done alike: extractor, real images, numbers, seed, weights. `kgan evaluate A.json B.json`
    compares reports as they are.
    """
    import_tensorflow()
    from kgan_cli.evaluating import evaluate as judge
    from kgan_cli.judging import Request

    print(judge(first, second, Request(extractor, num, split, seed, raw, detector, data, size), out))


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    print(f"kgan {installed('kgan')}")
