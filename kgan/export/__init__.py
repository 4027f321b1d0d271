"""`export`: publishes a model as a SavedModel that TensorFlow Serving loads as it is.

`publish` and `published` are the same for a folder of models: with labels, the model card and the server's
configuration files.
"""

from kgan.export.configs import write_configs
from kgan.export.errors import ExportError
from kgan.export.exporting import export
from kgan.export.loaded import PublishedGenerator, PublishedTranslator, load_published
from kgan.export.models import PublishedModel, publish, published
from kgan.export.origin import Origin
from kgan.export.shipped import find_model, served_by_default
from kgan.export.training import load_for_training

__all__ = [
    "ExportError",
    "Origin",
    "PublishedGenerator",
    "PublishedModel",
    "PublishedTranslator",
    "export",
    "find_model",
    "load_for_training",
    "load_published",
    "publish",
    "published",
    "served_by_default",
    "write_configs",
]
