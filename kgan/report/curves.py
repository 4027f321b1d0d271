"""A run's curves: losses by epoch, scores by epoch, what the health saw by step."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from kgan.report.charts import Chart, Line
from kgan.report.record import Record

# The two players' losses belong in one frame: neither says anything without the other.
PLAYERS = re.compile(r"(discriminator|generator)(_\w+)?_loss")
PLAYERS_TITLE = "the two players' losses"
HELD_OUT = "val_"
FLOOR = "real images"
TOLD_APART = "what the critic tells apart"

# Of each chart of the health: the signals and what they are, the level to compare with, and what to read from it.
SIGNALS: tuple[tuple[str, Mapping[str, str], Mapping[str, float], str], ...] = (
    (
        "the critic's logits",
        {"real_logit": "training images", "held_out_logit": "held-out images", "fake_logit": "generated images"},
        {},
        "Training images above held-out ones: the critic knows them by heart.",
    ),
    (
        TOLD_APART,
        {"separation": "real from generated", "memorising": "training from held-out"},
        {"chance": 0.5},
        "The share of pairs that it puts in the right order; 1 is all.",
    ),
    (
        "diversity of the samples",
        {"diversity": "mean distance", "closeness": "distance to the nearest"},
        {FLOOR: 1.0},
        "Beside that of real images; far below, samples are collapsing.",
    ),
    (
        "distance from real images",
        {"distance": "energy distance"},
        {},
        "Of small pictures, as a share of its largest value: what is shown, not how finely.",
    ),
    (
        "gradients",
        {"generator_gradient": "generator", "discriminator_gradient": "critic"},
        {},
        "Norms by all of a player's weights.",
    ),
    (
        "largest singular values",
        {"generator_norm": "generator", "discriminator_norm": "critic"},
        {},
        "Of any kernel; those of a training that diverges grow without end.",
    ),
)


def in_words(key: str) -> str:
    """Returns the name of a loss, a score or an option as a reader has it."""
    return key.replace("_", " ")


def losses(records: Sequence[tuple[str, Record]]) -> list[Chart]:
    """Returns a chart of the players' losses and one of each other term; those of several runs laid over each other.

    Args:
        records: Runs, each with what to call it. Of one run a colour is a term, of several it is a run.
    """
    terms: dict[str, list[str]] = {}
    for _, record in records:
        for name in record.history:
            if name != "epoch":
                base = name.removeprefix(HELD_OUT)
                # Several runs' players in one frame would be a tangle.
                title = PLAYERS_TITLE if PLAYERS.fullmatch(base) and len(records) == 1 else in_words(base)
                names = terms.setdefault(title, [])
                names += [name] if name not in names else []
    ordered = sorted(terms, key=lambda title: (title != PLAYERS_TITLE, title))
    return [Chart(title, _loss_lines(records, sorted(terms[title], key=_without_prefix))) for title in ordered]


def _without_prefix(name: str) -> tuple[str, bool]:
    return name.removeprefix(HELD_OUT), name.startswith(HELD_OUT)


def _loss_lines(records: Sequence[tuple[str, Record]], names: Sequence[str]) -> list[Line]:
    bases = list(dict.fromkeys(name.removeprefix(HELD_OUT) for name in names))
    lines = []
    for place, (called, record) in enumerate(records):
        for name in names:
            if name not in record.history:
                continue
            base, dashed = name.removeprefix(HELD_OUT), name.startswith(HELD_OUT)
            words = in_words(base) + (", held out" if dashed else "")
            words, colour = (words, bases.index(base)) if len(records) == 1 else (called, place)
            lines.append(Line(words, record.history["epoch"], record.history[name], colour, dashed))
    return lines


def scores(records: Sequence[tuple[str, Record]], colours: Sequence[int]) -> list[Chart]:
    """Returns a chart of each score, with the real images' own as a level.

    Args:
        records: Runs with a best model, scored by one protocol, each with what to call it.
        colours: Their colours.
    """
    first = records[0][1].best
    assert first is not None
    return [
        Chart(
            in_words(metric),
            [
                Line(called, record.scores["epoch"], record.scores[metric], colour)
                for (called, record), colour in zip(records, colours, strict=True)
                if metric in record.scores
            ],
            levels={FLOOR: first["floor"][metric]} if metric in first["floor"] else {},
        )
        for metric in first["scores"]
        if any(metric in record.scores for _, record in records)
    ]


def health(record: Record) -> list[Chart]:
    """Returns the charts of what the health saw, each with the alarms as marks."""
    domains = list(dict.fromkeys(look.get("domain", "") for look in record.looks))
    marks = [(float(alarm["step"]), str(alarm["name"])) for alarm in record.alarms]
    found = []
    for title, signals, levels, note in SIGNALS:
        lines = [
            line
            for colour, (key, words) in enumerate(signals.items())
            for place, domain in enumerate(domains)
            for line in _signal(record, key, words, domain, colour, place > 0)
        ]
        if lines:
            bounds = (0.0, 1.0) if title == TOLD_APART else None
            found.append(Chart(title, lines, "step", note, levels, bounds, marks))
    return found


def _signal(record: Record, key: str, words: str, domain: str, colour: int, dashed: bool) -> Iterator[Line]:
    looks = [look for look in record.looks if look.get("domain", "") == domain]
    values = [math.nan if look.get(key) is None else float(look[key]) for look in looks]
    if any(map(math.isfinite, values)):
        name = f"{words}, {domain.upper()}" if domain else words
        yield Line(name, [float(look["step"]) for look in looks], values, colour, dashed)
