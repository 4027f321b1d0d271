"""`kgan serve`: TensorFlow Serving where it is installed, otherwise the built-in server."""

import dataclasses
import json
import os
import shutil
from pathlib import Path
from typing import Annotated

import typer

from kgan_cli.failures import say
from kgan_cli.quiet import import_tensorflow

HOST = "127.0.0.1"
TENSORFLOW_SERVING = "tensorflow_model_server"


def serve(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[SAVEDMODELS]", help="The folder of published models; by default savedmodels, or those in the box."
        ),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="For REST and the page; 0: any free one.")] = 8501,
    grpc_port: Annotated[int, typer.Option(min=0, max=65535, help="For gRPC; 0: any free one.")] = 8500,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")] = HOST,
    max_pixels: Annotated[
        int | None, typer.Option(min=1, help="The most pixels of all pictures in a request; by default 4194304.")
    ] = None,
    built_in: Annotated[
        bool, typer.Option("--built-in", help="kgan's own server even where TensorFlow Serving is installed.")
    ] = False,
) -> None:
    """Serve published models over REST and gRPC: by tensorflow_model_server if it is on PATH, otherwise by kgan itself.

    kgan's own server is for development. It has a page at /, takes in new versions while it runs, and stops on SIGTERM
    or Ctrl-C when the requests under way are answered.
    """
    program = None if built_in else shutil.which(TENSORFLOW_SERVING)
    folder = folder or _served_by_default()
    if program is None:
        _serve_here(folder, port, grpc_port, host, max_pixels)
    else:
        _refuse_what_it_cannot(program, host, max_pixels)
        _put_in_step(folder)
        say(f"starting TensorFlow Serving ({program}), which listens on every address")
        # In place of this process, so that signals and the exit code are its own.
        os.execv(program, _command(program, folder.resolve(), port, grpc_port))


def _served_by_default() -> Path:
    import_tensorflow()
    from kgan.export import served_by_default

    folder = served_by_default()
    say(f"serving {folder}")
    return folder


def _refuse_what_it_cannot(program: str, host: str, max_pixels: int | None) -> None:
    if host == HOST and max_pixels is None:
        return
    # Late, for it imports TensorFlow, which only the other program needs.
    from kgan.errors import InputError

    raise InputError(
        f"{program} listens on every address and knows no limit of pixels: leave --host and --max-pixels out, or "
        "add --built-in for kgan's own server."
    )


def _put_in_step(folder: Path) -> None:
    """Writes the configuration where it is missing, or lists other models, or other paths, than are there."""
    import_tensorflow()
    from kgan.errors import InputError
    from kgan.export import write_configs
    from kgan.export.configs import is_in_step, published_models

    if not folder.is_dir() or not any(published_models(folder)):
        raise InputError(f"{folder} holds no models; kgan export RUN --to {folder}/NAME publishes one.")
    if is_in_step(folder):
        return
    try:
        write_configs(folder)
    except OSError as error:
        raise InputError(
            f"{folder}/models.config, which tensorflow_model_server needs, cannot be written ({error.strerror}); copy "
            "the folder to where it can be, or add --built-in for kgan's own server."
        ) from error


def _command(program: str, folder: Path, port: int, grpc_port: int) -> list[str]:
    """Returns the command line that serves what `kgan export` wrote."""
    words = [
        program,
        f"--port={grpc_port}",
        f"--rest_api_port={port}",
        f"--model_config_file={folder / 'models.config'}",
        # New models and labels are seen as new versions are, within a second.
        "--model_config_file_poll_wait_seconds=1",
        "--file_system_poll_wait_seconds=1",
        "--allow_version_labels_for_unavailable_models=true",
        "--enable_grpc_healthcheck_service=true",
    ]
    if (folder / "monitoring.config").is_file():
        words.append(f"--monitoring_config_file={folder / 'monitoring.config'}")
    # Joined with others of another size, a picture would be refused; each of its requests alone is not.
    if (folder / "batching.config").is_file() and not _takes_any_size(folder):
        words += ["--enable_batching=true", f"--batching_parameters_file={folder / 'batching.config'}"]
    return words


def _takes_any_size(folder: Path) -> bool:
    """Whether a model in the folder takes arrays whose rows may have several sizes, as translators do."""
    for manifest in folder.glob("*/*/assets.extra/kgan.json"):
        signatures = json.loads(manifest.read_text())["signatures"].values()
        shapes = [given["shape"] for signature in signatures for given in signature["inputs"].values()]
        if any(None in shape[1:] for shape in shapes):
            return True
    return False


def _serve_here(folder: Path, port: int, grpc_port: int, host: str, max_pixels: int | None) -> None:
    import_tensorflow()
    from kgan.errors import InputError

    try:
        from kgan.serving.core import Limits
        from kgan.serving.server import serve as serve_until_stopped
    except ModuleNotFoundError as error:
        raise InputError(f"kgan serve needs {error.name}; install it with: pip install 'kgan[serving]'") from error
    limits = Limits() if max_pixels is None else dataclasses.replace(Limits(), pixels=max_pixels)
    say(f"{TENSORFLOW_SERVING} is not in use: this is kgan's own server, for development, not for the open internet")
    serve_until_stopped(folder, rest_port=port, grpc_port=grpc_port, host=host, limits=limits)
