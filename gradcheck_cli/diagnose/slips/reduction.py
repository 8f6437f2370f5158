"""A reduction over a broadcast axis is missing, or too many, or keeps the wrong axes."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

from gradcheck_cli.diagnose.edits import Site, call, number
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS

KEPT = ast.Boolean(True)


def at(site: Site) -> Offers:
    """A sum more or less; an axis kept or lost."""
    node = site.node
    if isinstance(node, ast.Call) and FUNCTIONS[node.function].rule == "reduction":
        rest = tuple(k for k in node.keywords if k.name != "keepdims")
        kept = len(rest) < len(node.keywords)
        yield Offer(replace(node, keywords=rest if kept else (*rest, ast.Keyword("keepdims", KEPT))))
        yield Offer(node.args[0], 0.2)
    if isinstance(node, ast.Call) and node.function == "broadcast_to":
        yield Offer(node.args[0], 0.3)
    rank = site.rank
    if rank < 1 or site.role == "exponent":
        return
    deep = 0.0 if site.role == "side" else 0.2
    yield Offer(call("sum", node), deep + 0.1)
    yield Offer(call("mean", node), deep + 0.3)
    if rank == 1 or site.role != "side":
        yield Offer(call("norm", node), deep + 0.7)
    if rank == 1:
        return
    for axis in (-1, *range(rank - 1)):
        for function, extra in (("sum", 0.0), ("mean", 0.2)):
            yield Offer(call(function, node, axis=number(axis)), deep + extra)
            yield Offer(call(function, node, axis=number(axis), keepdims=KEPT), deep + extra)
    if rank > 2 and site.role == "side":
        for axes in combinations(range(rank), 2):
            several = ast.Tuple(tuple(map(number, axes)))
            yield Offer(call("sum", node, axis=several), 0.1)
            yield Offer(call("sum", node, axis=several, keepdims=KEPT), 0.2)
        if rank > 3:
            for three in combinations(range(rank), 3):
                yield Offer(call("sum", node, axis=ast.Tuple(tuple(map(number, three)))), 0.2)


SLIP = Slip(
    code="GC112",
    name="missing reduction",
    title="a sum over a broadcast axis is missing, too many, or keeps the wrong axes",
    page="""
What it looks like
    `db = dY` for `db = sum(dY, axis=0)`: the gradient of a bias has the shape of the output; or
    `keepdims` is wrong, and a column is added to a row.

Why it happens
    What is broadcast in the forward computation is used many times, and the gradients of all uses
    add up. Nothing in the code says that something is broadcast, so the sum is easily forgotten.

How to see it
    Compare the shape of each gradient with the shape of its tensor. Every axis that broadcasting
    added or stretched must be summed over.
""",
    examples=(
        Example("X: [m, n]; b: [n]", "Y: X + b", "db = dY", "db = sum(dY, axis=0)", expect="shape-mismatch"),
        Example("x: [m, n]; s: []", "y: s * x", "ds = dy * x", "ds = sum(dy * x)", expect="shape-mismatch"),
        Example(
            "s: [m, m]",
            "p: softmax(s, axis=-1)",
            "ds = p * (dp - sum(dp * p, axis=-1))",
            "ds = p * (dp - sum(dp * p, axis=-1, keepdims=True))",
        ),
    ),
    cost=1.0,
    at=at,
)
