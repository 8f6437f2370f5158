"""Proves that two formulas are the same by school and matrix algebra: both are brought into one normal form.

A formula becomes a sum of monomials with rational coefficients; products
commute, matrix products associate and transpose, a trace is cyclic, what a
`where` defines is put in. Whatever has no rule stays as it is, so that a
proof may be missed, never invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.lang.printer import to_plain

Poly = dict[Any, Fraction]
"""Monomial → coefficient. A monomial is a sorted tuple of (atom, exponent); an atom is (rank, what)."""

ONE: Any = ()


class Algebra:
    """The normal form under the shapes, the local definitions and the equal names of one claim."""

    def __init__(
        self,
        types: Mapping[ast.Expr, Any],
        local: Mapping[str, ast.Expr],
        equal: Mapping[str, str],
        *,
        gradients: bool,
    ) -> None:
        self.types = types
        self.local = local
        self.equal = equal
        """Quantities with the same gradient."""
        self.gradients = gradients
        """Whether `dX` is the gradient of X, as `grad(X)` is."""

    def same(self, mine: tuple[ast.Expr, ast.Expr], its: tuple[ast.Expr, ast.Expr], other: Algebra) -> bool:
        """Whether two equations say the same: their differences are multiples of each other."""
        one = add(self.poly(mine[0]), self.poly(mine[1]), -1)
        two = add(other.poly(its[0]), other.poly(its[1]), -1)
        return self.multiples(one, two)

    @staticmethod
    def multiples(one: Poly, other: Poly) -> bool:
        """Whether one is a constant times the other, or nothing at all: then it reads 0 = 0."""
        if not one:
            return True
        if one.keys() != other.keys():
            return False
        return len({one[k] / other[k] for k in one}) <= 1

    def rank(self, node: ast.Expr) -> int:
        """How many axes a node has; -1 where it is not known, which no rule takes for an array."""
        if isinstance(node, ast.Number):
            return 0
        found = self.types.get(node)
        if found is not None:
            return int(found.rank)
        return 0 if isinstance(node, ast.Name) and node.id not in self.local else -1

    def poly(self, node: ast.Expr) -> Poly:  # noqa: C901  one case a node
        """The normal form of an expression."""
        match node:
            case ast.Number(value):
                return {ONE: value} if value else {}
            case ast.Name(id) if id in self.local:
                return self.poly(self.local[id])
            case ast.Name(id):
                if self.gradients and id.startswith("d") and node in self.types:
                    return self.gradient(id[1:], self.rank(node))
                return atom(self.rank(node), id)
            case ast.Negative(operand):
                return add({}, self.poly(operand), -1)
            case ast.Binary("+" | "-" as op, left, right):
                return add(self.poly(left), self.poly(right), 1 if op == "+" else -1)
            case ast.Binary("*", left, right) if self.column(left) and self.column(right, row=True):
                return self.chain(left, right, node)
            case ast.Binary("*", left, right):
                return times(self.poly(left), self.poly(right))
            case ast.Binary("@", left, right) if self.column(left) and self.filled(right):
                return self.poly(left)
            case ast.Binary("@", left, right) if self.filled(left) and self.column(right, row=True):
                return self.poly(right)
            case ast.Binary("/", left, right):
                return times(self.poly(left), power(self.poly(right), -1, self.rank(right)))
            case ast.Binary("**", base, ast.Number(value)) if value.denominator == 1:
                return power(self.poly(base), int(value), self.rank(base))
            case ast.Binary("@", left, right) | ast.Call("matmul" | "dot", (left, right)):
                return self.chain(left, right, node)
            case ast.Binary(op, left, right):
                return atom(self.rank(node), (op, key(self.poly(left)), key(self.poly(right))))
            case ast.Transpose(operand, kind):
                return self.transposed(self.poly(operand), self.rank(operand), kind)
            case ast.Subscript(operand, items):
                return atom(self.rank(node), ("[]", key(self.poly(operand)), *map(to_plain, items)))
            case ast.Over(function, indices, body):
                return atom(0, (function, tuple(i.id for i in indices), key(self.poly(body))))
            case ast.Call():
                return self.call(node)
        return atom(self.rank(node), to_plain(node))

    def column(self, node: ast.Expr, *, row: bool = False) -> bool:
        """Whether a matrix has one column (one row), so that it broadcasts."""
        found = self.types.get(node)
        return found is not None and found.rank == 2 and bool(found.shape[0 if row else 1].is_one)

    def filled(self, node: ast.Expr) -> bool:
        """Whether a matrix is a column or row of ones: a product with it only repeats."""
        node = node.operand if isinstance(node, ast.Transpose) else node
        return isinstance(node, ast.Call) and node.function == "ones" and len(node.args) == 2

    def gradient(self, name: str, rank: int) -> Poly:
        """The gradient of a quantity, of the first of those that have the same."""
        return atom(rank, ("grad", self.equal.get(name, name)))

    def call(self, node: ast.Call) -> Poly:  # noqa: C901  one case a function
        """The normal form of a call."""
        args = node.args
        if node.function == "grad" and isinstance(args[0], ast.Name):
            return self.gradient(args[0].id, self.rank(args[0]))
        if node.function in {"D", "jacobian"}:
            return atom(self.rank(node), (node.function, key(self.poly(args[0])), to_plain(args[1])))
        words = {k.name: to_plain(k.value) for k in node.keywords}
        if node.function == "trace":
            return self.trace(self.poly(args[0]))
        if node.function == "where" and [to_plain(a) for a in args[1:]] == ["1", "0"]:
            return self.poly(args[0])
        if node.function == "ones_like":
            return atom(self.rank(args[0]), ("ones", str(self.types.get(args[0]))))
        if node.function == "ones" and node in self.types:
            return atom(self.rank(node), ("ones", str(self.types[node])))
        if node.function == "zeros":
            return {}
        if node.function in {"sum", "mean", "norm"} and len(args) == 1 and "axis" not in words:
            while isinstance(args[0], ast.Transpose):  # all elements, in whatever order
                args = (args[0].operand,)
        rank = self.rank(args[0]) if args else -1
        if node.function in {"sum", "mean"} and rank == 0:
            return self.poly(args[0])
        if rank == 1:  # a length of 1 broadcasts as a number does, and there is one axis only
            kept = words.pop("keepdims", "")
            words.pop("axis", "")
            if kept:
                return self.call(
                    ast.Call(node.function, args, tuple(k for k in node.keywords if k.name != "keepdims"))
                )
        if words.get("axis", "").isdigit() and rank > 0:
            words["axis"] = str(int(words["axis"]) - rank)
        if node.function == "sum" and rank == 1:
            return self.summed(self.poly(args[0]))
        own = 0 if rank == 1 and FUNCTIONS[node.function].rule == "reduction" else self.rank(node)
        return atom(own, (node.function, *(key(self.poly(a)) for a in args), tuple(sorted(words.items()))))

    def summed(self, inside: Poly) -> Poly:
        """The sum of a vector; that of a product of two vectors is their inner product."""
        result: Poly = {}
        for k, c in inside.items():
            scalar, rest = split(k)
            found: Any = ("sum", rest)
            if len(rest) == 2 and all(a[0] == 1 and e == 1 for a, e in rest):
                found = ("chain", min(((rest[0],), (rest[1],)), ((rest[1],), (rest[0],)), key=repr))
            result = add(result, times({scalar: c}, atom(0, found)))
        return result

    # matrices

    def chain(self, left: ast.Expr, right: ast.Expr, node: ast.Expr) -> Poly:
        ranks = self.rank(left), self.rank(right)
        result: Poly = {}
        for k1, c1 in self.poly(left).items():
            for k2, c2 in self.poly(right).items():
                (s1, m1), (s2, m2) = split(k1), split(k2)
                factors = links(m1) + links(m2)
                found: Any = ("chain", factors)
                rank = sum(ranks) - 2 if max(ranks) <= 2 else self.rank(node)
                if rank == 0:
                    back = tuple(turned(f) for f in reversed(factors))
                    found = ("chain", min(factors, back, key=repr))
                result = add(result, times({s1: c1 * c2}, times({s2: Fraction(1)}, atom(rank, found))))
        return result

    def trace(self, inside: Poly) -> Poly:
        result: Poly = {}
        for k, c in inside.items():
            scalar, rest = split(k)
            factors = links(rest)
            back = tuple(turned(f) for f in reversed(factors))
            turns = [f[i:] + f[:i] for f in (factors, back) for i in range(len(f))]
            result = add(result, times({scalar: c}, atom(0, ("trace", min(turns, key=repr)))))
        return result

    def transposed(self, inside: Poly, rank: int, kind: str) -> Poly:
        if 0 <= rank <= 1:
            return inside
        result: Poly = {}
        for k, c in inside.items():
            scalar, rest = split(k)
            word = kind if rank > 2 else "T"
            if rank > 2 and word == "mT" and len(rest) == 1 and _square(rest[0][0][1]):
                result = add(result, {k: c})
                continue
            if rank == 2 and all(a[0] == 2 for a, _ in rest):
                parts = tuple(sorted(((flipped(a), e) for a, e in rest), key=repr))
                turned_: Poly = {parts: Fraction(1)}
            else:
                turned_ = atom(rank, (word, rest))
            result = add(result, times({scalar: c}, turned_))
        return result


SYMMETRIC = {"eye", "diag"}


def flipped(a: Any) -> Any:
    """The transpose of an atom of two axes."""
    rank, what = a
    if isinstance(what, tuple):
        if what[0] == "T":
            return what[1]
        if what[0] == "chain":
            return rank, ("chain", tuple(turned(f) for f in reversed(what[1])))
        if what[0] in SYMMETRIC or _square(what) or (what[0] == "outer" and what[1] == what[2]):
            return a
    return rank, ("T", a)


def _square(what: Any) -> bool:
    """Whether an atom is an array of ones whose last two axes are as long as each other."""
    return (
        isinstance(what, tuple) and what[0] == "ones" and len(set(what[1].strip("[]").split(", ")[-2:])) == 1
    )


def turned(factor: Any) -> Any:
    """The transpose of one factor of a chain: vectors stay."""
    return tuple(sorted(((flipped(a) if a[0] == 2 else a, e) for a, e in factor), key=repr))


def links(monomial: Any) -> tuple[Any, ...]:
    """The factors of a matrix product, flat."""
    if len(monomial) == 1 and monomial[0][1] == 1:
        what = monomial[0][0][1]
        if isinstance(what, tuple) and what[0] == "chain":
            return tuple(what[1])
    return (monomial,)


def split(monomial: Any) -> tuple[Any, Any]:
    """The scalar factors of a monomial, and the others."""
    return tuple(f for f in monomial if f[0][0] == 0), tuple(f for f in monomial if f[0][0] != 0)


def atom(rank: int, what: Any) -> Poly:
    return {(((rank, what), 1),): Fraction(1)}


def key(poly: Poly) -> Any:
    return tuple(sorted(poly.items(), key=repr))


def add(left: Poly, right: Poly, sign: int = 1) -> Poly:
    result = dict(left)
    for k, c in right.items():
        result[k] = result.get(k, Fraction(0)) + sign * c
    return {k: c for k, c in result.items() if c}


def times(left: Poly, right: Poly) -> Poly:
    result: Poly = {}
    for k1, c1 in left.items():
        for k2, c2 in right.items():
            exponents: dict[Any, int] = dict(k1)
            for a, e in k2:
                exponents[a] = exponents.get(a, 0) + e
            merged = tuple(sorted(((a, e) for a, e in exponents.items() if e), key=repr))
            result = add(result, {merged: c1 * c2})
    return result


def power(poly: Poly, exponent: int, rank: int) -> Poly:
    if len(poly) == 1:
        ((k, c),) = poly.items()
        return {tuple((a, e * exponent) for a, e in k): c**exponent}
    return {(((rank, ("poly", key(poly))), exponent),): Fraction(1)}
