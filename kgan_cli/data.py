"""`kgan data check` and `kgan data prepare`: a folder of images before it is trained on."""

from pathlib import Path
from typing import Annotated

import typer

from kgan_cli.quiet import import_tensorflow

data = typer.Typer(name="data", help="Check a folder of images, or write a clean copy of it.", no_args_is_help=True)

LISTED = 20

Folder = Annotated[
    Path, typer.Argument(metavar="PATH", help="A folder of images; splits train/, test/ and sides A/, B/ are seen.")
]
Size = Annotated[int | None, typer.Option(min=1, help="Side that you mean to train at; smaller images are tiny.")]
Paired = Annotated[
    bool | None, typer.Option("--paired/--unpaired", help="Whether A and B are pairs, if not as their stems say.")
]
Ignore = Annotated[
    list[str] | None, typer.Option(help="A kind not to look for, such as near; can be given several times.")
]


@data.command()
def check(
    path: Folder,
    size: Size = None,
    paired: Paired = None,
    ignore: Ignore = None,
    every: Annotated[bool, typer.Option("--all", help=f"Name all files, not the first {LISTED} of a kind.")] = False,
) -> None:
    """Name the images that are broken, tiny, gray, transparent, duplicate or unpaired; exit code 1 if any is."""
    import_tensorflow()
    from kgan.data import check as look
    from kgan_cli.evaluating import Telling
    from kgan_cli.findings import describe

    report = look(path, size=size, paired=paired, ignore=ignore or (), progress=Telling())
    print(describe(report, None if every else LISTED))
    raise typer.Exit(1 if report.findings else 0)


@data.command()
def prepare(
    path: Folder,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write; PATH is only read.")],
    size: Annotated[int | None, typer.Option(min=1, help="Cut to squares of this side; not for joined pairs.")] = None,
    paired: Paired = None,
    ignore: Ignore = None,
) -> None:
    """Write a clean copy of a folder: what is wrong is left out or mended, and named; can be stopped and run again."""
    import_tensorflow()
    from kgan.data import prepare as write
    from kgan_cli.evaluating import Telling
    from kgan_cli.findings import describe_outcomes

    outcomes = write(path, out, size=size, paired=paired, ignore=ignore or (), progress=Telling())
    print(describe_outcomes(outcomes, LISTED))
    print(f"what became of each is in {out / 'prepared.csv'}\n{out}")
