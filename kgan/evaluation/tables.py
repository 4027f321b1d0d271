"""Evaluations as plain text, aligned."""

import math
from collections.abc import Sequence

from kgan.evaluation.comparison import Comparison
from kgan.evaluation.protocol import Protocol
from kgan.evaluation.report import Evaluation

ARROWS = {"lower": "v", "higher": "^"}


def table(evaluation: Evaluation) -> str:
    """Returns an evaluation as text: the protocol, a line for each number, the findings in words."""
    rows = [
        [
            ARROWS[row.better],
            row.name,
            number(row.value),
            f"{number(row.low)} .. {number(row.high)}",
            number(row.floor),
        ]
        for row in evaluation.rows
    ]
    legend = (
        "v lower is better, ^ higher is better. 95 %: m out of n bootstrap without replacement, for other images of\n"
        "both kinds. floor: the same of as many held-out real images in place of the generated ones."
    )
    words = [f"{subject}: {text}" for subject, text in evaluation.words.items()]
    parts = [
        f"{evaluation.subject}\n{describe(evaluation.protocol)}",
        align([["", "", "value", "95 %", "floor"], *rows]),
        legend,
        *words,
    ]
    return "\n\n".join(parts)


def comparison_table(comparison: Comparison) -> str:
    """Returns a comparison as text: the common protocol, then both numbers and which is better."""
    rows = [
        [ARROWS[a.better], a.name, number(a.value), number(b.value), number(a.floor), verdict]
        for a, b, verdict in comparison.rows
    ]
    head = f"A  {comparison.a.subject}\nB  {comparison.b.subject}\n{describe(comparison.a.protocol)}"
    legend = "v lower is better, ^ higher is better. better: where the difference is beyond both 95 % intervals."
    return "\n\n".join([head, align([["", "", "A", "B", "floor", "better"], *rows]), legend])


def describe(protocol: Protocol) -> str:
    """Returns a protocol in lines."""
    height, width, channels = protocol.image_shape
    origin = {
        "ema": f"of the averaged generator (ema), seeds from {protocol.seed}",
        "raw": f"of the generator as trained (raw), seeds from {protocol.seed}",
        "files": "from files",
    }[protocol.weights]
    lines = [
        f"generated  {protocol.num_generated:,} {origin}",
        f"real       {protocol.num_real:,} of {protocol.data}, split {protocol.split}, {height}x{width}x{channels} "
        f"({protocol.data_digest[:12]})",
        f"floor      {protocol.num_generated:,} {protocol.held_out} ({protocol.held_out_digest[:12]})",
        f"features   {protocol.extractor} ({protocol.extractor_digest[:12]})",
    ]
    if protocol.detector:
        lines.append(f"detector   {protocol.detector}")
    return "\n".join(lines)


def number(value: float) -> str:
    """Returns a number with four significant digits."""
    if not math.isfinite(value):
        return "infinite"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def align(rows: Sequence[Sequence[str]]) -> str:
    """Returns rows of text in columns: the first two flush left, the others flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            cell.ljust(width) if index < 2 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)
