"""Worlds that the package draws itself: offline, in seconds, any number, with the truth about every image known."""

from kgan.data.synthetic.digits import digits

__all__ = ["digits"]
