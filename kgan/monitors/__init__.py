"""Callbacks that watch a training: pictures, scores, health, copies."""

from kgan.monitors.copy_guard import CopyGuard
from kgan.monitors.health.monitor import HealthMonitor
from kgan.monitors.sample_grid import SampleGrid
from kgan.monitors.score import ScoreMonitor
from kgan.monitors.translation_grid import TranslationGrid

__all__ = ["CopyGuard", "HealthMonitor", "SampleGrid", "ScoreMonitor", "TranslationGrid"]
