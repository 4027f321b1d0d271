"""Draws the figures of kgan.divergences that the documents show: docs/images/divergences-*.png."""

from pathlib import Path

import numpy as np

from kgan.divergences import plots

IMAGES = Path(__file__).parent.parent / "docs" / "images"


def main() -> None:
    """Writes every figure and says where."""
    figures = {"histograms": textbook_pair(), "sliding": block_and_bell(), "joint": textbook_samples()}
    for name, figure in figures.items():
        path = IMAGES / f"divergences-{name}.png"
        figure.savefig(path)
        print(path)


def textbook_pair():
    """Returns the histograms of [1..5]/15 and its reverse."""
    p = np.arange(1, 6) / 15
    return plots.histograms(p, p[::-1], positions=range(1, 6))


def block_and_bell():
    """Returns the curves of a block of width 2, which a step of 2 takes clear of its copy, and of a normal bell."""
    # Cells of 0.1, of which the block covers 20 wherever a multiple of 0.1 puts it.
    positions, distances = np.arange(-79, 160) / 10 - 0.05, np.arange(0, 61) / 10
    shapes = {
        "block of width 2": lambda x: np.abs(x) < 1,
        "normal bell, deviation 1": lambda x: np.exp(-(x**2) / 2),
    }
    return plots.sliding(shapes, positions, distances)


def textbook_samples():
    """Returns the table of ten pairs whose mutual information is 0.6535 in base 10."""
    return plots.joint([0, 0, 5, 6, 0, 4, 4, 3, 1, 2], [3, 4, 5, 5, 3, 7, 7, 6, 5, 1], base=10)


if __name__ == "__main__":
    main()
