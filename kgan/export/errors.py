"""What goes wrong when a model is published, though nobody gave anything wrong."""


class ExportError(RuntimeError):
    """What was written could not be shown to answer as the live model does; nothing was published."""
