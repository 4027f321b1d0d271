"""Images for training: from TensorFlow Datasets by name, from a folder, or drawn by the package itself."""

from kgan.data import synthetic
from kgan.data.checking import check
from kgan.data.conditioned import ConditionedImages, one_hot
from kgan.data.domains import open_domains
from kgan.data.held_out import has_split, open_held_out
from kgan.data.image_set import ImageSet
from kgan.data.jitter import Jitter
from kgan.data.pairing import open_pairs
from kgan.data.pairs import PairedImages, UnpairedImages
from kgan.data.preparing import prepare
from kgan.data.sources import load, open_images
from kgan.data.tags import Tags, images_of, is_tagged, open_tagged, read_tags

__all__ = [
    "ConditionedImages",
    "ImageSet",
    "Jitter",
    "PairedImages",
    "Tags",
    "UnpairedImages",
    "check",
    "has_split",
    "images_of",
    "is_tagged",
    "load",
    "one_hot",
    "open_domains",
    "open_held_out",
    "open_images",
    "open_pairs",
    "open_tagged",
    "prepare",
    "read_tags",
    "synthetic",
]
