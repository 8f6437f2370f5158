"""Tests the diagnosis: `python -m tests.power.diagnosis` breaks every right claim and asks what was meant.

For every kind of mistake: how often its name is told, how often the first
suggestion (or one of the first three) says what the claim said before it was
broken, and how long that took. With `--wild` it asks the same of mistakes that
people have made and published.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from statistics import median

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.diagnose import engine
from gradcheck_cli.diagnose.engine import Effort, diagnose
from gradcheck_cli.diagnose.names import MEANING
from gradcheck_cli.text import UserError

from .corpus import Case, cases
from .diagnosis_kinds import ALL, NAMED
from .meant import is_meant, reads
from .mutations import Mutant, mutants
from .published import sources, wild

TESTS = Path(__file__).parents[1]
FALSE = {"wrong", "shape-mismatch", "conditional"}
SUGGESTIONS = 3
USUAL = dict(engine.BUDGETS)


@dataclass(frozen=True)
class Answer:
    """What the diagnosis said about one broken claim."""

    claim: str
    kinds: tuple[str, ...]
    text: str
    verdict: str
    """`wrong` or `shape-mismatch`; anything else is no mistake that has to be repaired."""
    codes: tuple[str, ...] = ()
    """The names that the first suggestion gives."""
    place: int = 0
    """Which suggestion says what was meant: 1 the first one, 0 none of them."""
    first: str = ""
    """The first suggestion."""
    untrue: int = 0
    """Suggestions that do not hold at other data: there must be none."""
    seconds: float = 0.0

    @property
    def asked(self) -> bool:
        """Whether the claim is false, so that there was something to find."""
        return self.verdict in FALSE

    @property
    def named(self) -> bool:
        """Whether a kind of mistake that was made is told."""
        return any(NAMED.get(kind, frozenset()) & set(self.codes) for kind in self.kinds)


def answer(
    broken: Case, original: Case, kinds: tuple[str, ...], text: str, effort: Effort = "quick"
) -> Answer:
    """Judges a broken claim, diagnoses its first false link, and compares with what was meant."""
    try:
        typed = broken.typed()
        judgements = broken.judge(Settings(draws=2))
    except UserError:
        return Answer(original.id, kinds, text, "error")
    false = [n for n, j in enumerate(judgements) if j.verdict in FALSE and original.right[n]]
    if not false:
        verdicts = [j.verdict for j, right in zip(judgements, original.right, strict=True) if right]
        return Answer(original.id, kinds, text, "undecided" if "undecided" in verdicts else "holds")
    verdict = judgements[false[0]].verdict
    began = time.process_time()
    found = diagnose(broken.operator, broken.claim, typed, judgements, Settings(), effort)
    seconds = time.process_time() - began
    best = next((d for d in found if d.link == false[0]), None)
    if best is None or not best.suggestions:
        return Answer(original.id, kinds, text, verdict, seconds=seconds)
    place = untrue = 0
    for number, suggestion in enumerate(best.suggestions[:SUGGESTIONS], 1):
        true, meant = is_meant(original, broken, false[0], suggestion.equation)
        untrue += not true
        if true and meant and not place:
            place = number
    first = best.suggestions[0]
    return Answer(
        original.id, kinds, text, verdict, first.codes, place, reads(first.equation), untrue, seconds
    )


def singles(case: Case, rng: random.Random, limit: int | None) -> Iterator[Mutant]:
    """All mutants of a claim, or some whose kinds are drawn first."""
    found = mutants(case, kinds=ALL)
    if limit is None:
        yield from found
        return
    for _ in range(limit):
        if not found:
            return
        kind = rng.choice(sorted({m.kind for m in found}))
        one = rng.choice([m for m in found if m.kind == kind])
        found.remove(one)
        yield one


def doubles(case: Case, rng: random.Random, limit: int) -> Iterator[tuple[tuple[str, ...], str, Case]]:
    """Claims with two mistakes, neither of which undoes the other, nor makes one mistake of both."""
    once = {_key(m.case) for m in mutants(case, kinds=ALL)} | {_key(case)}
    for one in singles(case, rng, limit):
        try:
            two = next(singles(one.case, rng, 1), None)
        except UserError:
            continue
        if two is not None and _key(two.case) not in once:
            yield (one.kind, two.kind), f"{one.text}; {two.text}", two.case


def _key(case: Case) -> object:
    return case.formula.equation.sides, tuple(d.expression for d in case.claim.where)


@cache
def corpus(only: str) -> list[Case]:
    """The right claims whose mistakes can be repaired: of the sources, and of the operators of the tests."""
    found = [*cases(only), *cases(only, TESTS)]
    return [
        c
        for c in found
        if c.claim.kind in MEANING and all(r == "=" for r in c.formula.equation.relations or "=")
    ]


def have_patience(factor: float) -> None:
    """Lets every search of this process take so many times as long."""
    engine.BUDGETS = {
        effort: replace(b, search=b.search * factor, whole=b.whole * factor, forwards=b.forwards * factor)
        for effort, b in USUAL.items()
    }


def ask(number: int, only: str, edits: int, limit: int | None, seed: int, effort: Effort) -> list[Answer]:
    """The answers about the mutants of one claim."""
    case = corpus(only)[number]
    rng = random.Random(f"{seed} {case.source} {case.id}")
    if edits == 1:
        return [answer(m.case, case, (m.kind,), m.text, effort) for m in singles(case, rng, limit)]
    return [answer(c, case, k, t, effort) for k, t, c in doubles(case, rng, 20 if limit is None else limit)]


def table(answers: Iterable[Answer]) -> str:
    """The figures by kind, the times, and every mistake that was not undone by the first suggestion."""
    answers = list(answers)
    asked = [a for a in answers if a.asked]
    lines = [
        f"{'mistake':18}{'made':>7}{'false':>7}{'named':>9}{'first':>9}{'in 3':>9}{'median s':>10}{'max s':>8}"
    ]
    kinds = sorted({k for a in answers for k in a.kinds} & NAMED.keys())
    for kind in [*kinds, "all"]:
        mine = [a for a in answers if kind in {*a.kinds, "all"}]
        some = [a for a in mine if a.asked]
        if some:
            times = [a.seconds for a in some]
            shares = (sum(a.place == 1 for a in some), sum(a.place > 0 for a in some))
            named = f"{sum(a.named for a in some) / len(some):9.1%}" if kinds else f"{'-':>9}"
            shown = named + "".join(f"{n / len(some):9.1%}" for n in shares)
            lines.append(f"{kind:18}{len(mine):7}{len(some):7}{shown}{median(times):10.2f}{max(times):8.1f}")
    lines.append(
        f"suggestions that do not hold: {sum(a.untrue for a in asked)}; nothing suggested: "
        f"{sum(not a.first for a in asked)}; no mistake in the end: {len(answers) - len(asked)}"
    )
    for a in sorted(asked, key=lambda a: (a.kinds, a.claim)):
        if a.place != 1 or a.untrue:
            place = (
                f"place {a.place}" if a.place else "untrue" if a.untrue else "other" if a.first else "none"
            )
            codes = " ".join(a.codes)
            lines.append(
                f"{place:8}| {'+'.join(a.kinds)} | {a.claim} | {a.text} | {codes} {a.first} | {a.seconds:.1f} s"
            )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Runs a campaign and prints its table; 1 if a suggestion did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.power.diagnosis", description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="claims whose file or id contains this")
    parser.add_argument("--edits", type=int, choices=(1, 2), default=1, help="mistakes in each claim")
    parser.add_argument("--sample", type=int, metavar="N", help="about N broken claims, drawn by the seed")
    parser.add_argument(
        "--seed", type=int, default=0, metavar="S", help="draws the sample, and pairs of mistakes"
    )
    parser.add_argument("--effort", choices=("quick", "full"), default="quick")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    parser.add_argument(
        "--sources", action="store_true", help="the errors of the sources with a known correction instead"
    )
    parser.add_argument("--wild", choices=("seen", "held", "all"), help="published mistakes instead")
    parser.add_argument("--patience", type=float, default=1.0, metavar="F", help="budgets times F")
    given = parser.parse_args(arguments)
    have_patience(given.patience)
    if given.wild or given.sources:
        found = sources(given.only) if given.sources else wild(given.wild, given.only)
        answers = [answer(p.wrong, p.meant, (p.id,), p.text, given.effort) for p in found]
        print(table(answers))
        return int(any(a.untrue for a in answers))
    count = len(corpus(given.only))
    order = random.Random(given.seed).sample(range(count), count)
    limits: dict[int, int | None] = dict.fromkeys(order)
    if given.sample is not None:
        limits = {n: given.sample // count + (i < given.sample % count) for i, n in enumerate(order)}
        limits = {n: limit for n, limit in limits.items() if limit}
    began = time.monotonic()
    answers = []
    with ProcessPoolExecutor(given.jobs, initializer=have_patience, initargs=(given.patience,)) as pool:
        tasks = [
            pool.submit(ask, n, given.only, given.edits, limit, given.seed, given.effort)
            for n, limit in limits.items()
        ]
        for done, task in enumerate(tasks, 1):
            answers += task.result()
            print(
                f"\r{done}/{len(tasks)}  {time.monotonic() - began:.0f} s",
                end="",
                file=sys.stderr,
                flush=True,
            )
    print(file=sys.stderr)
    print(table(answers))
    return int(any(a.untrue for a in answers))


if __name__ == "__main__":
    sys.exit(main())
