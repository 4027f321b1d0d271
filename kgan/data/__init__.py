"""Images for training: from TensorFlow Datasets by name, from a folder, or drawn by the package itself."""

from kgan.data import synthetic
from kgan.data.conditioned import ConditionedImages, one_hot
from kgan.data.held_out import open_held_out
from kgan.data.image_set import ImageSet
from kgan.data.sources import load, open_images
from kgan.data.tags import Tags, images_of, is_tagged, open_tagged, read_tags

__all__ = [
    "ConditionedImages",
    "ImageSet",
    "Tags",
    "images_of",
    "is_tagged",
    "load",
    "one_hot",
    "open_held_out",
    "open_images",
    "open_tagged",
    "read_tags",
    "synthetic",
]
