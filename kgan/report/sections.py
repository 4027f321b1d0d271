"""The parts of a run's page."""

from collections.abc import Mapping
from typing import Any

from kgan.evaluation import MEASURES, Evaluation
from kgan.evaluation.tables import number
from kgan.report import curves, markup
from kgan.report.charts import charts
from kgan.report.curves import in_words
from kgan.report.markup import Html, element
from kgan.report.record import Record

ARROWS = {"lower": "↓", "higher": "↑"}
LEGEND = "↓ lower is better, ↑ higher is better."


def heading(record: Record) -> Html:
    """Returns the title and the few facts that say most."""
    data = record.options.get("data")
    title = element("h1", record.app, *([element("span", f" on {data}")] if data else []))
    facts = element(
        "dl",
        *(element("div", element("dt", markup.capital(name)), element("dd", *value)) for name, value in _facts(record)),
    )
    made = f"Run {record.name}" + (f", begun {record.created[:16].replace('T', ' ')}" if record.created else "")
    return element("header", element("p", made, class_="run"), title, facts)


def _facts(record: Record) -> list[tuple[str, list[str]]]:
    facts = []
    if record.best is not None:
        metric = record.best["metric"]
        floor = element("small", f"real images {number(record.best['floor'][metric])}")
        facts.append((in_words(metric), [number(record.best["scores"][metric]), floor]))
    epochs, step = epochs_of(record), record.progress.step
    facts.append(("trained", [duration(record.progress.seconds), element("small", f"{epochs}, {step:,} steps")]))
    facts.append(("health", _verdict(record)))
    return facts


def epochs_of(record: Record) -> str:
    """Returns how many whole epochs were trained, in words."""
    count = int(record.history["epoch"][-1]) if record.history else 0
    return f"{count:,} epoch" + ("" if count == 1 else "s")


def duration(seconds: float) -> str:
    """Returns a time in its two largest units."""
    minutes = round(seconds / 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min" if seconds >= 90 else f"{seconds:.0f} s"


def _verdict(record: Record) -> list[str]:
    count = len(record.alarms)
    looks = element("small", f"{len({look['step'] for look in record.looks}):,} looks")
    if not record.looks:
        return ["not watched"]
    return [f"{count} alarm" + ("" if count == 1 else "s") if count else "no alarm", looks]


def sample_words(record: Record) -> str:
    """Returns what the sample pictures show."""
    paired = None if record.best is None else record.best["protocol"].get("paired")
    if paired is None:
        return "The same seeds after every epoch."
    if paired:
        return "A row an image: input, output, target."
    return "A row an image of either domain: from A, made into B, made into A again; from B, made into A, and back."


def scores(record: Record) -> Html:
    """Returns the scores taken in training, and what `kgan evaluate` found, beside real images' own figures."""
    parts: list[str] = []
    if record.best is None:
        parts.append(element("p", "No model was scored in this training."))
    else:
        best, floor = record.best, record.best["floor"]
        rows = [
            [f"{arrow(key)} {in_words(key)}", number(value), number(floor[key]) if key in floor else "-"]
            for key, value in best["scores"].items()
        ]
        which = f"The model of step {best['step']:,} is the best by {in_words(best['metric'])}. {LEGEND}"
        parts += [
            markup.table(["score", "best model", "real images"], rows),
            markup.note(which),
            protocol(best["protocol"]),
        ]
        if record.scores:
            parts.append(charts(curves.scores([("generated", record)], [0])))
    parts += [evaluation(found) for found in record.evaluations]
    return markup.section("Scores", *parts)


def arrow(key: str) -> str:
    """Returns which way a score is better; all of translators' scores are better lower."""
    return ARROWS[next((measure.better for measure in MEASURES if measure.key == key), "lower")]


def protocol(content: Mapping[str, Any]) -> Html:
    """Returns how numbers were found, folded away."""
    rows = [[in_words(key), _short(value)] for key, value in content.items() if value is not None]
    return element("details", element("summary", "How they were found"), markup.table(["protocol", ""], rows))


def _short(value: Any) -> Html:
    text = "x".join(map(str, value)) if isinstance(value, list) else str(value)
    return element("code", text[:12] if len(text) == 64 else text)


def evaluation(found: Evaluation) -> Html:
    """Returns what one `kgan evaluate` found."""
    rows = [
        [
            f"{ARROWS[row.better]} {row.name}",
            number(row.value),
            f"{number(row.low)} to {number(row.high)}",
            number(row.floor),
        ]
        for row in found.rows
    ]
    words = [element("p", element("b", f"{markup.capital(subject)}: "), text) for subject, text in found.words.items()]
    return element(
        "div",
        element("h3", f"kgan evaluate, {found.created[:10]}"),
        markup.table(["measure", "generated", "95 %", "real images"], rows),
        markup.note(LEGEND),
        *words,
        protocol(found.protocol.to_json()),
    )


def health(record: Record) -> Html:
    """Returns the alarms and what the health saw."""
    if not record.looks:
        return markup.section("Health", element("p", "This training was not watched."))
    steps = f"{max(look['step'] for look in record.looks):,} steps"
    parts = [_alarm(record, alarm) for alarm in record.alarms] or [element("p", f"No alarm in {steps}.")]
    return markup.section("Health", *parts, charts(curves.health(record)))


def _alarm(record: Record, alarm: Mapping[str, Any]) -> Html:
    ends = [end["step"] for end in record.over if end["name"] == alarm["name"] and end["step"] > alarm["step"]]
    when = f"step {alarm['step']:,}, after {duration(alarm['seconds'])}"
    lasted = f"over by step {min(ends):,}" if ends else "not over"
    return element(
        "div",
        element("p", element("b", markup.capital(alarm["name"])), element("span", f"{when}; {lasted}", class_="when")),
        element("p", f"{alarm['words']}."),
        element("p", f"Try {alarm['advice']}."),
        class_="alarm",
    )


def versions(record: Record) -> Html:
    """Returns the packages' versions in one line."""
    return markup.note("Made with " + ", ".join(f"{name} {value}" for name, value in record.versions.items()) + ".")
