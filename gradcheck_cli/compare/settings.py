"""How to judge: which oracle, how many draws, which seed, which device."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Literal

from gradcheck_cli.spec.model import Claim, Operator

OracleName = Literal["both", "autograd", "differences", "exact"]

USUAL_DRAWS = 5


@dataclass(frozen=True)
class Settings:
    """How to judge."""

    oracle: OracleName = "both"
    draws: int = USUAL_DRAWS
    seed: int | None = None
    device: str = "cpu"
    allow_code: bool = False
    """Whether the listings of the specs may be run; only the user says so, never a spec."""

    @property
    def needs_torch(self) -> bool:
        """Whether the oracle computes with torch."""
        return self.oracle in {"both", "autograd"}

    @property
    def in_floats(self) -> Settings:
        """For what only helps the reader, conditions and diagnoses, which are searched in floats."""
        return replace(self, oracle="differences") if self.oracle == "exact" else self


def seed_of(operator: Operator, claim: Claim, settings: Settings) -> int:
    """The seed of a claim: the given one, else from its text, so that it never changes by itself."""
    if settings.seed is not None:
        return settings.seed
    text = f"{operator.name}\n{claim.formula.text.value}"
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:4], "big")
