"""Callbacks that watch a training: pictures, scores, health."""

from kgan.monitors.health.monitor import HealthMonitor
from kgan.monitors.sample_grid import SampleGrid
from kgan.monitors.score import ScoreMonitor
from kgan.monitors.translation_grid import TranslationGrid

__all__ = ["HealthMonitor", "SampleGrid", "ScoreMonitor", "TranslationGrid"]
