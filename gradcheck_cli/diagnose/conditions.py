"""Under what condition a wrong claim would hold: named regimes, tried cheaply and then judged like any claim.

A regime is first tried on one small set of data. One that survives is judged at all draws of the
settings, at fresh seeds and by both oracles, and must hold at every one. A truth without content is
no condition: both sides vanish, a gradient that the claim speaks of does, or (of a scale that is
constant, 1 or 0) an input loses its influence on the output. A claim whose point is that something
vanishes, `dot(x, dx) = 0`, is kept if the terms that cancel do not vanish themselves.

Sizes that are 1 make too many wrong formulas true; they are remarks, and do not change a verdict.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np

from gradcheck_cli.compare.settings import Settings, seed_of
from gradcheck_cli.compare.verdict import Judgement
from gradcheck_cli.diagnose import moves, regimes
from gradcheck_cli.diagnose.regimes import Regime
from gradcheck_cli.diagnose.trial import VANISHES, Trial, Witness, largest
from gradcheck_cli.evaluate.deadline import OutOfTime, limited
from gradcheck_cli.shapes.typed import Given, Gradient
from gradcheck_cli.spec.model import Claim, Definition, Kind, Operator
from gradcheck_cli.spec.typing import TypedClaim, type_claim
from gradcheck_cli.text import UserError

KINDS: frozenset[Kind] = frozenset({
    "gradient", "differential", "derivative", "identity", "property", "shape",
})  # fmt: skip
"""The kinds of claims that draws decide, and claims about shapes, which need none."""

SECONDS = 6.0
"""How long the search for one claim may take."""

MOST, MOST_PAIRS = 64, 24
"""At most so many single assumptions and pairs of them are tried for one link."""

TRIAL_SIZE = 600
"""Elements of the largest array of a trial."""

LEVELS = (2.0**-7, 2.0**-9, 2.0**-11)
"""How much smaller than drawn a parameter is made, to see how fast an error shrinks."""

SETTLED = 0.1
"""How far a measured order may be from a whole number."""

_NO_ANSWER = (UserError, moves.Unfit, RecursionError, MemoryError, np.linalg.LinAlgError)
"""What an assumption may run into: shapes that do not fit, sizes that do not allow it, singular data."""

_ORDERS = {2: "first", 3: "second", 4: "third"}


@dataclass(frozen=True)
class Found:
    """An assumption under which a link holds, verified at fresh draws."""

    text: str
    """A sentence: "`gamma` is constant"; it stands after "only when", or after "only" if `small`."""
    rank: int
    """Weaker assumptions first."""
    when: tuple[Definition, ...] = ()
    fixed: tuple[str, ...] = ()
    small: bool = False
    """Whether the link holds up to terms of higher order."""
    remark: bool = False
    """Worth telling, but true of so many wrong formulas that it changes no verdict."""

    @property
    def phrase(self) -> str:
        """The condition as it ends a sentence: "only when …", "only to first order in …"."""
        return f"only {self.text}" if self.small else f"only when {self.text}"


def conditions(
    operator: Operator,
    claim: Claim,
    typed: TypedClaim,
    judgements: Sequence[Judgement],
    settings: Settings,
) -> list[tuple[Found, ...]]:
    """For each link the weakest assumptions found, all of one sort; none for a link that is not wrong."""
    found: list[tuple[Found, ...]] = [() for _ in judgements]
    if claim.kind not in KINDS or claim.some:
        return found
    try:
        with limited(SECONDS), np.errstate(all="ignore"):
            for number, judgement in enumerate(judgements):
                link = typed.links[number]
                plain = link.relation == "=" and link.remainder is None
                if plain and always_wrong(claim, judgement):
                    with suppress(*_NO_ANSWER):
                        found[number] = _Search(operator, claim, typed, number, settings).found()
    except OutOfTime:
        pass  # what was found so far stays
    return found


def refined(judgements: Sequence[Judgement], found: Sequence[tuple[Found, ...]]) -> tuple[Judgement, ...]:
    """The judgements with the verdict `conditional` where a condition was found; remarks change nothing."""
    return tuple(
        replace(judgement, verdict="conditional", condition=real[0].text)
        if judgement.verdict in {"wrong", "shape-mismatch"} and (real := [f for f in some if not f.remark])
        else judgement
        for judgement, some in zip(judgements, found, strict=True)
    )


def always_wrong(claim: Claim, judgement: Judgement) -> bool:
    """Whether every draw that decided anything says so: else a condition may hold by chance."""
    if judgement.verdict == "shape-mismatch" or claim.kind == "shape":
        return judgement.verdict in {"shape-mismatch", "wrong"}
    decided = {s.verdict for s in judgement.sights} - {"undecided"}
    return judgement.verdict == "wrong" and decided == {"wrong"}


class _Search:
    """The search for one link."""

    def __init__(
        self, operator: Operator, claim: Claim, typed: TypedClaim, number: int, settings: Settings
    ) -> None:
        self.operator = operator
        self.claim = claim
        self.typed = typed
        self.number = number
        self.settings = settings
        self.quick = replace(settings, draws=1, oracle=_fast(settings))
        self.usual: Witness | None = None
        self.influences: frozenset[str] = frozenset()

    def found(self) -> tuple[Found, ...]:
        """The weakest single assumptions, else pairs of them, else remarks. Raises OutOfTime."""
        if self.claim.kind == "shape":
            singles = regimes.of_sizes(self.typed.program)
        else:
            self.usual = self.baseline()
            singles = regimes.singles(self.operator, self.claim, self.typed, self.number)
        real = [r for r in singles if not r.remark][:MOST]
        for candidates in (real, regimes.pairs(real, MOST_PAIRS), [r for r in singles if r.remark]):
            for _, group in groupby(candidates, lambda r: r.rank):
                found = tuple(f for r in group if (f := self.tried(r)) is not None)
                if found:
                    return found
        return ()

    def baseline(self) -> Witness | None:
        """What the link looks like in general, where it has shapes."""
        link = self.typed.links[self.number]
        if link.left is None or link.right is None or link.mismatch is not None:
            return None
        trial = self.trial(self.typed, None, self.quick, "in general")
        if trial.look(0) is None:
            return None
        self.influences = trial.influences()
        return trial.witness

    def tried(self, regime: Regime) -> Found | None:
        """A trial, then a judgement."""
        try:
            claim = regime.claim(self.claim)
            typed = type_claim(self.operator, claim) if claim != self.claim else self.typed
            if typed.links[self.number].mismatch is not None:
                return None
            if regime.small is not None:
                return self.shrunk(regime, typed)
            if self.claim.kind != "shape" and not (
                self.holds(regime, typed, self.quick) and self.holds(regime, typed, self.settings)
            ):
                return None
        except _NO_ANSWER:
            return None
        return Found(regime.text, regime.rank, regime.when, regime.fixed, remark=regime.remark)

    def holds(self, regime: Regime, typed: TypedClaim, settings: Settings) -> bool:
        """Whether the link holds, and says something, at every draw."""
        text = regime.text + (" (trial)" if settings is self.quick else "")
        trial = self.trial(typed, regime, settings, text)
        return all(
            trial.look(number) == "holds" and self.says_something(trial.witness)
            for number in range(settings.draws)
        ) and not (regimes.VALUED & set(regime.sorts) and self.idle(regime, trial.influences()))

    def idle(self, regime: Regime, now: frozenset[str]) -> bool:
        """Whether an input has lost its influence; one that is set to a value has none to lose."""
        valued = {d.name for d in regime.when}
        spared = {f"{name}{sort}" for name in valued for sort in ("", " scaled")}
        # that data may be scaled is no loss: so it is at eps = 0
        spared |= {f"{name} scaled" for name in self.typed.program.inputs if name not in regime.subjects}
        return bool(self.influences - now - spared)

    def trial(
        self, typed: TypedClaim, regime: Regime | None, settings: Settings, text: str, factor: float = 1.0
    ) -> Trial:
        """A court for one link, at a seed of its own."""
        base = seed_of(self.operator, self.claim, self.settings)
        seed = int.from_bytes(hashlib.sha256(f"{base} {text}".encode()).digest()[:4], "big")
        change = regime.change if regime is not None else None
        if regime is not None and regime.small is not None:
            change = moves.scaled(regime.small, factor)
        trial = Trial(self.operator, typed, settings, seed, [self.number], change)
        if settings is self.quick:
            trial.budget = TRIAL_SIZE
        return trial

    def says_something(self, now: Witness) -> bool:
        """Whether the truth has content."""
        usual = self.usual
        gone = now.vanished(usual)
        if any(isinstance(what, Gradient) for what in gone):
            return False
        if not all(now.zero):
            return True
        # both sides vanish: so they should, if one of them always does and the other one by cancellation
        # of what does not vanish itself; unless that is the very value of which the claim says it
        link = self.typed.links[self.number]
        point = {side.quantity for side in (link.left, link.right) if isinstance(side, Given)}
        if usual is None or usual.zero == (False, False) or gone - point:
            return False
        other = 0 if usual.zero[1] else 1
        return now.terms[other] > 1e-6 * usual.terms[other]

    # a small parameter

    def shrunk(self, regime: Regime, typed: TypedClaim) -> Found | None:
        """Whether the error shrinks faster than what the claim speaks about; the same order at every draw."""
        order: int | None = None
        draws = [(self.quick, 0), *((self.settings, n) for n in range(self.settings.draws))]
        for settings, number in draws:
            witnesses = []
            for factor in LEVELS:
                trial = self.trial(typed, regime, settings, regime.text, factor)
                if trial.look(number) != "wrong":
                    return None  # exact, or lost in rounding
                witnesses.append(trial.witness)
            one = order_of_error([w.sides for w in witnesses])
            if one is None:
                return None
            order = one if order is None else min(order, one)
        text = regime.text.replace("first", _ORDERS.get(order or 0, "first"), 1)
        return Found(text, regime.rank, small=True)


def _fast(settings: Settings) -> Any:
    return "differences" if settings.oracle == "differences" else "autograd"


def order_of_error(sides: Sequence[tuple[Any, Any]]) -> int | None:
    """The order of left - right in a parameter, from three levels; None if it is below 2 or says nothing.

    It says nothing where both sides change by as little as they differ: `3 * eta**2 * x = eta**2 * x`;
    and a formula of a higher degree on both sides did not leave the higher orders out.
    """
    left, right = ([np.asarray(s[n]) for s in sides] for n in (0, 1))
    errors = [largest(a - b) for a, b in zip(left, right, strict=True)]
    slopes = [_slope(errors[0], errors[1]), _slope(errors[1], errors[2])]
    order = round(slopes[1]) if np.isfinite(slopes[1]) else 0
    if order < 2 or any(abs(s - order) > SETTLED * (1 + 2 * (k == 0)) for k, s in enumerate(slopes)):
        return None
    if order == 2 and not (_is_affine(left) or _is_affine(right)):
        return None
    changes = [_slope(largest(s[0] - s[1]), largest(s[1] - s[2])) for s in (left, right)]
    still = [largest(s[0] - s[1]) <= VANISHES * errors[0] for s in (left, right)]
    if any(still) or min(changes) < order - 0.5:
        return order
    return None


def _is_affine(side: Sequence[Any]) -> bool:
    """Whether a side is a polynomial of first degree in the parameter."""
    steps = [(side[k] - side[k + 1]) / (LEVELS[k] - LEVELS[k + 1]) for k in (0, 1)]
    return largest(steps[0] - steps[1]) <= 1e-6 * largest(steps[0]) + VANISHES * largest(side[0])


def _slope(one: float, next_: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.log2(np.float64(one) / np.float64(next_)) / np.log2(LEVELS[0] / LEVELS[1]))
