r"""Finds shapes that are claimed: of results and gradients, or of a product.

`Y \in \mathbb R^{m\times n}` and `[n, d] = [n, l] \times [l, d]` are claims;
where the name is an input, its shape is what the spec says of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gradcheck_cli.lang.latex_tokens import Token
from gradcheck_cli.run.drafting.facts import parts, space
from gradcheck_cli.run.drafting.grouping import MAX_CLAIMS
from gradcheck_cli.run.drafting.operators import ClaimLine, Operator
from gradcheck_cli.run.drafting.roles import Reading
from gradcheck_cli.run.drafting.statements import EQUALS, Document, Formula, Side, Statement, latex, split
from gradcheck_cli.run.drafting.symbols import Habits, occurrences

_DERIVATIVES = frozenset({r"\partial", r"\nabla"})


def find(document: Document, habits: Habits) -> list[Reading]:
    """Every claim about a shape, in order."""
    return [reading for formula in document.formulas for reading in _of(formula, habits)]


def _of(formula: Formula, habits: Habits) -> Iterator[Reading]:
    tokens = [t for t in formula.tokens if t.kind != "end"]
    for part in parts(tokens):
        signs = [at for at, t in enumerate(part) if t.text == r"\in" and t.kind == "command"]
        if len(signs) == 1 and space(part[signs[0] + 1 :]) is not None:
            left = part[: signs[0]]
            # a gradient has the shape of the one name that it is taken by
            names = [o.name for o in occurrences(left, habits)]
            derived = any(t.text in _DERIVATIVES for t in left)
            target = names[-1] if derived and len(names) == 1 else names[0] if names else ""
            if target and not any(t.text == "{" and t.kind == "begin" for t in left):
                yield _reading(formula, part, target, tuple(names))
    for at in range(len(tokens) - 1):
        if tokens[at].text == "(" and tokens[at + 1].text == "[":
            inner = tokens[at + 1 : _closing(tokens, at)]
            if len(split(inner, EQUALS)) > 1:
                yield _reading(formula, inner, "", tuple(o.name for o in occurrences(inner, habits)))


def _closing(tokens: Sequence[Token], at: int) -> int:
    depth = 0
    for end in range(at, len(tokens)):
        depth += (tokens[end].text in {"(", "["}) - (tokens[end].text in {")", "]"})
        if not depth:
            return end
    return len(tokens)


def _reading(formula: Formula, found: Sequence[Token], target: str, names: tuple[str, ...]) -> Reading:
    printed = latex(formula.text, found)
    statement = Statement(
        printed, (Side(printed, tuple(found)),), formula.line, formula.heading, formula.cell
    )
    return Reading(statement, "identity", target, names=(names,))


def attach(readings: Iterable[Reading], operators: Sequence[Operator]) -> None:
    """Gives each claim to the operator of its section that computes the name and stands nearest."""
    parts = [(o, {r.statement.heading for r in _readings(o)}) for o in operators if not o.made_up]
    for reading in readings:
        line, heading = reading.statement.line, reading.statement.heading
        derived = any(t.text in _DERIVATIVES for t in reading.statement.sides[0].tokens)
        near = [o for o, headings in parts if heading in headings and len(o.claims) < MAX_CLAIMS]
        if reading.target:
            near = [o for o in near if reading.target in (o.known if derived else o.lines)]
        if not near:
            continue
        here = min(near, key=lambda o: min(abs(line - n) for n in _lines(o)))
        claim = ClaimLine("shape", reading.statement.latex, reading)
        if all(c.latex != claim.latex for c in here.claims):
            after = [n for n, c in enumerate(here.claims) if c.reading.statement.line > line]
            here.claims.insert(after[0] if after else len(here.claims), claim)


def _lines(here: Operator) -> list[int]:
    return [r.statement.line for r in _readings(here)]


def _readings(here: Operator) -> list[Reading]:
    return [line.reading for line in here.lines.values()] + [claim.reading for claim in here.claims]
