"""Right formulas that floats cannot evaluate: where they overflow or cancel, found at extreme data.

A formula that holds is evaluated twice at inputs of the size of 10 … 1,000 (and
10⁻⁸) within its domains: in float64, and in balls at *the same* rounded values
of everything it is given. What differs is therefore the formula's own doing,
not the condition of the problem: `y * (1 - y)` is as good as its `y` allows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from gradcheck_cli.compare.extremes import NARROW, Extremes, Given64, Hopeless
from gradcheck_cli.compare.stable_forms import stable_forms
from gradcheck_cli.compare.verdict import Judgement
from gradcheck_cli.evaluate.interpret import EvaluationFailed
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.shapes.typed import (
    Apply,
    Constant,
    Given,
    Typed,
    Value,
    nodes,
)
from gradcheck_cli.spec.model import Claim, Formula, Operator
from gradcheck_cli.spec.typing import TypedClaim, type_claim
from gradcheck_cli.text import UserError

KINDS = frozenset({"gradient", "derivative", "differential", "identity"})

OVERFLOWS = frozenset({"exp", "expm1", "sinh", "cosh", "log", "prod", "cumprod", "det"})
"""What takes a formula out of the range of floats at inputs below 1,000, or has an infinity at 0."""

TRANSCENDENTAL = OVERFLOWS | {"tanh", "sigmoid", "sqrt", "rsqrt", "cos", "erf", "power", "softplus"}
"""What an elementwise sum or difference has to hold in order to cancel where no single input does."""

LARGE = (Fraction(10), Fraction(100), Fraction(1000))
CANCELLING = (Fraction(10), Fraction(1, 10**8), Fraction(10**4))
SIGNS = ((-1,), (1,), (1, -1))
LOST = 1e-10
"""A relative error from which on more than six of sixteen digits are lost."""

EXCUSED = 10.0
"""An error is the formula's own if it is so much larger than what rounding of its data does."""

FAINT = 1e-10
"""Values below this share of what they are at data of the size of 1 may be lost: they are saturated."""

LARGEST = float(np.finfo(np.float64).max)


@dataclass(frozen=True)
class Unstable:
    """Where a right formula cannot be evaluated in float64, though its value is a float."""

    link: int
    trouble: str
    """`overflows`, or `loses all digits`, `keeps 9 of 16 digits`."""
    at: str
    """`x = -800`, or the size of the inputs in words."""
    gives: float
    true: str
    """The true value there, which may be smaller than any float."""
    stable: str = ""
    """A formula that is right and does better, in plain text; empty where none is known."""


def instabilities(
    operator: Operator, claim: Claim, typed: TypedClaim, judgements: tuple[Judgement, ...], seed: int
) -> tuple[Unstable, ...]:
    """A remark for every right side that holds and has a place where floats fail it.

    Bounded by counts; on any doubt there is no remark.
    """
    found: list[Unstable] = []
    if claim.kind not in KINDS:
        return ()
    for number, (link, judgement) in enumerate(zip(typed.links, judgements, strict=True)):
        if judgement.verdict != "holds" or link.right is None:
            continue
        if link.relation != "=" or not risks(link.right):
            continue
        try:
            with np.errstate(all="ignore"):
                remark = _Look(operator, claim, typed, number, seed).remark()
        except (UserError, EvaluationFailed, ImportError, ArithmeticError, ValueError, Hopeless):
            continue
        if remark is not None and all(replace(remark, link=other.link) != other for other in found):
            found.append(remark)
    return tuple(found)


def risks(tree: Typed) -> frozenset[str]:
    """What could go wrong with a formula: `overflow`, `cancellation`, both or nothing."""
    used = {n.function for n in nodes(tree) if isinstance(n, Apply)}
    found = set()
    if used & OVERFLOWS or any(map(_is_high_power, nodes(tree))):
        found.add("overflow")
    sums = used & {"add", "subtract"}
    if sums and ((_is_elementwise(tree) and used & TRANSCENDENTAL) or _is_variance(tree)):
        found.add("cancellation")
    return frozenset(found)


def _is_elementwise(tree: Typed) -> bool:
    return all(
        FUNCTIONS[n.function].group in {"arithmetic", "elementwise"}
        if isinstance(n, Apply)
        else isinstance(n, Given) or not n.type.shape
        for n in nodes(tree)
    )


def _is_high_power(node: Typed) -> bool:
    match node:
        case Apply("power", (_, Constant(value=value))):
            return abs(value) > 50
    return False


def _is_variance(tree: Typed) -> bool:
    """Whether a mean of squares has the square of a mean taken from it."""
    for node in nodes(tree):
        match node:
            case Apply(
                "subtract", (Apply("mean", (Apply("power" | "multiply"),)), Apply("power" | "multiply"))
            ):
                return True
    return False


