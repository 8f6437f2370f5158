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
from gradcheck_cli.diagnose.edits import mapped
from gradcheck_cli.diagnose.forwards import nearby_forward
from gradcheck_cli.diagnose.known import known_of
from gradcheck_cli.diagnose.legible import legible
from gradcheck_cli.diagnose.locate import where_wrong
from gradcheck_cli.diagnose.lonely import lonely_place
from gradcheck_cli.diagnose.names import MEANING, Names, locals_of
from gradcheck_cli.diagnose.scope import SharedScope
from gradcheck_cli.diagnose.search import Search
from gradcheck_cli.diagnose.slips import SLIPS
from gradcheck_cli.diagnose.verify import verified
from gradcheck_cli.evaluate.deadline import OutOfTime, limited
from gradcheck_cli.evaluate.interpret import EvaluationFailed
from gradcheck_cli.lang.ast import Equation, Expr, Name, Subscript, Transpose
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

WORDY = 1.5
"""How much longer than the best a second suggestion may be."""

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
    equation = legible(operator, claim, typed)
    if claim.kind not in MEANING or equation is None or equation.relations:
        return ()
    budget = BUDGETS[effort]
    _imported(settings)
    end = monotonic() + budget.whole
    found = []
    for link, judgement in enumerate(judgements):
        if judgement.verdict not in FALSE:
            continue
        try:
            with limited(max(0.1, end - monotonic())), np.errstate(all="ignore"):
                found.append(
                    FalseLink(operator, claim, typed, equation, settings, link, judgements).diagnosis(
                        budget, effort, end
                    )
                )
        except TooLarge:
            found += _only_the_place(
                operator, typed, link, judgement, seed_of(operator, claim, settings), end
            )
        except (
            OutOfTime,
            UserError,
            EvaluationFailed,
            RecursionError,
            MemoryError,
            ArithmeticError,
        ):
            continue
        except (ValueError, TypeError, IndexError, KeyError, AttributeError, RuntimeError):
            continue  # a diagnosis is a help, and must never cost the verdict
    return tuple(found)


def _only_the_place(
    operator: Operator, typed: TypedClaim, link: int, judgement: Judgement, seed: int, end: float
) -> list[Diagnosis]:
    """Where no candidates can be tried, at least the element, if it is a single one."""
    try:
        with limited(max(0.1, end - monotonic())), np.errstate(all="ignore"):
            place = lonely_place(operator, typed, link, seed)
    except (OutOfTime, UserError, EvaluationFailed, MemoryError, ArithmeticError, ValueError, TypeError):
        return []
    if place is None:
        return []
    where = f"only element [{', '.join(map(str, place))}]"
    return [Diagnosis(link, None, "", judgement.span, where)]


def _imported(settings: Settings) -> None:
    """Loads the oracle before the clock runs: a claim whose shapes do not fit was judged without it."""
    if settings.oracle != "differences":
        import gradcheck_cli.evaluate.torch_backend  # noqa: PLC0415  two seconds to import
        import gradcheck_cli.oracle.autograd  # noqa: F401, PLC0415


