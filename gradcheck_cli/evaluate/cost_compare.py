"""Which of two polynomials in the sizes is larger: for all sizes, for none, or in a region that is named.

All sizes are whole numbers ≥ 1. «Always» and «never» are proved, never
sampled: with d = 1 + d' a polynomial whose coefficients are all ≥ 0 is ≥ 0
everywhere; where that is not enough, the cases d = 1 and d ≥ 2 are looked at
one by one. «Conditional» is shown by one choice of sizes for each answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import product
from math import comb, gcd, lcm, prod
from random import Random
from typing import Literal, TypeAlias

from gradcheck_cli.evaluate import deadline
from gradcheck_cli.shapes.dims import Dim, DimError, Monomial
from gradcheck_cli.text import Problem, UserError

Relation = Literal["<", "<=", ">", ">=", "=="]
Answer = Literal["always", "never", "conditional", "undecided"]

MAX_WORK = 200_000
"""Terms that one proof may touch; beyond it nothing is proved."""

MAX_FRONT = 64
"""Polynomials of which none dominates another, on one side of a comparison."""

MAX_EXPONENT = 20
"""Sizes up to 2**20 are tried."""

_CUBE, _GRID, _RANDOM = 1500, 3000, 1500

_Poly: TypeAlias = dict[Monomial, int]
_Sides: TypeAlias = tuple[list[_Poly], list[_Poly]]
Sizes: TypeAlias = dict[str, int]


@dataclass(frozen=True, slots=True)
class Comparison:
    """When `left relation right` is true; several polynomials on a side stand for the largest of them.

    The sides are simplified: what both have is taken off, all coefficients are
    positive, and common factors are divided out.
    """

    answer: Answer
    relation: Relation
    left: tuple[Dim, ...]
    right: tuple[Dim, ...]
    example: Sizes | None
    """Sizes where it is true."""
    counterexample: Sizes | None
    """Sizes where it is false."""
    tried: int
    """How many choices of sizes were looked at."""

    @property
    def region(self) -> str:
        """The condition in symbols: `n*m*(b + r) > b*r*(n + m)`."""
        return f"{_largest(self.left)} {self.relation} {_largest(self.right)}"

    @property
    def reason(self) -> str:
        """Why there is no answer; empty where there is one."""
        if self.answer != "undecided":
            return ""
        if not self.tried:
            return "no sizes are whole numbers here"
        found = "true" if self.example else "false"
        return f"{found} for all {self.tried:,} sizes tried, up to 2**{MAX_EXPONENT}, but not proved"


def compare(
    left: Dim | Sequence[Dim], right: Dim | Sequence[Dim], relation: Relation, whole: Iterable[Dim] = ()
) -> Comparison:
    """Where one cost is less than, equal to, or more than another one, in the same unit.

    A sequence stands for the largest of its polynomials. `whole` names
    dimensions such as `m/r` that have to be whole numbers ≥ 1: no example
    breaks them. Raises UserError for what is too large to be compared, and
    OutOfTime.
    """
    lefts, rights = _side(left), _side(right)
    needed = tuple(whole)
    sides = _simplified(lefts, rights)
    names = sorted(frozenset().union(*(d.names for d in (*lefts, *rights, *needed))))
    answer = _settled(sides, relation, MAX_WORK // 100)
    example, counterexample, tried = _tried(sides, relation, names, needed, enough=1 if answer else 2)
    if example is not None and counterexample is not None:
        answer = "conditional"
    # what one example has shown to be wrong cannot be proved
    if answer is None:
        answer = _settled(sides, relation, MAX_WORK) or "undecided"
    shown = [tuple(map(_as_dim, side)) for side in sides]
    return Comparison(answer, relation, shown[0], shown[1], example, counterexample, tried)


def undominated(dims: Iterable[Dim]) -> tuple[Dim, ...]:
    """The polynomials that are not provably ≤ another one for all sizes ≥ 1: their largest is that of all.

    Raises UserError for more than 64 of them.
    """
    front: list[Dim] = []
    for dim in dict.fromkeys(dims):
        if any(_at_least(kept, dim) for kept in front):
            continue
        front = [kept for kept in front if not _at_least(dim, kept)] + [dim]
        if len(front) > MAX_FRONT:
            raise UserError(Problem(f"more than {MAX_FRONT} sizes, of which none is the largest"))
    return tuple(sorted(front, key=lambda d: (-_degree(d), str(d))))


def never_more(one: Sequence[Dim], other: Sequence[Dim]) -> bool:
    """Whether the largest of `one` is, by a short proof, ≤ the largest of `other` for all sizes."""
    return all(any(_at_least(o, d) for o in other) for d in one)


def _at_least(large: Dim, small: Dim) -> bool:
    return _proved(_simplified((large,), (small,)), strict=False, work=MAX_WORK // 100)


def _degree(dim: Dim) -> int:
    return max((sum(p for _, p in m) for m, _ in dim.terms), default=0)


def _side(side: Dim | Sequence[Dim]) -> tuple[Dim, ...]:
    dims = (side,) if isinstance(side, Dim) else tuple(dict.fromkeys(side))
    if len(dims) > MAX_FRONT:
        raise UserError(Problem(f"more than {MAX_FRONT} sizes on one side of a comparison"))
    return dims or (Dim.of(0),)


# --- simplified sides ------------------------------------------------------------------------------


def _simplified(lefts: Sequence[Dim], rights: Sequence[Dim]) -> _Sides:
    """The sides with coefficients ≥ 0 and without common terms and factors; the order is kept."""
    tables = [dict(d.terms) for d in (*lefts, *rights)]
    monomials = {m for t in tables for m in t}
    zero = Fraction(0)
    common = {m: min(t.get(m, zero) for t in tables) for m in monomials}
    tables = [{m: c - common[m] for m in monomials if (c := t.get(m, zero)) != common[m]} for t in tables]
    terms = [(m, c) for t in tables for m, c in t.items()]
    scale = Fraction(
        reduce(lcm, (c.denominator for _, c in terms), 1),
        reduce(gcd, (c.numerator for _, c in terms), 0) or 1,
    )
    shared = _content([m for m, _ in terms])
    polys = [{_over(m, shared): int(c * scale) for m, c in t.items()} for t in tables]
    # dividing by the gcd of numerators may leave a common factor of the scaled ones
    factor = reduce(gcd, (c for p in polys for c in p.values()), 0) or 1
    polys = [{m: c // factor for m, c in p.items()} for p in polys]
    return polys[: len(lefts)], polys[len(lefts) :]


def _content(monomials: Sequence[Monomial]) -> dict[str, int]:
    """The largest monomial that divides all; its powers are negative where some are."""
    powers = [dict(m) for m in monomials]
    names = {n for p in powers for n in p}
    return {n: min(p.get(n, 0) for p in powers) for n in names}


def _over(monomial: Monomial, shared: dict[str, int]) -> Monomial:
    powers = dict(monomial)
    quotient = {n: powers.get(n, 0) - shared.get(n, 0) for n in powers.keys() | shared.keys()}
    return tuple(sorted((n, p) for n, p in quotient.items() if p))


def _as_dim(poly: _Poly) -> Dim:
    total = Dim.of(0)
    try:
        for monomial, coefficient in poly.items():
            total = total + Dim(((monomial, Fraction(coefficient)),))
    except DimError:
        raise UserError(Problem("these costs are too complicated to be compared")) from None
    return total


def _largest(dims: tuple[Dim, ...]) -> str:
    return _factored(dims[0]) if len(dims) == 1 else f"max({', '.join(map(_factored, dims))})"


def _factored(dim: Dim) -> str:
    """The polynomial with its common monomial in front."""
    content = _content([m for m, _ in dim.terms])
    factor = reduce(gcd, (c.numerator for _, c in dim.terms), 0)
    outside = Dim((((_over((), {n: -p for n, p in content.items()})), Fraction(factor)),))
    if len(dim.terms) < 2 or outside.is_one:
        return str(dim)
    return f"{outside}*({dim / outside})"


# --- examples --------------------------------------------------------------------------------------


def _tried(
    sides: _Sides, relation: Relation, names: Sequence[str], whole: tuple[Dim, ...], enough: int
) -> tuple[Sizes | None, Sizes | None, int]:
    """Sizes where the relation is true, where it is false, and how many were looked at.

    Sizes where the sides differ say more than those where they are equal.
    """
    found: dict[tuple[bool, bool], Sizes] = {}
    tried = 0
    for sizes in _points(names):
        deadline.check()
        if any((v := d.value(sizes)).denominator != 1 or v < 1 for d in whole):
            continue
        tried += 1
        left, right = (max(_value(p, sizes) for p in side) for side in sides)
        found.setdefault((_holds(left, right, relation), left != right), sizes)
        if enough == 1 or ((True, relation != "==") in found and (False, True) in found):
            break
    example = found.get((True, True)) or found.get((True, False))
    return example, found.get((False, True)) or found.get((False, False)), tried


def _holds(left: int, right: int, relation: Relation) -> bool:
    return {
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
        "==": left == right,
    }[relation]


def _value(poly: _Poly, sizes: Sizes) -> int:
    return sum(c * prod(sizes[n] ** p for n, p in m) for m, c in poly.items())


def _points(names: Sequence[str]) -> Iterator[Sizes]:
    """Sizes to try, the same in every run: all small ones, a grid of powers of two, and random ones."""
    count = len(names)
    if not count:
        yield {}
        return
    side = next((s for s in (6, 5, 4, 3, 2) if s**count <= _CUBE), 0)
    for values in sorted(product(range(1, side + 1), repeat=count), key=sum):
        yield dict(zip(names, values, strict=True))
    steps = next((s for s in range(MAX_EXPONENT, 1, -1) if s**count <= _GRID), 0)
    powers = [2 ** (MAX_EXPONENT * s // (steps - 1)) for s in range(steps)] if steps else []
    for values in product(powers, repeat=count):
        yield dict(zip(names, values, strict=True))
    chance = Random(0)  # noqa: S311  nothing is secret here
    for _ in range(_RANDOM):
        yield {name: int(2 ** chance.uniform(0, chance.choice((4, MAX_EXPONENT)))) for name in names}


# --- proofs ----------------------------------------------------------------------------------------


def _settled(sides: _Sides, relation: Relation, work: int) -> Answer | None:
    """«Always» or «never», if that can be proved."""
    up, down = sides, (sides[1], sides[0])
    if relation == "==":
        if _proved(up, strict=False, work=work) and _proved(down, strict=False, work=work):
            return "always"
        apart = _proved(up, strict=True, work=work) or _proved(down, strict=True, work=work)
        return "never" if apart else None
    if relation in {"<", "<="}:
        up, down = down, up
    strict = relation in {"<", ">"}
    if _proved(up, strict=strict, work=work):
        return "always"
    return "never" if _proved(down, strict=not strict, work=work) else None


def _proved(sides: _Sides, *, strict: bool, work: int) -> bool:
    """Whether the largest of the first side is ≥ (or >) that of the second for all sizes ≥ 1.

    A box is a corner and everything above it in all directions; in it the
    polynomials are written in the distances from the corner. False where it is
    wrong, and where the work was not enough.
    """
    deadline.check()
    polys = (*sides[0], *sides[1])
    if sum(prod(p + 1 for _, p in m) for poly in polys for m in poly) > work:
        return False
    names = {n for poly in polys for m in poly for n, _ in m}
    if _refuted(sides, names):
        return False
    boxes = [tuple([_moved(poly, names) for poly in side] for side in sides)]
    while boxes:
        deadline.check()
        large, small = boxes.pop()
        work -= (1 + sum(map(len, large))) * (1 + len(small)) + sum(map(len, small)) * len(large)
        if work < 0:
            return False
        high, low = (max(p.get((), 0) for p in side) for side in (large, small))
        if high < low or (strict and high == low):
            return False  # wrong at the very corner
        name = _obstacle(large, small, strict)
        if name is not None:
            # the case d' = 0, and the case d' ≥ 1
            boxes.append((_without(large, name), _without(small, name)))
            boxes.append(([_moved(p, {name}) for p in large], [_moved(p, {name}) for p in small]))
    return True


def _refuted(sides: _Sides, names: set[str]) -> bool:
    """Whether one large size, or one small one among large ones, shows at once that ≥ is wrong."""
    for special, others in ((1000, 1), (1, 1000)):
        for name in names:
            sizes = dict.fromkeys(names, others) | {name: special}
            high, low = (max(_value(p, sizes) for p in side) for side in sides)
            if high < low:
                return True
    return False


def _obstacle(large: list[_Poly], small: list[_Poly], strict: bool) -> str | None:
    """A size that stands in the way of a proof in this box; None where there is a proof."""
    best = max(large, key=lambda p: p.get((), 0))
    for other in small:
        if not any(_above(p, other, strict) for p in large):
            negative = [m for m, c in other.items() if m and c > best.get(m, 0)]
            return Counter(n for m in negative for n, _ in m).most_common(1)[0][0]
    return None


def _above(large: _Poly, small: _Poly, strict: bool) -> bool:
    if strict and large.get((), 0) <= small.get((), 0):
        return False
    return all(c <= large.get(m, 0) for m, c in small.items())


def _without(polys: list[_Poly], name: str) -> list[_Poly]:
    return [{m: c for m, c in p.items() if all(n != name for n, _ in m)} for p in polys]


def _moved(poly: _Poly, names: set[str]) -> _Poly:
    """The polynomial with each of the names replaced by 1 + name."""
    result: _Poly = {}
    for monomial, coefficient in poly.items():
        ranges = [range(p + 1) if n in names else range(p, p + 1) for n, p in monomial]
        for powers in product(*ranges):
            pairs = list(zip(monomial, powers, strict=True))
            key = tuple((n, q) for (n, _), q in pairs if q)
            ways = prod(comb(p, q) for (_, p), q in pairs)
            result[key] = result.get(key, 0) + coefficient * ways
    return result
