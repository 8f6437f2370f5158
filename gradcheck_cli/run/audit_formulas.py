"""Classifies the formulas of a writeup: claims, definitions, what no spec judges, and what states nothing."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from gradcheck_cli.report.audit import AuditedFormula, State
from gradcheck_cli.report.result import ClaimResult
from gradcheck_cli.run.audit_definitions import Definitions
from gradcheck_cli.text import Span
from gradcheck_cli.writeups.expansion import expand
from gradcheck_cli.writeups.found import FoundFormula
from gradcheck_cli.writeups.macros import Macro
from gradcheck_cli.writeups.relations import LOOSE, MEMBERSHIPS, relations

_SETTING = re.compile(
    r"\\?[A-Za-z]+(?:_(?:\w|\{[^{}]*\}|\\\w+\{[^{}]*\}))?[=<>](?:[-+.\d\\,]|\{,\}|\\times|10\^(?:\d|\{-?\d+\}))+"
)
_SPACE = re.compile(r"\s|\\[,;:! ]|\\q?quad|~")


def classified(
    formulas: Sequence[FoundFormula], claims: Iterable[ClaimResult], macros: Sequence[Macro]
) -> tuple[AuditedFormula, ...]:
    """Each formula with the claims that stand at it, or else with what it is."""
    claims = list(claims)
    at = _Places(formulas)
    standing: dict[int, list[ClaimResult]] = {}
    for claim in claims:
        for number in at.touched(claim.place) if claim.place is not None else ():
            standing.setdefault(number, []).append(claim)
    definitions = Definitions({(c.spec, c.operator.span.start): c.operator for c in claims}.values())
    found: list[AuditedFormula] = []
    for number, formula in enumerate(formulas):
        if number in standing:
            found.append(AuditedFormula(formula, "claim", tuple(standing[number])))
        else:
            state, reason = _otherwise(formula, definitions, macros)
            found.append(AuditedFormula(formula, state, reason=reason))
    return tuple(found)


def _otherwise(formula: FoundFormula, definitions: Definitions, macros: Sequence[Macro]) -> tuple[State, str]:
    """What a formula is at which no claim stands, and why."""
    assert formula.told is not None
    text = expand(formula.told, macros)
    signs = relations(text.value)
    if not signs:
        return "unjudged", "a symbol or an expression"
    defined = definitions.matching(text)
    if defined:
        return "definition", defined
    if all(sign in LOOSE for sign in signs):
        return "unjudged", "an approximation or a conclusion"
    if all(sign in MEMBERSHIPS for sign in signs):
        return "unjudged", "says what kind of thing a symbol is"
    if _SETTING.fullmatch(_SPACE.sub("", text.value.strip("$"))):
        return "unjudged", "sets a symbol to a number"
    return "uncovered", ""


class _Places:
    """The formulas by where they stand; in a notebook each cell counts by itself."""

    def __init__(self, formulas: Sequence[FoundFormula]) -> None:
        self.by_source: dict[str, tuple[list[int], list[int]]] = {}
        self.formulas = formulas
        for number, formula in enumerate(formulas):
            numbers, ends = self.by_source.setdefault(formula.shown.source.name, ([], []))
            numbers.append(number)
            ends.append(formula.shown.end)

    def touched(self, span: Span) -> Sequence[int]:
        """The formulas that a place has a character in common with."""
        # a document is named by its specs as they like, a cell of a notebook by its number
        cell = _CELL.search(span.source.name)
        for name, (numbers, ends) in self.by_source.items():
            if (found := _CELL.search(name)) is None or (cell and found.group() == cell.group()):
                first = bisect_left(ends, span.start + 1)
                behind = first
                while behind < len(numbers) and self.formulas[numbers[behind]].shown.start < span.end:
                    behind += 1
                return numbers[first:behind]
        return ()


_CELL = re.compile(r":cell \d+$")
