"""An index is off by one, exchanged, or the wrong one is summed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

from gradcheck_cli.diagnose.edits import Site, number, put_arg
from gradcheck_cli.diagnose.slip import Example, Offer, Offers, Slip
from gradcheck_cli.lang import ast


def at(site: Site) -> Offers:
    """Indices exchanged or shifted; another index; a shift the other way."""
    node = site.node
    match node:
        case ast.Subscript(operand, items):
            for i, j in combinations(range(len(items)), 2):
                if items[i] != items[j]:
                    swapped = list(items)
                    swapped[i], swapped[j] = swapped[j], swapped[i]
                    yield Offer(ast.Subscript(operand, tuple(swapped)))
            for i, item in enumerate(items):
                for other in (*_shifted(item), *_renamed(item, site)):
                    yield Offer(ast.Subscript(operand, (*items[:i], other, *items[i + 1 :])), 0.1)
            yield Offer(operand, 0.6)
        case ast.Call("roll", (x, shift, *_)):
            yield Offer(put_arg(node, 1, _negative(shift)))
            yield Offer(x, 0.1)
        case ast.Call("pad", (x, before, after, *rest)):
            yield Offer(replace(node, args=(x, after, before, *rest)))
        case ast.Call("flip", (x, *_)):
            yield Offer(x, 0.1)
        case ast.Call("tril" | "triu" as function, (x, *rest)):
            for k in (-1, 0, 1):
                yield Offer(ast.Call(function, (x, number(k))), 0.1)
        case ast.Binary("==" | "<" | ">" | "!=" as op, left, right):
            yield Offer(ast.Binary({"==": "!=", "!=": "==", "<": ">", ">": "<"}[op], left, right))
            for other in _renamed(left, site):
                yield Offer(ast.Binary(op, other, right))
            for other in _renamed(right, site):
                yield Offer(ast.Binary(op, left, other))


def _shifted(item: ast.Expr) -> Iterator[ast.Expr]:
    match item:
        case ast.Number(value):
            yield number(value - 1)
            yield number(value + 1)
        case ast.Negative(ast.Number(value)):
            yield number(-value - 1)
            yield number(-value + 1)
        case ast.Slice(start, None, None) if start is not None:
            yield ast.Slice(None, _negative(start), None)
            yield ast.Slice(None, start, None)
            yield from (ast.Slice(s, None, None) for s in _shifted(start))
        case ast.Slice(None, stop, None) if stop is not None:
            yield ast.Slice(_negative(stop), None, None)
            yield ast.Slice(stop, None, None)
            yield from (ast.Slice(s, None, None) for s in _shifted(stop))
            yield from (ast.Slice(None, s, None) for s in _shifted(stop))


def _renamed(item: ast.Expr, site: Site) -> Iterator[ast.Expr]:
    """Another index of the formula."""
    if isinstance(item, ast.Name) and item.id in site.names.indices:
        yield from (ast.Name(i) for i in site.names.indices if i != item.id)


def _negative(node: ast.Expr) -> ast.Expr:
    return node.operand if isinstance(node, ast.Negative) else ast.Negative(node)


SLIP = Slip(
    code="GC117",
    name="index",
    title="an index is off by one, exchanged, or another one is meant",
    page="""
What it looks like
    `W[i, k]` for `W[k, i]`, a delta between the wrong indices, `x[:-1]` for `x[1:]`, a roll the
    wrong way round.

Why it happens
    Index notation has many letters for a few axes. A transpose is an exchange of two letters; a
    target that is the next token is the sequence shifted by one.

How to see it
    Write under each index what it runs over. In a product, a summed index stands twice, and a free
    one stands once on each side.
""",
    examples=(
        Example(
            "W: [n, n]; x: [n]",
            "y: W @ x",
            "dx[j] = sum[i](dy[i] * W[j, i])",
            "dx[j] = sum[i](dy[i] * W[i, j])",
        ),
        Example("x: [n]", "y: roll(x, 1)", "dx = roll(dy, 1)", "dx = roll(dy, -1)"),
    ),
    cost=0.9,
    at=at,
)
