"""What an audit found, as data: every formula of every writeup, and what the specs say about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from gradcheck_cli.compare.verdict import overall
from gradcheck_cli.report.result import ClaimResult, RunResult
from gradcheck_cli.spec.model import Verdict
from gradcheck_cli.text import Source
from gradcheck_cli.writeups.found import FoundFormula, Reading
from gradcheck_cli.writeups.macros import Macro

State = Literal["claim", "definition", "uncovered", "unjudged"]
STATES: tuple[State, ...] = get_args(State)

MEANING: dict[State, str] = {
    "claim": "a claim of a spec stands here",
    "definition": "restates what a spec computes or declares",
    "uncovered": "states something that no spec judges",
    "unjudged": "states nothing that could be true or false",
}
"""What the states of a formula mean."""


@dataclass(frozen=True, eq=False)
class AuditedFormula:
    """A formula of a writeup, and what is known about it."""

    found: FoundFormula
    state: State
    claims: tuple[ClaimResult, ...] = ()
    """The claims that stand here."""
    reason: str = ""
    """What it defines, or why there is nothing to judge."""

    @property
    def verdict(self) -> Verdict | None:
        """The verdict of the worst claim here; None without a claim."""
        return overall(tuple(c.verdict for c in self.claims)) if self.claims else None

    @property
    def worst(self) -> ClaimResult | None:
        """The claim to show: one that somebody has to look at, else the one with the worst verdict."""
        return worst(self.claims)


@dataclass(frozen=True, eq=False)
class AuditedDocument:
    """A writeup with its formulas in order."""

    file: str
    """The writeup as a path from the working directory."""
    source: Source
    readings: tuple[Reading, ...]
    macros: tuple[Macro, ...]
    formulas: tuple[AuditedFormula, ...]
    claims: tuple[ClaimResult, ...]
    """All claims about it, in the order of the specs."""
    specs: tuple[str, ...]
    """The specs that are about it."""

    @cached_property
    def beside(self) -> tuple[ClaimResult, ...]:
        """Claims that stand at none of its formulas: about its prose, or without a quote."""
        placed = {id(c) for formula in self.formulas for c in formula.claims}
        return tuple(c for c in self.claims if id(c) not in placed)

    def count(self, state: State) -> int:
        """How many formulas are in a state."""
        return sum(formula.state == state for formula in self.formulas)

    @property
    def covered(self) -> int:
        """How many formulas are claims or definitions."""
        return self.count("claim") + self.count("definition")

    @property
    def judgeable(self) -> int:
        """How many formulas state something."""
        return self.covered + self.count("uncovered")

    @property
    def wrong(self) -> tuple[AuditedFormula, ...]:
        """The formulas at which a claim does not hold."""
        return tuple(f for f in self.formulas if f.verdict not in {None, "holds", "skipped"})


@dataclass(frozen=True, eq=False)
class Audit:
    """A batch of writeups."""

    documents: tuple[AuditedDocument, ...]
    result: RunResult
    """Everything that was judged for them."""

    @property
    def formulas(self) -> int:
        """How many formulas the writeups have."""
        return sum(len(d.formulas) for d in self.documents)

    @property
    def covered(self) -> int:
        """How many of them are claims or definitions."""
        return sum(d.covered for d in self.documents)

    @property
    def judgeable(self) -> int:
        """How many of them state something."""
        return sum(d.judgeable for d in self.documents)

    @property
    def status(self) -> int:
        """The exit status, as of a check."""
        return self.result.status


def worst(claims: Iterable[ClaimResult]) -> ClaimResult | None:
    """The claim to look at first; None without claims."""
    return max(claims, key=lambda c: (c.counts, not c.ok, _RANK[c.verdict]), default=None)


_RANK: dict[Verdict, int] = {
    "holds": 0,
    "skipped": 1,
    "undecided": 2,
    "conditional": 3,
    "wrong": 4,
    "shape-mismatch": 5,
}


def percentage(part: int, whole: int) -> str:
    """A share as people say it; a dash where there is nothing to share."""
    if not whole:
        return "–"
    # never 100 % while something is left, never 0 % when something is done
    return f"{min(max(round(100 * part / whole), int(part > 0)), 100 if part == whole else 99)} %"
