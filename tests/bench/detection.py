"""Detection does not fade with size: `python tests/bench/detection.py` prints who finds which mistake.

Eleven mistakes in the gradients of four operators, at about 10, 1,000 and
1,000,000 input elements, before `gradcheck` and `torch.autograd.gradcheck`
(fast mode; slow mode where it is affordable), side by side in one run. Then
the smallest error of a single element that is found. Never a timed test.
"""

from __future__ import annotations

import argparse
import math
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from sys import path
from typing import Any

import torch

path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

from mistakes import OPERATORS, RIGHT, WRONG, Claim, Operator, leaves, spec  # noqa: E402

from gradcheck_cli.compare.judge import judge  # noqa: E402
from gradcheck_cli.compare.settings import Settings  # noqa: E402
from gradcheck_cli.compare.verdict import Judgement  # noqa: E402
from gradcheck_cli.spec.load import load_text  # noqa: E402
from gradcheck_cli.spec.typing import type_claim  # noqa: E402
from gradcheck_cli.text import UserError  # noqa: E402

SLOW_UP_TO = 1000
SHARE = 0.99
"""Which share of the seeds must find an error for it to count as seen."""


def ours(claim: Claim, size: int, seed: int, draws: int = 1, error: str = "") -> Judgement:
    """Our judgement on a claim. Raises UserError where a bound refuses the size."""
    file = load_text("bench", spec(claim.operator, size, claim, error))
    assert not file.problems, file.problems
    operator = file.operators[0]
    claim_ = operator.claims[0]
    return judge(operator, claim_, type_claim(operator, claim_), Settings(draws=draws, seed=seed))[0]


def peer(claim: Claim, size: int, seed: int, *, fast: bool) -> bool:
    """Whether torch's gradcheck accepts the claim as a backward."""
    given = leaves(claim.operator, size, seed)

    class Claimed(torch.autograd.Function):
        """The operator as a function of one input, with the claimed gradient."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            values = {**given, claim.of: x.detach()}
            ctx.values = {**values, **claim.operator.peer(values)}
            return ctx.values[claim.operator.output].clone()

        @staticmethod
        def backward(ctx: Any, dy: Any) -> Any:
            return claim.peer({**ctx.values, "dY": dy})

    x = given[claim.of].requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.autograd.gradcheck(Claimed.apply, (x,), fast_mode=fast, raise_exception=False)


def clock(work: Callable[[], object], times: int) -> float:
    """CPU seconds of the quickest of some runs."""
    best = math.inf
    for _ in range(times):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best


def shown(found: bool | None) -> str:
    return "-" if found is None else "found" if found else "missed"


def detection(size: int, seed: int) -> None:
    """One row for each mistake, then the totals, then the time of the right claims."""
    print(
        f"\n{size:,} input elements\n"
        f"{'operator':11}{'mistake':27}{'gradcheck':>11}{'torch fast':>12}{'slow':>9}"
    )
    totals = [0, 0, 0]
    for claim in WRONG:
        found = [verdict_is_wrong(claim, size, seed), not peer(claim, size, seed, fast=True), None]
        if size <= SLOW_UP_TO:
            found[2] = not peer(claim, size, seed, fast=False)
        totals = [t + bool(f) for t, f in zip(totals, found, strict=True)]
        a, b, c = map(shown, found)
        print(f"{claim.operator.name:11}{claim.name:27}{a:>11}{b:>12}{c:>9}", flush=True)
    slow = f"{totals[2]}/{len(WRONG)}" if size <= SLOW_UP_TO else "-"
    print(f"{'':11}{'found':27}{f'{totals[0]}/{len(WRONG)}':>11}{f'{totals[1]}/{len(WRONG)}':>12}{slow:>9}")
    times = 5 if size <= SLOW_UP_TO else 1
    for claim in RIGHT:
        accepted = peer(claim, size, seed, fast=True)
        verdict = ours(claim, size, seed).verdict
        one = clock(lambda claim=claim: ours(claim, size, seed), times)
        fast = clock(lambda claim=claim: peer(claim, size, seed, fast=True), times)
        print(
            f"{claim.operator.name:11}right claim: {verdict}, one draw {one * 1e3:,.1f} ms;"
            f" torch fast {'accepts' if accepted else 'REJECTS'} {fast * 1e3:,.1f} ms;"
            f" ratio {one / fast:.1f}",
            flush=True,
        )


def verdict_is_wrong(claim: Claim, size: int, seed: int) -> bool:
    """By one draw; wrong on one is wrong."""
    try:
        return ours(claim, size, seed).verdict == "wrong"
    except UserError as error:
        print(f"  refused: {error.problems[0].message}")
        return False


def smallest(operator: Operator, size: int, seeds: int) -> tuple[float, int]:
    """The smallest error of one element, relative to the root mean square, seen in 99 % of the seeds."""
    claim = next(c for c in RIGHT if c.operator is operator)
    names = [d.strip() for d in operator.inputs[claim.of].strip("[]").split(",")]
    rows, columns = names
    place = f"outer(arange({rows}) == 0, arange({columns}) == 1)"
    found = math.inf
    best = 0
    floor = ours(claim, size, 0).floor or 1e-4
    highest = math.ceil(2 * math.log10(floor)) + 5
    for exponent in range(highest, -33, -1):  # half decades, from well above the floor down
        relative = 10 ** (exponent / 2)
        error = f" + {relative:.2e} * {place} * norm({claim.ours}) / sqrt({rows} * {columns})"
        seen = 0
        for done, seed in enumerate(range(seeds), 1):
            seen += ours(claim, size, seed, error=error).verdict == "wrong"
            if done - seen > (1 - SHARE) * seeds:
                break
        if seen < SHARE * seeds:
            break
        found, best = relative, seen
    return found, best


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[10, 1000, 1000000])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=100, help="of the smallest error")
    parser.add_argument("--seeds-large", type=int, default=5, help="the same at a million elements")
    given = parser.parse_args()
    torch.set_num_threads(1)
    for size in given.sizes:
        detection(size, given.seed)
    print("\nsmallest error of one element that is found, relative to the root mean square of the gradient")
    for size in given.sizes:
        seeds = given.seeds if size <= SLOW_UP_TO else given.seeds_large
        for operator in OPERATORS if seeds else ():
            found, seen = smallest(operator, size, seeds)
            print(f"{size:>11,} {operator.name:11}{found:9.1e}  in {seen} of {seeds} seeds", flush=True)


if __name__ == "__main__":
    main()
