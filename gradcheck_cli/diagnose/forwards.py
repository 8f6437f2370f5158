"""Whether a claim agrees with a forward computation that differs a little from the one in the spec."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from time import monotonic

from gradcheck_cli.compare.judge import judge
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.diagnose.edits import sites
from gradcheck_cli.diagnose.names import Names
from gradcheck_cli.diagnose.slips import SLIPS
from gradcheck_cli.evaluate import deadline
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.shapes.resolve import is_loose
from gradcheck_cli.spec.model import Claim, Definition, Operator
from gradcheck_cli.spec.typing import type_claim
from gradcheck_cli.text import UserError

LIKELY = ("GC102", "GC101", "GC114", "GC113", "GC111", "GC103", "GC125", "GC115", "GC106", "GC107", "GC128")
"""The slips that a transcription of a forward computation may hold."""

MOST = 400
"""How many other forwards are tried."""


def nearby_forward(
    operator: Operator, claim: Claim, link: int, names: Names, settings: Settings, seed: int, seconds: float
) -> list[str]:
    """The sentence "right for the forward `S: Q @ K.T`", for the first one that is found."""
    end = monotonic() + seconds
    tried = sorted(_others(operator, names), key=lambda o: o[0])[:MOST]
    for _, number, line in tried:
        if monotonic() > end:
            deadline.cut()
            break
        other = replace(operator, forward=(*operator.forward[:number], line, *operator.forward[number + 1 :]))
        if all(_holds(other, claim, link, replace(settings, seed=seed + n, draws=n)) for n in (1, 3)):
            return [f"the claim is right for the forward `{line.name}: {to_plain(line.expression)}`"]
    return []


def _others(operator: Operator, names: Names) -> Iterator[tuple[float, int, Definition]]:
    for number, line in enumerate(operator.forward):
        if is_loose(line.expression):
            line = replace(line, expression=names.line(line.name) or line.expression)  # noqa: PLW2901
        if line.indices or is_loose(line.expression):
            continue
        for site in sites(line.expression, names):
            for code in LIKELY if site.local is None else ():
                slip = SLIPS[code]
                for offer in slip.at(site):
                    new = site.rebuild(offer.new)
                    yield slip.cost + offer.cost, number, replace(line, expression=new)


def _holds(operator: Operator, claim: Claim, link: int, settings: Settings) -> bool:
    try:
        typed = type_claim(operator, claim)
        return judge(operator, claim, typed, settings)[link].verdict == "holds"
    except UserError:
        return False
