"""Which apps there are."""

import ast
import importlib
import importlib.util
import pkgutil
from pathlib import Path
from types import ModuleType

import kgan.apps
from kgan.errors import InputError, unknown_name


def names() -> list[str]:
    """Returns the names of the shipped apps."""
    modules = (module.name for module in pkgutil.iter_modules(kgan.apps.__path__))
    # What the apps share is none.
    return sorted(name for name in modules if not name.startswith("_"))


def summary(name: str) -> str:
    """Returns the first line of an app's docstring, without importing it."""
    spec = importlib.util.find_spec(f"kgan.apps.{name}")
    assert spec is not None and spec.origin is not None
    text = ast.get_docstring(ast.parse(Path(spec.origin).read_text())) or ""
    return text.partition("\n")[0]


def load(which: str) -> ModuleType:
    """Imports an app by name, or a .py file with a `train` of the user's.

    Raises:
        InputError: If there is no such app or file, or it has no `train`.
    """
    if which.endswith(".py"):
        module = _load_file(Path(which))
    elif which in names():
        module = importlib.import_module(f"kgan.apps.{which}")
    else:
        raise unknown_name("app", which, names())
    if not callable(getattr(module, "train", None)):
        raise InputError(f"{which} has no function `train`, which is what an app is.")
    return module


def _load_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise InputError(f"there is no file {path}.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
