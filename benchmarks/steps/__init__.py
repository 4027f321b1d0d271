"""The steps that `step.py` compares, family by family: ours, others in TensorFlow, and a twin in PyTorch."""

from steps.common import Family, Step, Work

__all__ = ["Family", "Step", "Work", "families"]


def families() -> dict[str, Family]:
    """Returns every family by name."""
    from steps import cyclegan, dcgan, pix2pix

    return {"dcgan": dcgan.FAMILY, "pix2pix": pix2pix.FAMILY, "cyclegan": cyclegan.FAMILY}
