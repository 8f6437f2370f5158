"""No number without its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class Estimate:
    """A value and a bound on its error, elementwise, of the same shape.

    An infinite error means that nothing could be said there; `reason` tells why.
    """

    value: Any
    error: Any
    reason: str = ""
