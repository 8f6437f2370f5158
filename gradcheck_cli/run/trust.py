"""How far a claim that holds may be trusted: where floats fail it, and what it would have told from it."""

from __future__ import annotations

import re
from dataclasses import replace

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.compare.stability import instabilities
from gradcheck_cli.compare.verdict import Judgement
from gradcheck_cli.compare.weakness import weaknesses
from gradcheck_cli.diagnose.power import power
from gradcheck_cli.evaluate.deadline import cuts
from gradcheck_cli.report.result import ClaimResult, InstabilityResult, PowerResult, WeaknessResult
from gradcheck_cli.spec.model import Claim, Operator
from gradcheck_cli.spec.typing import TypedClaim, type_claim

_GRADIENT = re.compile(r"\bgrad\((\w+)\)")


def told_of_right(
    operator: Operator, claim: Claim, typed: TypedClaim, judgements: tuple[Judgement, ...], seed: int
) -> tuple[tuple[InstabilityResult, ...], tuple[WeaknessResult, ...]]:
    """What costs next to nothing to know of the links that hold."""
    unstable = tuple(
        InstabilityResult(u.link, u.trouble, u.at, u.gives, u.true, _short(u.stable, claim))
        for u in instabilities(operator, claim, typed, judgements, seed)
    )
    return unstable, tuple(WeaknessResult(*found) for found in weaknesses(claim, typed, judgements))


def powered(result: ClaimResult, settings: Settings) -> ClaimResult:
    """The result with the power of its links that hold; those that nothing is found of are weakly tested."""
    before = cuts()
    operator, claim = result.operator, result.claim
    judgements = tuple(link.judgement for link in result.links)
    found = power(operator, claim, type_claim(operator, claim), judgements, settings.in_floats)
    weak = {w.link: w for w in result.weak}
    for one in found:
        if one.changed and not one.found and one.complete:
            reason = f"none of {one.changed} changed formulas is found: all hold at these data"
            weak.setdefault(one.link, WeaknessResult(one.link, reason))
    return replace(
        result,
        power=tuple(
            PowerResult(
                p.link,
                p.element,
                p.everywhere,
                p.changed,
                p.found,
                tuple(_short(s, claim) for s in p.survivors),
                tuple(_short(s, claim) for s in p.undecided),
                p.complete,
            )
            for p in found
        ),
        weak=tuple(weak[n] for n in sorted(weak)),
        cut_short=result.cut_short or cuts() > before,
    )


def _short(text: str, claim: Claim) -> str:
    """In a gradient claim `dX` says the same as `grad(X)`."""
    return _GRADIENT.sub(r"d\1", text) if claim.kind == "gradient" else text
