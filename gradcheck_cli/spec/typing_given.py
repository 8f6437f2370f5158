"""Shapes of claims about given things: printed numbers (`value`) and listings (`code`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from gradcheck_cli.lang import ast
from gradcheck_cli.shapes.dims import show
from gradcheck_cli.shapes.infer import Scope, same_shape, sides_differ
from gradcheck_cli.shapes.mismatch import ShapeMismatch
from gradcheck_cli.shapes.resolve import resolve_expression
from gradcheck_cli.shapes.typed import (
    Derivative,
    Gradient,
    Loss,
    Program,
    Quantity,
    Size,
    Typed,
    Value,
    nodes,
    quantities,
)
from gradcheck_cli.spec.printed import Digits, Printed, as_shape, read_printed
from gradcheck_cli.text import Problem, Span, UserError

_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*")


@dataclass(frozen=True, eq=False)
class PrintedLink:
    """One link of a `value` claim: two expressions, or one and the numbers printed for it."""

    left: Typed | None
    right: Typed | None
    mismatch: ShapeMismatch | None = None
    printed: Printed | None = None
    printed_first: bool = False
    """Whether the numbers are the left side."""


@dataclass(frozen=True, eq=False)
class Code:
    """A `code` claim: Python to evaluate, and what it has to give."""

    expression: str
    span: Span | None
    expected: tuple[Typed, ...] = ()
    """Our quantities: the expression is evaluated on drawn data, over the definitions of the listing."""
    names: Mapping[str, Typed] = field(default_factory=dict)
    """What the expression may use of ours, on drawn data."""
    printed: Printed | None = None
    """Else the whole listing is run: the numbers that it prints,"""
    text: str | None = None
    """or a text,"""
    truth: bool | None = None
    """or whether something is so."""


def printed_links(
    sides: tuple[ast.Expr, ...], scope: Scope, vectors: str, given: Mapping[str, Typed]
) -> tuple[PrintedLink, ...]:
    """The links of a `value` claim. Raises UserError where its data are not given."""
    scope.invents = False
    found: list[Typed | Printed | ShapeMismatch] = []
    for side in sides:
        printed = read_printed(side)
        found.append(_typed(side, scope, vectors, given) if printed is None else printed)
    links = []
    for number, (left, right) in enumerate(pairwise(found)):
        numbers = [side for side in (left, right) if isinstance(side, (Digits, tuple))]
        trees = [side for side in (left, right) if not isinstance(side, (Digits, tuple, ShapeMismatch))]
        mismatch = next((side for side in (left, right) if isinstance(side, ShapeMismatch)), None)
        if len(numbers) == 2:
            raise UserError(
                Problem(
                    "both sides are printed numbers",
                    sides[number + 1].span,
                    help="one side says what they are numbers of: `P[0] = [0.12, 0.88]`",
                )
            )
        if mismatch is not None:
            links.append(PrintedLink(None, None, mismatch))
        elif numbers:
            (tree,), (printed,) = trees, numbers
            at = sides[number + (printed is right)]
            links.append(PrintedLink(tree, tree, _fits(tree, printed, at), printed, printed is left))
        else:
            first, second = trees
            differ = None if same_shape(first, second) else sides_differ(first, second)
            links.append(PrintedLink(first, second, differ))
    return tuple(links)


def _typed(side: ast.Expr, scope: Scope, vectors: str, given: Mapping[str, Typed]) -> Typed | ShapeMismatch:
    try:
        (expression,) = resolve_expression(side, scope, vectors).sides
        if isinstance(expression, ShapeMismatch):
            return expression
        tree = scope.infer(expression)
    except ShapeMismatch as mismatch:
        return mismatch
    assert scope.program is not None
    _certain(tree, scope.program, given, side)
    return tree


def _fits(tree: Typed, printed: Printed, at: ast.Expr) -> ShapeMismatch | None:
    shape = as_shape(printed)
    if tree.type.shape == shape:
        return None
    bare = tuple(d for d in tree.type.shape if str(d) != "1")
    if isinstance(at, ast.Blocks) and bare == tuple(d for d in shape if str(d) != "1"):
        return None  # a vector printed as a row or column
    message = f"this prints {show(shape)}, and it is {tree.type}"
    return ShapeMismatch(message, at, tree.type.shape, shape)


def _certain(tree: Typed, program: Program, given: Mapping[str, Typed], side: ast.Expr) -> None:
    """Printed numbers are about one set of data. Raises UserError where the side has no such thing."""
    for quantity in quantities(tree):
        why = _uncertain(quantity, program)
        if why is not None:
            message = f"{why[0]}, and a printed number is about given data"
            raise UserError(Problem(message, side.span, help=why[1]))
    names = {n for q in quantities(tree) for n in _names(q, program)}
    for name in program.inputs:
        if name in names and name not in given:
            raise UserError(
                Problem(
                    f"`{name}` is random, and a printed number is about given data",
                    side.span,
                    help=f"give it: `{name}: {{shape: {program.inputs[name]}, value: …}}`,"
                    f" or under `when:` where its gradient is wanted",
                )
            )
    free = {d for n in nodes(tree) for d in _sizes(n)}
    free |= {d for name in names & program.types.keys() for s in program.types[name].shape for d in s.names}
    if free:
        raise UserError(
            Problem(
                f"the size `{min(free)}` is free, and a printed number is about given data",
                side.span,
                help=f"give it: `dims: {{{min(free)}: 3}}`",
            )
        )


def _sizes(node: Typed) -> Iterator[str]:
    for dim in (*node.type.shape, *([node.dim] if isinstance(node, Size) else [])):
        yield from dim.names


def _uncertain(quantity: Quantity, program: Program) -> tuple[str, str] | None:
    """Why a quantity is random although the data are not, and what to do."""
    match quantity:
        case Gradient() | Loss() if program.loss:
            return None
        case Value() | Derivative():
            return None
        case Gradient(name):
            what = f"the gradient of `{name}` depends on a random dO"
        case Loss():
            what = "the loss depends on a random dO"
        case _:
            return "a differential is along a random direction", "a derivative is written `D(y, x)`"
    return what, "let the output be the loss itself: `loss: true`"


def _names(quantity: Quantity, program: Program) -> frozenset[str]:
    match quantity:
        case Value(name):
            return program.needs[name]
        case Derivative(tree):
            return frozenset().union(*(_names(q, program) for q in quantities(tree)))
    return frozenset().union(*(program.needs[o] for o in program.outputs))


def read_code_sides(
    sides: tuple[ast.Expr, ...], scope: Scope, vectors: str, types: Mapping[str, object]
) -> Code | ShapeMismatch:
    """A `code` claim. Names of ours on the right mean drawn data; without one the whole listing is run.

    Raises UserError for what cannot be expected of code.
    """
    python, right = sides
    assert isinstance(python, ast.String)
    while isinstance(right, ast.Noted):
        right = right.operand
    match right:
        case ast.String(text):
            return Code(python.value, python.span, text=text)
        case ast.Boolean(truth):
            return Code(python.value, python.span, truth=truth)
    printed = read_printed(right)
    if printed is not None:
        return Code(python.value, python.span, printed=printed)
    items = right.items if isinstance(right, ast.Tuple) else (right,)
    scope.invents = False
    try:
        trees = []
        for item in items:
            (expression,) = resolve_expression(item, scope, vectors).sides
            if isinstance(expression, ShapeMismatch):
                return expression
            trees.append(scope.infer(expression))
    except ShapeMismatch as mismatch:
        return mismatch
    return Code(python.value, python.span, tuple(trees), _used(python.value, scope, types))


def _used(expression: str, scope: Scope, types: Mapping[str, object]) -> dict[str, Typed]:
    """The quantities of ours that stand in a Python expression, as far as words tell."""
    found: dict[str, Typed] = {}
    for word in dict.fromkeys(_WORD.findall(expression)):
        if word in types or word in scope.dims or (word[0] == "d" and word[1:] in types):
            found[word] = scope.infer(ast.Name(word))
    return found
