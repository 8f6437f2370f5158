"""What is wrong with an input, as data; `snippet.draw` alone turns it into words on a screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gradcheck_cli.text.source import Span


@dataclass(frozen=True)
class Problem:
    """One thing that a person has to mend.

    `message` is the headline (what), `span` the place (where), `label` stands
    at the caret (what was expected), `help` says what to do. `file` names the
    file where there is no place in it, for instance because it cannot be read.
    """

    message: str
    span: Span | None = None
    label: str = ""
    help: str = ""
    file: str = ""

    @property
    def where(self) -> str:
        """`file:line:column`, as far as it is known."""
        if self.span is None:
            return self.file
        return f"{self.span.source.name}:{self.span.line}:{self.span.column}"


class UserError(Exception):
    """Carries the problems of an input to whoever reports them."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(p.message for p in problems))
        self.problems = problems

    def __reduce__(self) -> tuple[Any, ...]:
        """Crosses from one process to another with its problems."""
        return _restored, (type(self), self.problems)


def _restored(kind: type[UserError], problems: tuple[Problem, ...]) -> UserError:
    error = kind.__new__(kind)
    UserError.__init__(error, *problems)
    return error
