"""A witness of exact derivatives that knows no derivative rule: central differences of the forward in balls.

With a step of 2^-140 at 420 bits their truncation and their rounding both stay
near 2^-280, so that some eighty digits are theirs. An intermediate is moved by
cutting the forward there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from flint import arb, ctx

from gradcheck_cli.evaluate.flint_functions import ball
from gradcheck_cli.evaluate.objects import Inexact, as_objects, each
from gradcheck_cli.evaluate.tape import total
from gradcheck_cli.oracle.exact import Array, ExactOracle, as_row
from gradcheck_cli.shapes.typed import Derivative, Gradient, Loss, LossTangent, Quantity, Tangent, Value

BITS = 420
"""The precision at which differences are good for more than `CONFIRMED` digits."""

STEP = 140
"""Minus the logarithm of the step, to base 2."""

CONFIRMED = 50
"""Digits to which the differences have to agree with the tape."""


class Witness:
    """The same quantities by central differences, each along one direction, at the values of an oracle."""

    def __init__(self, oracle: ExactOracle, rng: np.random.Generator) -> None:
        self.oracle = oracle
        self.rng = rng

    def confirms(self, quantity: Quantity, claimed: Array) -> int | None:
        """To how many digits the differences agree with the tape; None for what is no derivative.

        Raises Inexact if they do not.
        """
        return None if isinstance(quantity, (Value, Loss)) else self.compared(quantity, claimed)

    def compared(self, quantity: Quantity, claimed: Array) -> int:
        """The digits for one derivative."""
        oracle = self.oracle
        if isinstance(quantity, (Tangent, LossTangent)):
            moves = {n: oracle.tangents[n] for n in oracle.moving()}
            answer = claimed
        elif isinstance(quantity, (Gradient, Derivative)):
            shape = oracle.values[quantity.name].shape
            if isinstance(quantity, Derivative) and quantity.elementwise:
                signs = np.ones(shape, dtype=np.int64)
            else:
                signs = self.rng.choice((-1, 1), shape)
            direction = each(lambda s: ball(int(s)), signs)
            moves = {quantity.name: direction}
            answer = claimed
            if isinstance(quantity, Gradient):
                answer = as_row(total((claimed * direction).ravel()))
            elif not quantity.elementwise:
                flat = claimed.reshape(-1, direction.size)
                products = (flat * direction.ravel()).tolist()
                answer = as_objects([total(row) for row in products], (len(flat),))
        else:
            raise Inexact("an expectation is no matter of one point")
        if not moves:
            return CONFIRMED
        found = (self.moved(quantity, moves, 1) - self.moved(quantity, moves, -1)) * (arb(2) ** (STEP - 1))
        return _agreement(answer.ravel(), found.ravel(), _size(claimed))

    def moved(self, quantity: Quantity, moves: Mapping[str, Array], sign: int) -> Array:
        """What is differentiated, a step along the moves or back."""
        h = arb(2) ** -STEP * sign
        displaced = {
            name: self.oracle.backend.real(self.oracle.values[name]) + v * h for name, v in moves.items()
        }
        hold = self.oracle.fixed if isinstance(quantity, (Tangent, LossTangent)) else frozenset()
        values = self.oracle.run(displaced, hold)
        if isinstance(quantity, (Gradient, LossTangent)):
            return as_row(self.oracle.loss(values))
        assert isinstance(quantity, (Tangent, Derivative))
        return self.oracle.backend.real(self.oracle.tree(quantity.tree, values, quantity.indices))


def _size(numbers: Array) -> Any:
    """The largest magnitude, as an exact number."""
    largest = arb(0)
    for x in numbers.ravel():
        largest = largest.max(abs(x))
    return largest.mid()


def _agreement(left: Any, right: Any, scale: Any) -> int:
    worst = arb(0)
    for a, b in zip(left, right, strict=True):
        if not (a.is_finite() and b.is_finite()):
            raise Inexact("a derivative is not finite at this point")
        worst = worst.max(abs(a - b))
    found = digits(worst.upper(), scale.max(arb(1)))
    if found < CONFIRMED:
        raise Inexact("the differences do not confirm the tape")
    return found


def digits(error: Any, scale: Any) -> int:
    """How many decimal digits an error leaves of a scale; 0 for none, 999 for no error at all."""
    if error == 0:
        return 999
    with ctx.workprec(60):
        found = (scale / error).log() / arb(10).log()
    return max(0, int(float(found.lower()))) if found.is_finite() else 0
