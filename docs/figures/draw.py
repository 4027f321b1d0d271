"""Draws the figures of docs/how-gans-work/ into docs/images/.

    python docs/figures/draw.py                  # all of them
    python docs/figures/draw.py game lines       # some
    python docs/figures/draw.py --train          # the ring's training first, a minute on one core

All but the ring's are computed here, in seconds; the ring's points are those of docs/figures/ring.json. The same
matplotlib writes the same files again.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import ring
import toys
from matplotlib.figure import Figure

IMAGES = Path(__file__).parent.parent / "images"
# Okabe and Ito's colours, as in kgan.divergences.plots.
BLUE, RED, GREEN, GRAY = "#0072B2", "#D55E00", "#009E73", "#999999"
LOOK = {"svg.hashsalt": "kgan", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}


def game() -> Figure:
    """Two densities and their optimal critic; what surer and less sure critics get."""
    figure = _figure(8.4, 3.0)
    left, right = figure.subplots(1, 2)
    x, p, q = toys.densities()
    optimal = toys.sigmoid(toys.optimal_logit(x))
    left.plot(x, p, color=BLUE, label="p, the data", gid="curve-p")
    left.plot(x, q, color=RED, linestyle="--", label="q, the generator", gid="curve-q")
    left.plot(x, optimal, color=GREEN, linewidth=2, label="D* = p / (p + q)", gid="curve-optimal")
    left.axhline(0.5, color=GRAY, linewidth=0.8, zorder=0)
    left.set(xlabel="x", ylim=(0, 1.25))
    left.legend(frameon=False, loc="upper right", fontsize="small")
    scales = np.linspace(0, 3, 121)
    values = np.array([toys.value(scale) for scale in scales])
    right.plot(scales, values, color=GREEN, linewidth=2, gid="curve-value")
    bound = toys.value_of_the_best_critic()
    right.axhline(bound, color=GRAY, linewidth=0.8)
    right.text(2.98, bound + 0.02, f"2 JS(p, q) - log 4 = {bound:.3f}", ha="right", va="bottom", color="#555555")
    right.plot([1], [toys.value(1.0)], "o", color=GREEN)
    right.set(xlabel="s, in D = sigmoid(s · the optimal logit)", ylabel="V(D), nats", ylim=(-1.5, -0.5))
    return figure


def saturation() -> Figure:
    """Gradients of the saturating and the non-saturating loss: by the logit, and by how far the generator is off."""
    figure = _figure(8.4, 3.0)
    left, right = figure.subplots(1, 2)
    probabilities, slopes = toys.slopes_by_logit()
    shifts, forces = toys.forces_on_the_generator()
    looks = {"minimax": (RED, "--", "saturating, log(1 - D)"), "non_saturating": (BLUE, "-", "non-saturating, -log D")}
    for name, (colour, style, label) in looks.items():
        look = {"color": colour, "linestyle": style, "linewidth": 2, "label": label}
        left.plot(probabilities, slopes[name], gid=f"curve-slope-{name}", **look)
        right.plot(shifts, forces[name], gid=f"curve-force-{name}", **look)
    left.set(xscale="log", xlabel="D, what the critic makes of a sample", ylabel="|dL/dlogit|", ylim=(0, 1.05))
    right.set(xlabel="θ, distance of N(θ, 1) from N(0, 1)", ylabel="|dL/dθ|, best critic", ylim=(0, None))
    left.legend(frameon=False, loc="center left", fontsize="small")
    return figure


def lines() -> Figure:
    """Two parallel lines, and what the divergences say of the distance between them."""
    figure = _figure(8.4, 2.8)
    left, middle, right = figure.subplots(1, 3, width_ratios=(0.8, 1, 1))
    left.plot([0, 0], [0, 1], color=BLUE, linewidth=3)
    left.plot([0.6, 0.6], [0, 1], color=RED, linewidth=3, linestyle="--")
    left.annotate("", (0.57, 0.5), (0.03, 0.5), arrowprops={"arrowstyle": "<->"})
    left.text(0.3, 0.53, "θ", ha="center")
    left.text(0, 1.04, "P", ha="center", color=BLUE)
    left.text(0.6, 1.04, "Q", ha="center", color=RED)
    left.set(xlim=(-0.5, 1.1), ylim=(-0.1, 1.2), xlabel="x", ylabel="y, uniform")
    thetas, found = toys.parallel_lines()
    middle.plot(thetas, found["js"], "o", markersize=3, color=RED, gid="curve-js")
    middle.axhline(np.log(2), color=GRAY, linewidth=0.8, zorder=0)
    middle.set(xlabel="θ", ylim=(-0.02, 0.8), title="Jensen-Shannon: log 2, or 0")
    right.plot(thetas, found["w1"], "o", markersize=3, color=BLUE, gid="curve-w1")
    right.set(xlabel="θ", title="Wasserstein-1: |θ|")
    return figure


def ring_of_modes() -> Figure:
    """What three rules of the game make of the ring, after more and more steps."""
    found = json.loads(ring.RESULTS.read_text())
    rows, columns = len(found["samples"]), len(found["steps"])
    figure = _figure(1.75 * columns, 1.95 * rows)
    for row, (name, samples) in zip(figure.subplots(rows, columns), found["samples"].items(), strict=True):
        row[0].set_ylabel(name)
        for panel, taken, step in zip(row, samples, found["steps"], strict=True):
            taken = np.array(taken)
            panel.scatter(*ring.centres().T, s=90, facecolors="none", edgecolors=GRAY, linewidths=0.8)
            panel.scatter(*taken.T, s=2, color=BLUE)
            panel.set_title(f"step {step:,}: {ring.modes_reached(taken)} of {ring.MODES}", fontsize="medium")
            _square(panel)
    return figure


def blind() -> Figure:
    """Four sets of samples beside the ring, and what four metrics say of them."""
    sets = toys.imitations()
    figure = _figure(8.4, 3.1)
    for panel, (name, samples) in zip(figure.subplots(1, len(sets)), sets.items(), strict=True):
        panel.scatter(*ring.centres().T, s=90, facecolors="none", edgecolors=GRAY, linewidths=0.8)
        panel.scatter(*samples[:500].T, s=2, color=BLUE)
        panel.set_title(name, fontsize="medium")
        panel.set_xlabel(toys.words(toys.judge(samples)), loc="left", fontsize="small", family="monospace")
        _square(panel)
    return figure


FIGURES: dict[str, tuple[str, Callable[[], Figure]]] = {
    "game": ("game.svg", game),
    "saturation": ("saturation.svg", saturation),
    "lines": ("parallel-lines.svg", lines),
    "ring": ("ring.png", ring_of_modes),
    "blind": ("blind.png", blind),
}


def write(name: str, folder: Path = IMAGES) -> Path:
    """Draws a figure into a folder and returns its file."""
    file, draw = FIGURES[name]
    with matplotlib.rc_context(LOOK):
        metadata = {"Date": None} if file.endswith(".svg") else None
        draw().savefig(folder / file, metadata=metadata)
    return folder / file


def _figure(width: float, height: float) -> Figure:
    return Figure(figsize=(width, height), dpi=110, layout="constrained")


def _square(panel: Any) -> None:
    panel.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), aspect="equal", xticks=[], yticks=[])


def main() -> None:
    """Draws what was asked for and says where it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*FIGURES, []], metavar="NAME", help=", ".join(FIGURES))
    parser.add_argument("--train", action="store_true", help="train on the ring first")
    given = parser.parse_args()
    if given.train:
        ring.main()
    for name in given.names or FIGURES:
        print(write(name))


if __name__ == "__main__":
    main()
