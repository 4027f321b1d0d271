"""Charts: lines as SVG, complete without scripts; a script moves a cursor along them."""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from kgan.evaluation.tables import number
from kgan.report import markup, scales
from kgan.report.markup import Html, element
from kgan.report.scales import Scale

WIDTH, HEIGHT = 520, 220
LEFT, TOP, ACROSS, DOWN = 52, 8, 458, 186
# As many as the style sheet has.
COLOURS = 8
# More points than a line has pixels are thinned evenly; fewer than these are shown each.
MOST, FEW = 1000, 30


@dataclasses.dataclass(frozen=True)
class Line:
    """One line.

    Attributes:
        name: What the legend calls it.
        x: Epochs or steps, ascending.
        y: As many numbers; the line is broken where one is not finite.
        colour: Which of the colours, from 0.
        dashed: Whether it is dashed.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: int = 0
    dashed: bool = False


@dataclasses.dataclass(frozen=True)
class Chart:
    """Lines in one frame.

    Attributes:
        title: What is measured.
        lines: The lines, of one point each at least.
        unit: What x counts: `"epoch"` or `"step"`.
        note: What to read from it.
        levels: Numbers to compare with, by name, drawn as level lines.
        bounds: The least and the largest number that there can be, for an axis that shows all of them; None for one
            that shows what there is.
        marks: Places along x to be marked, by what happened there.
    """

    title: str
    lines: Sequence[Line]
    unit: str = "epoch"
    note: str = ""
    levels: Mapping[str, float] = dataclasses.field(default_factory=dict)
    bounds: tuple[float, float] | None = None
    marks: Sequence[tuple[float, str]] = ()


def draw(chart: Chart) -> Html:
    """Returns a chart: title, legend with the last numbers, lines, note, and the numbers themselves as JSON."""
    lines = [_thinned(line) for line in chart.lines]
    x = scales.along(value for line in lines for value in line.x)
    measured = [*(value for line in lines for value in line.y), *chart.levels.values()]
    y = scales.upwards(measured) if chart.bounds is None else Scale(*chart.bounds)
    drawn = element(
        "svg",
        *_grid(x, y),
        *_levels(chart.levels, y),
        *_marks(chart.marks, x),
        *(part for line in lines for part in _line(line, x, y)),
        element("line", class_="cursor", y1=TOP, y2=TOP + DOWN, visibility="hidden"),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=f"{chart.title} by {chart.unit}",
    )
    last = max((line.x[-1] for line in lines), default=0)
    heading = element("h3", markup.capital(chart.title), element("span", f"{chart.unit} {last:,.0f}", class_="at"))
    numbers = markup.data(_numbers(chart, lines, x, y))
    note = [markup.note(chart.note)] if chart.note else []
    help_ = f"{chart.title}: the arrow keys move along the {chart.unit}s"
    return element(
        "figure",
        heading,
        _legend(lines, chart.levels),
        drawn,
        numbers,
        *note,
        class_="chart",
        tabindex="0",
        aria_label=help_,
    )


def charts(found: Sequence[Chart]) -> Html:
    """Returns charts side by side."""
    return element("div", *map(draw, found), class_="charts")


def thin(count: int, most: int) -> np.ndarray:
    """Returns the indices of at most so many of `count` things, evenly spread, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, most).round().astype(int))


def _thinned(line: Line) -> Line:
    if len(line.x) <= MOST:
        return line
    kept = thin(len(line.x), MOST)
    return dataclasses.replace(line, x=[line.x[index] for index in kept], y=[line.y[index] for index in kept])


def _legend(lines: Sequence[Line], levels: Mapping[str, float]) -> Html:
    items = [
        element(
            "li",
            element("i", class_=f"swatch colour-{line.colour % COLOURS}" + (" dashed" if line.dashed else "")),
            f"{line.name} ",
            element("b", number(line.y[-1]) if math.isfinite(line.y[-1]) else "none"),
        )
        for line in lines
    ]
    items += [
        element("li", element("i", class_="swatch level"), f"{name} ", element("b", number(value)))
        for name, value in levels.items()
    ]
    return element("ul", *items, class_="legend")


def _grid(x: Scale, y: Scale) -> Iterator[Html]:
    for tick in y.ticks():
        height = _down(y, tick)
        yield element("line", class_="grid", x1=LEFT, x2=LEFT + ACROSS, y1=height, y2=height)
        yield element("text", scales.label(tick), x=LEFT - 8, y=height + 4, text_anchor="end")
    for tick in x.ticks(whole=True):
        yield element("text", scales.label(tick), x=_across(x, tick), y=HEIGHT - 6, text_anchor="middle")


def _levels(levels: Mapping[str, float], y: Scale) -> Iterator[Html]:
    for name, value in levels.items():
        height = _down(y, value)
        title = element("title", f"{name}: {number(value)}")
        yield element("line", title, class_="level", x1=LEFT, x2=LEFT + ACROSS, y1=height, y2=height)


def _marks(marks: Sequence[tuple[float, str]], x: Scale) -> Iterator[Html]:
    for place, name in marks:
        across = _across(x, min(max(place, x.low), x.high))
        title = element("title", name)
        yield element("line", title, class_="mark", x1=across, x2=across, y1=TOP, y2=TOP + DOWN)


def _line(line: Line, x: Scale, y: Scale) -> Iterator[Html]:
    style = f"colour-{line.colour % COLOURS}" + (" dashed" if line.dashed else "")
    points = [
        (_across(x, place), _down(y, value)) if math.isfinite(value) else None
        for place, value in zip(line.x, line.y, strict=True)
    ]
    steps, drawing = [], False
    for point in points:
        if point:
            steps.append(f"{'L' if drawing else 'M'}{point[0]} {point[1]}")
        drawing = point is not None
    yield element("path", d="".join(steps), class_=f"line {style}")
    if len(points) <= FEW:
        dots = (element("circle", cx=point[0], cy=point[1], r=2.2) for point in points if point)
        yield element("g", *dots, class_=f"dots {style}")
    yield element("circle", class_=f"at {style}", r=4, visibility="hidden")


def _across(x: Scale, value: float) -> float:
    return round(LEFT + ACROSS * x(value), 1)


def _down(y: Scale, value: float) -> float:
    return round(TOP + DOWN * (1 - y(value)), 1)


def _numbers(chart: Chart, lines: Sequence[Line], x: Scale, y: Scale) -> dict[str, Any]:
    """Returns what the script needs: the numbers as they are in the files, and where they stand."""
    return {
        "title": chart.title,
        "unit": chart.unit,
        "frame": [LEFT, TOP, ACROSS, DOWN],
        "x": [x.low, x.high],
        "y": [y.low, y.high],
        "log": y.log,
        "lines": [{"name": line.name, "x": list(line.x), "y": [_finite(value) for value in line.y]} for line in lines],
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
