"""An operator with shapes, and what the reader of specs says about each part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gradcheck_cli.run.drafting.operators import Operator
from gradcheck_cli.run.drafting.solve import Solution


@dataclass
class Shaped:
    """A draft of one operator."""

    here: Operator
    solution: Solution
    laws: Mapping[str, str] = field(default_factory=dict)
    """Random inputs, with their laws."""
    flawed: dict[str, str] = field(default_factory=dict)
    """Lines of `forward` that cannot be read, with the reason; they become inputs."""
    refused: dict[int, str] = field(default_factory=dict)
    """Claims that cannot be typed, by their number, with the reason."""
    misfits: dict[int, str] = field(default_factory=dict)
    """Claims whose shapes do not fit although every shape is stated."""
    dotted: set[str] = field(default_factory=set)
    """Lines of `forward` whose dot is taken for the elementwise product, since it could be the inner one."""
    unreadable: str = ""
    """Why nothing of it can be read."""

    @property
    def live(self) -> int:
        """How many claims can be judged."""
        return 0 if self.unreadable else len(self.here.claims) - len(self.refused)

    @property
    def steps(self) -> dict[str, str]:
        """Symbols that only `notation` explains: `A_{t+1}`."""
        parts = [line.reading for line in self.here.lines.values()] + [c.reading for c in self.here.claims]
        return {o.printed: o.name for reading in parts for o in reading.occurrences if o.printed}

    @property
    def open(self) -> list[str]:
        """Inputs of which it is not clear whether they are any: scalars that the writeup never explains."""
        derived = {claim.reading.target for claim in self.here.claims if claim.kind != "identity"}
        return [
            name
            for name, shape in self.solution.shapes.items()
            if not shape and name not in derived | CONSTANTS | self.solution.stated.keys()
        ]


CONSTANTS = frozenset({"epsilon", "varepsilon", "eps", "eta", "lambda", "alpha", "tau", "beta"})
"""Scalars that writeups use without explaining them."""

POSITIVE = frozenset({"epsilon", "varepsilon", "eps", "eta", "tau"})
"""Those among them that are never negative."""
