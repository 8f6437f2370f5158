"""From a writeup to a proposed spec: the steps in order, and the figures of what was found."""

from __future__ import annotations

import time
from dataclasses import dataclass

from gradcheck_cli.run.drafting import facts as stated
from gradcheck_cli.run.drafting import roles, shape_claims, statements
from gradcheck_cli.run.drafting.conventions import complete
from gradcheck_cli.run.drafting.grouping import group
from gradcheck_cli.run.drafting.habits import habits
from gradcheck_cli.run.drafting.operators import Operator, prune
from gradcheck_cli.run.drafting.roles import Reading
from gradcheck_cli.run.drafting.shaped import Shaped
from gradcheck_cli.run.drafting.solve import solve
from gradcheck_cli.run.drafting.spelling import comment
from gradcheck_cli.run.drafting.trial import best
from gradcheck_cli.run.drafting.write import Names, operator
from gradcheck_cli.text import Source

SECONDS = 60.0
"""How long a draft may take; what is not reached by then is counted and left out."""

MAX_CLAIMS = 500
MAX_CHARACTERS = 1_500_000
"""How many claims are drafted, and how long a draft is; a spec may hold twice as much."""


@dataclass(frozen=True)
class Draft:
    """A proposed spec and what it is made of."""

    text: str
    operators: tuple[Shaped, ...]
    left: tuple[Reading, ...]
    """Equations that became neither a line of `forward` nor a claim."""
    skipped: int
    """Formulas beyond the limits, which were not looked at."""
    formulas: int
    unread: int
    """Formulas that are no LaTeX that can be read."""


def draft(source: Source, document: str, section: str | None = None, seconds: float = SECONDS) -> Draft:
    """Proposes a spec for a writeup; `document` is what the spec calls it. Never raises for what it holds."""
    end = time.monotonic() + seconds
    read = statements.read(source)
    ways = habits(read)
    facts = stated.find(read, source, ways)
    ways.laws = {law.name: law.law for law in facts.laws}
    readings: list[Reading] = []
    for statement in read.statements:
        if time.monotonic() > end - seconds / 2:
            break
        readings.append(roles.read(statement, ways))
    skipped = read.skipped + len(read.statements) - len(readings)
    sizes = roles.sizes(readings, facts)
    if "d" in sizes:
        readings = [roles.read(roles.upright(reading.statement), ways) for reading in readings]
    found, rest = group([reading.without(sizes) for reading in readings], ways)
    shape_claims.attach(shape_claims.find(read, ways), found)
    rest += prune(found)
    if section is not None:
        found = [here for here in found if _within(here, section)]
        rest = [reading for reading in rest if _in(reading, section)]
    kept: list[Shaped] = []
    count = 0
    for here in found:
        if time.monotonic() > end or count + len(here.claims) > MAX_CLAIMS:
            skipped += len(here.claims)
            continue
        complete(here)
        one = best(here, solve(here, facts, ways, sizes), ways.laws)
        if one.live:
            kept.append(one)
            count += len(here.claims)
        else:
            rest += [claim.reading for claim in here.claims]
    names = Names(kept)
    texts = [operator(one, document, names) for one in kept]
    while sum(map(len, texts)) > MAX_CHARACTERS:
        texts.pop()
        skipped += len(kept.pop().here.claims)
    text = _header(document) + "---\n".join(texts)
    return Draft(text, tuple(kept), tuple(rest), skipped, len(read.formulas), read.unread)


def _within(here: Operator, section: str) -> bool:
    """Keeps the claims of the sections that are asked for; whether there are any."""
    here.claims = [claim for claim in here.claims if _in(claim.reading, section)]
    return bool(here.claims)


def _in(reading: Reading, section: str) -> bool:
    return section.lower() in reading.statement.heading.lower()


def _header(document: str) -> str:
    return (
        f"# Drafted from {comment(document)} by `gradcheck draft`; read it against the writeup.\n"
        "# «assumed» and «TODO» mark what the writeup does not say.\n"
    )
