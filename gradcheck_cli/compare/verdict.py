"""What a judgement concludes, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from gradcheck_cli.oracle.agreement import Agreement
from gradcheck_cli.shapes.mismatch import ShapeMismatch
from gradcheck_cli.spec.model import Verdict
from gradcheck_cli.text import Span


@dataclass(frozen=True)
class Place:
    """One element of an equation: its index (as printed) and the two values there."""

    index: str
    left: float
    right: float


@dataclass(frozen=True)
class Sight:
    """What one draw shows about one link.

    `error` is the largest difference relative to the largest magnitude of the
    left side (of the right one, if the left is zero); `floor` is the smallest
    such error, in a single element, that this draw would have shown as wrong.
    """

    verdict: Verdict
    sizes: Mapping[str, int]
    scale: float
    error: float = 0.0
    floor: float = 0.0
    share: float = 0.0
    """Which part of the elements differs by more than the floor."""
    place: Place | None = None
    reason: str = ""
    agreements: tuple[Agreement, ...] = ()


@dataclass(frozen=True)
class FieldCheck:
    """An identity of rational functions, evaluated at a random point of a prime field."""

    degree: int
    """A false identity of at most this degree"""
    chance: float
    """would have passed with less than this probability (Schwartz and Zippel)."""


@dataclass(frozen=True)
class Certificate:
    """What exact arithmetic says of a link at rational points; `none` and why, where it says nothing.

    `false` is a proof: at that point the two sides lie in disjoint balls. `holds` says
    that every element agreed to `digits` decimals at every point.
    """

    outcome: Literal["holds", "false", "none"]
    reason: str = ""
    points: int = 0
    elements: int = 0
    """At all points together."""
    digits: int = 0
    """Of `holds` the fewest that agree; of `false` the first that is certain to differ, less one."""
    bits: int = 0
    sizes: tuple[tuple[tuple[str, int], ...], ...] = ()
    """Of each point."""
    witness: int | None = None
    """To how many digits central differences confirm the derivatives; None where there are none."""
    index: str = ""
    left: str = ""
    right: str = ""
    """Of `false`: an element, and the two balls there."""
    data: tuple[tuple[str, str], ...] = ()
    """Of `false`: the rational point, where it is small enough to be read."""
    field: FieldCheck | None = None


@dataclass(frozen=True)
class Found:
    """What the points of an exact court show about one link."""

    certificate: Certificate
    sights: tuple[Sight, ...] = ()


@dataclass(frozen=True)
class Judgement:
    """The verdict on one link, and the draws that it rests on."""

    verdict: Verdict
    reason: str = ""
    sights: tuple[Sight, ...] = ()
    span: Span | None = None
    """For a shape mismatch, the node where the shapes meet."""
    condition: str | None = None
    """Of a conditional verdict: what has to be so."""
    basis: str = ""
    """What the verdict rests on, where that is not a number of draws."""
    certificate: Certificate | None = None
    """What exact arithmetic adds; None where it was not asked."""

    @property
    def contradicted(self) -> bool:
        """Whether exact arithmetic says otherwise than the draws, so that there is no verdict."""
        known = self.certificate is not None and self.certificate.outcome != "none"
        open_ = any(s.verdict == "undecided" for s in self.sights)
        return self.verdict == "undecided" and known and not open_

    @property
    def worst(self) -> Sight | None:
        """The draw that decided: the one with the largest error among those with this verdict."""
        shown = "wrong" if self.verdict == "conditional" else self.verdict
        deciding = [s for s in self.sights if s.verdict == shown]
        return max(deciding, key=lambda s: s.error, default=None)

    @property
    def floor(self) -> float | None:
        """The smallest error that every single draw would have shown."""
        floors = [s.floor for s in self.sights if s.verdict != "undecided"]
        return max(floors, default=None)


def misfit(mismatch: ShapeMismatch) -> Judgement:
    """The verdict on a link whose shapes do not fit."""
    problem = mismatch.problems[0]
    reason = f"{problem.message}; {problem.help}" if problem.help else problem.message
    return Judgement("shape-mismatch", reason, span=problem.span)


_ORDER: Mapping[Verdict, int] = {
    "holds": 0,
    "skipped": 1,
    "undecided": 2,
    "conditional": 3,
    "wrong": 4,
    "shape-mismatch": 5,
}


def overall(verdicts: tuple[Verdict, ...]) -> Verdict:
    """The verdict on a chain: that of its worst link."""
    return max(verdicts, key=lambda v: _ORDER[v])
