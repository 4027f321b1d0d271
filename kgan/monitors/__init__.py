"""Callbacks that watch a training: pictures, scores, health."""

from kgan.monitors.sample_grid import SampleGrid

__all__ = ["SampleGrid"]
