"""Textbook remedies: forms that overflow or cancel, and forms of the same value that do not.

`x_` and `y_` stand for anything. A call without keywords matches one with them,
and calls of the remedy that reduce take them over (but for `keepdims` where the
result has the shape of the argument).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cache

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.text import Text

REMEDIES: tuple[tuple[str, str], ...] = (
    ("exp(-x_) / (1 + exp(-x_))**2", "sigmoid(x_) * sigmoid(-x_)"),
    ("exp(x_) / (1 + exp(x_))**2", "sigmoid(x_) * sigmoid(-x_)"),
    ("y_ * exp(-x_) / (1 + exp(-x_))**2", "y_ * sigmoid(x_) * sigmoid(-x_)"),
    ("y_ * exp(x_) / (1 + exp(x_))**2", "y_ * sigmoid(x_) * sigmoid(-x_)"),
    ("exp(-x_) / (1 + exp(-x_))", "sigmoid(-x_)"),
    ("exp(x_) / (1 + exp(x_))", "sigmoid(x_)"),
    ("1 / (1 + exp(-x_))", "sigmoid(x_)"),
    ("1 / (1 + exp(x_))", "sigmoid(-x_)"),
    ("sigmoid(x_) * (1 - sigmoid(x_))", "sigmoid(x_) * sigmoid(-x_)"),
    ("1 - sigmoid(x_)", "sigmoid(-x_)"),
    ("1 - tanh(x_)**2", "1 / cosh(x_)**2"),
    ("1 - tanh(x_) * tanh(x_)", "1 / cosh(x_)**2"),
    ("1 + tanh(x_)", "2 * sigmoid(2 * x_)"),
    ("1 - tanh(x_)", "2 * sigmoid(-2 * x_)"),
    ("(exp(x_) - exp(-x_)) / (exp(x_) + exp(-x_))", "tanh(x_)"),
    ("4 / (exp(x_) + exp(-x_))**2", "1 / cosh(x_)**2"),
    ("log(1 + exp(x_))", "softplus(x_)"),
    ("log(exp(x_) + 1)", "softplus(x_)"),
    ("log(sigmoid(x_))", "logsigmoid(x_)"),
    ("log(softmax(x_))", "log_softmax(x_)"),
    ("log(sum(exp(x_)))", "logsumexp(x_)"),
    ("exp(x_) / sum(exp(x_))", "softmax(x_)"),
    ("log(1 + x_)", "log1p(x_)"),
    ("log(x_ + 1)", "log1p(x_)"),
    ("exp(x_) - 1", "expm1(x_)"),
    ("1 - exp(x_)", "-expm1(x_)"),
    ("1 - cos(x_)", "2 * sin(x_ / 2)**2"),
    ("1 - erf(x_)", "erfc(x_)"),
    ("1 + erf(x_)", "erfc(-x_)"),
    ("sqrt(x_**2 + y_) - x_", "y_ / (sqrt(x_**2 + y_) + x_)"),
    ("x_ / sqrt(x_**2 + y_) - 1", "-y_ / (sqrt(x_**2 + y_) * (x_ + sqrt(x_**2 + y_)))"),
    ("1 - x_ / sqrt(x_**2 + y_)", "y_ / (sqrt(x_**2 + y_) * (x_ + sqrt(x_**2 + y_)))"),
    ("mean(x_**2) - mean(x_)**2", "var(x_)"),
    ("mean(x_ * x_) - mean(x_)**2", "var(x_)"),
)
"""What may stand in a formula, and what has the same value and is stable."""

Bound = dict[str, ast.Node | tuple[ast.Keyword, ...]]

_KEYWORDS = " keywords"


def stable_forms(side: ast.Expr) -> Iterator[ast.Expr]:
    """The side with a remedy throughout; remedies of larger parts come first, then two together."""
    once = [new for pattern, remedy in _read() if (new := _throughout(side, pattern, remedy)) != side]
    yield from once
    for first in once:
        for pattern, remedy in _read():
            new = _throughout(first, pattern, remedy)
            if new != first:
                yield new


@cache
def _read() -> tuple[tuple[ast.Expr, ast.Expr], ...]:
    return tuple((_parsed(a), _parsed(b)) for a, b in REMEDIES)


def _parsed(text: str) -> ast.Expr:
    return parse_expression(Text.whole("remedy", text))


def _throughout(side: ast.Expr, pattern: ast.Expr, remedy: ast.Expr) -> ast.Expr:
    def change(node: ast.Node) -> ast.Node:
        bound: Bound = {}
        if _matches(pattern, node, bound):
            return _filled(remedy, bound)
        return node

    return ast.transform(side, change)  # type: ignore[return-value]


def _matches(pattern: ast.Node, node: ast.Node, bound: Bound) -> bool:
    """Whether a node has the form of a pattern; sums and products in either order."""
    match pattern:
        case ast.Name(id) if id.endswith("_"):
            return bound.setdefault(id, node) == node
        case ast.Call(function, args, ()):
            if not isinstance(node, ast.Call) or node.function != function or len(args) != len(node.args):
                return False
            if node.keywords and bound.setdefault(_KEYWORDS, node.keywords) != node.keywords:
                return False
            return all(_matches(p, n, bound) for p, n in zip(args, node.args, strict=True))
        case ast.Binary(op, left, right):
            if not isinstance(node, ast.Binary) or node.op != op:
                return False
            orders = [(node.left, node.right)]
            orders += [(node.right, node.left)] if op in "+*" else []
            for one, other in orders:
                trial = dict(bound)
                if _matches(left, one, trial) and _matches(right, other, trial):
                    bound |= trial
                    return True
            return False
    if type(pattern) is not type(node):
        return False
    for field in fields(pattern):
        mine, its = getattr(pattern, field.name), getattr(node, field.name)
        if isinstance(mine, ast.Node):
            if not isinstance(its, ast.Node) or not _matches(mine, its, bound):
                return False
        elif field.compare and mine != its:
            return False
    return True


def _filled(remedy: ast.Expr, bound: Bound) -> ast.Expr:
    """The remedy with what the names stand for."""

    def change(node: ast.Node) -> ast.Node:
        match node:
            case ast.Name(id) if id in bound:
                found = bound[id]
                assert isinstance(found, ast.Node)
                return found
            case ast.Call(function, _, ()):
                takes = {p.name for p in FUNCTIONS[function].parameters}
                keywords = bound.get(_KEYWORDS, ())
                assert isinstance(keywords, tuple)
                return replace(node, keywords=tuple(k for k in keywords if k.name in takes))
        return node

    return ast.transform(remedy, change)  # type: ignore[return-value]
