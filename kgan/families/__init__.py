"""The GAN families, one page each: a family reads like the algorithm's box in its paper."""

from kgan.families.conditional import ConditionalGAN
from kgan.families.gan import GAN
from kgan.families.infogan import InfoGAN

__all__ = ["GAN", "ConditionalGAN", "InfoGAN"]
