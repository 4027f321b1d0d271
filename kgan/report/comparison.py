"""The page of several runs: scores only where they may be compared, curves over each other, options that differ."""

import string
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kgan.errors import InputError
from kgan.evaluation import Evaluation, Protocol, compare, refuse_different
from kgan.evaluation.tables import number
from kgan.evaluation.translation import TranslationProtocol
from kgan.report import curves, markup, options, sections
from kgan.report.charts import COLOURS, charts
from kgan.report.curves import in_words
from kgan.report.document import document
from kgan.report.markup import Html, element
from kgan.report.record import Record
from kgan.report.timeline import timeline

# A run and what it is called on the page.
Called = tuple[str, Record]


def comparison_page(records: Sequence[Record], defaults: Sequence[Mapping[str, Any] | None]) -> str:
    """Returns the page that compares runs.

    Args:
        records: The runs, two to eight.
        defaults: Of each run's app; None where they are not known.

    Raises:
        InputError: If there are more or fewer, or one of them twice; if a score's protocol is not one of this kgan's.
        RunError: If a picture is damaged.
    """
    if not 2 <= len(records) <= COLOURS:
        raise InputError(f"a comparison takes 2 to {COLOURS} runs; got {len(records)}.")
    if len({record.run.path.resolve() for record in records}) < len(records):
        raise InputError("a run cannot be compared with itself; one of the folders is given twice.")
    called = [(f"{letter} {each.name}", each) for letter, each in zip(string.ascii_uppercase, records, strict=False)]
    parts = [_heading(called), _scores(called), _evaluations(called)]
    if any(record.pictures for record in records):
        parts.append(markup.section("Samples", timeline(called)))
    found = curves.losses(called)
    if found:
        parts.append(markup.section("Losses", charts(found)))
    parts.append(markup.section("Options that differ", options.differing(called, defaults)))
    return document(" and ".join(record.name for record in records), *parts)


def _heading(called: Sequence[Called]) -> Html:
    rows = [
        [
            markup.joined([element("i", class_=f"swatch colour-{place}"), name]),
            record.app,
            str(record.options.get("data", "-")),
            sections.epochs_of(record),
            f"{record.progress.step:,}",
            sections.duration(record.progress.seconds),
            ", ".join(alarm["name"] for alarm in record.alarms) or ("none" if record.looks else "not watched"),
        ]
        for place, (name, record) in enumerate(called)
    ]
    head = ["run", "app", "data", "trained", "steps", "time", "alarms"]
    return element("header", element("h1", f"{len(called)} runs"), markup.table(head, rows))


def _scores(called: Sequence[Called]) -> Html:
    """Returns the best models' scores: a table and curves for each protocol, and why there is more than one."""
    parts: list[str] = [
        element("p", f"{name} was not scored in its training.") for name, record in called if record.best is None
    ]
    groups, reasons = comparable((name, _protocol(record)) for name, record in called if record.best is not None)
    parts += [element("p", reason) for reason in reasons]
    by_name = dict(called)
    colours = {name: place for place, (name, _) in enumerate(called)}
    for group in groups:
        members = [(name, by_name[name]) for name in group]
        parts.append(_table(members))
        taken = [(name, record) for name, record in members if record.scores]
        if taken:
            parts.append(charts(curves.scores(taken, [colours[name] for name, _ in taken])))
    return markup.section("Scores", *parts, *([markup.note(sections.LEGEND)] if groups else []))


def comparable(subjects: Iterable[tuple[str, Protocol]]) -> tuple[list[list[str]], list[str]]:
    """Puts what may be compared together: names whose protocols are equal.

    Args:
        subjects: Names and protocols.

    Returns:
        The groups, and for each group after the first in words what makes it differ from the first.
    """
    groups: list[list[tuple[str, Protocol]]] = []
    for subject in subjects:
        home = next((group for group in groups if not _difference(group[0], subject)), None)
        if home is None:
            groups.append([subject])
        else:
            home.append(subject)
    reasons = [_difference(groups[0][0], group[0]) for group in groups[1:]]
    return [[name for name, _ in group] for group in groups], reasons


def _difference(a: tuple[str, Protocol], b: tuple[str, Protocol]) -> str:
    """Returns why two may not be compared, or nothing."""
    if type(a[1]) is not type(b[1]):
        return f"{a[0]} and {b[0]} cannot be compared: the scores of samples and of translations are different things."
    try:
        refuse_different(a, b)
    except InputError as error:
        return str(error)
    return ""


def _protocol(record: Record) -> Protocol:
    assert record.best is not None
    content = record.best["protocol"]
    return (TranslationProtocol if "paired" in content else Protocol).from_json(content)


def _table(members: Sequence[Called]) -> Html:
    """Returns the scores of runs that were scored by one protocol."""
    bests = [record.best for _, record in members if record.best is not None]
    keys = dict.fromkeys(key for best in bests for key in best["scores"])
    rows = [
        [
            f"{sections.arrow(key)} {in_words(key)}",
            *(number(best["scores"][key]) if key in best["scores"] else "-" for best in bests),
            number(bests[0]["floor"][key]) if key in bests[0]["floor"] else "-",
        ]
        for key in keys
    ]
    rows.append(["of step", *(f"{best['step']:,}" for best in bests), ""])
    return markup.table(["best model", *(name for name, _ in members), "real images"], rows)


def _evaluations(called: Sequence[Called]) -> Html:
    """Returns what `kgan evaluate` found of two runs or more by one protocol; in bold what is best beyond doubt."""
    by_protocol: dict[str, tuple[Protocol, dict[str, Evaluation]]] = {}
    for name, record in called:
        for found in record.evaluations:
            by_protocol.setdefault(str(found.protocol), (found.protocol, {}))[1][name] = found
    shared = [(protocol, found) for protocol, found in by_protocol.values() if len(found) > 1]
    if not shared:
        return markup.joined([])
    words = f"{sections.LEGEND} Bold: better than all others by more than both 95 % intervals leave open."
    tables = (part for protocol, found in shared for part in (_verdicts(found), sections.protocol(protocol.to_json())))
    return markup.section("Evaluations", *tables, markup.note(words))


def _verdicts(found: Mapping[str, Evaluation]) -> Html:
    first = next(iter(found.values()))
    better = {
        (name, other): {a.name for a, _, verdict in compare(found[name], found[other]).rows if verdict == "A"}
        for name in found
        for other in found
        if name != other
    }
    rows = []
    for row in first.rows:
        cells = []
        for name, evaluation in found.items():
            same = next(each for each in evaluation.rows if each.name == row.name)
            text = f"{number(same.value)} ({number(same.low)} to {number(same.high)})"
            best = all(row.name in better[name, other] for other in found if other != name)
            cells.append(element("b", text) if best else text)
        rows.append([f"{sections.ARROWS[row.better]} {row.name}", *cells, number(row.floor)])
    return markup.table(["measure", *found, "real images"], rows)
