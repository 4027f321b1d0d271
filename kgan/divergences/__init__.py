"""What a GAN's loss is about, on distributions small enough to see: entropy, divergences, mutual information.

`kgan.divergences.plots` draws them.
"""

from kgan.divergences.discrete import (
    entropy,
    joint_distribution,
    js_divergence,
    kl_divergence,
    mutual_information,
    table_mutual_information,
    total_variation,
    wasserstein_1,
)
from kgan.divergences.sliding import sliding_divergences

__all__ = [
    "entropy",
    "joint_distribution",
    "js_divergence",
    "kl_divergence",
    "mutual_information",
    "sliding_divergences",
    "table_mutual_information",
    "total_variation",
    "wasserstein_1",
]
