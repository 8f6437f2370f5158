"""Gathers the problems of a file, so that one run shows them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from gradcheck_cli.text import Problem, Span, UserError

P = ParamSpec("P")
T = TypeVar("T")


class Problems(list[Problem]):
    """The problems so far; what can fail is called through `attempt`."""

    def attempt(self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """The result, or None after noting down what was wrong."""
        try:
            return read(*args, **kwargs)
        except UserError as error:
            self.extend(error.problems)
            return None

    def report(self, message: str, span: Span, advice: str = "") -> None:
        """Notes one problem down."""
        self.append(Problem(message, span, help=advice))
