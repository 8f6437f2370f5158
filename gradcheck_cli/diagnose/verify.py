"""Verification: no repair is told before the judge has found it right, on data that it was not found with."""

from __future__ import annotations

from dataclasses import replace

from gradcheck_cli.compare.judge import judge
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.lang.ast import Equation
from gradcheck_cli.spec.model import Claim, Formula, Operator
from gradcheck_cli.spec.typing import type_claim
from gradcheck_cli.text import UserError

FRESH = 0x5EED
"""Moves the seed, so that a repair is judged on other data than it was found with."""


def verified(
    operator: Operator, claim: Claim, equation: Equation, settings: Settings, seed: int, draws: int
) -> bool:
    """Whether the judge finds that an equation holds, at fresh draws and sizes."""
    formula = Formula(claim.formula.text, equation)
    fresh = replace(settings, seed=seed ^ FRESH, draws=draws)
    try:
        typed = type_claim(operator, claim, formula)
        judgements = judge(operator, claim, typed, fresh)
    except UserError:
        return False
    return all(j.verdict == "holds" for j in judgements)
