"""Images for training: from TensorFlow Datasets by name, from a folder, or drawn by the package itself."""

from kgan.data import synthetic
from kgan.data.held_out import open_held_out
from kgan.data.image_set import ImageSet
from kgan.data.sources import load, open_images

__all__ = ["ImageSet", "load", "open_held_out", "open_images", "synthetic"]
