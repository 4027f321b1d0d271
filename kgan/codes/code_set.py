"""`CodeSet`: several codes side by side, in a latent and in Q's answer."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from kgan.codes.base import Code
from kgan.errors import InputError, unknown_name
from kgan.seeds import uniform_from_seeds

# Of what a seed draws, the codes; `kgan.latents.from_seeds` takes the noise from 0.
CODES = 1


class CodeSet:
    """Codes in their order.

    Args:
        codes: At least one.

    Attributes:
        by_name: The codes by the names that they are logged and chosen by: `categorical_1`, `continuous_1`,
            `continuous_2`, ...
        size: Columns that they take of a latent together.
        answers: Columns that they take of Q's answer together.

    Raises:
        InputError: If there is none, or one is no `Code`.
    """

    def __init__(self, codes: Sequence[Code]):
        strange = [type(code).__name__ for code in codes if not isinstance(code, Code)]
        if strange or not codes:
            raise InputError(
                f"codes: expected at least one, such as kgan.codes.Categorical(10); got {', '.join(strange) or 'none'}."
            )
        kinds: Counter[str] = Counter()
        self.by_name: dict[str, Code] = {}
        for code in codes:
            kinds[code.kind] += 1
            self.by_name[f"{code.kind}_{kinds[code.kind]}"] = code
        self.size = sum(code.size for code in codes)
        self.answers = sum(code.answers for code in codes)

    def draw(self, num: Any, seed: Any) -> tf.Tensor:
        """Returns `num` draws of all codes, `(num, size)`, by one seed `(2,)`."""
        return self._columns(tf.random.stateless_uniform((num, len(self.by_name)), seed, alg="philox"), {})

    def from_seeds(self, seeds: tf.Tensor, chosen: Mapping[str, Any]) -> tf.Tensor:
        """Returns codes `(n, size)`; row i is a function of `seeds[i]` alone, on any machine, and of what is chosen.

        Args:
            seeds: `(n,)` int64.
            chosen: Values of codes by name, one for all rows or one for each; the other codes are drawn.

        Raises:
            InputError: If there is no code of a name, no such value of it, or there are not n values.
        """
        for name, values in chosen.items():
            if name not in self.by_name:
                raise unknown_name("code", name, self.by_name)
            if np.shape(values) not in ((), tuple(seeds.shape)):
                raise InputError(
                    f"{name}: expected one value, or one for each of {seeds.shape[0]} seeds; got {values}."
                )
        return self._columns(uniform_from_seeds(seeds, len(self.by_name), CODES), chosen)

    def _columns(self, uniform: tf.Tensor, chosen: Mapping[str, Any]) -> tf.Tensor:
        drawn = zip(self.by_name.items(), tf.unstack(uniform, axis=1), strict=True)
        return tf.concat(
            [
                code.chosen(np.broadcast_to(chosen[name], uniform.shape[:1]))
                if name in chosen
                else code.from_uniform(u)
                for (name, code), u in drawn
            ],
            axis=1,
        )

    def split(self, codes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns each code's columns of codes `(n, size)`, by name."""
        return self._split(codes, [code.size for code in self.by_name.values()])

    def split_answer(self, answer: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns each code's columns of Q's answer `(n, answers)`, by name."""
        return self._split(answer, [code.answers for code in self.by_name.values()])

    def _split(self, columns: tf.Tensor, sizes: list[int]) -> dict[str, tf.Tensor]:
        return dict(zip(self.by_name, tf.split(columns, sizes, axis=1), strict=True))
