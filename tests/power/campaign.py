"""Tests the tester: `python -m tests.power.campaign` judges every mutant of every right claim.

With `--right N` it judges the right claims themselves under N seeds instead,
and lists who was accused.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.text import UserError

from .corpus import Case, cases
from .equivalent import reason_for
from .kinds import KINDS
from .mutations import Mutant, mutants
from .silence import Silence, heard, table

FULL = 5
"""Draws of a judgement, as `gradcheck check` has them."""


@dataclass(frozen=True)
class Fate:
    """What became of one mutant: wrong, shape-mismatch, error, undecided; holds if it got away."""

    claim: str
    kind: str
    text: str
    verdict: str
    note: str = ""
    reason: str | None = None
    """Why the mutant is right as well, if it got away and is."""

    @property
    def found(self) -> bool:
        """Whether the mistake was seen."""
        return self.verdict in {"wrong", "conditional", "shape-mismatch", "error"}

    @property
    def survived(self) -> bool:
        """Whether a mistake passes for right. An undecided claim fails a run, so it does not."""
        return self.verdict == "holds" and self.reason is None


def fate(mutant: Mutant, original: Case, seed: int | None = None) -> Fate:
    """Judges a mutant: by one draw, and by all of them if that shows nothing; wrong on one is wrong."""
    case = mutant.case
    for draws in (1, FULL) if seed is None else (1,):
        verdict, note = _verdict(case, Settings(draws=draws, seed=seed))
        if verdict not in {"holds", "undecided"}:
            break
    reason = reason_for(mutant, original) if verdict == "holds" else None
    return Fate(case.id, mutant.kind, mutant.text, verdict, note, reason)


def _verdict(case: Case, settings: Settings) -> tuple[str, str]:
    try:
        judgements = case.judge(settings)
    except UserError as error:
        return "error", error.problems[0].message
    judged = [j for j, right in zip(judgements, case.right, strict=True) if right]
    for verdict in ("shape-mismatch", "wrong", "conditional", "undecided"):
        for judgement in judged:
            if judgement.verdict == verdict:
                return verdict, judgement.reason
    return "holds", ""


@cache
def _corpus(pattern: str) -> list[Case]:
    return list(cases(pattern))


def _mutants_of(pattern: str, number: int, limit: int | None, seeds: int) -> list[Fate]:
    """The fates of the mutants of one case; survivors are judged under `seeds` other seeds too."""
    case = _corpus(pattern)[number]
    found = []
    for mutant in mutants(case, limit):
        one = fate(mutant, case)
        for seed in range(seeds):
            if one.found:
                break
            other = fate(mutant, case, seed)
            one = replace(other, reason=one.reason) if other.found else one
        found.append(one)
    return found


def _right(pattern: str, number: int, first: int, seeds: int, draws: int) -> Silence:
    return heard(_corpus(pattern)[number], range(first, first + seeds), draws)


def _each(work: Callable[..., object], pattern: str, jobs: int, *rest: object) -> Iterator[object]:
    count = len(_corpus(pattern))
    began = time.monotonic()
    columns = [[pattern] * count, range(count), *([r] * count for r in rest)]
    with ProcessPoolExecutor(jobs) as pool:
        for done, result in enumerate(pool.map(work, *columns), 1):
            print(f"\r{done}/{count}  {time.monotonic() - began:.0f} s", end="", file=sys.stderr, flush=True)
            yield result
    print(file=sys.stderr)


def report(fates: list[Fate]) -> str:
    """The table, and every mutant that was not found."""
    verdicts = ("wrong", "conditional", "shape-mismatch", "error", "undecided")
    lines = [
        f"{'mutation':18}{'all':>7}{'wrong':>7}{'cond.':>7}{'shape':>7}{'error':>7}{'undec.':>8}{'equiv.':>8}{'survived':>10}"
    ]
    for kind in (*KINDS, "all"):
        some = [f for f in fates if kind in {"all", f.kind}]
        counts = Counter(f.verdict for f in some)
        shown = "".join(f"{counts[v]:7}" for v in verdicts[:4]) + f"{counts['undecided']:8}"
        survived = sum(f.survived for f in some)
        lines.append(f"{kind:18}{len(some):7}{shown}{counts['holds'] - survived:8}{survived:10}")
    each = Counter(f.claim for f in fates)
    few = sorted(n for n in each.values() if n < 10)
    lines.append(f"{len(each)} formulas; {len(few)} of them allow fewer than ten mutants: {few}")
    for verdict in ("error", "undecided"):
        notes = Counter(f.note for f in fates if f.verdict == verdict)
        lines += [f"  {verdict} {count:5} × {note}" for note, count in notes.most_common()]
    for f in fates:
        if not f.found:
            what = (
                "SURVIVED"
                if f.survived
                else f"equivalent ({f.reason})"
                if f.reason
                else f"undecided ({f.note})"
            )
            lines.append(f"{what} | {f.claim} | {f.kind} | {f.text}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Runs a campaign and prints its table; 1 if a mistake survived or a right claim was accused."""
    parser = argparse.ArgumentParser(prog="python -m tests.power.campaign", description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="claims whose file or id contains this")
    parser.add_argument("--limit", type=int, metavar="N", help="at most N mutants of each claim")
    parser.add_argument(
        "--seeds", type=int, default=0, metavar="N", help="judge survivors under N other seeds too"
    )
    parser.add_argument("--right", type=int, metavar="N", help="judge the right claims under N seeds instead")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="the first of those seeds")
    parser.add_argument("--draws", type=int, default=FULL, metavar="N", help="draws of each right claim")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    given = parser.parse_args(arguments)
    if given.right:
        heard_: list[Silence] = list(
            _each(_right, given.only, given.jobs, given.first, given.right, given.draws)
        )  # type: ignore[arg-type]
        print(table(heard_, given.right, given.draws))
        return int(any(s.accused for s in heard_))
    parts = _each(_mutants_of, given.only, given.jobs, given.limit, given.seeds)
    fates = [f for part in parts for f in part]  # type: ignore[attr-defined]
    print(report(fates))
    return int(any(f.survived for f in fates))


if __name__ == "__main__":
    sys.exit(main())
