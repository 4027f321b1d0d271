"""Trainings that are killed at random moments: what is trained, the processes, and what must be there at the end."""

from kills.apps import APPS, App
from kills.endings import shortcomings
from kills.sittings import Sitting, forked, newest_step, train_alone

__all__ = ["APPS", "App", "Sitting", "forked", "newest_step", "shortcomings", "train_alone"]
