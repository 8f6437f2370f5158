r"""Tells what a statement is: a definition, or a claim about gradients, differentials, values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from gradcheck_cli.lang.ast import (
    Binary,
    Call,
    Equation,
    Expr,
    Name,
    Node,
    Noted,
    Number,
    Series,
    Subscript,
    Transpose,
    walk,
)
from gradcheck_cli.lang.latex import parse_latex_equations
from gradcheck_cli.run.drafting.facts import Facts
from gradcheck_cli.run.drafting.statements import Statement
from gradcheck_cli.run.drafting.symbols import Habits, Occurrence, occurrences, table
from gradcheck_cli.text import Text, UserError

_ITALIC = re.compile(r"(?<![A-Za-z\\])d(?=\\(?:mathbf|boldsymbol|bm|hat|tilde)\b|[A-Z]|[a-z](?![a-z]))")
Role = Literal[
    "definition", "setting", "update", "gradient", "differential", "tangent", "derivative", "identity",
    "expectation",
]  # fmt: skip
"""A `tangent` is a left side `dX`, which by itself may be a gradient or a differential."""


@dataclass(frozen=True)
class Reading:
    """A statement, what it is, and the names on each of its sides."""

    statement: Statement
    role: Role
    target: str = ""
    """The name that is defined, or whose derivative stands on the left."""
    indices: tuple[str, ...] = ()
    names: tuple[tuple[str, ...], ...] = ()
    moving: frozenset[str] = frozenset()
    """Names whose `dX` stands on the right."""
    occurrences: tuple[Occurrence, ...] = ()
    sides: tuple[Expr, ...] = ()
    sizes: frozenset[str] = frozenset()
    """Names that can only be sizes: the bound of a sum, the shape of `I_n`."""
    trouble: str = ""
    """Why it cannot be read, if it cannot."""

    def without(self, sizes: frozenset[str]) -> Reading:
        """The same with the names of sizes left out."""
        return replace(self, names=tuple(tuple(n for n in side if n not in sizes) for side in self.names))

    @property
    def squared(self) -> bool:
        r"""Whether the square of a name is defined: `\sigma^2 = …`."""
        return self.role == "definition" and bool(self.sides) and _square(_bare(self.sides[0])) != ""

    @property
    def all_names(self) -> frozenset[str]:
        """Every name in it."""
        return frozenset(name for side in self.names for name in side)


def read(statement: Statement, habits: Habits) -> Reading:
    """What a statement is."""
    per_side = [occurrences(side.tokens, habits) for side in statement.sides]
    found = [o for side in per_side for o in side]
    names = tuple(tuple(dict.fromkeys(o.name for o in side)) for side in per_side)
    try:
        equation = parse(statement.latex, found, habits)
    except UserError as error:
        alone = len(per_side[0]) == 1 and per_side[0][0].end == len(statement.sides[0].tokens)
        return Reading(
            statement,
            "definition" if alone else _by_print(statement),
            names[0][0] if names[0] else "",
            names=names,
            occurrences=tuple(found),
            trouble=error.problems[0].message,
        )
    role, target, indices = _role(equation)
    if role == "definition" and target in habits.indices and not set(names[1]) - habits.indices:
        role = "setting"  # `k = i`
    return Reading(
        statement,
        role,
        target,
        indices,
        names,
        frozenset(n for side in equation.sides[1:] for n in _moving(side)),
        tuple(found),
        equation.sides,
        frozenset(n for side in equation.sides for n in _sizes(side)),
    )


def parse(latex: str, found: list[Occurrence], habits: Habits) -> Equation:
    """The tree of an equation in which every name counts as declared. Raises UserError."""
    return parse_latex_equations(Text.whole("formula", f"${latex}$"), table(found, habits))[0]


def _by_print(statement: Statement) -> Role:
    left = [t.text for t in statement.sides[0].tokens]
    if any(t.text == "E" and t.font == r"\mathbb" for t in statement.sides[0].tokens):
        return "expectation"
    if r"\partial" in left or r"\nabla" in left:
        return "gradient"
    return "differential" if "d" in left else "identity"


def _role(equation: Equation) -> tuple[Role, str, tuple[str, ...]]:
    left = _bare(equation.sides[0])
    target, indices = _named(left)
    calls = {n.function for side in equation.sides for n in walk(side) if isinstance(n, Call)}
    own = {n.function for n in walk(left) if isinstance(n, Call)}
    if "E" in calls:
        return "expectation", target, ()
    if own & {"D", "jacobian"}:
        return "derivative", target, ()
    if "grad" in own:
        return "gradient", target, ()
    if "d" in own or any(_moving(left)):
        plain = isinstance(left, Name) and left.id != "dL" and left.id[1:] == target
        return ("tangent" if plain else "differential"), target, ()
    if "grad" in calls:
        return ("update" if isinstance(left, (Name, Subscript)) else "gradient"), target, ()
    if "d" in calls or any(n for side in equation.sides for n in _moving(side)):
        return "differential", target, ()
    if calls & {"D", "jacobian"}:
        return "derivative", target, ()
    if isinstance(left, Name) and target:
        number = all(isinstance(n, (Number, Noted)) for side in equation.sides[1:2] for n in walk(side))
        return ("setting" if number else "definition"), target, ()
    if _square(left) and len(equation.sides) == 2:
        return "definition", _square(left), ()
    if isinstance(left, Subscript) and target and len(set(indices)) == len(left.items):
        return "definition", target, indices
    return "identity", "", ()


def _square(left: Expr) -> str:
    """The name whose square a side is."""
    match left:
        case Binary("^", Name(id), Number(value)) if value == 2:
            return id
    return ""


def upright(statement: Statement) -> Statement:
    r"""The same with `\mathrm{d}X` for `dX`, which is clear where a size is called `d`."""
    clear = _ITALIC.sub(r"\\mathrm{d}", statement.latex)
    return statement if clear == statement.latex else replace(statement, latex=clear, quote=statement.latex)


def _bare(side: Expr) -> Expr:
    while isinstance(side, (Noted, Transpose)):
        side = side.operand
    return side


def _named(left: Expr) -> tuple[str, tuple[str, ...]]:
    """The name that a left side is about, and its indices."""
    indices: tuple[str, ...] = ()
    if isinstance(left, Subscript):
        indices = tuple(i.id for i in left.items if isinstance(i, Name))
        left = _bare(left.operand)
    if isinstance(left, Call) and left.function in {"grad", "D", "jacobian", "d"} and left.args:
        left = _bare(left.args[-1])
    if isinstance(left, Name):
        moved = left.id[1:] if left.id.startswith("d") and len(left.id) > 1 else left.id
        return (moved if left.id == f"d{moved}" else left.id), indices
    return "", ()


def _sizes(side: Node) -> Iterator[str]:
    for node in walk(side):
        inside: tuple[Node, ...] = ()
        if isinstance(node, Series) and node.high is not None:
            inside = (node.high,)
        elif isinstance(node, Call) and node.function in {"ones", "zeros", "eye"}:
            inside = node.args
        for part in inside:
            yield from (n.id for n in walk(part) if isinstance(n, Name))


def _moving(side: Node) -> Iterator[str]:
    for node in walk(side):
        if isinstance(node, Name) and len(node.id) > 1 and node.id.startswith("d"):
            yield node.id[1:]


def sizes(readings: Iterable[Reading], facts: Facts) -> frozenset[str]:
    """The names of sizes in a document: those that stand in stated shapes, bound a sum, or size an `I_n`."""
    found = {d for shape in facts.shapes for d in shape.dims if d.isidentifier()}
    other: set[str] = {shape.name for shape in facts.shapes}
    for reading in readings:
        found |= reading.sizes
        other |= {o.name for o in reading.occurrences if o.indices or o.upright == "bold"}
        if reading.role in {"definition", "gradient"}:
            other.add(reading.target)
    return frozenset(found - other)
