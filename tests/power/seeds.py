"""The false rows of an index of audited statements against the specs: `python -m tests.power.seeds`.

For each statement that the index calls wrong or conditionally correct and a
spec claims: the verdict, the slip, and whether the first suggestion says what
the spec's correction says, or under which condition the claim was found to
hold, beside the words of the index. The index is a JSON list of objects with
`id`, `kind`, `verdict` and perhaps `condition`; nothing of it is kept here.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.diagnose.engine import diagnose
from gradcheck_cli.diagnose.names import MEANING
from gradcheck_cli.report.result import ClaimResult
from gradcheck_cli.run.judged import judged
from gradcheck_cli.run.writeups import load_any
from gradcheck_cli.spec.model import Claim, Operator
from gradcheck_cli.spec.typing import type_claim

from .corpus import SPECS, Case, plain
from .meant import is_meant, reads

FALSE = {"wrong", "shape-mismatch", "conditional"}
ROWS = {"WRONG", "CONDITIONALLY CORRECT"}


@dataclass(frozen=True)
class Row:
    """One statement of the index and what was found about it."""

    id: str
    kind: str
    said: str
    """The verdict of the index."""
    condition: str
    """Its words."""
    verdict: str = ""
    slip: str = ""
    suggestion: str = ""
    is_meant: bool | None = None
    """Whether the suggestion says what the correction says; None without either."""
    found: str = ""
    """The condition that was found."""
    assumed: tuple[str, ...] = ()
    """Claims that state the assumption, and hold."""

    @property
    def is_good(self) -> bool:
        """Whether the answer is there: the correction, or a condition (found, or stated and judged)."""
        if self.is_meant is not None and self.verdict != "conditional":
            return self.is_meant
        return bool(self.found or self.assumed)


def claims(sources: Path | None) -> Iterator[tuple[str, Operator, Claim]]:
    """All claims of the specs whose mistakes can be repaired, under their files."""
    for path in sorted(SPECS.glob("*/*.yaml")):
        for operator in load_any(path, path.name, sources).operators:
            for claim in operator.claims:
                if claim.kind in MEANING and not claim.formula.equation.relations:
                    yield path.name, operator, claim


def asked(row: Row, spec: str, operator: Operator, claim: Claim) -> Row:
    """The row with what the tool says about a claim."""
    result = judged(spec, operator, claim, Settings())
    number = _link(row.id, result)
    judgement = result.links[number].judgement
    row = replace(row, kind=claim.kind, verdict=judgement.verdict, found=judgement.condition or "")
    if judgement.verdict not in FALSE:
        return row
    typed = type_claim(operator, claim)
    judgements = tuple(link.judgement for link in result.links)
    found = [d for d in diagnose(operator, claim, typed, judgements, Settings()) if d.link == number]
    if not found or not found[0].suggestions:
        return replace(row, is_meant=None if claim.correction is None else False)
    best = found[0].suggestions[0]
    row = replace(row, slip=" ".join(best.codes), suggestion=reads(best.equation))
    if claim.correction is None:
        return row
    right = plain(operator, claim, claim.correction)
    links = len(right.equation.sides) - 1
    original = Case(spec, operator, claim, right, (True,) * links)
    broken = Case(spec, operator, claim, claim.formula, (False,) * claim.links)
    return replace(row, is_meant=all(is_meant(original, broken, min(number, links - 1), best.equation)))


def _link(id: str, result: ClaimResult) -> int:
    """The link that bears the id, or the first false one."""
    ids = [link.id for link in result.links]
    if id in ids:
        return ids.index(id)
    false = [n for n, link in enumerate(result.links) if link.judgement.verdict in FALSE]
    return false[0] if false else 0


def rows(index: Path, sources: Path | None, only: str = "") -> Iterator[Row]:
    """Every false row of the index that the specs claim."""
    known = list(claims(sources))
    for entry in json.loads(index.read_text(encoding="utf-8")):
        if entry["verdict"] not in ROWS or only not in entry["id"]:
            continue
        mine = [(s, o, c) for s, o, c in known if any(i.split(":")[0] == entry["id"] for i in c.ids)]
        false = [m for m in mine if m[2].expect != ("holds",)]
        plainly = [m for m in false or mine if entry["id"] in m[2].ids]
        if not (plainly or false):
            continue  # the row is claimed in another kind
        chosen = (plainly or false)[0]
        row = asked(Row(entry["id"], chosen[2].kind, entry["verdict"], entry.get("condition", "")), *chosen)
        stated = [
            i
            for _, o, c in mine
            for i in c.ids
            if i.startswith(f"{entry['id']}:") and c.expect == ("holds",) and (c.when or c.fixed)
        ]
        yield replace(row, assumed=tuple(stated))


def table(found: list[Row]) -> str:
    """The rows, the figures, and the exceptions."""
    heads = ("id", "kind", "index", "verdict", "slip", "answer")
    cells = [(r.id, r.kind, r.said.split()[0].lower(), r.verdict, r.slip or "-", _answer(r)) for r in found]
    lines = ["{:15} {:13} {:14} {:15} {:12} {}".format(*line) for line in (heads, *cells)]
    wrong = [r for r in found if r.said == "WRONG"]
    rest = [r for r in found if r.said != "WRONG"]
    lines.append(f"wrong: {sum(r.is_good for r in wrong)} of {len(wrong)}")
    lines.append(f"conditional: {sum(r.is_good for r in rest)} of {len(rest)}")
    lines += [f"exception: {r.id}: {_answer(r)}" for r in found if not r.is_good]
    return "\n".join(lines)


def _answer(row: Row) -> str:
    parts = []
    if row.found:
        parts.append(f"only {'' if row.found.startswith('to ') else 'when '}{row.found}")
    if row.suggestion:
        same = {True: "= correction", False: "not the correction", None: "no correction in the spec"}
        parts.append(f"{row.suggestion}  [{same[row.is_meant]}]")
    elif row.is_meant is False:
        parts.append("nothing suggested")
    if row.assumed:
        parts.append(f"stated in {', '.join(row.assumed)}")
    if row.condition:
        parts.append(f"index: {row.condition}")
    return "; ".join(parts) or "-"


def main(arguments: list[str] | None = None) -> int:
    """Prints the table; 1 if there are exceptions."""
    parser = argparse.ArgumentParser(prog="python -m tests.power.seeds", description=__doc__)
    parser.add_argument("--claims", type=Path, required=True, metavar="FILE", help="the index, as JSON")
    parser.add_argument("--sources", type=Path, metavar="DIR", help="the documents of the specs")
    parser.add_argument("--only", default="", metavar="TEXT", help="rows whose id contains this")
    given = parser.parse_args(arguments)
    found = list(rows(given.claims, given.sources, given.only))
    print(table(found))
    return int(not all(r.is_good for r in found))


if __name__ == "__main__":
    sys.exit(main())
