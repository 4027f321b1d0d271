"""Functions that return networks: each a plain keras.Model, its defaults those of the paper it is named for."""

from kgan.networks import dcgan, patchgan, residual, resnet, unet

__all__ = ["dcgan", "patchgan", "residual", "resnet", "unet"]
