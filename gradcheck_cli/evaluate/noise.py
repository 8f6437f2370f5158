"""Replicas of an evaluation, each disturbed by known rounding noise: the measured rounding floor.

Row 0 of the batch is the evaluation itself; in the others every rounded
operation is disturbed by a relative `AMPLITUDE`, far above the unit roundoff
and far below anything nonlinear. How much a residual moves, scaled back, is
how much rounding can move it (Monte Carlo arithmetic: Parker, 1997), whatever
the conditioning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.shapes.typed import Apply, Constant, Typed

AMPLITUDE = 2.0**-40
UNIT = 2.0**-53
REPLICAS = 4
"""How many disturbed rows an evaluation carries."""

_EXACT = {
    "negative",
    "tril",
    "triu",
    "diag",
    "max",
    "min",
    "maximum",
    "minimum",
    "where",
    "clip",
    "abs",
    "sign",
    "relu",
    "floor",
}


def is_rounded(node: Typed) -> bool:
    """Whether computing a node rounds, so that its value has to be disturbed."""
    if isinstance(node, Constant):
        denominator = node.value.denominator
        return denominator & (denominator - 1) != 0 or node.value.numerator.bit_length() > 53
    if isinstance(node, Apply):
        function = FUNCTIONS[node.function]
        if node.function == "divide" and all(a.type.dtype == "int" for a in node.args):
            return False  # correctly rounded, and `floor(i / r)` must see whole quotients as whole
        return (
            node.type.dtype == "real"
            and function.rule != "comparison"
            and function.group in {"arithmetic", "elementwise", "reduction", "linear algebra"}
            and node.function not in _EXACT
        )
    return False


def replicas(x: Any, rng: np.random.Generator, rows: int = 1 + REPLICAS, disturbed: int = REPLICAS) -> Any:
    """The rows of a leaf: x itself, x disturbed, then x again; whole numbers and masks are only repeated."""
    x = np.asarray(x)
    batch = np.broadcast_to(x, (rows, *x.shape))
    if x.dtype != np.float64:
        return np.ascontiguousarray(batch)
    return batch * _factors(rng, batch.shape, disturbed)


def _factors(rng: np.random.Generator, shape: tuple[int, ...], disturbed: int) -> Any:
    """1 + AMPLITUDE · ξ in rows 1 … disturbed, ξ uniform of unit variance (the cheapest to draw); else 1."""
    noise = rng.random(shape, dtype=np.float32).astype(np.float64)
    noise -= 0.5
    noise *= np.sqrt(12.0) * AMPLITUDE
    noise[0] = 0
    noise[1 + disturbed :] = 0
    noise += 1
    return noise


class Noise:
    """An observer that disturbs the rows of replicas, and no others."""

    def __init__(
        self,
        rows: int,
        rng: np.random.Generator,
        bring: Callable[[Any], Any] = lambda x: x,
        disturbed: int = REPLICAS,
    ) -> None:
        self.rows = rows
        self.rng = rng
        self.bring = bring
        self.disturbed = disturbed

    def seen(self, node: Typed, value: Any) -> Any:
        """The value, disturbed if computing it rounds."""
        if not is_rounded(node):
            return value
        return value * self.bring(self.factors(value.shape))

    def factors(self, shape: tuple[int, ...]) -> Any:
        """Factors for an array of this shape, whose batch may still be 1."""
        return _factors(self.rng, (self.rows, *shape[1:]), self.disturbed)

    def called(self, function: str, args: tuple[Any, ...], statics: Mapping[str, object]) -> None:
        """Nothing to watch."""
