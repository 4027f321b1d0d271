"""Largest singular values of kernels, by power iteration that goes on from look to look."""

from collections.abc import Mapping

import numpy as np

FIRST_ROUNDS, LATER_ROUNDS = 30, 4
TINY = 1e-12


class Spectra:
    """The largest singular value of each kernel, reshaped to (inputs and positions, outputs) (Miyato et al. 2018).

    A vector a kernel is kept between calls, so that a few products with the kernel follow it as it changes.
    """

    def __init__(self) -> None:
        self._vectors: dict[str, np.ndarray] = {}

    def __call__(self, kernels: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Returns the largest singular value of each of these kernels, by name; arrays of rank 2 or more."""
        return {name: self._largest(name, kernel.reshape(-1, kernel.shape[-1])) for name, kernel in kernels.items()}

    def _largest(self, name: str, matrix: np.ndarray) -> float:
        rounds = LATER_ROUNDS if name in self._vectors else FIRST_ROUNDS
        start = np.random.default_rng(0).standard_normal((matrix.shape[1],)).astype("float32")
        vector = self._vectors.get(name, start)
        value = 0.0
        for _ in range(rounds):
            vector = vector / max(float(np.linalg.norm(vector)), TINY)
            image = matrix @ vector
            value = float(np.linalg.norm(image))
            vector = matrix.T @ image
        if 0 < value < np.inf:
            self._vectors[name] = vector
        return value
