"""What a slip is: a typical mistake with its page, its examples, and the edits that would undo it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gradcheck_cli.lang.ast import Expr

if TYPE_CHECKING:
    from gradcheck_cli.diagnose.edits import Site
    from gradcheck_cli.diagnose.hole import Hole
    from gradcheck_cli.diagnose.names import Names


@dataclass(frozen=True, slots=True)
class Offer:
    """What may stand in place of a node; `cost` is added to that of the slip."""

    new: Expr
    cost: float = 0.0


Offers = Iterator[Offer]


class At(Protocol):
    """Edits of one node, whatever the values are."""

    def __call__(self, site: Site) -> Offers:
        """What could have been meant here."""


class Fill(Protocol):
    """Edits of one node, given the value that must stand there."""

    def __call__(self, hole: Hole) -> Offers:
        """What has that value."""


class Across(Protocol):
    """Edits of all sides at once: the same slip made throughout."""

    def __call__(self, sides: tuple[Expr, ...], names: Names) -> Iterator[tuple[tuple[Expr, ...], str]]:
        """The sides without the slip, and the edit in words."""


def not_at(site: Site) -> Offers:  # noqa: ARG001
    """A slip that needs values."""
    return iter(())


def not_filled(hole: Hole) -> Offers:  # noqa: ARG001
    """A slip that needs none."""
    return iter(())


def never_across(sides: tuple[Expr, ...], names: Names) -> Iterator[tuple[tuple[Expr, ...], str]]:  # noqa: ARG001
    """A slip that is never made throughout."""
    return iter(())


@dataclass(frozen=True)
class Example:
    """A forward computation, what somebody wrote, and what is right."""

    inputs: str
    """`X: [m, k]; W: [k, n]`."""
    forward: str
    """`Y: X @ W; Z: relu(Y)`."""
    wrong: str
    right: str
    kind: str = "gradient"
    expect: str = "wrong"
    where: str = ""


@dataclass(frozen=True, eq=False)
class Slip:
    """One hypothesis of the diagnosis."""

    code: str
    name: str
    """Two or three words: `sign`, `missing transpose`."""
    title: str
    """What is said of a claim: `the sign is wrong`."""
    page: str
    """What it looks like, why it happens, how to see it."""
    examples: tuple[Example, ...]
    cost: float = 1.0
    """How far-fetched the slip is: 1 for the commonest."""
    at: At = not_at
    fill: Fill = not_filled
    across: Across = never_across
    looks_up: bool = False
    """Whether `fill` needs the library of parts."""
