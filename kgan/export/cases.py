"""What the live model answers, for the check of what was written."""

import numpy as np
import tensorflow as tf

from kgan.errors import InputError
from kgan.export.signatures import Signature

CHECKED_BATCH_SIZES = (0, 1, 3)


def ask_live_model(served: dict[str, Signature]) -> dict[str, np.ndarray]:
    """Returns inputs and answers as `check.py` reads them.

    Raises:
        InputError: If images are not finite.
    """
    cases = {}
    # Where the check runs too: this process may hold all of a GPU's memory.
    with tf.device("CPU:0"):
        for name, signature in served.items():
            # A graph, as the server's: its fused kernels round a network in bfloat16 otherwise than eager ones do.
            graph = tf.function(signature.expected, input_signature=signature.specs, autograph=False)
            live = graph.get_concrete_function()
            for size in CHECKED_BATCH_SIZES:
                for spec, example in zip(signature.specs, signature.example(size), strict=True):
                    cases[f"{name}/{size}/input/{spec.name}"] = example
                # To an empty batch, which not every network takes, the answer is no image, of the right size.
                some = [tf.constant(example) for example in signature.example(max(size, 1))]
                cases[f"{name}/{size}/expected"] = live(*some).numpy()[:size]
    answers = [case for name, case in cases.items() if name.endswith("/expected")]
    if not all(np.isfinite(answer).all() for answer in answers):
        raise InputError("the model's images are not finite: its training diverged; export an earlier checkpoint.")
    return cases
