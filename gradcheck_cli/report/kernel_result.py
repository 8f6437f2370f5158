"""What a run found of an implementation, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

KernelVerdict = Literal["holds", "wrong", "shape-mismatch", "undecided"]
_WORST: tuple[KernelVerdict, ...] = ("shape-mismatch", "wrong", "undecided", "holds")


@dataclass(frozen=True)
class Seen:
    """What one draw shows of one result: errors and floors relative to its largest element."""

    verdict: KernelVerdict
    reason: str = ""
    error: float = 0.0
    element: float = 0.0
    """The smallest error of one element that would have been seen."""
    whole: float = 0.0
    """The same of all elements at once, root mean square to root mean square."""
    index: str = ""
    true: float = 0.0
    computed: float = 0.0
    sizes: Mapping[str, int] | None = None


@dataclass(frozen=True)
class KernelResult:
    """One result of the implementation over all draws."""

    name: str
    seen: tuple[Seen, ...]
    stable: bool = True
    """Not where the error comes from rounding: it all but vanishes in float64."""

    @property
    def verdict(self) -> KernelVerdict:
        """The worst of the draws."""
        return self.worst.verdict

    @property
    def worst(self) -> Seen:
        """The draw to show."""
        return min(self.seen, key=lambda s: (_WORST.index(s.verdict), -s.error))
