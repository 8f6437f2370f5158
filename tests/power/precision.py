"""Precision under torture: `python -m tests.power.precision --seeds N` judges right claims that rounding spoils.

Nobody may be accused. And the dual: the same claims with one side off by a
millionth must not pass, unless the verdict itself says that such an error
could not be seen.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.compare.sight import vanishes
from gradcheck_cli.compare.verdict import Judgement

from .hard import HARD, Hard

OFF = "1.000001"
MILLIONTH = 1e-6


@dataclass
class Tally:
    """What the seeds showed."""

    verdicts: Counter[str] = field(default_factory=Counter)
    accused: list[str] = field(default_factory=list)
    """Right claims that were called wrong."""
    changed: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    """Wrong claims that hold, although the verdict says that their error would be seen."""


def tally(hard: Iterable[Hard], seeds: Iterable[int], draws: int, oracle: str = "both") -> Tally:
    """Every claim of every computation under every seed, as it is and off by a millionth."""
    found = Tally()
    seeds = list(seeds)
    for one in hard:
        for seed in seeds:
            settings = Settings(oracle, draws, seed)  # type: ignore[arg-type]
            for text, judgement in one.judged(settings):
                found.verdicts[judgement.verdict] += 1
                if judgement.verdict == "wrong":
                    found.accused.append(_said(one, seed, text, judgement))
            for text, judgement in one.judged(settings, *map(_off, one.claims)):
                found.changed[judgement.verdict] += 1
                if judgement.verdict == "holds" and silent(judgement):
                    found.missed.append(_said(one, seed, text, judgement))
    return found


def silent(judgement: Judgement) -> bool:
    """Whether the verdict lets its reader think that an error of a millionth would have been seen.

    Where both sides are zero but for rounding, so is a millionth of them.
    """
    return any(s.floor < MILLIONTH and not vanishes(s) for s in judgement.sights)


def _off(claim: str) -> str:
    left, _, right = claim.rpartition(" = ")
    return f"{left} = {OFF} * ({right})"


def _said(one: Hard, seed: int, text: str, judgement: Judgement) -> str:
    worst = judgement.worst
    numbers = f"error {worst.error:.2g}, floor {worst.floor:.2g}, {worst.place}" if worst else ""
    return f"{one.name}, seed {seed}: {text} ({numbers})"


def main(arguments: list[str] | None = None) -> int:
    """Prints the figures; 1 if a right claim was accused or a wrong one passed."""
    parser = argparse.ArgumentParser(prog="python -m tests.power.precision", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, metavar="N")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="the first seed")
    parser.add_argument("--draws", type=int, default=3, metavar="N")
    parser.add_argument("--oracle", default="both", choices=("both", "autograd", "differences"))
    parser.add_argument("--only", default="", metavar="TEXT", help="computations whose name contains this")
    given = parser.parse_args(arguments)
    hard = [h for h in HARD if given.only in h.name]
    found = tally(hard, range(given.first, given.first + given.seeds), given.draws, given.oracle)
    print(f"{len(hard)} computations, {given.seeds} seeds, {given.draws} draws")
    print(f"right: {dict(found.verdicts)}; accused: {len(found.accused)}")
    print(*found.accused[:40], sep="\n")
    print(f"off by a millionth: {dict(found.changed)}; passed silently: {len(found.missed)}")
    print(*found.missed[:40], sep="\n")
    return int(bool(found.accused or found.missed))


if __name__ == "__main__":
    sys.exit(main())
