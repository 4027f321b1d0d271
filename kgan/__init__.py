"""kgan: generative adversarial networks for Keras and TensorFlow."""

from kgan import (
    augment,
    codes,
    data,
    divergences,
    evaluation,
    finetuning,
    layers,
    losses,
    metrics,
    networks,
    optimizers,
    penalties,
    report,
    schedules,
)
from kgan.adversarial import Adversarial
from kgan.export import export
from kgan.families import GAN, ConditionalGAN, CycleGAN, InfoGAN, Pix2Pix
from kgan.monitors import CopyGuard, HealthMonitor, SampleGrid, ScoreMonitor, TranslationGrid
from kgan.penalties import DRAGAN, R1, R2, GradientPenalty, WeightClipping
from kgan.prompts import PromptEncoder

__all__ = [
    "DRAGAN",
    "GAN",
    "R1",
    "R2",
    "Adversarial",
    "ConditionalGAN",
    "CopyGuard",
    "CycleGAN",
    "GradientPenalty",
    "HealthMonitor",
    "InfoGAN",
    "Pix2Pix",
    "PromptEncoder",
    "SampleGrid",
    "ScoreMonitor",
    "TranslationGrid",
    "WeightClipping",
    "augment",
    "codes",
    "data",
    "divergences",
    "evaluation",
    "export",
    "finetuning",
    "layers",
    "losses",
    "metrics",
    "networks",
    "optimizers",
    "penalties",
    "report",
    "schedules",
]
