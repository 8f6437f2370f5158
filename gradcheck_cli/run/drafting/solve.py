"""Finds shapes for the inputs of an operator that make as much as possible of it fit.

Ranks are tried in the order of what their print suggests, a bounded number of
combinations; the sizes follow from the definitions, and the claims judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from gradcheck_cli.lang import ast
from gradcheck_cli.run.drafting.facts import Facts, Shape
from gradcheck_cli.run.drafting.forms import Reader
from gradcheck_cli.run.drafting.operators import Line, Operator
from gradcheck_cli.run.drafting.products import Form, Guess
from gradcheck_cli.run.drafting.symbols import Habits
from gradcheck_cli.run.drafting.unify import ClashError, Sizes

MAX_TRIES = 60
"""How many combinations of ranks are tried for one operator."""

MAX_CLAIMS_TRIED = 40
"""How many claims of an operator judge a combination."""

SHARED = 2
"""How many inputs must be stated elsewhere, so that a section is believed to speak of the same ones."""

KEPT = 3
"""How many solutions are handed on, the best first."""

_FAILED_LINE, _FAILED_CLAIM, _THAWED, _BENT = 50, 10, 4, 3
_SIZES = frozenset("nmdNMDTCKkpHhB")
_SCALARS = frozenset(
    [
        "epsilon",
        "varepsilon",
        "eta",
        "lambda",
        "alpha",
        "tau",
        "mu",
        "nu",
        "rho",
        "sigma",
        "beta",
        "eps",
        "kappa",
    ]
)
_ALWAYS_SCALARS = frozenset({"epsilon", "varepsilon", "eps"})
_LETTERS = "mnkpqrstuvwabcefgh"


@dataclass(frozen=True)
class Solution:
    """Shapes for the inputs, and how far they can be trusted."""

    shapes: Mapping[str, tuple[str, ...]]
    stated: Mapping[str, int]
    """Names whose shape the writeup gives, with the line."""
    guessed: Mapping[str, str]
    """Names of sizes that were taken for the size of something, with the reason."""
    numbers: frozenset[str]
    """Names that are used as sizes."""
    cost: int = 0


def solve(here: Operator, facts: Facts, habits: Habits, sizes: frozenset[str]) -> list[Solution]:
    """The best few solutions, the best first."""
    return _Search(here, facts, habits, sizes).solutions()


class _Search:
    def __init__(self, here: Operator, facts: Facts, habits: Habits, sizes: frozenset[str]) -> None:
        self.here = here
        self.habits = habits
        self.lines = list(here.ordered())
        self.claims = here.claims[:MAX_CLAIMS_TRIED]
        used = {n for line in self.lines for o in line.reading.occurrences for n in [o.name]}
        used |= {o.name for c in self.claims for o in c.reading.occurrences}
        self.numbers = frozenset((sizes & used) | self.divisors()) - here.lines.keys()
        self.leaves = [n for n in here.leaves if n not in self.numbers]
        self.stated = self.statements(facts)
        dims = {d for shape, _ in self.stated.values() for d in shape}
        self.taken = used | dims | {"d", "e", "i", "j", "L", "I"} | set(here.folded)

    def divisors(self) -> set[str]:
        """Names that look like sizes and stand in divisors only."""
        below: set[str] = set()
        elsewhere: set[str] = set()
        trees = [line.expression for line in self.lines if line.expression is not None]
        trees += [side for claim in self.claims for side in claim.reading.sides]
        for tree in trees:
            inside = set()
            for node in ast.walk(tree):
                if isinstance(node, ast.Binary) and node.op == "/":
                    inside |= {id(n) for n in ast.walk(node.right)}
            for node in ast.walk(tree):
                if isinstance(node, ast.Name):
                    (below if id(node) in inside else elsewhere).add(node.id)
        return {n for n in below - elsewhere if n in _SIZES or n.startswith("d_")}

    def statements(self, facts: Facts) -> dict[str, tuple[tuple[str, ...], int]]:
        """What is stated about the names of the operator: the last statement before its end, else the next.

        A statement of another section counts where the operator shares several
        inputs with it, or where it stands before everything that is computed.
        """
        here = self.here
        own_lines = [line.reading.statement.line for line in self.lines if line.name not in here.borrowed]
        end = max(own_lines, default=here.line)
        parts = [line.reading for line in self.lines] + [claim.reading for claim in here.claims]
        headings = {reading.statement.heading for reading in parts}
        own: list[Shape] = []
        other: list[Shape] = []
        for shape in facts.shapes:
            near = shape.heading in headings or shape.line <= facts.preamble
            (own if near else other).append(shape)
        shared = {shape.name for shape in other} & set(self.leaves)
        own += [s for s in other if len(shared) >= SHARED or s.name in self.habits.laws]
        own.sort(key=lambda s: s.line)
        found: dict[str, tuple[tuple[str, ...], int]] = {}
        late: dict[str, tuple[tuple[str, ...], int]] = {}
        for shape in own:
            if shape.line <= end:
                found[shape.name] = (shape.dims, shape.line)
            else:
                late.setdefault(shape.name, (shape.dims, shape.line))
        mine = set(self.leaves) | here.lines.keys()
        return {name: said for name, said in (late | found).items() if name in mine}

    # ranks

    def preferences(self, name: str) -> list[int]:
        """The ranks that a name may have, the likeliest first."""
        if name in self.stated:
            return [len(self.stated[name][0])]
        printed = [name, *(low for low, up in self.here.folded.items() if up == name)]
        own = [*(line.reading for line in self.lines), *(claim.reading for claim in self.here.claims)]
        indexed = {len(o.indices) for r in own for o in r.occurrences if o.name in printed and o.indices}
        if indexed:
            return [max(indexed)]
        base = name.partition("_")[0]
        if len(base) == 1 and base.isupper():
            return [2, 1, 3, 0]
        if base in self.habits.bold or name in self.habits.bold:
            return [1, 2, 0]
        if name in _ALWAYS_SCALARS:
            return [0]
        by_element = any(line.indices and name in line.uses for line in self.lines)
        if {"gamma", "beta"} <= set(self.leaves) and name in {"gamma", "beta"} and not by_element:
            return [1, 0, 2]  # scale and shift of a normalisation
        if name in self.habits.ranks:
            return [self.habits.ranks[name], *(r for r in (1, 0, 2) if r != self.habits.ranks[name])]
        if len(base) == 1:
            return [1, 2, 0]
        return [0, 1] if base in _SCALARS or by_element else [1, 0, 2]

    def price(self, name: str) -> int:
        """What it costs to take another rank than the likeliest."""
        return (
            5 if name in self.habits.ranks or (name in {"gamma", "beta"} and self.preferences(name)[0]) else 1
        )

    def combinations(self) -> Iterator[dict[str, int]]:
        """Ranks for all inputs: the likeliest, then with one changed, then with two."""
        wanted = {n: self.preferences(n) for n in self.leaves}
        base = {n: ranks[0] for n, ranks in wanted.items()}
        yield base
        loose = [n for n, ranks in wanted.items() if len(ranks) > 1]
        for count in (1, 2):
            for names in combinations(loose, count):
                for step in (1, 2) if count == 1 else (1,):
                    if all(len(wanted[n]) > step for n in names):
                        yield base | {n: wanted[n][step] for n in names}
        if loose:
            yield base | {n: wanted[n][1] for n in loose}

    def solutions(self) -> list[Solution]:
        """The best few."""
        found: dict[object, Solution] = {}
        for number, ranks in enumerate(self.combinations()):
            if number >= MAX_TRIES:
                break
            changed = sum(self.price(n) for n, r in ranks.items() if r != self.preferences(n)[0])
            for frozen in (True, False):
                solution = self.attempt(ranks, changed, frozen)
                key = tuple(solution.shapes.items())
                if key not in found or found[key].cost > solution.cost:
                    found[key] = solution
                if solution.cost == 0:
                    break
            if number == 0 and min(s.cost for s in found.values()) == 0:
                break
        return sorted(found.values(), key=lambda s: s.cost)[:KEPT]

    # one combination

    def attempt(self, ranks: Mapping[str, int], changed: int, frozen: bool) -> Solution:
        """Shapes for given ranks; `frozen` sizes are settled before the claims are read."""
        sizes = Sizes()
        forms: dict[str, Guess] = {}
        for name, rank in ranks.items():
            if name in self.stated:
                forms[name] = Form(tuple(sizes.named(d) for d in self.stated[name][0]))
            else:
                forms[name] = Form(tuple(sizes.fresh() for _ in range(rank)))
        reader = Reader(sizes, forms, self.numbers, self.here.folded)
        cost = changed + (0 if frozen else _THAWED)
        for line in self.lines:
            cost += self.define(reader, line)
        if self.here.upstream:
            forms[self.here.upstream] = forms.get(self.here.output)
        guessed = self.place(reader, ranks)
        if frozen:
            for name in ranks:
                for size in forms[name].sizes if forms[name] is not None else ():  # type: ignore[union-attr]
                    root = sizes.find(size)
                    sizes.label[root] = sizes.label[root] or f"?{root}"
        for claim in self.claims:
            mark = sizes.mark()
            try:
                reader.equation(claim.reading.sides)
            except ClashError:
                sizes.undo(mark)
                cost += _FAILED_CLAIM
        cost += 0 if self.here.folded else _BENT * reader.bent + reader.paired
        shapes = self.named(sizes, {n: forms[n] for n in ranks})
        stated = {n: self.stated[n][1] for n in ranks if n in self.stated}
        return Solution(shapes, stated, guessed, self.numbers, cost)

    def define(self, reader: Reader, line: Line) -> int:
        """Reads one line of `forward`; what it costs if it does not fit."""
        mark = reader.sizes.mark()
        try:
            if line.expression is None:
                raise ClashError("unread")
            form = reader.definition(line.expression, line.indices)
            known = self.stated.get(line.name)
            if known is not None and form is not None:
                form = reader.alike(form, Form(tuple(reader.sizes.named(d) for d in known[0])))
            reader.forms[line.name] = form
        except ClashError:
            reader.sizes.undo(mark)
            reader.forms[line.name] = None
            return _FAILED_LINE
        return 0

    def place(self, reader: Reader, ranks: Mapping[str, int]) -> dict[str, str]:
        """Settles which size a name such as `d` or `n` is, where no shape says it."""
        guessed: dict[str, str] = {}
        sizes = reader.sizes
        for name in sorted(self.numbers):
            if name in sizes.labelled or any(name in dims for dims, _ in self.stated.values()):
                continue
            nearby = [size for placed, size in reader.placed if placed == name]
            free = {sizes.find(s): None for n in ranks for s in _sizes(reader.forms[n]) if not sizes.name(s)}
            if not nearby and len(free) != 1:
                nearby = [s for s in reader.summed if sizes.find(s) in free]
            size = nearby[0] if nearby else next(iter(free)) if len(free) == 1 else None
            if size is None or sizes.name(size):
                continue
            sizes.equal(size, sizes.named(name))
            guessed[name] = "assumed"
        return guessed

    def named(self, sizes: Sizes, forms: Mapping[str, Guess]) -> dict[str, tuple[str, ...]]:
        """The shapes, with a letter for every size that has no name."""
        free: dict[int, None] = {}
        for form in forms.values():
            for size in _sizes(form):
                name = sizes.name(size)
                if name is None or name.startswith("?"):
                    free.setdefault(sizes.find(size))
        letters = iter([c for c in _LETTERS if c not in self.taken] + [f"n_{k}" for k in range(1, 1000)])
        preferred = ["n"] if len(free) == 1 and "n" not in self.taken else []
        names = {size: preferred.pop() if preferred else next(letters) for size in free}
        return {
            name: tuple(names.get(sizes.find(s)) or str(sizes.name(s)) for s in _sizes(form))
            for name, form in forms.items()
        }


def _sizes(form: Guess) -> tuple[int, ...]:
    return form.sizes if form is not None else ()
