"""How to judge: which oracle, how many draws, which seed, which device."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from gradcheck_cli.spec.model import Claim, Operator

OracleName = Literal["both", "autograd", "differences"]

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


def seed_of(operator: Operator, claim: Claim, settings: Settings) -> int:
    """The seed of a claim: the given one, else from its text, so that it never changes by itself."""
    if settings.seed is not None:
        return settings.seed
    text = f"{operator.name}\n{claim.formula.text.value}"
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:4], "big")
