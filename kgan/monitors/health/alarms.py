"""`Alarm`, and when one is raised: for a symptom that lasts, once, with the gravest first."""

import dataclasses
from collections.abc import Sequence

from kgan.monitors.health.signals import Signals
from kgan.monitors.health.symptoms import SYMPTOMS, Symptom

LOOKS_TO_END = 2

# The signals of each of a model's games; see `kgan.monitors.health.views`.
Look = tuple[Signals, ...]


@dataclasses.dataclass(frozen=True)
class Alarm:
    """Something wrong with a training, said once.

    Attributes:
        name: What is wrong, in two to four words; one of the names in `kgan.monitors.health.symptoms`.
        step: The training step at which it was seen.
        seconds: The seconds of training by then, all sittings together.
        words: What was seen, with the numbers.
        advice: The one thing to try.
    """

    name: str
    step: int
    seconds: float
    words: str
    advice: str

    def __str__(self) -> str:
        return f"{self.name}: {self.words}; try {self.advice}"


def showing(symptom: Symptom, now: Look, before: Look) -> Look:
    """Returns the games that show a symptom, given the look before; none at the first look of all, which has none."""
    return tuple(signals for signals, former in zip(now, before, strict=False) if symptom.seen(signals, former))


class Watch:
    """Turns looks into alarms.

    A symptom must be seen in as many looks in a row as it asks for, in one game or another of the model's, and is over
    when two in a row do not show it. While
    one alarm lasts, lesser ones, which may well be its consequences, are not raised.

    Attributes:
        lasting: The names of the alarms that are not over.
    """

    def __init__(self, symptoms: Sequence[Symptom] = SYMPTOMS):
        self.symptoms = symptoms
        self.lasting: set[str] = set()
        self._streaks = {symptom.name: 0 for symptom in symptoms}

    def update(self, now: Look, before: Look) -> tuple[list[Symptom], list[Symptom]]:
        """Takes a look, and the one before it; returns the symptoms to raise an alarm for, and those that are over."""
        over = []
        for symptom in self.symptoms:
            streak, seen = self._streaks[symptom.name], bool(showing(symptom, now, before))
            streak = max(streak, 0) + 1 if seen else min(streak, 0) - 1
            self._streaks[symptom.name] = streak
            if symptom.name in self.lasting and streak <= -LOOKS_TO_END:
                self.lasting.remove(symptom.name)
                over.append(symptom)
        gravest = next((s for s in self.symptoms if self._streaks[s.name] >= s.looks or s.name in self.lasting), None)
        if gravest is None or gravest.name in self.lasting:
            return [], over
        self.lasting.add(gravest.name)
        return [gravest], over
