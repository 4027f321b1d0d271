"""kgan: generative adversarial networks for Keras and TensorFlow."""

from kgan import data, divergences, evaluation, layers, losses, metrics, networks, penalties
from kgan.adversarial import Adversarial
from kgan.export import export
from kgan.families import GAN
from kgan.monitors import HealthMonitor, SampleGrid, ScoreMonitor
from kgan.penalties import DRAGAN, R1, R2, GradientPenalty, WeightClipping

__all__ = [
    "DRAGAN",
    "GAN",
    "R1",
    "R2",
    "Adversarial",
    "GradientPenalty",
    "HealthMonitor",
    "SampleGrid",
    "ScoreMonitor",
    "WeightClipping",
    "data",
    "divergences",
    "evaluation",
    "export",
    "layers",
    "losses",
    "metrics",
    "networks",
    "penalties",
]
