"""Two symbols of one shape were mixed up."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from gradcheck_cli.diagnose.edits import Site, mapped, substituted
from gradcheck_cli.diagnose.names import Names, word_key, words_in
from gradcheck_cli.diagnose.slip import Example, Offers, Slip
from gradcheck_cli.diagnose.slips.relations import renamed, renamed_throughout
from gradcheck_cli.lang import ast


def at(site: Site) -> Offers:
    """Another word of the same shape."""
    return renamed(site, "other")


def across(sides: tuple[ast.Expr, ...], names: Names) -> Iterator[tuple[tuple[ast.Expr, ...], str]]:
    """The same throughout; or two words that have exchanged their places, on both sides."""
    yield from renamed_throughout(sides, names, "other")
    if names.meaning == "gradient":
        return  # a gradient is of what it says
    inside = words_in(ast.Tuple(sides))
    types = {key: names.type_of(node) for side in sides for node in ast.walk(side) if (key := word_key(node))}  # type: ignore[arg-type]
    for a, b in combinations(sorted(k for k, t in types.items() if t is not None and k in inside), 2):
        one, two = types[a], types[b]
        if one is None or two is None or not one.rank or a in names.dims or b in names.dims:
            continue
        if one.shape == two.shape:
            yield tuple(_exchanged(s, a, b) for s in sides), f"`{a}` ↔ `{b}` throughout"
        elif one.rank == two.rank == 2 and {a, b} <= names.program.types.keys():
            turned = {a: ast.Transpose(ast.Name(b), "T"), b: ast.Transpose(ast.Name(a), "T")}
            yield tuple(_straight(substituted(s, turned)) for s in sides), f"`{a}` ↔ `{b}.T` throughout"


def _exchanged(side: ast.Expr, a: str, b: str) -> ast.Expr:
    def change(node: ast.Expr) -> ast.Expr:
        key = word_key(node)
        if key not in {a, b}:
            return node
        other = b if key == a else a
        if isinstance(node, ast.Name):
            return ast.Name(other)
        return ast.Call("grad", (ast.Name(other[1:]),)) if other.startswith("d") else ast.Name(other)

    return mapped(side, change)


def _straight(side: ast.Expr) -> ast.Expr:
    """Two transposes are none."""

    def change(node: ast.Expr) -> ast.Expr:
        match node:
            case ast.Transpose(ast.Transpose(inner, "T"), "T"):
                return inner
        return node

    return mapped(side, change)


SLIP = Slip(
    code="GC116",
    name="swapped symbols",
    title="one symbol stands where another of the same shape belongs",
    page="""
What it looks like
    `dQ = dS @ Q / sqrt(d)` for `dS @ K`; `dA` for `A`; dX and dY on each other's side.

Why it happens
    Formulas for Q and K, for A and B are copied from each other and half changed. All have one
    shape.

How to see it
    The gradient of one factor of a product contains the *other* factor. For each name in the formula
    ask: if this were zero, would the gradient vanish?
""",
    examples=(
        Example("Q: [l, d]; K: [l, d]", "S: Q @ K.T", "dQ = dS @ Q", "dQ = dS @ K"),
        Example("a: [n]; b: [n]", "y: a * b", "da = dy * a", "da = dy * b"),
        Example(
            "s: [n]",
            "p: softmax(s)",
            "ds = (diag(p) - outer(p, p)) @ dp",
            "dp = (diag(p) - outer(p, p)) @ ds",
            kind="differential",
        ),
    ),
    cost=1.0,
    at=at,
    across=across,
)
