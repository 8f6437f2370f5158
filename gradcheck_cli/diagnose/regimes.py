"""Named regimes: the assumptions that derivations make silently, each a sentence and a way to bring it about.

A regime is an assumption that a spec could state itself (`when`, `fixed`), or a set that one
input is taken from: then the drawn data are moved into the set, and tangents into its tangent
space, since who says that `W` is symmetric means that it stays so.

Three rules keep out what is true by accident. *A formula that mentions a quantity did not forget
it*: `eps` is 0 and `B` is fixed are asked only where `eps` and `dB` do not stand in the formula, so
that a sign error is no condition. *A point is no set*: what a claim differentiates by is never set
to a value. *Only a scale is uniform*: a vector is taken as constant, an array as 1 or 0 only where
a scalar could stand in its place, as the `gamma` of a normalization; never the data themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from gradcheck_cli.diagnose import moves
from gradcheck_cli.evaluate.sampling import Draw
from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.shapes.typed import (
    Apply,
    Derivative,
    Given,
    Gradient,
    Program,
    Tangent,
    Typed,
    Value,
    nodes,
    quantities,
)
from gradcheck_cli.spec.model import Claim, Definition, Input, Operator
from gradcheck_cli.spec.typing import TypedClaim, type_program
from gradcheck_cli.text import Text, UserError

FIXED, HELD, SMALL, CONSTANT, CENTRED, SYMMETRIC, ORTHONORMAL, EQUAL, ZERO, ONE, NONE, ONES = range(12)
"""The sorts of regimes, weakest first: of a movement, of a magnitude, of a set, of a value."""

SIZE_ONE, SCALAR = 12, 13
"""Sorts that are true of too many wrong formulas: worth a remark, and no condition."""

PAIRED = frozenset({FIXED, CONSTANT, EQUAL, ZERO, ONE})
"""Sorts that may stand together with another one."""

VALUED = frozenset({CONSTANT, ZERO, ONE, NONE, ONES})
"""Sorts that take freedom from a scale, perhaps so much that nothing depends on it."""

MOST_NAMES = 8
"""At most so many inputs, intermediates or sizes are asked about in one sort."""

_ELEMENTWISE = {"real", "positive", "nonzero", "unit", "range"}


@dataclass(frozen=True)
class Regime:
    """One assumption."""

    text: str
    """The sentence for the reader, after «only when» or, of the sort SMALL, after «only»."""
    rank: int
    """Weaker assumptions first."""
    sorts: tuple[int, ...]
    subjects: frozenset[str]
    when: tuple[Definition, ...] = ()
    fixed: tuple[str, ...] = ()
    change: Callable[[Draw], Draw] | None = None

    @property
    def small(self) -> str | None:
        """The scalar that the claim is meant to first order in."""
        return next(iter(self.subjects)) if self.sorts == (SMALL,) else None

    @property
    def remark(self) -> bool:
        """Whether it is no condition, and only worth telling."""
        return bool({SIZE_ONE, SCALAR} & set(self.sorts))

    def claim(self, claim: Claim) -> Claim:
        """The claim under the assumption."""
        fixed = tuple(ast.Name(name) for name in self.fixed)
        return replace(claim, when=(*claim.when, *self.when), fixed=(*claim.fixed, *fixed))

    def joined(self, other: Regime) -> Regime:
        """Both assumptions together."""
        return Regime(
            f"{self.text} and {other.text}",
            100 + self.rank + other.rank,
            self.sorts + other.sorts,
            self.subjects | other.subjects,
            self.when + other.when,
            self.fixed + other.fixed,
            _after(self.change, other.change),
        )


def _after(
    first: Callable[[Draw], Draw] | None, second: Callable[[Draw], Draw] | None
) -> Callable[[Draw], Draw] | None:
    if first is None or second is None:
        return first or second
    return lambda data: second(first(data))


@dataclass(frozen=True)
class Mentioned:
    """Which names stand in a link: as values, as movements, and as what it differentiates by."""

    values: frozenset[str]
    tangents: frozenset[str]
    targets: frozenset[str]


def mentioned(operator: Operator, claim: Claim, typed: TypedClaim, number: int) -> Mentioned:
    """What a link speaks about; where it has no shapes, every name that is written there."""
    link = typed.links[number]
    if link.left is None or link.right is None:
        return _written(operator, claim, number)
    values: set[str] = set()
    tangents: set[str] = set()
    targets: set[str] = set()
    for quantity in (*quantities(link.left), *quantities(link.right)):
        match quantity:
            case Value(name):
                values.add(name)
            case Gradient(name) | Derivative(_, name):
                targets.add(name)
            case Tangent(tree):
                tangents |= {q.name for q in quantities(tree) if isinstance(q, Value)}
    return Mentioned(frozenset(values), frozenset(tangents), frozenset(targets))


def _written(operator: Operator, claim: Claim, number: int) -> Mentioned:
    locals_ = {d.name: d.expression for d in (*operator.where, *claim.where)}
    found: set[str] = set()
    todo: list[ast.Node] = list(claim.formula.equation.sides[number : number + 2])
    while todo:
        names = {n.id for n in ast.walk(todo.pop()) if isinstance(n, ast.Name)}
        todo += [locals_[name] for name in names - found if name in locals_]
        found |= names
    moved = frozenset(name[1:] for name in found if name.startswith("d"))
    return Mentioned(frozenset(found), moved, moved)


def singles(operator: Operator, claim: Claim, typed: TypedClaim, number: int) -> list[Regime]:
    """Every single assumption that can be asked of a link, weakest first."""
    spoken = mentioned(operator, claim, typed, number)
    found = of_sizes(typed.program)
    if claim.kind == "differential":
        found += _fixed(typed, spoken)
    for input_ in operator.inputs:
        if not input_.differentiable or input_.name in typed.given:
            continue
        shape = typed.program.inputs[input_.name].shape
        if not shape:
            found += _scalar(input_, spoken)
        else:
            found += _array(operator, claim, typed, input_, spoken)
    return sorted(found, key=lambda r: r.rank)


def of_sizes(program: Program) -> list[Regime]:
    """Those that a claim about shapes can be asked."""
    return list(_sizes(program))


def pairs(regimes: list[Regime], most: int) -> list[Regime]:
    """Two assumptions together, weakest first, at most so many."""
    fit = [r for r in regimes if r.sorts[0] in PAIRED]
    found = [
        a.joined(b)
        for a, b in combinations(fit, 2)
        if not a.subjects & b.subjects or a.sorts == b.sorts == (EQUAL,)
    ]
    return sorted(found, key=lambda r: r.rank)[:most]


# the sorts


def _define(name: str, text: str) -> Definition:
    whole = Text.whole("a condition", text)
    return Definition(name, whole.all, whole, parse_expression(whole))


def _regime(sort: int, text: str, *names: str, **how: Any) -> Regime:
    return Regime(text, sort, (sort,), frozenset(names), **how)


def _fixed(typed: TypedClaim, spoken: Mentioned) -> Iterator[Regime]:
    """In a differential, what is silently taken as a constant."""
    program = typed.program
    lines = [d.name for d in program.definitions if d.name not in program.outputs]
    inputs = [name for name in program.inputs if name in program.differentiable]
    for sort, names in ((FIXED, inputs), (HELD, lines)):
        free = [n for n in names if n in program.differentiable and n not in typed.fixed | spoken.tangents]
        for name in free[:MOST_NAMES]:
            yield _regime(sort, f"`{name}` is fixed", name, fixed=(name,))


def _sizes(program: Program) -> Iterator[Regime]:
    """Sizes that agree, and sizes that are 1."""
    free = program.free[:MOST_NAMES]
    for a, b in combinations(free, 2):
        yield _regime(EQUAL, f"`{a} = {b}`", a, b, when=(_define(a, b),))
    for name in free:
        yield _regime(SIZE_ONE, f"`{name}` is 1", name, when=(_define(name, "1"),))
    if len(free) > 1:
        yield _regime(SCALAR, "all sizes are 1", *free, when=tuple(_define(n, "1") for n in program.free))


def _scalar(input_: Input, spoken: Mentioned) -> Iterator[Regime]:
    """A parameter that is dropped, or small."""
    name, domain = input_.name, input_.domain
    if name in spoken.targets:
        return
    if (_may_be(input_, 0) or domain.kind in {"nonzero", "unit"}) and 0 not in domain.away_from:
        yield _regime(SMALL, f"to first order in `{name}`", name)
    if name in spoken.values | spoken.tangents:
        return
    for sort, value in ((ZERO, 0), (ONE, 1)):
        if _may_be(input_, value):
            yield _regime(sort, f"`{name}` is {value}", name, when=(_define(name, str(value)),))


def _may_be(input_: Input, value: int) -> bool:
    """Whether a value lies in the domain or, as `eps: 0` does, at its edge."""
    domain = input_.domain
    within = {"real": True, "positive": value >= 0, "nonzero": value != 0}.get(domain.kind, False)
    if domain.kind == "range" and domain.low is not None and domain.high is not None:
        within = domain.low <= value <= domain.high
    return within and value not in domain.away_from


def _array(
    operator: Operator, claim: Claim, typed: TypedClaim, input_: Input, spoken: Mentioned
) -> Iterator[Regime]:
    """A scale that is uniform, and sets that a vector or matrix may come from."""
    name, kind = input_.name, input_.domain.kind
    shape = typed.program.inputs[name].shape
    if kind in _ELEMENTWISE and is_scale(operator, claim, typed.program, input_):
        # in a differential "constant" would be read as "does not move"
        differential = claim.kind == "differential"
        said = f"all elements of `{name}` are equal" if differential else f"`{name}` is constant"
        if sum(not d.is_one for d in shape) == 1:
            yield _regime(CONSTANT, said, name, change=moves.constant(name))
        if name not in spoken.values | spoken.tangents | spoken.targets:
            for sort, value in ((NONE, 0), (ONES, 1)):
                if _may_be(input_, value):
                    yield _regime(sort, f"`{name}` is {value}", name, when=(_define(name, str(value)),))
    if kind == "real" and not input_.domain.away_from and not shape[-1].is_one:
        subject = f"`{name}` has" if len(shape) == 1 else f"each row of `{name}` has"
        yield _regime(CENTRED, f"{subject} zero mean", name, change=moves.centred(name))
    if len(shape) >= 2 and kind in {"real", "invertible"} and not input_.domain.away_from:
        if shape[-1] == shape[-2]:
            yield _regime(SYMMETRIC, f"`{name}` is symmetric", name, change=moves.symmetric(name))
            yield _regime(ORTHONORMAL, f"`{name}` is orthogonal", name, change=moves.orthonormal(name))
        elif not any(d.is_one for d in shape[-2:]):
            for what, transposed in (("columns", False), ("rows", True)):
                said = f"the {what} of `{name}` are orthonormal"
                yield _regime(ORTHONORMAL, said, name, change=moves.orthonormal(name, transposed=transposed))


def is_scale(operator: Operator, claim: Claim, program: Program, input_: Input) -> bool:
    """Whether a scalar could stand in place of an array, and would only be multiplied or added."""
    inputs = tuple(replace(i, shape=()) if i is input_ else i for i in operator.inputs)
    try:
        other = type_program(replace(operator, inputs=inputs), claim.when)
    except UserError:
        return False
    if any(program.types[d.name].shape != d.tree.type.shape for d in other.definitions):
        return False
    return not any(
        isinstance(node, Apply) and any(_alone(arg, input_.name) for arg in node.args)
        for line in other.definitions
        for node in nodes(line.tree)
        if isinstance(node, Apply) and FUNCTIONS[node.function].group not in {"arithmetic", "elementwise"}
    )


def _alone(tree: Typed, name: str) -> bool:
    """Whether a tree is a scalar that depends on a name."""
    return not tree.type.shape and any(
        isinstance(n, Given) and n.quantity == Value(name) for n in nodes(tree)
    )
