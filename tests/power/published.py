"""Mistakes that people have made and published: those of the audited sources, and those in `wild/*.yaml`.

A third of the latter is held out, chosen by a hash of its id: nobody looks at
these while the search is worked on, so that their figure says what to expect
of mistakes that nobody has thought of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from gradcheck_cli.diagnose.names import MEANING
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.spec.load import load

from .corpus import Case, cases

FOLDER = Path(__file__).parent / "wild"


@dataclass(frozen=True, eq=False)
class Published:
    """What was published, and what was meant."""

    id: str
    wrong: Case
    meant: Case
    text: str


def is_held_out(id: str) -> bool:
    """Whether a case belongs to the third that the search was never tuned to."""
    return hashlib.sha256(id.encode()).digest()[0] % 3 == 0


def wild(part: str = "all", pattern: str = "") -> Iterator[Published]:
    """Mistakes told in public issues and posts; `part` is `seen`, `held` or `all`."""
    for path in sorted(FOLDER.glob("*.yaml")):
        file = load(path)
        assert not file.problems, file.problems
        for operator in file.operators:
            for claim in operator.claims:
                chosen = part == "all" or is_held_out(claim.id) == (part == "held")
                if not chosen or pattern not in claim.id:
                    continue
                assert claim.correction is not None, claim.id
                wrong = Case(path.stem, operator, claim, claim.formula, (False,))
                meant = Case(path.stem, operator, claim, claim.correction, (True,))
                yield Published(claim.id, wrong, meant, to_plain(claim.formula.equation))


def sources(pattern: str = "") -> Iterator[Published]:
    """The false claims of the sources whose correction is known."""
    for case in cases(pattern):
        if case.suffix and case.claim.kind in MEANING:
            wrong = replace(case, formula=case.claim.formula, suffix="")
            yield Published(case.claim.id, wrong, case, to_plain(case.claim.formula.equation))
