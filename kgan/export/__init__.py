"""`export`: publishes a model as a SavedModel that TensorFlow Serving loads as it is."""

from kgan.export.publish import ExportError, export

__all__ = ["ExportError", "export"]
