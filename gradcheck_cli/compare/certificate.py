"""Certificates: what exact arithmetic adds to a judgement, and what becomes of one that it contradicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from gradcheck_cli.compare.settings import Settings, seed_of
from gradcheck_cli.compare.verdict import Certificate, Found, Judgement
from gradcheck_cli.evaluate.deadline import OutOfTime
from gradcheck_cli.spec.model import Claim, Operator, Verdict
from gradcheck_cli.spec.typing import TypedClaim

KINDS = frozenset({"gradient", "differential", "derivative", "identity", "property"})
"""Claims about values at a point; those of the other kinds have oracles of their own."""

FINE = 1e-8
"""Errors below this share of the value are not searched for in floats."""


def examined(operator: Operator, claim: Claim, typed: TypedClaim, settings: Settings) -> dict[int, Found]:
    """A certificate for every link about values; where there is none, it says why."""
    if claim.kind not in KINDS:
        return {}
    links = [n for n, link in enumerate(typed.links) if link.mismatch is None and link.remainder is None]
    if not links:
        return {}
    if claim.some:
        reason = "that something holds for some data is not decided at single points"
        return {n: Found(Certificate("none", reason)) for n in links}
    return _found(operator, claim, typed, settings, links)


def _found(
    operator: Operator,
    claim: Claim,
    typed: TypedClaim,
    settings: Settings,
    links: list[int],
    sizes: Mapping[str, int] | None = None,
) -> dict[int, Found]:
    """What an exact court finds; whatever happens there, it never costs a verdict."""
    from gradcheck_cli.compare.exact_court import ExactCourt  # noqa: PLC0415  flint takes a moment to load

    try:
        with np.errstate(all="ignore"):
            court = ExactCourt(operator, typed, seed_of(operator, claim, settings), links, sizes)
            return dict(zip(links, court.found(), strict=True))
    except RecursionError:
        reason = "the formula nests too deep"
    except OutOfTime:
        reason = "the time is over"
    except Exception as error:  # noqa: BLE001  a fault of ours, or of the library, and no more than that
        reason = f"exact arithmetic failed: {type(error).__name__}"
    return {n: Found(Certificate("none", reason)) for n in links}


def certified(
    operator: Operator,
    claim: Claim,
    typed: TypedClaim,
    judgements: tuple[Judgement, ...],
    settings: Settings,
    found: Mapping[int, Found] | None = None,
) -> tuple[Judgement, ...]:
    """The judgements of the court with their certificates, those that are `found` already or new ones.

    Where the two contradict each other the verdict is `undecided`; what the court leaves undecided for
    want of precision the certificate decides.
    """
    if settings.oracle != "both":
        return judgements
    found = dict(examined(operator, claim, typed, settings) if found is None else found)
    for n, one in found.items():
        worst = judgements[n].worst
        if judgements[n].verdict == "wrong" and one.certificate.outcome == "holds" and worst is not None:
            found[n] = _at_the_sizes(worst.sizes, operator, claim, typed, settings, n)
    return tuple(
        _together(judgement, found[n]) if n in found else judgement for n, judgement in enumerate(judgements)
    )


def _at_the_sizes(
    sizes: Mapping[str, int], operator: Operator, claim: Claim, typed: TypedClaim, settings: Settings, n: int
) -> Found:
    """A certificate at the sizes where a draw saw an error that tiny ones do not show."""
    found = _found(operator, claim, typed, settings, [n], sizes)[n]
    if found.certificate.outcome == "none":
        reason = "equal at tiny sizes; those of the draw that differs are too much for balls"
        return Found(Certificate("none", reason))
    return found


def _together(judgement: Judgement, found: Found) -> Judgement:
    certificate = found.certificate
    verdict, outcome = judgement.verdict, certificate.outcome
    sure = replace(judgement, certificate=certificate)
    if outcome == "none":
        return sure
    if verdict == "holds" and outcome == "false":
        return replace(
            sure,
            verdict="undecided",
            reason="the draws show no difference, but ball arithmetic proves the claim false"
            f" at a rational point: {told(certificate)}",
        )
    if verdict in {"wrong", "conditional"} and outcome == "holds":
        return replace(
            sure,
            verdict="undecided",
            reason=f"the draws show a difference, but the sides are equal to {certificate.digits} digits"
            f" at {certificate.points} rational points",
        )
    if verdict == "undecided" and _for_want_of_precision(judgement):
        decided: Verdict = "holds" if outcome == "holds" else "wrong"
        basis = "decided by ball arithmetic at rational points; the draws have not enough precision"
        return replace(sure, verdict=decided, reason="", sights=found.sights, basis=basis)
    return sure


def _for_want_of_precision(judgement: Judgement) -> bool:
    """Whether every draw without a verdict compared finite numbers, and could not see enough."""
    open_ = [s for s in judgement.sights if s.verdict == "undecided"]
    return bool(open_) and all(s.floor > 0 for s in open_)


def told(certificate: Certificate) -> str:
    """The proof in one line."""
    where = f"at [{certificate.index}] " if certificate.index else ""
    return f"{where}left {certificate.left}, right {certificate.right}"


def beyond_floats(judgements: Iterable[Judgement]) -> bool:
    """Whether something is wrong by so little that no search in floats can tell what helps."""
    return any(
        j.verdict == "wrong" and j.certificate is not None and j.worst is not None and j.worst.error < FINE
        for j in judgements
    )


def judge_exactly(
    operator: Operator, claim: Claim, typed: TypedClaim, settings: Settings
) -> dict[int, Judgement]:
    """The verdicts of `--oracle exact`; what balls cannot judge is undecided."""
    judged: dict[int, Judgement] = {}
    for n, found in examined(operator, claim, typed, settings).items():
        certificate = found.certificate
        if certificate.outcome == "none":
            judged[n] = Judgement("undecided", certificate.reason, certificate=certificate)
        else:
            verdict: Verdict = "holds" if certificate.outcome == "holds" else "wrong"
            judged[n] = Judgement(verdict, "", found.sights, certificate=certificate)
    return judged
