"""How the inputs of a claim are drawn."""

from __future__ import annotations

from collections.abc import Mapping

from gradcheck_cli.evaluate.interpret import size
from gradcheck_cli.evaluate.numpy_backend import as_float
from gradcheck_cli.evaluate.sampling import Law
from gradcheck_cli.shapes.static import as_dim
from gradcheck_cli.spec.model import Domain, Operator
from gradcheck_cli.spec.typing import TypedClaim


def laws_of(operator: Operator, typed: TypedClaim) -> dict[str, Law]:
    """How each input is drawn."""
    return {i.name: _law(i.domain, typed) for i in operator.inputs}


def _law(domain: Domain, typed: TypedClaim) -> Law:
    below = None
    if domain.below is not None:
        dim = as_dim(domain.below, typed.program.dims)

        def below(sizes: Mapping[str, int]) -> int:
            return min(size(dim, sizes), 2**62)  # int64 holds no more

    return Law(
        domain.kind,
        below,
        as_float(domain.low or 0),
        as_float(1 if domain.high is None else domain.high),
        tuple(as_float(a) for a in domain.away_from),
    )