class FalseLink:
    """One false link: its data, its words, and what is found out about it."""

    def __init__(
        self,
        operator: Operator,
        claim: Claim,
        typed: TypedClaim,
        equation: Equation,
        settings: Settings,
        link: int,
        judgements: tuple[Judgement, ...],
    ) -> None:
        self.operator, self.claim, self.settings = operator, claim, settings
        self.link, self.judgement = link, judgements[link]
        self.left_stands = link > 0 and judgements[link - 1].verdict == "holds"
        left, right = equation.sides[link : link + 2]
        self.turned = not self.left_stands and _is_local(left, operator, claim)
        """Whether the left side is what a `where` defines: then that is claimed, of the right one."""
        self.sides = (right, left) if self.turned else (left, right)
        self.seed = seed_of(operator, claim, settings)
        program = typed.program
        locals_ = locals_of(operator, claim, program)
        sums = len(typed.indices) - len(typed.free)

        def scope(first: Expr) -> tuple[SharedScope, bool]:
            """The scope whose free indices are those of a side, and whether that side has a meaning."""
            slots = sums + 1 if typed.indices else 0
            kind = MEANING[claim.kind]
            made = SharedScope(program.types, program.dims, kind, program, locals_, invents=True, slots=slots)
            with suppress(UserError):
                made.infer(first)
                return made, True
            return made, False

        self.scope, sound = scope(equation.sides[0])
        straight = mapped(equation.sides[0], lambda n: n.operand if isinstance(n, Transpose) else n)
        for side in (equation.sides[-1], straight):
            if sound:
                break
            # the left side cannot be right: something else says what its indices run over
            other, sound = scope(side)
            if sound and {i.name for i in other.indices} == {i.name for i in self.scope.indices}:
                self.scope = other
        self.scope.invents = False
        self.bench = Bench(operator, typed, self.scope, self.seed, settings)
        for side in self.sides:
            self.bench.typed_of(side)
        self.names = Names(self.bench, claim, self.sides, equation.sides[0])

    def diagnosis(self, budget: Budget, effort: Effort, end: float) -> Diagnosis:
        """Search, verify, describe."""
        where = where_wrong(self.bench, self.sides)
        search = Search(self.bench, self.names, self.sides, left_stands=self.left_stands)
        spare = max(0.1, end - monotonic() - 1.5)
        candidates = search.run(min(budget.search, spare), min(2 * budget.search, spare))
        good: list[tuple[Candidate, Suggestion]] = []
        known: list[str] = []
        with suppress(OutOfTime):  # what was verified by then stands
            for candidate in candidates[: budget.tried]:
                if len(good) >= budget.suggestions or (good and candidate.cost > good[0][0].cost + 1.2):
                    break
                if good and len(candidate.text) > WORDY * len(good[0][0].text):
                    continue
                suggestion = self._verified(candidate, budget)
                if suggestion is not None:
                    good.append((candidate, suggestion))
            known = list(known_of(self.bench, search, self.sides)) if not good else []
            if not good or effort == "full":
                known += nearby_forward(
                    self.operator,
                    self.claim,
                    self.link,
                    self.names,
                    self.settings,
                    self.seed,
                    min(end - monotonic() - 1.0, budget.forwards),
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

    def _verified(self, candidate: Candidate, budget: Budget) -> Suggestion | None:
        sides = candidate.sides[::-1] if self.turned else candidate.sides
        mine = self.sides[::-1] if self.turned else self.sides
        equation = Equation(sides, span=None)
        if not verified(self.operator, self.claim, equation, self.settings, self.seed, budget.draws):
            return None
        changed = tuple(n for n in (0, 1) if sides[n] != mine[n])
        words = tuple(e.words for e in candidate.edits if e.words)
        codes = tuple(e.slip.code for e in candidate.edits)
        return Suggestion(equation, changed, words, codes, candidate.cost, budget.draws)

    def _span(self, span: Span | None) -> Span | None:
        return span or self.judgement.span or self.sides[1].span


def _is_local(side: Expr, operator: Operator, claim: Claim) -> bool:
    """Whether a side is a name that a `where` defines, perhaps with indices."""
    if isinstance(side, Subscript):
        side = side.operand
    return isinstance(side, Name) and side.id in {d.name for d in (*operator.where, *claim.where)}


def page(code: str) -> str | None:
    """The page of a slip, for `explain GC101`."""
    slip = SLIPS.get(code)
    if slip is None:
        return None
    examples = "\n\n".join(
        f"    forward  {e.forward}\n    wrong    {e.wrong}\n    right    {e.right}" for e in slip.examples
    )
    return f"{slip.code}  {slip.name}: {slip.title}\n{slip.page}\nExamples\n{examples}\n"
