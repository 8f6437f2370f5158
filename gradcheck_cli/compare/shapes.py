"""Judges claims about shapes: they are true or false in symbols, before anything is drawn."""

from __future__ import annotations

from gradcheck_cli.compare.verdict import Judgement, misfit
from gradcheck_cli.shapes.dims import show
from gradcheck_cli.spec.typing import Link, TypedClaim


def judge_shapes(typed: TypedClaim) -> tuple[Judgement, ...]:
    """Whether both sides of each link have one shape; `shape-mismatch` where a side has none at all."""
    return tuple(map(_judge, typed.links))


def _judge(link: Link) -> Judgement:
    if link.left is None or link.right is None:
        assert link.mismatch is not None
        return misfit(link.mismatch)
    left, right = link.left.type.shape, link.right.type.shape
    if left == right:
        return Judgement("holds")
    return Judgement("wrong", f"the left side is {show(left)}, the right side {show(right)}")
