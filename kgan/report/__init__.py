"""Reports: a run, or several beside each other, as one HTML file that needs nothing else."""

from kgan.report.options import defaults_of
from kgan.report.record import Record, read
from kgan.report.writing import write, write_comparison

__all__ = ["Record", "defaults_of", "read", "write", "write_comparison"]
