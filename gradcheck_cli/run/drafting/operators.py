"""A drafted operator, still without shapes: what is computed, and what is claimed about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from gradcheck_cli.lang.ast import Call, Expr, Name, walk
from gradcheck_cli.run.drafting.roles import Reading


@dataclass(frozen=True)
class Line:
    """A line of `forward`."""

    name: str
    latex: str
    reading: Reading
    uses: frozenset[str]
    indices: tuple[str, ...] = ()
    trouble: str = ""
    key: str = ""
    """The same for formulas that differ in layout only."""
    side: int = 1
    """Which side of its statement it is."""
    plain: bool = False
    """Whether it is no LaTeX."""
    tree: Expr | None = None
    remark: str = ""
    """What has to be said of it, where it is not the writeup's own."""

    @property
    def expression(self) -> Expr | None:
        """Its tree, if it could be read."""
        if self.tree is not None or not self.reading.sides:
            return self.tree
        return self.reading.sides[self.side]

    def in_order(self, folded: Mapping[str, str]) -> list[str]:
        """What it uses, as printed from the left."""
        printed = [folded.get(n, n) for side in self.reading.names for n in side]
        return [n for n in dict.fromkeys(printed) if n in self.uses]

    @property
    def heading(self) -> str:
        """The section that it stands in."""
        return self.reading.statement.heading


@dataclass(frozen=True)
class ClaimLine:
    """A claim as printed, and its kind."""

    kind: str
    latex: str
    reading: Reading
    again: tuple[str, ...] = ()
    """Where the same formula stands once more."""

    @property
    def names(self) -> frozenset[str]:
        """Every name in it."""
        return self.reading.all_names


@dataclass
class Operator:
    """One forward computation with its claims, still without shapes."""

    heading: str
    line: int
    lines: dict[str, Line] = field(default_factory=dict)
    claims: list[ClaimLine] = field(default_factory=list)
    folded: dict[str, str] = field(default_factory=dict)
    """Symbols of other case that are the same: `x` → `X`."""
    upstream: str = ""
    """What the gradient of the output is called, if it has a name."""
    borrowed: set[str] = field(default_factory=set)
    """Lines that an earlier operator defined."""
    made_up: bool = False
    """Whether the forward is only a name for the left side of an identity."""

    @property
    def leaves(self) -> tuple[str, ...]:
        """The names that are used and not defined, in order."""
        used: dict[str, None] = {}
        for line in self.ordered():
            for name in line.in_order(self.folded):
                if name not in self.lines:
                    used.setdefault(name)
        return tuple(used)

    @property
    def known(self) -> frozenset[str]:
        """Everything that a claim may use."""
        return frozenset(self.lines) | frozenset(self.leaves) | frozenset(self.folded)

    def ordered(self) -> Iterator[Line]:
        """The lines, each behind those that it uses."""
        done: set[str] = set()
        for name in sorted(self.lines, key=lambda n: n not in self.borrowed):
            stack = [name]
            while stack:
                line = self.lines[stack[-1]]
                waiting = [n for n in line.uses if n in self.lines and n not in done and n not in stack]
                if waiting:
                    stack.append(min(waiting, key=list(self.lines).index))
                    continue
                stack.pop()
                if line.name not in done:
                    done.add(line.name)
                    yield line

    @property
    def title(self) -> str:
        """The section of what is computed."""
        return self.lines[self.output].heading if self.lines else self.heading

    @property
    def output(self) -> str:
        """The last line that no other one uses."""
        return next(reversed(self._ends), next(reversed(self.lines), ""))

    @property
    def outputs(self) -> tuple[str, ...]:
        """The output, and the other lines that no line uses and whose gradient the claims take as given."""
        claimed = {claim.reading.target for claim in self.claims}
        given = {
            self.folded.get(name.id, name.id)
            for claim in self.claims
            for side in claim.reading.sides[1:]
            for node in walk(side)
            if isinstance(node, Call) and node.function == "grad"
            for name in node.args
            if isinstance(name, Name)
        }
        return tuple(n for n in self._ends if n in given - claimed or n == self.output) or (self.output,)

    @property
    def _ends(self) -> tuple[str, ...]:
        used = {n for line in self.lines.values() for n in line.uses}
        return tuple(n for n in self.lines if n not in used and n not in self.borrowed)

    def below(self, name: str) -> set[str]:
        """All names that a name is made of, itself included."""
        seen: set[str] = set()
        stack = [name]
        while stack:
            here = stack.pop()
            if here not in seen:
                seen.add(here)
                stack += self.lines[here].uses if here in self.lines else ()
        return seen

    def inputs_of(self, names: Iterable[str]) -> frozenset[str]:
        """The leaves that some names are made of."""
        return frozenset(n for name in names for n in self.below(name) if n not in self.lines)


def fold(here: Operator, lower: str, upper: str) -> None:
    """Takes a letter and its capital for one symbol, which is called by the capital."""
    if lower in here.folded or (upper in here.known and lower in here.known):
        return
    here.folded[lower] = upper
    renamed: dict[str, Line] = {}
    for line in here.lines.values():
        name = upper if line.name == lower else line.name
        uses = frozenset(upper if n == lower else n for n in line.uses)
        renamed[name] = replace(line, name=name, uses=uses)
    here.lines = renamed


def prune(operators: list[Operator]) -> list[Reading]:
    """Takes out what no claim speaks of: whole operators, and lines; returns their statements."""
    rest: list[Reading] = []
    for here in list(operators):
        if not here.claims:
            operators.remove(here)
            rest += [line.reading for line in here.lines.values()]
        elif not here.made_up:
            spoken = {here.folded.get(n, n) for claim in here.claims for n in claim.names}
            if any(claim.kind not in {"identity", "shape"} for claim in here.claims):
                spoken.add(here.output)
            needed = {n for name in spoken for n in here.below(name)}
            if not needed & here.lines.keys():
                needed = here.below(here.output)
            rest += [here.lines.pop(name).reading for name in list(here.lines) if name not in needed]
    return rest
