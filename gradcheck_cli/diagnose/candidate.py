"""A candidate: a formula that could have been meant, and the edits that lead to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from gradcheck_cli.diagnose.slip import Slip
from gradcheck_cli.lang import ast
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.text import Span

Sides = tuple[ast.Expr, ast.Expr]


@dataclass(frozen=True, eq=False)
class Edit:
    """One change of a formula: what stood there and what stands there now, or the change in words."""

    slip: Slip
    span: Span | None
    old: ast.Expr | None = None
    new: ast.Expr | None = None
    said: str = ""

    @property
    def words(self) -> str:
        """The change in words."""
        if self.old is None or self.new is None:
            return self.said
        return f"`{to_plain(self.old)}` → `{to_plain(self.new)}`"


@dataclass(frozen=True, eq=False)
class Candidate:
    """Two sides, and how they came about; they are put together when they are first needed."""

    made: Callable[[], Sides]
    edits: tuple[Edit, ...]
    cost: float

    @cached_property
    def sides(self) -> Sides:
        """Both sides."""
        return self.made()

    @property
    def text(self) -> str:
        """Both sides in plain text."""
        return f"{to_plain(self.sides[0])} = {to_plain(self.sides[1])}"