class _Look(Extremes):
    """One right side at extreme data."""

    def __init__(self, operator: Operator, claim: Claim, typed: TypedClaim, number: int, seed: int) -> None:
        right = typed.links[number].right
        assert right is not None
        super().__init__(operator, typed, right, seed, narrow=_is_variance(right))
        self.operator, self.claim, self.number = operator, claim, number
        self.found: tuple[int, ...] = ()
        """The shape of the value."""

    def remark(self) -> Unstable | None:
        """The trouble at the smallest inputs that cause any."""
        what = risks(self.right)
        if "overflow" in what and any(self.trouble(LARGE[-1], signs, what) for signs in SIGNS):
            for magnitude in LARGE:
                for signs in SIGNS:
                    found = self.trouble(magnitude, signs, what)
                    if found is not None:
                        return found
        if "cancellation" in what:
            for magnitude in CANCELLING:
                for signs in SIGNS[:2]:
                    found = self.trouble(magnitude, signs, what)
                    if found is not None:
                        return found
        return None

    def trouble(self, magnitude: Fraction, signs: tuple[int, ...], what: frozenset[str]) -> Unstable | None:
        """What happens at inputs of one size and with these signs in turn."""
        try:
            point = self.point(magnitude, signs)
            claimed = self.in_floats(self.right, point)
            true = self.in_balls(self.right, point)
        except (Hopeless, EvaluationFailed, ArithmeticError, ValueError):
            return None
        claimed = np.broadcast_to(claimed, true.shape)
        self.found = true.shape
        for index in np.ndindex(true.shape):
            exact, value = true[index], float(claimed[index])
            if not exact.is_finite() or not abs(exact) < LARGEST:
                continue
            if not np.isfinite(value):
                used = {n.function for n in nodes(self.right) if isinstance(n, Apply)}
                trouble = "overflows" if used & OVERFLOWS - {"log"} else "underflows"
                return self.told(trouble, index, value, exact, point, magnitude)
        if "cancellation" not in what:
            return None
        return self.cancelled(true, claimed, point, magnitude)

    def cancelled(self, true: Any, claimed: Any, point: Given64, magnitude: Fraction) -> Unstable | None:
        """The element that keeps the fewest digits, where every one that counts loses many."""
        worst: tuple[float, Any] | None = None
        size = max((abs(float(v.mid())) for v in true.ravel()), default=0.0)
        if not size or not np.isfinite(size):
            return None
        for index in np.ndindex(true.shape):
            exact, value = true[index], float(claimed[index])
            if abs(float(exact.mid())) < 0.01 * size:
                continue
            lost = float(abs((value - exact) / exact).mid()) if exact != 0 else 0.0
            if lost > LOST and (worst is None or lost > worst[0]):
                worst = lost, index
        if worst is None or size < FAINT * self.usual():
            return None
        lost, index = worst
        if lost < EXCUSED * self.conditioned(true, index, point):
            return None
        kept = max(0, int(-np.log10(lost)))
        trouble = f"keeps {kept} of 16 digits" if kept else "loses all digits"
        return self.told(trouble, index, float(claimed[index]), true[index], point, magnitude)

    def conditioned(self, true: Any, index: Any, point: Given64) -> float:
        """How far the value moves, relatively, if what is given is off in its last place."""
        exact = true[index]
        moved = (self.in_balls(self.right, nudged)[index] for nudged in self.nudged(point))
        return max(float(abs((m - exact) / exact).mid()) for m in moved)

    def usual(self) -> float:
        """How large the formula is at data of the size of 1."""
        true = self.in_balls(self.right, self.point(Fraction(1)))
        return max((abs(float(v.mid())) for v in true.ravel()), default=0.0)

    def told(
        self, trouble: str, index: Any, value: float, exact: Any, point: Given64, magnitude: Fraction
    ) -> Unstable:
        """The remark."""
        place, better = self.where(index, point, magnitude), self.stable(index, exact, point)
        return Unstable(self.number, trouble, place, value, _number(exact), better)

    def where(self, index: Any, point: Given64, magnitude: Fraction) -> str:
        """The values that the formula is given there, or how large the inputs are."""
        values = [q for q in self.wanted if isinstance(q, Value)]
        if 0 < len(values) <= 2 and not self.typed.indices and _is_elementwise(self.right):
            shape = np.broadcast_shapes(*(point.floats[q][0].shape for q in values))
            rank = len(shape)
            at = {
                q.name: np.broadcast_to(point.floats[q][0], shape)[index[len(index) - rank :]] for q in values
            }
            return ", ".join(f"{name} = {float(x):.6g}" for name, x in at.items())
        names = [n for n in self.extreme() if n in self.needed()]
        listed = ", ".join(f"`{n}`" for n in names[:3]) or "inputs"
        narrow = f" and {1 / NARROW:g} of that apart" if self.narrow else ""
        return f"{listed} of the size of {float(magnitude):g}{narrow}"

    def needed(self) -> frozenset[str]:
        """The inputs that the formula rests on."""
        found: set[str] = set()
        for quantity in self.wanted:
            name = getattr(quantity, "name", None)
            found |= self.program.needs.get(name, frozenset(self.program.inputs)) if name else set()
        return frozenset(found)

    # what would be better

    def stable(self, index: Any, exact: Any, point: Given64) -> str:
        """A known form of the formula that is right where this one fails, if there is one."""
        equation = self.typed.equation
        if equation is None:
            return ""
        before, after = equation.sides[: self.number + 1], equation.sides[self.number + 2 :]
        for other in stable_forms(equation.sides[self.number + 1]):
            formula = Formula(self.claim.formula.text, replace(equation, sides=(*before, other, *after)))
            try:
                tree = type_claim(self.operator, self.claim, formula).links[self.number].right
                if tree is None:
                    continue
                value = float(np.broadcast_to(self.in_floats(tree, point), self.found)[index])
            except (UserError, EvaluationFailed, ArithmeticError, ValueError, KeyError):
                continue
            if np.isfinite(value) and abs(value - exact) <= 1e-12 * abs(exact) + 1e-300:
                return to_plain(other)
        return ""


def _number(exact: Any) -> str:
    """A ball in few digits, as floats are printed where it is one."""
    value = float(exact.mid())
    if 1e-300 < abs(value) < 1e300 or exact == 0:
        return f"{value:.10g}"
    found: str = exact.mid().str(3, radius=False)
    return found
