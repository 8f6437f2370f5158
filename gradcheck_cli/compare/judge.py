"""Judges a claim: from the shapes, where they decide, else by what fresh draws show of each link."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gradcheck_cli.compare.certificate import certified, examined, judge_exactly
from gradcheck_cli.compare.codes import judge_code
from gradcheck_cli.compare.costs import judge_costs
from gradcheck_cli.compare.expectations import judge_expectations
from gradcheck_cli.compare.glance import GlancingCourt
from gradcheck_cli.compare.kinks import at_kink
from gradcheck_cli.compare.orders import judge_order
from gradcheck_cli.compare.settings import Settings, seed_of
from gradcheck_cli.compare.shapes import judge_shapes
from gradcheck_cli.compare.values import judge_printed
from gradcheck_cli.compare.verdict import Judgement, Sight, misfit
from gradcheck_cli.spec.model import Claim, Operator
from gradcheck_cli.spec.typing import TypedClaim


def judge_certified(
    operator: Operator, claim: Claim, typed: TypedClaim, settings: Settings
) -> tuple[Judgement, ...]:
    """The verdict on every link of a claim, with what exact arithmetic adds. Raises UserError.

    What balls prove at several rational points, floats need only confirm.
    """
    found = examined(operator, claim, typed, settings) if settings.oracle == "both" else {}
    proven = {n: one.certificate.points for n, one in found.items() if one.certificate.outcome == "holds"}
    judgements = judge(operator, claim, typed, settings, proven)
    return certified(operator, claim, typed, judgements, settings, found)


def judge(
    operator: Operator,
    claim: Claim,
    typed: TypedClaim,
    settings: Settings,
    proven: Mapping[int, int] = MappingProxyType({}),
) -> tuple[Judgement, ...]:
    """The verdict on every link of a claim. Raises UserError for sizes that cannot be.

    `proven` are the links of which exact arithmetic has shown that they hold, and at how many points.
    """
    alone = settings.oracle == "exact"
    match claim.kind:
        case "shape":
            return judge_shapes(typed)
        case "cost":
            return judge_costs(typed, operator.vectors)
        case "expectation":
            return judge_expectations(operator, claim, typed, settings)
        case "value":
            return judge_printed(operator, claim, typed, settings)
        case "code" if alone and settings.allow_code:
            return (Judgement("undecided", "a listing is not judged by exact arithmetic"),)
        case "code":
            return judge_code(operator, claim, typed, settings)
    if alone:
        return judge_alone(operator, claim, typed, settings)
    return judge_values(operator, claim, typed, settings, proven)


def judge_alone(
    operator: Operator, claim: Claim, typed: TypedClaim, settings: Settings
) -> tuple[Judgement, ...]:
    """Relations between arrays, by exact arithmetic alone; what it cannot judge is undecided."""
    found = judge_exactly(operator, claim, typed, settings)
    return tuple(
        misfit(link.mismatch)
        if link.mismatch is not None
        else found.get(n) or Judgement("undecided", "a remainder is not judged by exact arithmetic")
        for n, link in enumerate(typed.links)
    )


def judge_values(
    operator: Operator,
    claim: Claim,
    typed: TypedClaim,
    settings: Settings,
    proven: Mapping[int, int] = MappingProxyType({}),
) -> tuple[Judgement, ...]:
    """Relations between arrays, by what draws of the inputs show."""
    decided: dict[int, Judgement] = {}
    for number, link in enumerate(typed.links):
        if link.mismatch is not None:
            decided[number] = misfit(link.mismatch)
        elif link.remainder is not None:
            decided[number] = judge_order(operator, claim, typed, number, settings)
    open_ = [n for n in range(len(typed.links)) if n not in decided]
    if open_:
        court = GlancingCourt(operator, typed, settings, seed_of(operator, claim, settings), open_)
        court.confirm(min(proven.get(n, 0) for n in open_))
        sights = court.sessions()
        for position, number in enumerate(open_):
            conclude = _conclude_some if claim.some else _conclude
            found = conclude([s[position] for s in sights])
            decided[number] = at_kink(operator, claim, typed, number, settings, found) or found
    return tuple(decided[n] for n in range(len(typed.links)))


def _conclude(sights: list[Sight]) -> Judgement:
    """Wrong on one sound draw is wrong; undecided on one is undecided; else it holds."""
    verdicts = [s.verdict for s in sights]
    if "wrong" in verdicts:
        return Judgement("wrong", "", tuple(sights))
    if "undecided" in verdicts:
        return Judgement(
            "undecided", next(s.reason for s in sights if s.verdict == "undecided"), tuple(sights)
        )
    return Judgement("holds", "", tuple(sights))


def _conclude_some(sights: list[Sight]) -> Judgement:
    """One draw that shows it is enough; that none does proves nothing."""
    if any(s.verdict == "holds" for s in sights):
        return Judgement("holds", "", tuple(s for s in sights if s.verdict == "holds"))
    reason = f"none of {len(sights)} draws shows it, which is no proof that no data do"
    return Judgement("undecided", reason, tuple(sights))
