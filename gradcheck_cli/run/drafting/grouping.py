"""Sorts the statements of a writeup into operators.

A symbol that is defined anew starts a new operator; so does a new section that
speaks of other symbols. A claim belongs to the newest operator that knows all
its names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gradcheck_cli.lang.ast import Call, Name
from gradcheck_cli.run.drafting.operators import ClaimLine, Line, Operator, fold
from gradcheck_cli.run.drafting.roles import Reading
from gradcheck_cli.run.drafting.symbols import Habits

LOOK_BACK = 6
"""How many operators back a claim may belong to."""

MAX_OPERATORS = 200
MAX_LINES = 100
MAX_CLAIMS = 200
"""How many operators a document, and how many lines and claims an operator may have."""

UPSTREAM = ("g", "G", "delta", "dout")
"""How writeups call the gradient of the output."""

_NAMED = "a name for what is claimed about"


def group(readings: Iterable[Reading], habits: Habits) -> tuple[list[Operator], list[Reading]]:
    """The operators of a document, and the statements that belong to none; see `operators.prune`."""
    grouping = _Grouping(habits)
    for reading in readings:
        if len(grouping.operators) >= MAX_OPERATORS:
            grouping.rest.append(reading)
            continue
        grouping.take(reading)
    return grouping.operators, grouping.rest


class _Grouping:
    def __init__(self, habits: Habits) -> None:
        self.habits = habits
        self.operators: list[Operator] = []
        self.rest: list[Reading] = []

    def take(self, reading: Reading) -> None:
        """One more statement."""
        if reading.role == "definition":
            self.define(reading)
        elif reading.role == "identity":
            self.identity(reading)
        elif reading.role in {"setting", "update"}:
            self.rest.append(reading)
        else:
            self.claim(reading)

    @property
    def current(self) -> Operator | None:
        """The newest operator."""
        return self.operators[-1] if self.operators else None

    def new(self, reading: Reading) -> Operator:
        """A new operator that begins at a statement."""
        operator = Operator(reading.statement.heading, reading.statement.line)
        self.operators.append(operator)
        return operator

    # definitions

    def define(self, reading: Reading) -> None:
        """A definition: a new line, another form of one, or the beginning of a new operator."""
        if reading.squared and self.current is not None and reading.target in self.current.lines:
            self.identity(reading)
            return
        line = self.line(reading, 1)
        if line.name in line.uses:
            self.rest.append(reading)
            return
        here = self.current
        if here is None:
            here = self.new(reading)
        elif line.name in here.lines or line.name in here.folded:
            before = here.lines[here.folded.get(line.name, line.name)]
            repeated = before.key == line.key
            if repeated or self.same(here, before, line):
                if len(reading.statement.sides) > 2 or not repeated:
                    self.add(here, "identity", reading)
                return
            here = self.again(reading, line, here)
        elif self.turns_away(here, line):
            here = self.new(reading)
        elif line.uses and self.restated(here, line):
            return
        if any(line.name in here.below(n) for n in line.uses if n in here.lines):
            self.rest.append(reading)
            return
        if len(here.lines) >= MAX_LINES:
            self.rest.append(reading)
            return
        here.lines[line.name] = line
        if len(reading.statement.sides) > 2:
            self.add(here, "identity", reading)

    def line(self, reading: Reading, side: int) -> Line:
        """A side of a definition as a line of `forward`."""
        target, trouble = reading.target, reading.trouble
        argument = self.habits.functions.get(target, "")
        uses = frozenset(reading.names[side]) - set(reading.indices)
        if argument and not uses:
            uses = frozenset({argument})
        printed = reading.statement.sides[side]
        key = "".join(t.text for t in printed.tokens)
        if reading.squared:
            tree = Call("sqrt", (reading.sides[side],))
            return Line(
                target, rf"\sqrt{{{printed.latex}}}", reading, uses, (), trouble, key, side, tree=tree
            )
        return Line(target, printed.latex, reading, uses, reading.indices, trouble, key, side)

    def same(self, here: Operator, before: Line, line: Line) -> bool:
        """Whether a second definition only says the first one in other words."""
        if line.heading != before.heading:
            return False
        return here.inputs_of(before.uses) == here.inputs_of(line.uses)

    def turns_away(self, here: Operator, line: Line) -> bool:
        """Whether a definition has nothing to do with the operator before it, whose claims were made."""
        if here.made_up:
            return True
        strange = line.name not in here.known and not line.uses & here.known
        if not here.claims:
            return strange
        if line.heading == here.claims[-1].reading.statement.heading:
            return False
        return line.name in here.known or not line.uses & here.lines.keys()

    def again(self, reading: Reading, line: Line, here: Operator) -> Operator:
        """A new operator, with the lines of its section that its definition needs."""
        fresh = self.new(reading)
        needed = sorted(self.needed(here, line), key=list(here.lines).index)
        own = {n for n in needed if here.lines[n].heading == line.heading}
        fresh.lines |= {name: here.lines[name] for name in needed}
        fresh.claims = [c for c in here.claims if c.kind == "identity" and c.reading.target in own]
        here.claims = [c for c in here.claims if c not in fresh.claims]
        kept = {n for claim in here.claims for n in claim.names}
        for name in own - kept:
            del here.lines[name]
        if not here.claims:
            self.operators.remove(here)
            self.retell(here, fresh, line)
        return fresh

    def retell(self, here: Operator, fresh: Operator, line: Line) -> None:
        """The definitions of an operator without claims are identities of the one that replaces it."""
        for old in here.lines.values():
            if old.name == line.name and here.inputs_of(old.uses) <= fresh.inputs_of(line.uses):
                self.add(fresh, "identity", old.reading)

    def needed(self, here: Operator, line: Line) -> set[str]:
        """The lines of the operator before that a new one cannot do without."""
        found = {n for used in line.uses for n in here.below(used) if n in here.lines}
        return {n for n in found if line.name not in here.below(n)}

    def restated(self, here: Operator, line: Line) -> bool:
        """`Z = XA` behind `Y = XW = XW_0 + ZB`: the operator in the form that uses Z."""
        for claim in here.claims:
            target = claim.reading.target
            if claim.kind != "identity" or target not in here.lines or line.name in here.lines[target].uses:
                continue
            for side in range(1, len(claim.reading.names)):
                if line.name not in claim.reading.names[side]:
                    continue
                fresh = self.new(line.reading)
                fresh.lines[line.name] = line
                fresh.lines[target] = self.line(claim.reading, side)
                here.claims.remove(claim)
                fresh.claims.append(claim)
                return True
        return False

    # claims

    def identity(self, reading: Reading) -> None:
        """An identity: about an operator that knows its names, or about itself alone."""
        here = self.current
        if here is not None and not here.made_up and reading.all_names and reading.all_names <= here.known:
            self.add(here, "identity", reading)
            return
        left = reading.statement.sides[0]
        if not reading.names[0] or reading.trouble or not reading.all_names <= set(reading.names[0]):
            self.rest.append(reading)
            return
        if (
            here is not None
            and here.made_up
            and next(iter(here.lines.values())).latex == left.latex
            and reading.all_names <= here.known
        ):
            self.add(here, "identity", reading)
            return
        fresh = self.new(reading)
        fresh.made_up = True
        name = next(n for n in ("out", "value", "out_") if n not in reading.all_names)
        fresh.lines[name] = Line(
            name, left.latex, reading, frozenset(reading.names[0]), side=0, remark=_NAMED
        )
        self.add(fresh, "identity", reading)

    def claim(self, reading: Reading) -> None:
        """A claim about derivatives goes to the newest operator that knows its names."""
        names = reading.all_names
        for back, here in enumerate(reversed(self.operators[-LOOK_BACK:])):
            missing = names - here.known
            if not missing:
                self.add(here, self.kind(here, reading), reading)
                return
            other = {n: n.swapcase() for n in missing if n.swapcase() in here.known and len(n) == 1}
            rest = missing - other.keys()
            upstream = {n for n in rest if n in UPSTREAM and reading.role != "expectation"}
            if rest == upstream and len(rest) <= 1 and not (back and other):
                for name, known in other.items():
                    upper, lower = (name, known) if name.isupper() else (known, name)
                    fold(here, lower, upper)
                here.upstream = here.upstream or next(iter(upstream), "")
                self.add(here, self.kind(here, reading), reading)
                return
        if reading.role == "expectation" and reading.names[0] and not reading.trouble:
            self.expectation(reading)
        elif not self.borrow(reading):
            newest = self.current
            if newest is None or newest.made_up or not reading.target or reading.target not in newest.known:
                self.rest.append(reading)
            else:  # what cannot be read is told beside it
                self.add(newest, self.kind(newest, reading), reading)

    def expectation(self, reading: Reading) -> None:
        """An expectation needs a random input, and nothing computed from it."""
        here = self.current
        heading = reading.statement.heading
        if (
            here is None
            or not here.made_up
            or here.claims[0].kind != "expectation"
            or here.heading != heading
        ):
            here = self.new(reading)
            here.made_up = True
        for name in reading.names[0]:
            if name not in here.leaves:
                out = f"out_{name}"
                here.lines[out] = Line(
                    out,
                    name,
                    reading,
                    frozenset({name}),
                    plain=True,
                    tree=Name(name),
                    remark="to have something to compute",
                )
        self.add(here, "expectation", reading)

    def borrow(self, reading: Reading) -> bool:
        """A claim about the current operator that uses a name which an earlier one defined."""
        here = self.current
        if here is None:
            return False
        missing = {n for n in reading.all_names - here.known if n not in UPSTREAM}
        for name in sorted(missing):
            for other in reversed(self.operators[:-1]):
                if name not in other.lines:
                    continue
                needed = [n for n in other.below(name) if n in other.lines]
                if other.inputs_of([name]) <= here.known:
                    for one in needed:
                        here.lines.setdefault(one, other.lines[one])
                        here.borrowed.add(one)
                    break
        left = reading.all_names - here.known
        if left and not (len(left) == 1 and left <= set(UPSTREAM)):
            return False
        here.upstream = here.upstream or next(iter(left), "")
        self.add(here, self.kind(here, reading), reading)
        return True

    def kind(self, here: Operator, reading: Reading) -> str:
        """`dX = …` is a gradient where the right side holds gradients of what comes after X."""
        if reading.role != "tangent":
            return reading.role
        behind = {n for n in here.lines if n != reading.target and reading.target in here.below(n)}
        return "gradient" if reading.moving and reading.moving <= behind else "differential"

    def add(self, here: Operator, kind: str, reading: Reading) -> None:
        """A claim, once."""
        for at, claim in enumerate(here.claims):
            if claim.reading.statement.key == reading.statement.key and claim.kind == kind:
                here.claims[at] = replace(claim, again=(*claim.again, reading.statement.place))
                return
        if len(here.claims) < MAX_CLAIMS:
            here.claims.append(ClaimLine(kind, reading.statement.latex, reading))
        else:
            self.rest.append(reading)
