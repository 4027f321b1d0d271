"""kgan: generative adversarial networks for Keras and TensorFlow."""

from kgan import losses, networks, penalties
from kgan.adversarial import Adversarial
from kgan.families import GAN
from kgan.penalties import DRAGAN, R1, R2, GradientPenalty, WeightClipping

__all__ = [
    "DRAGAN",
    "GAN",
    "R1",
    "R2",
    "Adversarial",
    "GradientPenalty",
    "WeightClipping",
    "losses",
    "networks",
    "penalties",
]
