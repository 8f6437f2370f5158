"""The forward of an operator on one back end: some values replaced, what depends on them computed again."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.evaluate.backend import Backend
from gradcheck_cli.evaluate.interpret import Evaluation, Observer
from gradcheck_cli.evaluate.numpy_kinks import BRANCHES
from gradcheck_cli.shapes.typed import Program, Quantity, Typed, Value


class Forward:
    """The definitions of a program at given sizes. Arrays have a batch axis in front, of one row or many."""

    values: Mapping[str, Any]
    """What every name is where nothing is replaced."""

    def __init__(self, backend: Backend, program: Program, sizes: Mapping[str, int]) -> None:
        self.backend = backend
        self.program = program
        self.sizes = sizes
        self.values = {}

    def run(
        self, displaced: Mapping[str, Any], observer: Observer | None, hold: frozenset[str] = frozenset()
    ) -> Mapping[str, Any]:
        """All values, (rows or 1, *shape), with some replaced; only what depends on those is run again."""
        found = dict(displaced)
        values = ChainMap(found, self.values)  # type: ignore[arg-type]  # nothing is written into the second
        for definition in self.program.definitions:
            name = definition.name
            needs = self.program.needs[name]
            stale = name not in values or bool(needs & displaced.keys())
            if name not in displaced and name not in hold and stale:
                found[name] = self.tree(definition.tree, values, definition.indices, observer)
        return values

    def tree(self, tree: Typed, values: Mapping[str, Any], indices: int, observer: Observer | None) -> Any:
        """The value of a tree over forward values, (rows or 1, *shape)."""

        def given(quantity: Quantity) -> Any:
            assert isinstance(quantity, Value)
            return values[quantity.name]

        evaluation = Evaluation(self.backend, self.sizes, given, indices, observer)
        with np.errstate(all="ignore"):
            value = evaluation.value(tree)
        return value.reshape(value.shape[:1] + value.shape[evaluation.lead :])


class Branches:
    """An observer that notices which rows of a batch are on another smooth piece than row 0."""

    def __init__(self, rows: int, backend: Backend) -> None:
        self.same = np.ones(rows, dtype=bool)
        self.numpy = backend.numpy

    def seen(self, node: Typed, value: Any) -> Any:  # noqa: ARG002  as the protocol has it
        """The value as it is."""
        return value

    def called(self, function: str, args: tuple[Any, ...], statics: Mapping[str, object]) -> None:
        """Compares the pieces of a kinked function."""
        branch = BRANCHES.get(function)
        if branch is not None:
            pieces = np.asarray(branch(*map(self.numpy, args), **statics))
            if pieces.shape[0] == len(self.same):
                self.same &= (pieces == pieces[:1]).reshape(len(pieces), -1).all(1)
