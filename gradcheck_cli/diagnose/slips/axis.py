"""A reduction runs along the wrong axis."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

from gradcheck_cli.diagnose.edits import Site, number
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS


def at(site: Site) -> Offers:
    """The same function along another axis, along several, or along all."""
    node = site.node
    if not isinstance(node, ast.Call) or not node.args:
        return
    if "axis" not in {p.name for p in FUNCTIONS[node.function].parameters}:
        return
    type_ = site.names.type_of(node.args[0])
    rank = type_.rank if type_ else 0
    given = next((k.value for k in node.keywords if k.name == "axis"), None)
    rest = tuple(k for k in node.keywords if k.name != "axis")
    reduces = FUNCTIONS[node.function].rule == "reduction"
    if given is not None and rank <= 2 and reduces:
        yield Offer(replace(node, keywords=rest), 0.1)
    if rank < 2:
        return
    default = next(p.default for p in FUNCTIONS[node.function].parameters if p.name == "axis")
    if given is not None and default == "-1":
        yield Offer(replace(node, keywords=rest), -0.1)
    axes: list[ast.Expr] = [number(-1), *map(number, range(rank - 1))]
    if reduces and rank > 2:
        axes += [ast.Tuple(tuple(map(number, pair))) for pair in combinations(range(rank), 2)]
        axes += [ast.Tuple(tuple(map(number, range(rank))))]
    for axis in axes:
        if axis != given:
            yield Offer(replace(node, keywords=(ast.Keyword("axis", axis), *rest)))
    if given is not None and rank > 2:
        yield Offer(replace(node, keywords=rest), 0.1)


SLIP = Slip(
    code="GC113",
    name="wrong axis",
    title="a reduction runs along the wrong axis",
    page="""
What it looks like
    `sum(dp * p, axis=0)` for `axis=-1`; a softmax over columns instead of rows.

Why it happens
    Axes are bare numbers, counted from the front or from the back, and a batch axis in front shifts
    one way of counting. With a square array every axis fits.

How to see it
    Ask which axis the forward normalises or reduces: the backward pass reduces along the same one.
""",
    examples=(
        Example(
            "s: [n, n]",
            "p: softmax(s, axis=-1)",
            "ds = p * (dp - sum(dp * p, axis=0, keepdims=True))",
            "ds = p * (dp - sum(dp * p, axis=-1, keepdims=True))",
        ),
        Example("X: [n, n]; b: [n]", "Y: X + b", "db = sum(dY, axis=1)", "db = sum(dY, axis=0)"),
    ),
    cost=0.9,
    at=at,
)
