"""Sizes that are still unknown, and what makes them equal: a union-find that can take its steps back."""

from __future__ import annotations


class ClashError(Exception):
    """Two sizes that are known to differ would have to be equal, or ranks that differ."""


class Sizes:
    """Numbered sizes; each class of equal ones may carry a label, which is its name or number."""

    def __init__(self) -> None:
        self.parent: list[int] = []
        self.label: list[str | None] = []
        self.labelled: dict[str, int] = {}
        self.trail: list[int] = []

    def fresh(self) -> int:
        """A size that nothing is known of."""
        self.parent.append(len(self.parent))
        self.label.append(None)
        return len(self.parent) - 1

    def named(self, label: str) -> int:
        """The size of a name, `n`, or of a number, `1`."""
        if label not in self.labelled:
            self.labelled[label] = self.fresh()
            self.label[-1] = label
        return self.labelled[label]

    def find(self, size: int) -> int:
        """The representative of a class."""
        while self.parent[size] != size:
            size = self.parent[size]
        return size

    def name(self, size: int) -> str | None:
        """The label of a size, if it has one."""
        return self.label[self.find(size)]

    def equal(self, one: int, two: int) -> None:
        """Makes two sizes the same. Raises ClashError where both are known and differ."""
        one, two = self.find(one), self.find(two)
        if one == two:
            return
        if self.label[one] is not None and self.label[two] is not None:
            raise ClashError(f"{self.label[one]} and {self.label[two]}")
        if self.label[one] is None:
            one, two = two, one
        self.trail.append(two)
        self.parent[two] = one

    def mark(self) -> int:
        """A point to come back to."""
        return len(self.trail)

    def undo(self, mark: int) -> None:
        """Back to a point: everything that was made equal since is apart again."""
        while len(self.trail) > mark:
            child = self.trail.pop()
            self.parent[child] = child
