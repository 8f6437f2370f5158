"""Judges printed numbers: each claims an interval, in which the true value lies or does not.

Where everything is rational the value is exact; else it has the measured
rounding floor, and undecided is what the floor does not tell apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from gradcheck_cli.compare.court import Court, brought
from gradcheck_cli.compare.floor import WRONG, floor
from gradcheck_cli.compare.settings import Settings, seed_of
from gradcheck_cli.compare.sight import COARSEST, index_text, look
from gradcheck_cli.compare.verdict import Judgement, Place, Sight
from gradcheck_cli.evaluate.backend import Backend
from gradcheck_cli.evaluate.interpret import Evaluation
from gradcheck_cli.evaluate.noise import Noise
from gradcheck_cli.evaluate.objects import Inexact
from gradcheck_cli.evaluate.sampling import Draw
from gradcheck_cli.oracle.agreement import Agreement
from gradcheck_cli.oracle.moments import polynomials
from gradcheck_cli.oracle.polynomials import Ring
from gradcheck_cli.shapes.typed import Quantity, Typed, Value
from gradcheck_cli.spec.model import Claim, Operator, Verdict
from gradcheck_cli.spec.printed import Digits, Printed, flat, shape_of
from gradcheck_cli.spec.typing import Link, TypedClaim

EXACT = "exact: rational arithmetic"


def judge_printed(
    operator: Operator, claim: Claim, typed: TypedClaim, settings: Settings
) -> tuple[Judgement, ...]:
    """The verdict on every link. Raises UserError for sizes that cannot be."""
    decided: dict[int, Judgement] = {}
    for number, link in enumerate(typed.links):
        if link.mismatch is not None:
            problem = link.mismatch.problems[0]
            decided[number] = Judgement("shape-mismatch", problem.message, span=problem.span)
            continue
        exact = _exactly(link, typed)
        if exact is not None:
            decided[number] = exact
    rest = [n for n in range(len(typed.links)) if n not in decided]
    if rest and settings.oracle == "exact":
        decided |= {n: Judgement("undecided", "the value is not rational") for n in rest}
    elif rest:
        court = _Court(
            operator, typed, replace(settings, draws=1), seed_of(operator, claim, settings), rest
        )  # the data are given: a second draw would be the same
        (sights,) = court.sessions()[:1]
        decided |= {n: Judgement(s.verdict, s.reason, (s,)) for n, s in zip(rest, sights, strict=True)}
    return tuple(decided[n] for n in range(len(typed.links)))


class _Court(Court):
    """A court in which one side is printed."""

    row_by_row = False

    def compare(
        self,
        backend: Backend,
        data: Draw,
        given: Mapping[Quantity, Any],
        noise: Noise,
        rounding_rows: int,
        agreements: tuple[Agreement, ...],
    ) -> list[Sight]:
        """The values of each link against its numbers, or against each other."""
        evaluation = Evaluation(backend, data.sizes, given.__getitem__, len(self.typed.indices), noise)
        judged = [link for link in self.typed.links if link.mismatch is None]
        sights = []
        for left, right in self.sides:
            link = next(k for k in judged if k.left is left and k.right is right)
            values = [
                brought(backend.numpy(backend.real(evaluation.value(side))), evaluation.lead, [])
                for side in (left, right)
            ]
            if link.printed is None:
                sights.append(look(values[0], values[1], rounding_rows, data, (), agreements))
                continue
            value = values[0]
            allowed = floor(value, rounding_rows, np.abs(value[0]))
            sight = against(link.printed, value[0], allowed, data, flipped=link.printed_first)
            sights.append(replace(sight, agreements=agreements))
        return sights


def against(
    printed: Printed,
    value: Any,
    allowed: Any,
    data: Draw | None = None,
    *,
    flipped: bool = False,
    lenient: bool = False,
    said: str = "true",
) -> Sight:
    """What an array, each element with its floor, shows about the numbers printed for it.

    `lenient` numbers come from a machine whose rounding is not ours: near the end of an interval is in it.
    """
    digits = list(flat(printed))
    values = [_fraction(v) for v in np.asarray(value).reshape(-1)]
    bars = [_fraction(a) or Fraction(0) for a in np.broadcast_to(allowed, np.shape(value)).reshape(-1)]
    scale = max((abs(v) for v in values if v is not None), default=Fraction(0)) or Fraction(1)
    verdicts = [
        _verdict(d, v, a, scale, lenient=lenient) for d, v, a in zip(digits, values, bars, strict=True)
    ]
    order: tuple[Verdict, ...] = ("wrong", "undecided", "holds")
    verdict = next(v for v in order if v in verdicts)
    distances = [
        abs(v - d.value) / scale if v is not None and k == verdict else Fraction(-1)
        for d, v, k in zip(digits, values, verdicts, strict=True)
    ]
    at = distances.index(max(distances))
    found, claimed, bar = values[at], digits[at], bars[at]
    shape = shape_of(printed)
    pair = (float("nan") if found is None else float(found), float(claimed.value))
    place = Place(
        index_text(np.unravel_index(at, shape), ()) if shape else "", *(pair[::-1] if flipped else pair)
    )
    bad = [k != "holds" for k in verdicts]
    return Sight(
        verdict,
        data.sizes if data else {},
        data.scale if data else 1.0,
        error=float(max(distances[at], Fraction(0))),
        floor=float(max(d.half + a for d, a in zip(digits, bars, strict=True)) / scale),
        share=sum(bad) / len(bad) if verdict == "wrong" else 0.0,
        place=place,
        reason=_reason(verdict, claimed, found, bar, said) + _several(verdicts),
    )


def _verdict(
    digits: Digits, value: Fraction | None, bar: Fraction, scale: Fraction, *, lenient: bool
) -> Verdict:
    if value is None:
        return "undecided"
    outside = max(digits.low - value, value - digits.high)
    if outside > bar * (1 if lenient else Fraction(WRONG)):
        return "wrong"
    if bar > Fraction(COARSEST) * scale and bar > digits.half and not lenient:
        return "undecided"
    inside = outside <= -bar or (not digits.half and outside <= bar)
    return "holds" if inside or lenient else "undecided"


def _several(verdicts: list[Verdict]) -> str:
    wrong = sum(v == "wrong" for v in verdicts)
    return f"; {wrong} of {len(verdicts)} numbers are" if wrong > 1 else ""


def _reason(verdict: Verdict, digits: Digits, value: Fraction | None, bar: Fraction, said: str) -> str:
    if verdict == "holds":
        return ""
    if value is None:
        return f"printed {digits.text}, and the value is not finite"
    if verdict == "undecided":
        within = f"near the end of {digits.interval}" if digits.half else "too near to tell them apart"
        return f"printed {digits.text}, {said} {float(value):.10g} ± {float(bar):.1g}, {within}"
    if not digits.half:
        text = f"printed {digits.text}, {said} {_beyond(value, digits)}"
    else:
        text = f"printed {digits.text}, {said} {_beyond(value, digits)}, outside of {digits.interval}"
        if digits.value * value > 0 and abs(digits.value) <= abs(value) < abs(digits.value) + 2 * digits.half:
            text += " (cut off, not rounded)"
    return text


def _beyond(value: Fraction, digits: Digits) -> str:
    """The value with as many digits as it takes to see that it lies outside."""
    for precision in range(5, 17):
        text = f"{float(value):.{precision}g}"
        near = Fraction(text)
        outside = not digits.low <= near <= digits.high and (near < digits.low) == (value < digits.low)
        if outside and abs(near - value) <= (digits.half or abs(value)) / 5:
            return text
    return repr(float(value))


def _fraction(value: Any) -> Fraction | None:
    if isinstance(value, Fraction):
        return value
    return Fraction(float(value)) if np.isfinite(value) else None


# exactly


def _exactly(link: Link, typed: TypedClaim) -> Judgement | None:
    """The verdict by rational arithmetic, where there is nothing else in the formula."""
    assert link.left is not None
    assert link.right is not None
    try:
        found = _Rational(typed)
        left = found.array(link.left, len(typed.indices))
        right = found.array(link.right, len(typed.indices)) if link.printed is None else left
    except (Inexact, ZeroDivisionError):
        return None
    if link.printed is not None:
        sight = against(link.printed, left, Fraction(0), flipped=link.printed_first)
        return Judgement(sight.verdict, sight.reason, (sight,), basis=EXACT)
    left, right = np.broadcast_arrays(left, right)
    difference = np.asarray(np.abs(left - right), dtype=object)
    if not difference.size or not np.any(difference):
        return Judgement("holds", basis=EXACT)
    worst = np.unravel_index(int(np.argmax(difference)), difference.shape)
    scale = np.max(np.abs(left)) or np.max(np.abs(right))
    place = Place(index_text(worst, ()), float(left[worst]), float(right[worst]))
    share = float(np.mean((difference != 0).astype(float)))
    sight = Sight("wrong", {}, 1.0, float(difference[worst] / scale), 0.0, share, place)
    return Judgement("wrong", "", (sight,), basis=EXACT)


class _Rational:
    """The given data and the lines of the forward, as Fractions, as far as they are asked for."""

    def __init__(self, typed: TypedClaim) -> None:
        self.typed = typed
        self.ring = Ring()
        self.lines = {d.name: d for d in typed.program.definitions}
        self.values: dict[str, Any] = {}

    def array(self, tree: Typed, indices: int) -> Any:
        """The elements of a tree. Raises Inexact."""
        found = polynomials(tree, {}, self.given, self.ring, indices)
        return np.vectorize(lambda p: p.constant, otypes=[object])(found)

    def given(self, quantity: Quantity) -> Any:
        """A value by its name. Raises Inexact for whatever is no value."""
        if not isinstance(quantity, Value):
            raise Inexact("it is a derivative")
        name = quantity.name
        if name not in self.values:
            line = self.lines.get(name)
            if line is not None:
                self.values[name] = polynomials(line.tree, {}, self.given, self.ring, line.indices)
            else:
                shape = tuple(int(d.value({})) for d in self.typed.program.inputs[name].shape)
                value = polynomials(self.typed.given[name], {}, self.given, self.ring)
                self.values[name] = np.broadcast_to(value, shape)
        return self.values[name]
