"""The GAN families, one page each: a family reads like the algorithm's box in its paper."""

from kgan.families.conditional import ConditionalGAN
from kgan.families.cyclegan import CycleGAN
from kgan.families.gan import GAN
from kgan.families.infogan import InfoGAN
from kgan.families.pix2pix import Pix2Pix

__all__ = ["GAN", "ConditionalGAN", "CycleGAN", "InfoGAN", "Pix2Pix"]
