"""Evaluation: how good generated images are, by a protocol, with an interval and the real images' floor."""

from kgan.evaluation.comparison import Comparison, compare, refuse_different
from kgan.evaluation.defaults import default_extractor, default_scorer, default_translation_scorer
from kgan.evaluation.drawing import digest_of_weights, draw
from kgan.evaluation.evaluate import evaluate_images
from kgan.evaluation.measures import MEASURES, Measure
from kgan.evaluation.protocol import Protocol
from kgan.evaluation.reference import Reference, open_reference
from kgan.evaluation.report import Evaluation, Row, load
from kgan.evaluation.scorer import Scorer
from kgan.evaluation.tables import comparison_table, table
from kgan.evaluation.translation import TranslationScorer, translated

__all__ = [
    "MEASURES",
    "Comparison",
    "Evaluation",
    "Measure",
    "Protocol",
    "Reference",
    "Row",
    "Scorer",
    "TranslationScorer",
    "compare",
    "comparison_table",
    "default_extractor",
    "default_scorer",
    "default_translation_scorer",
    "digest_of_weights",
    "draw",
    "evaluate_images",
    "load",
    "open_reference",
    "refuse_different",
    "table",
    "translated",
]
