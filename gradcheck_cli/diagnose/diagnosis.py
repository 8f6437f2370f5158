"""What a diagnosis says, as data."""

from __future__ import annotations

from dataclasses import dataclass

from gradcheck_cli.lang.ast import Equation
from gradcheck_cli.text import Span


@dataclass(frozen=True)
class Suggestion:
    """A formula that holds, and how far it is from the one that was claimed."""

    equation: Equation
    """The one link, corrected."""
    sides: tuple[int, ...]
    """Which of its sides are new: 0 the left one, 1 the right one."""
    edits: tuple[str, ...]
    """The changes in words: "`Q` → `Q / sqrt(d)`"."""
    codes: tuple[str, ...]
    """The slip of each change."""
    cost: float
    draws: int
    """At how many fresh draws it was judged to hold."""


@dataclass(frozen=True)
class Diagnosis:
    """Where one link of a claim is wrong, what kind of slip it is, and what would be right."""

    link: int
    code: str | None
    """The code of the likeliest slip; None where nothing was found."""
    title: str
    span: Span | None
    """The smallest part whose replacement repairs the claim."""
    where: str
    """Which elements are wrong, in words."""
    suggestions: tuple[Suggestion, ...] = ()
    """Verified formulas, the best first."""
    known: tuple[str, ...] = ()
    """What else could be found out, in words."""
