"""A run's options beside the app's defaults, and what several runs' options differ in."""

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kgan.report import markup
from kgan.report.markup import Html, element
from kgan.report.record import Record

# What `Run.new` leaves out as well.
NO_OPTIONS = ("run", "out")
MISSING = object()


def defaults_of(train: Callable[..., Any]) -> dict[str, Any]:
    """Returns the defaults of an app's `train` as options.json would have them; nothing of what must be given."""
    parameters = inspect.signature(train).parameters.values()
    found = {each.name: each.default for each in parameters if each.default is not each.empty}
    kept = {name: value for name, value in found.items() if name not in NO_OPTIONS}
    return json.loads(json.dumps(kept, default=str))


def beside_defaults(record: Record, defaults: Mapping[str, Any] | None) -> Html:
    """Returns the options that differ from the app's defaults, and folded away all of them.

    Args:
        record: The run.
        defaults: The app's, or None if they are not known.
    """
    if defaults is None:
        missing = markup.note("The app's defaults are not known here: its code was not at hand.")
        return markup.joined([missing, _table(record.options)])
    names = [*record.options, *(name for name in defaults if name not in record.options)]
    changed = [name for name in names if record.options.get(name, MISSING) != defaults.get(name, MISSING)]
    rest = {name: record.options[name] for name in record.options if name not in changed}
    rows = [[element("code", name), written(record.options, name), written(defaults, name)] for name in changed]
    differing = (
        markup.table(["option", "this run", "default"], rows)
        if rows
        else element("p", "All options are the app's defaults.")
    )
    if not rest:
        return differing
    summary = element("summary", f"{len(rest)} options at their defaults")
    return markup.joined([differing, element("details", summary, _table(rest))])


def differing(records: Sequence[tuple[str, Record]], defaults: Sequence[Mapping[str, Any] | None]) -> Html:
    """Returns the options and versions that are not the same in all runs, with the defaults if one app made them all.

    Args:
        records: Runs, each with what to call it.
        defaults: Of each run's app, or None.
    """
    one_app = len({record.app for _, record in records}) == 1
    default = defaults[0] if one_app else None
    options = [{"app": record.app, **record.options} for _, record in records]
    versions = [{f"version of {name}": value for name, value in record.versions.items()} for _, record in records]
    found = [{**one, **other} for one, other in zip(options, versions, strict=True)]
    names = dict.fromkeys(name for each in (*options, *versions) for name in each)
    differ = [name for name in names if any(each.get(name, MISSING) != found[0].get(name, MISSING) for each in found)]
    if not differ:
        return element("p", "All options and versions are the same.")
    head = ["option", *(called for called, _ in records), *(["default"] if default is not None else [])]
    rows = [
        [
            element("code", name),
            *(written(each, name) for each in found),
            *([written(default, name)] if default is not None else []),
        ]
        for name in differ
    ]
    return markup.table(head, rows)


def written(options: Mapping[str, Any], name: str) -> Html:
    """Returns an option's value as a cell; a dash where there is no such option."""
    if name not in options:
        return element("span", "-", class_="missing")
    value = options[name]
    if value is None:
        return element("span", "none", class_="missing")
    return element("code", value if isinstance(value, str) else json.dumps(value))


def _table(options: Mapping[str, Any]) -> Html:
    return markup.table(["option", "value"], [[element("code", name), written(options, name)] for name in options])
