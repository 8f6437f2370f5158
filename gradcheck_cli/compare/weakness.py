"""Claims that hold and say little: zeros, nothing that varies, or one formula twice.

Told from the shapes and from what the draws have shown already, so that it costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gradcheck_cli.compare.sight import vanishes
from gradcheck_cli.compare.verdict import Judgement
from gradcheck_cli.shapes.typed import (
    Apply,
    Constant,
    Given,
    Gradient,
    LossTangent,
    Position,
    Program,
    Size,
    Tangent,
    Typed,
    nodes,
)
from gradcheck_cli.spec.model import Claim
from gradcheck_cli.spec.typing import TypedClaim

KINDS = frozenset({"gradient", "derivative", "differential", "identity"})


@dataclass(frozen=True, eq=False)
class _Held:
    """A link that holds."""

    typed: TypedClaim
    number: int
    left: Typed
    right: Typed
    judgement: Judgement

    @property
    def nodes(self) -> Iterator[Typed]:
        """The nodes of both sides."""
        yield from nodes(self.left)
        yield from nodes(self.right)


def weaknesses(
    claim: Claim, typed: TypedClaim, judgements: tuple[Judgement, ...]
) -> tuple[tuple[int, str], ...]:
    """Links that hold whatever stands in them, more or less: their number and the reason."""
    found: list[tuple[int, str]] = []
    if claim.kind not in KINDS:
        return ()
    for number, (link, judgement) in enumerate(zip(typed.links, judgements, strict=True)):
        if judgement.verdict != "holds" or link.relation != "=" or link.left is None or link.right is None:
            continue
        held = _Held(typed, number, link.left, link.right, judgement)
        reason = next(filter(None, (said(held) for said in _REASONS)), "")
        if reason:
            found.append((number, reason))
    return tuple(found)


def _nothing_varies(held: _Held) -> str:
    if any(isinstance(n, (Given, Size, Position)) for n in held.nodes):
        return ""
    return "no input, gradient or size stands in either side"


def _one_formula(held: _Held) -> str:
    equation = held.typed.equation
    if equation is None or equation.sides[held.number] != equation.sides[held.number + 1]:
        return ""
    return "both sides are the same formula"


def idle_gradients(typed: TypedClaim) -> tuple[str, ...]:
    """A sentence for each gradient in the claim that is zero since no output is made of its name.

    None where the claim says so itself: `dX = 0`.
    """
    program, found = typed.program, dict[str, None]()
    for link in typed.links:
        if link.left is None or link.right is None or _is_zero(link.left) or _is_zero(link.right):
            continue
        for node in (*nodes(link.left), *nodes(link.right)):
            if isinstance(node, Given) and isinstance(node.quantity, Gradient):
                found.setdefault(node.quantity.name)
    return tuple(
        f"`d{name}` is 0, since {' and '.join(f'`{o}`' for o in program.outputs)} does not depend on `{name}`"
        f" (is `{name}` an output too? say `output: [{', '.join((*program.outputs, name))}]`)"
        for name in found
        if not any(name in program.needs[o] for o in program.outputs)
    )


def _idle(held: _Held) -> str:
    return "; ".join(idle_gradients(held.typed))


def _zero(held: _Held) -> str:
    sights = held.judgement.sights
    if _is_zero(held.left) or _is_zero(held.right) or not sights:
        return ""  # then that is what is claimed
    if not all(map(vanishes, sights)):
        return ""
    return "both sides are zero at every draw, whatever their factors, signs and order are"


def _one_set_of_data(held: _Held) -> str:
    typed = held.typed
    if typed.program.free or not typed.given or not all(_is_known(n, typed) for n in held.nodes):
        return ""
    return "every draw sees the same data, which the spec gives"


def _is_known(node: Typed, typed: TypedClaim) -> bool:
    """Whether a node is the same at every draw."""
    if not isinstance(node, Given):
        return True
    quantity, program = node.quantity, typed.program
    if isinstance(quantity, (Tangent, LossTangent)):
        return False
    if isinstance(quantity, Gradient) and not program.loss:
        return False
    return _needed(program, getattr(quantity, "name", None)) <= typed.given.keys()


def _needed(program: Program, name: str | None) -> frozenset[str]:
    """The inputs that a name depends on; all of them for the loss and what is made of it."""
    if name is None:
        return frozenset(program.inputs)
    outputs = frozenset().union(*(program.needs[o] for o in program.outputs))
    return (program.needs[name] | outputs) & program.inputs.keys()


def _is_zero(side: Typed) -> bool:
    match side:
        case Constant(value=value):
            return value == 0
        case Apply("zeros" | "zeros_like"):
            return True
    return False


_REASONS: tuple[Callable[[_Held], str], ...] = (
    _nothing_varies,
    _one_formula,
    _idle,
    _zero,
    _one_set_of_data,
)
