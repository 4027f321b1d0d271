"""kgan: generative adversarial networks for Keras and TensorFlow."""

from kgan import data, losses, networks, penalties
from kgan.adversarial import Adversarial
from kgan.export import export
from kgan.families import GAN
from kgan.monitors import SampleGrid
from kgan.penalties import DRAGAN, R1, R2, GradientPenalty, WeightClipping

__all__ = [
    "DRAGAN",
    "GAN",
    "R1",
    "R2",
    "Adversarial",
    "GradientPenalty",
    "SampleGrid",
    "WeightClipping",
    "data",
    "export",
    "losses",
    "networks",
    "penalties",
]
