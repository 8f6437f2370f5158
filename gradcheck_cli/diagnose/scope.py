"""A scope that remembers: a part of a formula that stands in many candidates is typed once, and is one node.

The evaluation keeps values by node, so that parts which candidates share are
evaluated once as well. Sums over indices reuse the leading axes of the sums
beside them; hence their number does not grow with the candidates.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from gradcheck_cli.lang import ast
from gradcheck_cli.shapes.infer import Scope
from gradcheck_cli.shapes.typed import Index, Type, Typed
from gradcheck_cli.text import Problem, UserError

NONE = Type((), "bool")
"""Stands for the type of what has none."""


@dataclass
class SharedScope(Scope):
    """The scope of all candidates of one claim."""

    slots: int = 0
    """How many sums over indices may stand inside one another."""
    known: dict[Any, Typed | UserError] = field(default_factory=dict)
    seen: dict[int, tuple[ast.Expr, Type]] = field(default_factory=dict)
    """Every part that was met, and its type; kept, so that no other can take over its identity."""
    depth: int = 0

    def infer(self, expr: ast.Expr) -> Typed:
        """The typed tree, from memory where the part was met before."""
        if self.invents:
            return super().infer(expr)
        # candidates share their unchanged parts, and a deep comparison of the others costs more than it saves
        own: Any = expr if isinstance(expr, ast.Name) else id(expr)
        key: Any = (own, tuple((n, id(i)) for n, i in self.bound.items())) if self.bound else own
        found = self.known.get(key)
        if found is None:
            try:
                found = super().infer(expr)
                self.seen[id(expr)] = (expr, found.type)
            except UserError as error:
                self.seen.setdefault(id(expr), (expr, NONE))
                found = error
            self.known[key] = found
        if isinstance(found, UserError):
            raise found
        return found

    @contextmanager
    def binding(self, names: tuple[ast.Name, ...]) -> Iterator[tuple[Index, ...]]:
        """New indices on the axes that are free at this depth."""
        if self.depth + len(names) > self.slots:
            raise UserError(Problem("too many sums inside one another", names[0].span))
        shadowed = {n.id: self.bound[n.id] for n in names if n.id in self.bound}
        first = len(self.indices) + self.depth
        created = tuple(Index(n.id, first + i) for i, n in enumerate(names))
        self.bound |= {i.name: i for i in created}
        self.depth += len(names)
        try:
            yield created
        finally:
            self.depth -= len(names)
            for name in names:
                self.bound.pop(name.id, None)
            self.bound |= shadowed
