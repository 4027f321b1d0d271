"""The GAN families, one page each: a family reads like the algorithm's box in its paper."""

from kgan.families.gan import GAN

__all__ = ["GAN"]
