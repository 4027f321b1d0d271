"""Memorisation: copies of training images among samples."""

from kgan.metrics.memorisation.copies import CopyDetector
from kgan.metrics.memorisation.report import Memorisation, Pair
from kgan.metrics.memorisation.spaces import blurred_pixels
from kgan.metrics.memorisation.variants import Variant

__all__ = ["CopyDetector", "Memorisation", "Pair", "Variant", "blurred_pixels"]
