"""`HealthMonitor`: watches a training, names what is wrong with it and the one thing to try."""

from kgan.monitors.health.alarms import Alarm
from kgan.monitors.health.monitor import HealthMonitor
from kgan.monitors.health.signals import Signals

__all__ = ["Alarm", "HealthMonitor", "Signals"]
