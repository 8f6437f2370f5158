r"""Recognises formulas that restate what a spec computes: lines of its `forward`, shapes of its inputs.

`\mathbf A = \text{softmax}(\mathbf S)` is read with the names of the spec and
compared with its forward at fresh data, so that it may be written otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable

from gradcheck_cli.compare.judge import judge
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.lang.ast import Call, Equation, Expr, Name, Noted, Subscript, walk
from gradcheck_cli.lang.latex import parse_latex_equations
from gradcheck_cli.lang.latex_symbols import Symbols
from gradcheck_cli.spec.model import Claim, Formula, Kind, Operator
from gradcheck_cli.spec.typing import type_claim, type_program
from gradcheck_cli.text import Text, UserError

_QUICK = Settings("differences", draws=2)
"""Values alone decide here, and NumPy has them."""


class Definitions:
    """The forward computations of the specs about one writeup."""

    def __init__(self, operators: Iterable[Operator]) -> None:
        self.readers = [(operator, _symbols(operator)) for operator in operators]

    def matching(self, text: Text) -> str:
        """What a formula between dollars defines, in words; nothing if it is no definition."""
        for operator, symbols in self.readers:
            try:
                found = _defined(operator, symbols, text)
            except (UserError, RecursionError, MemoryError):
                continue  # it cannot be read with the names of this spec
            if found:
                return found
        return ""


def _symbols(operator: Operator) -> Symbols:
    program = type_program(operator)
    return Symbols(
        frozenset(program.types),
        frozenset(program.dims),
        frozenset(d.name for d in operator.where),
        {
            d.name: frozenset(n.id for n in walk(d.expression) if isinstance(n, Name))
            for d in operator.forward
        },
        dict(operator.notation),
        operator.vectors,
    )


def _defined(operator: Operator, symbols: Symbols, text: Text) -> str:
    """What a display defines, if every equation of it does. Raises UserError."""
    equations = parse_latex_equations(text, symbols, members=True)
    lines = {d.name for d in operator.forward}
    names: list[str] = []
    shapes: list[str] = []
    for equation in equations:
        shaped = [name for side in equation.sides if (name := _shaped(side))]
        defined = [name for side in equation.sides if (name := _name(side)) in lines]
        kind: Kind = "shape" if shaped else "identity"
        if not (shaped or defined) or not _holds(operator, equation, text, kind):
            return ""
        shapes += shaped
        names += [] if shaped else defined
    parts = []
    if names:
        parts.append(f"{_listed(names)} of `forward`")
    if shapes:
        parts.append(f"the shape of {_listed(shapes)}")
    return f"{' and '.join(parts)}, operator {operator.name}"


def _holds(operator: Operator, equation: Equation, text: Text, kind: Kind) -> bool:
    claim = Claim(("definition",), kind, Formula(text, equation), text.all)
    typed = type_claim(operator, claim)
    return all(j.verdict == "holds" for j in judge(operator, claim, typed, _QUICK))


def _name(side: Expr) -> str:
    """The name that a side is, perhaps with indices."""
    match side:
        case Noted(inner):
            return _name(inner)
        case Subscript(Name(name), _) | Name(name):
            return name
    return ""


def _shaped(side: Expr) -> str:
    """The name whose shape a side is."""
    match side:
        case Call("shape", (inner,)):
            return _name(inner)
    return ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in dict.fromkeys(names))
