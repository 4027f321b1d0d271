"""Functions that return networks: each a plain keras.Model, its defaults those of the paper it is named for."""

from kgan.networks import dcgan, residual

__all__ = ["dcgan", "residual"]
