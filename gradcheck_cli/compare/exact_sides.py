"""Two sides in balls, element by element: disjoint balls are a proof, overlapping ones agree to digits."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb

from gradcheck_cli.compare.sight import index_text
from gradcheck_cli.compare.verdict import Place, Sight
from gradcheck_cli.evaluate.objects import Inexact
from gradcheck_cli.oracle.exact_points import Point
from gradcheck_cli.oracle.exact_witness import digits
from gradcheck_cli.spec.model import Verdict

SHOWN = 20
"""Digits of a ball that are printed."""

FINEST = 50
"""Digits that a violation is told apart by, at the least."""

READABLE = 24
"""Numbers of a point that are still printed."""


@dataclass(frozen=True)
class Comparison:
    """What one point shows of one link."""

    separated: bool
    """Whether some element is certain to violate the relation."""
    digits: int
    """To how many digits all elements agree; of a violation, how many of its element do."""
    bits: int
    elements: int
    sizes: tuple[tuple[str, int], ...]
    sight: Sight
    index: str
    left: str
    right: str
    data: tuple[tuple[str, str], ...]
    vacuous: bool
    """Whether both sides are zero, as far as the balls tell."""


def compared(
    left: Any, right: Any, relation: str, labels: tuple[str, ...], point: Point, bits: int
) -> Comparison:
    """Compares the sides (*free indices, *shape). Raises Inexact where the balls do not tell."""
    if not left.size:
        raise Inexact("the arrays are empty")
    pairs = list(zip(left.ravel().tolist(), right.ravel().tolist(), strict=True))
    differences = [_difference(a, b) for a, b in pairs]
    scale = _scale(pairs)
    violated = _violations(differences, relation)
    sizes = [_upper(d) for d in differences]
    at = max(violated or range(len(pairs)), key=sizes.__getitem__)
    a, b = pairs[at]
    index = index_text(np.unravel_index(at, left.shape), labels) if left.shape else ""
    agreed = digits(abs(differences[at]).upper(), scale) if relation == "=" or violated else 999
    verdict: Verdict = "wrong" if violated else "holds"
    error = float((abs(differences[at]) / scale).mid()) if violated else 0.0
    sight = Sight(
        verdict,
        dict(point.sizes),
        1.0,
        error=error,
        floor=10.0 ** -min(agreed if not violated else FINEST, FINEST),
        share=len(violated) / len(pairs),
        place=Place(index, float(a.mid()), float(b.mid())),
    )
    return Comparison(
        bool(violated),
        agreed,
        bits,
        len(pairs),
        tuple(sorted(point.sizes.items())),
        sight,
        index,
        a.str(SHOWN) if violated else "",
        b.str(SHOWN) if violated else "",
        _data(point) if violated else (),
        all(x.contains(0) for pair in pairs for x in pair),
    )


def _difference(a: Any, b: Any) -> Any:
    if a.is_finite() and b.is_finite():
        return a - b
    if a == b:
        return arb(0)  # two infinities of one sign agree
    raise Inexact("a side is not finite at this point")


def _scale(pairs: list[tuple[Any, Any]]) -> Any:
    """What errors are relative to: the largest magnitude; one, where everything may be zero."""
    largest = arb(0)
    for a, b in pairs:
        for x in (a, b):
            if x.is_finite():
                largest = largest.max(abs(x))
    scale = largest.mid()
    return scale if scale > 1000 * largest.rad() else arb(1)


def _upper(x: Any) -> float:
    """A bound of the magnitude, on a scale that floats can hold."""
    bound = abs(x).upper()
    if bound == 0:
        return float("-inf")
    return float(bound.log().mid())


def _violations(differences: list[Any], relation: str) -> list[int]:
    """The elements that certainly violate the relation. Raises Inexact where an inequality is too near."""
    numbered = list(enumerate(differences))
    match relation:
        case "=":
            return [n for n, d in numbered if d > 0 or d < 0]
        case "!=":
            if any(d > 0 or d < 0 for d in differences):
                return []
            if all(d == 0 for d in differences):
                return [n for n, _ in numbered]
        case "<=" | ">=":
            signed = [(n, d if relation == "<=" else -d) for n, d in numbered]
            found = [n for n, d in signed if d > 0]
            if found or all(d <= 0 for _, d in signed):
                return found
        case "<" | ">":
            signed = [(n, d if relation == "<" else -d) for n, d in numbered]
            found = [n for n, d in signed if d >= 0]
            if found or all(d < 0 for _, d in signed):
                return found
    raise Inexact("two sides are too near for the relation to be decided")


def _data(point: Point) -> tuple[tuple[str, str], ...]:
    """The point, where it is small enough to be read."""
    given = {**point.tangents, **point.cotangents}
    arrays = dict(point.inputs) | {f"d{name}": x for name, x in given.items()}
    if sum(int(np.size(x)) for x in arrays.values()) > READABLE:
        return ()
    return tuple((name, _written(np.asarray(x).tolist())) for name, x in arrays.items())


def _written(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    return _number(value) if isinstance(value, Fraction) else str(value)


def _number(value: Fraction) -> str:
    """A short decimal, else a fraction."""
    for places in range(5):
        scaled = value * 10**places
        if scaled.denominator == 1:
            return f"{float(value):.{places}f}"
    return str(value)
