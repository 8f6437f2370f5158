"""Right claims under many seeds: who is accused, and how far residuals stay below the floor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from gradcheck_cli.compare.floor import WRONG
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.compare.verdict import Judgement

from .corpus import Case, cases


@dataclass
class Silence:
    """What the seeds showed about one right formula."""

    id: str
    links: int = 0
    accused: list[tuple[int, str, str]] = field(default_factory=list)
    """Seed, verdict and reason of each link that was not found to hold."""
    ratios: list[float] = field(default_factory=list)
    """For each judgement the largest residual in units of the largest floor of its draw."""
    agreement: float = 0.0
    """The largest distance of the two oracles in error bars, where they have one."""


def listen(pattern: str, number: int, seeds: Iterable[int], draws: int) -> Silence:
    """Judges the `number`-th right formula under all seeds."""
    case = list(cases(pattern))[number]
    return heard(case, seeds, draws)


def heard(case: Case, seeds: Iterable[int], draws: int) -> Silence:
    """The verdicts on one right formula under all seeds."""
    found = Silence(case.id)
    for seed in seeds:
        for right, judgement in zip(case.right, case.judge(Settings(draws=draws, seed=seed)), strict=True):
            if not right:
                continue
            found.links += 1
            found.ratios.append(ratio(judgement))
            found.agreement = max(found.agreement, _apart(judgement))
            if judgement.verdict != "holds":
                found.accused.append((seed, judgement.verdict, judgement.reason or _numbers(judgement)))
    return found


def ratio(judgement: Judgement) -> float:
    """The largest residual of a judgement over the floor that its draw allows (1: undecided, 10: wrong)."""
    return max((WRONG * s.error / s.floor for s in judgement.sights if s.floor), default=0.0)


def _apart(judgement: Judgement) -> float:
    apart = [
        abs(a.autograd - a.differences) / a.error
        for s in judgement.sights
        for a in s.agreements
        if a.ok and a.error
    ]
    return max(apart, default=0.0)


def _numbers(judgement: Judgement) -> str:
    worst = judgement.worst
    return f"error {worst.error:.2g}, floor {worst.floor:.2g}, at {worst.place}" if worst else ""


def table(results: list[Silence], seeds: int, draws: int) -> str:
    """The figures of a whole campaign."""
    ratios = sorted(r for s in results for r in s.ratios)
    lines = [
        f"right formulas {len(results)}, seeds {seeds}, draws {draws}: "
        f"{sum(s.links for s in results):,} judgements of links",
        f"false accusations: {sum(len(s.accused) for s in results)}",
    ]
    for s in results:
        kinds = Counter(
            (verdict, reason if verdict == "undecided" else "") for _, verdict, reason in s.accused
        )
        for (verdict, _), count in kinds.items():
            first = next(a for a in s.accused if a[1] == verdict)
            lines.append(
                f"  {s.id}: {verdict} {count} of {s.links} times, first seed {first[0]} ({first[2]})"
            )
    lines.append("largest residual / floor (undecided beyond 1, wrong beyond 10):")
    for share in (0.5, 0.9, 0.99, 0.999, 1.0):
        at = min(len(ratios) - 1, int(share * len(ratios)))
        lines.append(f"  {share:7.1%} of judgements below {ratios[at]:.3g}" if ratios else "  none")
    loudest = sorted(results, key=lambda s: max(s.ratios, default=0), reverse=True)[:5]
    lines += [f"  loudest: {s.id} {max(s.ratios, default=0):.3g}" for s in loudest]
    lines.append(
        f"largest distance of agreeing oracles: {max((s.agreement for s in results), default=0):.3g} bars"
    )
    return "\n".join(lines)
