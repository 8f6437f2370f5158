"""Mutants of a right formula: one mistake each, on a side or in a local definition, none of them twice."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.spec.model import Definition
from gradcheck_cli.text import Text

from .corpus import Case, read
from .kinds import KINDS
from .places import Names, Place, names_of, places


@dataclass(frozen=True, eq=False)
class Mutant:
    """A right formula with one mistake in it."""

    kind: str
    text: str
    """The side or the definition with the mistake, as it reads now."""
    case: Case

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


Kinds = Mapping[str, Callable[[Place, Names], Iterator[ast.Expr]]]


def mutants(case: Case, limit: int | None = None, seed: int = 0, kinds: Kinds = KINDS) -> list[Mutant]:
    """All mutants of a case; with a limit a sample of them that has as many kinds as possible."""
    found = list(_all(case, kinds))
    if limit is None or len(found) <= limit:
        return found
    rng = random.Random(f"{seed} {case.id}")
    rng.shuffle(found)
    rank: dict[str, int] = {}
    turns: list[tuple[int, Mutant]] = []
    for mutant in found:
        turn = rank[mutant.kind] = rank.get(mutant.kind, -1) + 1
        turns.append((turn, mutant))
    return [m for _, m in sorted(turns, key=lambda t: t[0])[:limit]]


def _all(case: Case, kinds: Kinds) -> Iterator[Mutant]:
    names = names_of(case)
    equation, where = case.formula.equation, case.definitions
    seen = {equation.sides}
    for number, side in enumerate(equation.sides):
        if not _judged(case, number) or (number == 0 and isinstance(side, ast.Name)):
            continue
        for kind, changed in _mistakes(side, names, kinds):
            sides = (*equation.sides[:number], changed, *equation.sides[number + 1 :])
            if sides in seen:
                continue
            seen.add(sides)
            text = to_plain(ast.Equation(sides, equation.relations))
            again = read(text)
            assert again.sides == sides, f"printed and read back: {text}"
            yield Mutant(kind, _line(number, changed), case.changed(again, where))
    used = _used(case)
    for number, definition in enumerate(where):
        if definition.name not in used:
            continue
        had = {definition.expression}
        for kind, changed in _mistakes(definition.expression, names, kinds):
            if changed in had:
                continue
            had.add(changed)
            text = to_plain(changed)
            again_ = parse_expression(Text.whole("mutant", text))
            assert again_ == changed, f"printed and read back: {text}"
            other = replace(definition, expression=again_)
            lines = (*where[:number], other, *where[number + 1 :])
            yield Mutant(kind, f"{definition.name}: {text}", case.changed(equation, lines))


def _line(number: int, side: ast.Expr) -> str:
    return f"{to_plain(side)} =" if number == 0 else f"{'… ' * (number > 1)}= {to_plain(side)}"


def _judged(case: Case, side: int) -> bool:
    """Whether a side belongs to a link that is right."""
    return any(case.right[link] for link in (side - 1, side) if 0 <= link < len(case.right))


def _mistakes(expression: ast.Expr, names: Names, kinds: Kinds) -> Iterator[tuple[str, ast.Expr]]:
    for place in places(expression):
        for kind, make in kinds.items():
            for other in make(place, names):
                if other != place.node:
                    yield kind, place.rebuild(other)


def _used(case: Case) -> set[str]:
    """The local definitions on which the right links rest."""
    by_name: dict[str, Definition] = {d.name: d for d in case.definitions}
    open_ = [side for number, side in enumerate(case.formula.equation.sides) if _judged(case, number)]
    used: set[str] = set()
    while open_:
        for node in ast.walk(open_.pop()):
            if isinstance(node, ast.Name) and node.id in by_name and node.id not in used:
                used.add(node.id)
                open_.append(by_name[node.id].expression)
    return used
