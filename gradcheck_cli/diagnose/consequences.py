"""What a wrong gradient does to those behind it, were the derivation followed as written.

Backpropagation is linear in the gradient that arrives: where `dX` is claimed
with an error δ, the gradient of an input that X is made of is off by (∂X/∂input)ᵀ δ.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.compare.court import Court, brought
from gradcheck_cli.compare.settings import Settings, seed_of
from gradcheck_cli.compare.verdict import Judgement
from gradcheck_cli.evaluate.interpret import Evaluation, EvaluationFailed
from gradcheck_cli.evaluate.sampling import Draw, generator
from gradcheck_cli.shapes.typed import Gradient, Quantity, Typed, quantities
from gradcheck_cli.spec.model import Claim, Operator
from gradcheck_cli.spec.typing import TypedClaim
from gradcheck_cli.text import UserError

NOTICEABLE = 1e-6
"""A smaller relative error of a gradient is not worth a word."""

FALSE = ("wrong", "conditional")


def consequences(
    operator: Operator,
    claim: Claim,
    typed: TypedClaim,
    judgements: tuple[Judgement, ...],
    settings: Settings,
) -> tuple[tuple[int, Mapping[str, float]], ...]:
    """For the first false link, by how much the gradient of each input would be off.

    An error is relative to the largest element of the true gradient, at the
    first draw of the claim. Nothing for a claim about the gradient of an input,
    which no other is made from, and where the oracle is not torch.
    """
    first = next((n for n, j in enumerate(judgements) if j.verdict != "holds"), None)
    if (
        claim.kind != "gradient"
        or first is None
        or judgements[first].verdict not in FALSE
        or settings.oracle not in {"both", "autograd"}
    ):
        return ()
    start, link = typed.links[0].left, typed.links[first]
    if start is None or link.right is None or link.relation != "=":
        return ()
    asked = {q for q in quantities(start) if isinstance(q, Gradient)}
    if len(asked) != 1 or next(iter(asked)).name in typed.program.inputs:
        return ()
    try:
        with np.errstate(all="ignore"):
            found = _spread(operator, claim, typed, settings, next(iter(asked)), (start, link.right))
    except (EvaluationFailed, UserError, ArithmeticError, RuntimeError, ValueError, MemoryError):
        return ()  # the verdict stands without it
    return ((first, found),) if found else ()


def _spread(
    operator: Operator,
    claim: Claim,
    typed: TypedClaim,
    settings: Settings,
    gradient: Gradient,
    sides: tuple[Typed, Typed],
) -> dict[str, float]:
    """The relative error of the gradient of each input; `sides` are the true and the claimed `dX`."""
    from gradcheck_cli.evaluate.torch_backend import TorchBackend  # noqa: PLC0415  two seconds to import
    from gradcheck_cli.oracle.autograd import Autograd  # noqa: PLC0415

    seed = seed_of(operator, claim, settings)
    court = Court(operator, typed, settings, seed, [0])
    data: Draw = court.data(0, 0, generator(seed, 0, 0))
    backend = TorchBackend(settings.device)
    inputs, tangents, cotangents = (
        {name: np.asarray(x)[None] for name, x in arrays.items()}
        for arrays in (data.inputs, data.tangents, data.cotangents)
    )
    oracle = Autograd(backend, typed.program, data.sizes, inputs, tangents, cotangents, typed.fixed)
    reached = [n for n in typed.program.inputs if n in typed.program.differentiable]
    wanted: set[Quantity] = {gradient, *(Gradient(n) for n in reached)}
    truth = oracle.quantities(wanted.union(*(quantities(s) for s in sides)))
    evaluation = Evaluation(backend, data.sizes, truth.__getitem__, len(typed.indices))
    free = [1 + i.position for i in typed.free]
    true, claimed = (_array(backend, evaluation, side, free) for side in sides)
    whole = backend.numpy(truth[gradient])
    if true.shape != whole.shape or not np.array_equal(true, whole):
        return {}  # the claim is about a part of `dX`, or about a multiple of it
    error = np.broadcast_to(claimed.reshape(claimed.shape + (1,) * (true.ndim - claimed.ndim)), true.shape)
    moved = oracle.pulled_back(gradient.name, backend.array(error - true), reached)
    found = {}
    for name, change in moved.items():
        largest = float(np.max(np.abs(backend.numpy(truth[Gradient(name)])), initial=0.0))
        off = float(np.max(np.abs(backend.numpy(change)), initial=0.0)) / (largest or 1.0)
        if np.isfinite(off) and off > NOTICEABLE:
            found[name] = off
    return found


def _array(backend: Any, evaluation: Evaluation, side: Typed, free: list[int]) -> Any:
    """The value of a side, (1, *free indices, *shape)."""
    return brought(backend.numpy(backend.real(evaluation.value(side))), evaluation.lead, free)
