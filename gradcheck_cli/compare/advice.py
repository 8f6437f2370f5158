"""What a right formula could cost less: another order of its matrix products."""

from __future__ import annotations

from collections.abc import Callable

from gradcheck_cli.compare.verdict import Judgement
from gradcheck_cli.evaluate.cost import flops, peak
from gradcheck_cli.evaluate.cost_orders import Association, associations
from gradcheck_cli.lang.ast import Expr
from gradcheck_cli.shapes.dims import Dim
from gradcheck_cli.shapes.typed import Apply, Typed, nodes
from gradcheck_cli.spec.typing import TypedClaim
from gradcheck_cli.text import UserError

MAX_NODES = 200
"""Nodes of a formula that is looked through."""

SMALL = frozenset({"r", "rank", "k"})
"""Sizes that are small where they are what their name says: the rank of a factorisation."""


def cheaper_orders(
    typed: TypedClaim, judgements: tuple[Judgement, ...], shown: Callable[[Expr], str]
) -> tuple[str, ...]:
    """For every chain of products in a right side that holds, the order that is cheapest for small ranks.

    `shown` prints an expression. One sentence for each chain; none where the order that is
    written is never beaten.
    """
    found: list[str] = []
    for link, judgement in zip(typed.links, judgements, strict=True):
        if judgement.verdict != "holds" or link.right is None:
            continue
        for chain in _chains(link.right):
            try:
                sentence = _sentence(chain, typed, shown)
            except UserError:
                continue  # a cost that is too complicated to be told
            if sentence and sentence not in found:
                found.append(sentence)
    return tuple(found)


def _chains(tree: Typed) -> list[Typed]:
    """The matrix products that are no factor of another one."""
    every = list(nodes(tree))
    if len(every) > MAX_NODES:
        return []
    products = [n for n in every if isinstance(n, Apply) and n.function == "matmul"]
    inner: set[int] = set()
    for product in products:
        inner |= {id(f) for f in _factors(product) if f is not product}
    return [p for p in products if id(p) not in inner]


def _factors(product: Typed) -> list[Typed]:
    """A product and the products that are its factors, seen through transposes."""
    found: list[Typed] = []
    stack: list[Typed] = [product]
    while stack:
        node = stack.pop()
        if isinstance(node, Apply) and node.function in {"matmul", "transpose", "swapaxes"}:
            found.append(node)
            stack += node.args
    return found


def _sentence(chain: Typed, typed: TypedClaim, shown: Callable[[Expr], str]) -> str:
    orders = associations(chain, tuple(typed.program.dims.values())).found
    useful = [o for o in orders if o.cheaper.answer == "always" or _usually(o, flops([chain]))]
    if not useful:
        return ""
    best = min(useful, key=lambda o: (o.cheaper.answer != "always", len(o.peak), str(o.flops)))
    when = "" if best.cheaper.answer == "always" else f" when {best.cheaper.region}"
    return (
        f"`{shown(best.expression)}` is the same with fewer operations{when}:"
        f" {best.flops}, not {flops([chain])}{_memory(best, peak([chain]))}"
    )


def _usually(order: Association, written: Dim) -> bool:
    """Whether an order that is cheaper for some sizes is so where ranks are small and the others large."""
    if order.cheaper.answer != "conditional" or not (written.names & SMALL):
        return False
    usual = {name: 8 if name in SMALL else 1000 + n for n, name in enumerate(sorted(written.names))}
    return order.flops.value(usual) < written.value(usual)


def _memory(order: Association, written: tuple[Dim, ...]) -> str:
    """The largest array on the way, where the other order has a smaller one."""
    if order.smaller.answer not in {"always", "conditional"} or len(order.peak) > 1 or len(written) > 1:
        return ""
    return f"; on the way {order.peak[0]} numbers, not {written[0]}"
