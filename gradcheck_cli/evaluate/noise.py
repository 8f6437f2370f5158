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

from gradcheck_cli.evaluate.backend import is_exhausted
from gradcheck_cli.evaluate.interpret import EvaluationFailed
from gradcheck_cli.evaluate.numpy_functions import NUMPY
from gradcheck_cli.evaluate.sampling import HUGE
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.shapes.typed import Apply, Constant, Typed

AMPLITUDE = 2.0**-40
UNIT = 2.0**-53
REPLICAS = 4
"""How many disturbed rows an evaluation carries."""

FEW_REPLICAS = 2
"""The same for huge arrays, whose elements tell of each other (`POOLED` in compare/floor.py)."""

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

_BACKWARD_STABLE = frozenset({"inv", "pinv", "solve", "solve_triangular", "cholesky", "det", "logdet"})
"""What a library returns of these is right for matrices that are off by rounding; how far that is from
right for the matrices as they are depends on their condition (N. J. Higham, Accuracy and Stability of
Numerical Algorithms, 2002, chapter 9)."""


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


def rms(x: Any) -> Any:
    """The root mean square along the first axis, of numbers of any size: squares of 1e-170 would be zero."""
    with np.errstate(all="ignore"):
        largest = np.max(np.abs(x), initial=0.0)
        if not largest or not np.isfinite(largest):
            largest = 1.0
        found: Any = largest * np.sqrt(np.mean((x / largest) ** 2, axis=0))
    return found


def replicas(x: Any, rng: np.random.Generator, rows: int = 1 + REPLICAS, disturbed: int = REPLICAS) -> Any:
    """The rows of a leaf: x itself, x disturbed, then x again; whole numbers and masks are only repeated."""
    x = np.asarray(x)
    batch = np.broadcast_to(x, (rows, *x.shape))
    if x.dtype != np.float64:
        return np.ascontiguousarray(batch)
    return batch * _factors(rng, batch.shape, disturbed)


def _factors(rng: np.random.Generator, shape: tuple[int, ...], disturbed: int) -> Any:
    """1 + AMPLITUDE · ξ in rows 1 … disturbed, ξ uniform of unit variance (the cheapest to draw); else 1."""
    noise = np.empty(shape)
    if noise.size < HUGE:
        np.subtract(rng.random(shape, dtype=np.float32), 0.5, out=noise, dtype=np.float64)
        noise *= np.sqrt(12.0) * AMPLITUDE
    else:
        # four numbers of 16 bits from each of 64
        part = noise[1 : 1 + disturbed]
        drawn = rng.bit_generator.random_raw(-(-part.size // 4)).view(np.int16)[: part.size]
        np.multiply(drawn.reshape(part.shape), np.sqrt(12.0) * AMPLITUDE / 2**16, out=part)
        part += 1
        noise[0] = noise[1 + disturbed :] = 1
        return noise
    noise += 1
    noise[0] = 1
    noise[1 + disturbed :] = 1
    return noise


class Noise:
    """An observer that disturbs the rows of replicas, and no others."""

    functions: Mapping[str, Callable[..., Any]] = NUMPY
    last: tuple[str, tuple[Any, ...], Mapping[str, object]] = ("", (), {})

    def __init__(
        self,
        rows: int,
        rng: np.random.Generator,
        disturbed: int = REPLICAS,
    ) -> None:
        self.rows = rows
        self.rng = rng
        self.disturbed = disturbed

    def seen(self, node: Typed, value: Any) -> Any:
        """The value, disturbed if computing it rounds. Raises EvaluationFailed where it cannot be."""
        if not is_rounded(node):
            return value
        if isinstance(node, Apply) and node.function in _BACKWARD_STABLE:
            value = self.of_disturbed(node)
        return value * self.factors(value.shape)

    def of_disturbed(self, node: Typed) -> Any:
        """The last call once more, with arguments that are off by rounding."""
        function, args, statics = self.last
        moved = [a * self.factors(a.shape) for a in args]
        try:
            return self.functions[function](*moved, **statics)
        except (ArithmeticError, RuntimeError, ValueError) as error:  # LinAlgError is a ValueError
            if is_exhausted(error):
                raise
            reason = "the matrix is singular or indefinite within rounding"
            raise EvaluationFailed(function, reason, node) from None

    def leaf(self, x: Any) -> Any:
        """The rows of an array that is given."""
        return replicas(x, self.rng, self.rows, self.disturbed)

    def factors(self, shape: tuple[int, ...]) -> Any:
        """Factors for an array of this shape, whose batch may still be 1."""
        return _factors(self.rng, (self.rows, *shape[1:]), self.disturbed)

    def called(self, function: str, args: tuple[Any, ...], statics: Mapping[str, object]) -> None:
        """Keeps the call whose value is seen next."""
        self.last = (function, args, statics)
