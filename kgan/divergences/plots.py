"""Figures of divergences for notebooks and documents; they stay out of pyplot's global state.

A notebook shows a figure that a cell returns; `figure.savefig("name.png")` writes it. matplotlib comes with
`pip install 'kgan[plots]'`.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from kgan.divergences import checks, discrete
from kgan.divergences.sliding import Weights, sliding_divergences
from kgan.errors import InputError

# Okabe and Ito's colours, which the colour-blind tell apart; line styles serve those who print in gray.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
STYLES = ("-", "--", "-.", ":")


def histograms(p: Any, q: Any, positions: Any = None) -> Any:
    """Draws two distributions, their cumulative distributions and what divides them, in nats.

    Args:
        p: Probabilities `(n,)`.
        q: Probabilities `(n,)` of the same outcomes.
        positions: Where the outcomes lie, `(n,)`, no two in one place; 0, 1, ..., n - 1 by default.

    Returns:
        A `matplotlib.figure.Figure`. The area between the cumulative distributions is the Wasserstein distance.

    Raises:
        InputError: As `kgan.divergences.wasserstein_1`, or if two outcomes lie in one place or matplotlib is not
            installed.
    """
    p, q = checks.pair(p, q)
    places = checks.places(positions, len(p))
    gaps = np.diff(np.sort(places))
    if (gaps == 0).any():
        raise InputError("`positions` has two outcomes in one place, whose bars would hide each other; add them up.")
    figure = _figure(10.5, 3.4)
    bars, steps, words = figure.subplots(1, 3, width_ratios=(1.15, 1.0, 0.7))
    _draw_bars(bars, p, q, places, width=0.4 * min(gaps, default=1.0))
    _draw_cumulative(steps, p, q, places)
    _draw_values(words, p, q, places)
    return figure


def sliding(shapes: Mapping[str, Weights], positions: Any, distances: Any) -> Any:
    """Draws what the divergences say of a distribution P and its copy Q as Q slides away.

    A generator can only follow the slope of such a curve: Jensen-Shannon is flat at log 2 once the two are disjoint,
    the Wasserstein distance goes on (Arjovsky et al. 2017, example 1 and figure 1).

    Args:
        shapes: By name, one to four, what `sliding_divergences` takes as `weights`.
        positions: As there.
        distances: As there, ascending.

    Returns:
        A `matplotlib.figure.Figure`, a panel for each divergence and in it a curve for each shape.

    Raises:
        InputError: As `sliding_divergences`, or if there is no shape or more than four or matplotlib is not installed.
    """
    if not 1 <= len(shapes) <= len(COLOURS):
        raise InputError(f"`shapes` must be 1 to {len(COLOURS)}, each with a colour of its own; got {len(shapes)}.")
    curves = {name: sliding_divergences(weights, positions, distances) for name, weights in shapes.items()}
    figure = _figure(9.0, 6.0)
    panels = figure.subplots(2, 2, sharex=True)
    titles = {
        "kl": "KL(P ‖ Q): infinite where Q lacks what P has",
        "js": "Jensen-Shannon: flat at log 2 once disjoint",
        "tv": "Total variation: flat at 1 once disjoint",
        "w1": "Wasserstein-1: the distance itself",
    }
    for panel, (key, title) in zip(panels.flat, titles.items(), strict=True):
        _draw_curves(panel, np.asarray(distances), {name: curve[key] for name, curve in curves.items()})
        panel.set_title(title, fontsize="medium", loc="left")
    panels[0, 1].axhline(math.log(2), color="gray", linewidth=0.8, zorder=0)
    panels[1, 0].axhline(1.0, color="gray", linewidth=0.8, zorder=0)
    figure.supxlabel("distance between P and Q", fontsize="medium")
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names), frameon=False)
    return figure


def joint(x: Any, y: Any, base: float = math.e) -> Any:
    """Draws how often the values of two paired sequences come together, and what they tell of each other.

    Args:
        x: Samples `(n,)`, numbers or strings; their values are the rows.
        y: Samples `(n,)`, the i-th drawn along with the i-th of `x`; their values are the columns.
        base: Of the logarithm.

    Returns:
        A `matplotlib.figure.Figure`: the table of shares, with the entropies and the mutual information above.

    Raises:
        InputError: As `kgan.divergences.mutual_information`, or if matplotlib is not installed.
    """
    table = discrete.joint_distribution(x, y)
    information = discrete.table_mutual_information(table, base)
    parts = (table.sum(axis=1), table.sum(axis=0), table.ravel())
    of_x, of_y, of_both = (discrete.entropy(part, base) for part in parts)
    figure = _figure(max(4.8, 1.2 + 0.6 * table.shape[1]), 1.6 + 0.45 * table.shape[0])
    axes = figure.subplots()
    axes.imshow(table, cmap="Blues", vmin=0.0, aspect="auto")
    for row, column in np.argwhere(table):
        colour = "white" if table[row, column] > 0.6 * table.max() else "black"
        axes.text(column, row, f"{table[row, column]:.2g}", ha="center", va="center", color=colour)
    axes.set_xticks(range(table.shape[1]), np.unique(np.asarray(y)).astype(str))
    axes.set_yticks(range(table.shape[0]), np.unique(np.asarray(x)).astype(str))
    axes.set(xlabel="y", ylabel="x")
    figure.suptitle(
        f"H(X) = {of_x:.4f}   H(Y) = {of_y:.4f}   H(X, Y) = {of_both:.4f}\n"
        f"I(X; Y) = H(X) + H(Y) - H(X, Y) = {information:.4f}   ({_unit(base)})",
        fontsize="medium",
    )
    return figure


def _figure(width: float, height: float) -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError(f"figures need matplotlib: pip install 'kgan[plots]' ({error}).") from error
    return Figure(figsize=(width, height), dpi=120, layout="constrained")


def _draw_bars(axes: Any, p: np.ndarray, q: np.ndarray, places: np.ndarray, width: float) -> None:
    axes.bar(places - width / 2, p, width, color=COLOURS[0], label="P")
    axes.bar(places + width / 2, q, width, color=COLOURS[1], label="Q", hatch="//", edgecolor="white")
    axes.set(xlabel="outcome", ylabel="probability")
    axes.legend(frameon=False)
    _plain(axes)


def _draw_cumulative(axes: Any, p: np.ndarray, q: np.ndarray, places: np.ndarray) -> None:
    order = np.argsort(places)
    margin = 0.08 * (np.ptp(places) or 1.0)
    where = np.concatenate([[places.min() - margin], places[order], [places.max() + margin]])
    below_p, below_q = (np.concatenate([[0.0], np.cumsum(part[order]), [1.0]]) for part in (p, q))
    axes.fill_between(where, below_p, below_q, step="post", color="#DDDDDD", label="area: W₁")
    axes.step(where, below_p, where="post", color=COLOURS[0], linestyle=STYLES[0], label="P")
    axes.step(where, below_q, where="post", color=COLOURS[1], linestyle=STYLES[1], label="Q")
    axes.set(xlabel="outcome", ylabel="cumulative probability", ylim=(0, 1.05))
    axes.legend(frameon=False)
    _plain(axes)


def _draw_values(axes: Any, p: np.ndarray, q: np.ndarray, places: np.ndarray) -> None:
    values = {
        "H(P)": discrete.entropy(p),
        "H(Q)": discrete.entropy(q),
        "KL(P ‖ Q)": discrete.kl_divergence(p, q),
        "KL(Q ‖ P)": discrete.kl_divergence(q, p),
        "JS(P, Q)": discrete.js_divergence(p, q),
        "TV(P, Q)": discrete.total_variation(p, q),
        "W₁(P, Q)": discrete.wasserstein_1(p, q, places),
    }
    axes.axis("off")
    for row, (name, value) in enumerate(values.items()):
        axes.text(0.05, 0.92 - 0.14 * row, name, transform=axes.transAxes)
        axes.text(0.95, 0.92 - 0.14 * row, _number(value), transform=axes.transAxes, ha="right")


def _draw_curves(axes: Any, distances: np.ndarray, curves: Mapping[str, np.ndarray]) -> None:
    finite = np.concatenate([values[np.isfinite(values)] for values in curves.values()])
    largest = finite.max(initial=0.0)
    infinity = 1.15 * (largest or 1.0)
    for (name, values), colour, style in zip(curves.items(), COLOURS, STYLES, strict=False):
        look = {"color": colour, "linestyle": style, "linewidth": 2}
        # Its start is marked, for a curve that is infinite at once has nothing else to show of it.
        axes.plot(distances, np.where(np.isinf(values), np.nan, values), marker="o", markevery=[0], label=name, **look)
        axes.plot(distances, np.where(np.isinf(values), infinity, np.nan), **look)
    axes.set_ylim(bottom=0)
    if any(np.isinf(values).any() for values in curves.values()):
        ticks = [tick for tick in axes.get_yticks() if tick <= largest]
        axes.set_yticks([*ticks, infinity], [*(f"{tick:g}" for tick in ticks), "∞"])
    _plain(axes)


def _number(value: float) -> str:
    return "∞" if math.isinf(value) else f"{value:.4f}"


def _unit(base: float) -> str:
    return {2: "bits", math.e: "nats"}.get(base, f"base {base:g}")


def _plain(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
