"""The diagnosis of a claim, top to bottom: bench, search, verification, what else is known."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Literal

import numpy as np

from gradcheck_cli.compare.settings import Settings, seed_of
from gradcheck_cli.compare.verdict import Judgement
from gradcheck_cli.diagnose.bench import Bench, TooLarge
from gradcheck_cli.diagnose.candidate import Candidate
from gradcheck_cli.diagnose.diagnosis import Diagnosis, Suggestion
from gradcheck_cli.diagnose.forwards import nearby_forward
from gradcheck_cli.diagnose.known import known_of
from gradcheck_cli.diagnose.locate import where_wrong
from gradcheck_cli.diagnose.names import MEANING, Names, locals_of
from gradcheck_cli.diagnose.scope import SharedScope
from gradcheck_cli.diagnose.search import Search
from gradcheck_cli.diagnose.slips import SLIPS
from gradcheck_cli.diagnose.verify import verified
from gradcheck_cli.evaluate.deadline import OutOfTime, limited
from gradcheck_cli.evaluate.interpret import EvaluationFailed
from gradcheck_cli.lang.ast import Equation
from gradcheck_cli.spec.model import Claim, Operator
from gradcheck_cli.spec.typing import TypedClaim
from gradcheck_cli.text import Span, UserError

Effort = Literal["quick", "full"]


@dataclass(frozen=True)
class Budget:
    """How long a diagnosis may take, and how much it shows."""

    search: float
    whole: float
    suggestions: int
    tried: int
    draws: int
    forwards: float
    """Seconds for other forward computations."""


BUDGETS: dict[Effort, Budget] = {
    "quick": Budget(search=5.0, whole=9.0, suggestions=2, tried=5, draws=2, forwards=1.5),
    "full": Budget(search=15.0, whole=40.0, suggestions=3, tried=8, draws=5, forwards=6.0),
}

FALSE = ("wrong", "shape-mismatch", "conditional")


def diagnose(
    operator: Operator,
    claim: Claim,
    typed: TypedClaim,
    judgements: tuple[Judgement, ...],
    settings: Settings,
    effort: Effort = "quick",
) -> tuple[Diagnosis, ...]:
    """What is wrong with each false link. Never raises for a claim; on any doubt it says nothing."""
    if claim.kind not in MEANING or typed.equation is None or typed.equation.relations:
        return ()
    budget = BUDGETS[effort]
    end = monotonic() + budget.whole
    found = []
    for link, judgement in enumerate(judgements):
        if judgement.verdict not in FALSE:
            continue
        try:
            with limited(max(0.1, end - monotonic())), np.errstate(all="ignore"):
                found.append(
                    _Trial(operator, claim, typed, settings, link, judgements).diagnosis(budget, effort, end)
                )
        except (
            OutOfTime,
            UserError,
            EvaluationFailed,
            TooLarge,
            RecursionError,
            MemoryError,
            ArithmeticError,
        ):
            continue
        except (ValueError, TypeError, IndexError, KeyError, AttributeError):
            continue  # a diagnosis is a help, and must never cost the verdict
    return tuple(found)


class _Trial:
    """One false link."""

    def __init__(
        self,
        operator: Operator,
        claim: Claim,
        typed: TypedClaim,
        settings: Settings,
        link: int,
        judgements: tuple[Judgement, ...],
    ) -> None:
        assert typed.equation is not None
        self.operator, self.claim, self.settings = operator, claim, settings
        self.link, self.judgement = link, judgements[link]
        self.left_stands = link > 0 and judgements[link - 1].verdict == "holds"
        left, right = typed.equation.sides[link : link + 2]
        self.sides = (left, right)
        self.seed = seed_of(operator, claim, settings)
        program = typed.program
        locals_ = locals_of(operator, claim, program)
        sums = len(typed.indices) - len(typed.free)
        self.scope = SharedScope(
            program.types,
            program.dims,
            MEANING[claim.kind],
            program,
            locals_,
            invents=True,
            slots=sums + 1 if typed.indices else 0,
        )
        with suppress(UserError):
            self.scope.infer(typed.equation.sides[0])  # the free indices of the left side
        self.scope.invents = False
        self.bench = Bench(operator, typed, self.scope, self.seed, settings)
        for side in self.sides:
            self.bench.typed_of(side)
        self.names = Names(self.bench, claim, self.sides, typed.equation.sides[0])

    def diagnosis(self, budget: Budget, effort: Effort, end: float) -> Diagnosis:
        """Search, verify, describe."""
        where = where_wrong(self.bench, self.sides)
        deep = effort == "full"
        search = Search(self.bench, self.names, self.sides, deep=deep, left_stands=self.left_stands)
        candidates = search.run(min(budget.search, max(0.1, end - monotonic() - 1)))
        good: list[tuple[Candidate, Suggestion]] = []
        for candidate in candidates[: budget.tried]:
            if len(good) >= budget.suggestions or (good and candidate.cost > good[0][0].cost + 1.2):
                break
            equation = Equation(candidate.sides, span=None)
            if verified(self.operator, self.claim, equation, self.settings, self.seed, budget.draws):
                changed = tuple(n for n in (0, 1) if candidate.sides[n] != self.sides[n])
                words, codes = zip(*((e.words, e.slip.code) for e in candidate.edits), strict=True)
                good.append(
                    (candidate, Suggestion(equation, changed, words, codes, candidate.cost, budget.draws))
                )
        known = list(known_of(self.bench, search, self.sides)) if not good else []
        spare = end - monotonic() - 1.0
        if not good or effort == "full":
            known += nearby_forward(
                self.operator,
                self.claim,
                self.link,
                self.names,
                self.settings,
                self.seed,
                min(spare, budget.forwards),
            )
        if not good:
            return Diagnosis(self.link, None, "", self._span(None), where, (), tuple(known))
        best = good[0][0].edits[-1 if len(good[0][0].edits) == 1 else 0]
        return Diagnosis(
            self.link,
            best.slip.code,
            SLIPS[best.slip.code].title,
            self._span(best.span),
            where,
            tuple(s for _, s in good),
            tuple(known),
        )

    def _span(self, span: Span | None) -> Span | None:
        return span or self.judgement.span or self.sides[1].span


def page(code: str) -> str | None:
    """The page of a slip, for `explain GC101`."""
    slip = SLIPS.get(code)
    if slip is None:
        return None
    examples = "\n".join(
        f"    {e.wrong}\n    → {e.right}\n      (forward: {e.forward})" for e in slip.examples
    )
    return f"{slip.code}  {slip.name}: {slip.title}\n{slip.page}\nExamples\n{examples}\n"
