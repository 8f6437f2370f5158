"""The one place where the text of a spec becomes a formula; plain or LaTeX."""

from __future__ import annotations

from collections.abc import Callable

from gradcheck_cli.lang.ast import Equation, Expr
from gradcheck_cli.lang.latex import is_latex, parse_latex_equations, parse_latex_expression
from gradcheck_cli.lang.latex_symbols import Symbols
from gradcheck_cli.lang.plain import parse_equation, parse_expression
from gradcheck_cli.spec.model import RELATIONAL, Kind
from gradcheck_cli.spec.yaml_tree import Scalar
from gradcheck_cli.text import Problem, Text, UserError


def read_formula(
    text: Text, symbols: Callable[[], Symbols] | None = None, kind: Kind = "identity"
) -> Equation:
    """An equation or a chain of them; inequalities where the kind of claim has them. Raises UserError."""
    if kind == "value":
        text = _exactly(text)
    relational = kind in RELATIONAL
    if not is_latex(text):
        return parse_equation(text, relational=relational)
    known = symbols() if symbols else Symbols()
    equations = parse_latex_equations(text, known, relational=relational, members=kind == "shape")
    if len(equations) > 1:
        raise UserError(
            Problem(
                f"this display holds {len(equations)} equations",
                equations[1].span,
                help="a claim is one equation or chain: give each a claim of its own",
            )
        )
    return equations[0]


def _exactly(text: Text) -> Text:
    """`≈` is how printed numbers are announced, and says no more than their digits do."""
    value = text.value.replace("≈", "=").replace(r"\approx", "=      ")
    return Text(value, text.source, text.places)


def read_expression(text: Text, symbols: Callable[[], Symbols] | None = None) -> Expr:
    """A single expression. LaTeX needs the symbols that it may use. Raises UserError."""
    if not is_latex(text):
        return parse_expression(text)
    if symbols is None:
        raise UserError(
            Problem(
                "LaTeX is read in `forward`, `where` and claims only",
                text.span(0, 2 if text.value.startswith(("\\", "$$")) else 1),
                help="write plain text here: `2*r`, `1e-5`",
            )
        )
    return parse_latex_expression(text, symbols())


def formula_text(scalar: Scalar) -> Text:
    """The text of a formula, without white space around it. Raises UserError where YAML ate a backslash."""
    refuse_backslashes(scalar)
    text = scalar.text
    start = len(text.value) - len(text.value.lstrip())
    return part(text, start, max(start, len(text.value.rstrip())))


def refuse_backslashes(scalar: Scalar, allowed: str = "") -> None:
    r"""A backslash between double quotes is an escape: `"\\nabla"` is a line end and `abla`.

    `allowed` are the escapes that mean themselves. Raises UserError.
    """
    if scalar.style != "double":
        return
    at = 0
    while (at := scalar.raw.find("\\", at)) >= 0:
        if scalar.raw[at + 1] not in allowed:
            place = scalar.source.span(scalar.start + at, scalar.start + at + 2)
            raise UserError(
                Problem(
                    "between double quotes YAML reads the backslash itself",
                    place,
                    help="use single quotes, or write the formula on a line of its own below `|`",
                )
            )
        at += 2


def part(text: Text, start: int, end: int) -> Text:
    """A stretch of a text, with its places."""
    behind = text.places[end - 1] + 1 if end > start else text.places[start]
    return Text(text.value[start:end], text.source, (*text.places[start:end], behind))
