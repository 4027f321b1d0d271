"""Comparing two evaluations, if that can be done at all."""

import dataclasses
import math

from kgan.errors import InputError
from kgan.evaluation.protocol import Protocol
from kgan.evaluation.report import Evaluation, Row


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Two evaluations under one protocol.

    Attributes:
        a: The first.
        b: The second.
        rows: For each number the row of either, and `"A"`, `"B"` or `"-"`: which is better beyond doubt.
    """

    a: Evaluation
    b: Evaluation
    rows: tuple[tuple[Row, Row, str], ...]


def compare(a: Evaluation, b: Evaluation) -> Comparison:
    """Compares two evaluations number by number.

    One is better where the difference is larger than sqrt(h_a² + h_b²), h half the width of an interval: what two
    independent sets of images would not show by chance in about 95 of 100 cases.

    Raises:
        InputError: If their protocols differ; each part that does is named, with both values.
    """
    refuse_different((a.subject, a.protocol), (b.subject, b.protocol))
    others = {row.name: row for row in b.rows}
    return Comparison(a, b, tuple((row, others[row.name], _better(row, others[row.name])) for row in a.rows))


def refuse_different(a: tuple[str, Protocol], b: tuple[str, Protocol]) -> None:
    """Refuses two subjects whose protocols differ.

    Raises:
        InputError: If they do; each part that does is named, with both values.
    """
    differences = a[1].differences(b[1])
    if differences:
        raise InputError(
            f"{a[0]} and {b[0]} cannot be compared, as their protocols differ in {'; '.join(differences)}. "
            "Evaluate both under the same protocol."
        )


def _better(a: Row, b: Row) -> str:
    doubt = math.hypot(a.high - a.low, b.high - b.low) / 2
    if not abs(a.value - b.value) > doubt:
        return "-"
    return "A" if (a.value < b.value) == (a.better == "lower") else "B"
