"""Makes a command of an app's `train`: its signature is the options, its docstring their help."""

import inspect
import re
from collections.abc import Callable
from types import ModuleType
from typing import Annotated, Any

import typer

from kgan import estimate
from kgan.devices import training_on

DEVICES = (
    "How many devices a step is divided among, or all; GPUs where there are any. By default 1, under TF_CONFIG all."
)
DRY_RUN = "Say what training would cost, in parameters, arithmetic, memory and time on this machine, and stop."


def run_app(module: ModuleType, name: str, arguments: list[str]) -> None:
    """Calls an app's `train` with what the command line says.

    Args:
        module: The app.
        name: The words of the command so far, for its help: `kgan train dcgan`.
        arguments: Those that follow.
    """
    single = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    single.command()(as_command(module.train))
    single(arguments, prog_name=name)


def as_command(train: Callable[..., Any]) -> Callable[..., None]:
    """Returns `train` as Typer reads it: without `run`, each parameter with its line of the docstring.

    A parameter that has a default is an option, one that has none an argument. Every command has `--devices` and
    `--dry-run` besides.
    """
    description, helps = _read_docstring(inspect.getdoc(train) or "")
    signature = inspect.signature(train)
    options = [
        parameter.replace(
            kind=inspect.Parameter.KEYWORD_ONLY,
            annotation=Annotated[parameter.annotation, _described(parameter, helps.get(parameter.name))],
        )
        for parameter in signature.parameters.values()
        if parameter.name != "run"
    ]
    options += [
        _added("devices", None, Annotated[str | None, typer.Option(help=DEVICES)]),
        _added("dry_run", False, Annotated[bool, typer.Option("--dry-run", help=DRY_RUN)]),
    ]

    def command(devices: str | None, dry_run: bool, **options: Any) -> None:
        with training_on(devices), estimate.dry_run(dry_run):
            train(**options)

    command.__doc__ = description
    command.__signature__ = signature.replace(parameters=options, return_annotation=None)  # type: ignore[attr-defined]
    command.__annotations__ = {option.name: option.annotation for option in options}
    return command


def _added(name: str, default: Any, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _described(parameter: inspect.Parameter, text: str | None) -> Any:
    if parameter.default is inspect.Parameter.empty:
        return typer.Argument(metavar=parameter.name.upper(), help=text)
    return typer.Option(help=text)


def _read_docstring(text: str) -> tuple[str, dict[str, str]]:
    """Splits a Google docstring into its description and the lines of its Args section."""
    description, _, rest = text.partition("\nArgs:\n")
    section = re.split(r"\n(?=\S)", rest)[0]
    entries = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", section, flags=re.MULTILINE)
    return description.strip(), {name: " ".join(words.split()) for name, words in entries}
