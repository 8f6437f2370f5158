"""The slips, one a file, under their codes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gradcheck_cli.diagnose.slip import Slip
from gradcheck_cli.diagnose.slips import (
    accumulate,
    activation,
    axis,
    bound,
    brackets,
    diagonal,
    epsilon,
    exponent,
    factor,
    forward,
    function,
    in_out,
    index,
    inner,
    layout,
    mean,
    missing_factor,
    number,
    operands,
    other,
    product,
    pulled_out,
    reduction,
    sign,
    size,
    swapped,
    symmetric,
    term,
    transpose,
    upstream,
)

_ALL = (
    sign, factor, transpose, in_out, activation, operands, product, term, upstream, inner, mean, reduction,
    axis, epsilon, exponent, swapped, index, brackets, bound, diagonal, symmetric, layout, forward,
    missing_factor, function, pulled_out, number, size, accumulate, other,
)  # fmt: skip

SLIPS: Mapping[str, Slip] = MappingProxyType({m.SLIP.code: m.SLIP for m in _ALL})
"""Every hypothesis of the diagnosis: GC101 … GC130."""
