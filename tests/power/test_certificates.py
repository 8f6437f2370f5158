"""Tests the exact court: a sample of the mutants of right claims is never certified as equal, unless it is."""

import pytest

from gradcheck_cli.compare.certificate import examined
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.text import UserError

from .corpus import cases
from .equivalent import reason_for
from .mutations import mutants


@pytest.mark.parametrize("pattern", ["softmax.yaml", "layernorm.yaml"])
def test_no_mistake_is_certified(pattern: str) -> None:
    proven, believed = 0, []
    for number, case in enumerate(cases(pattern)):
        for mutant in mutants(case)[number % 97 :: 97]:
            try:
                typed = mutant.case.typed()
                found = examined(mutant.case.operator, mutant.case.claim, typed, Settings())
            except UserError:
                continue
            outcomes = {f.certificate.outcome for n, f in found.items() if case.right[n]}
            proven += "false" in outcomes
            fits = all(link.mismatch is None for link in typed.links)
            if outcomes == {"holds"} and fits and reason_for(mutant, case) is None:
                believed.append((case.id, mutant.kind, mutant.text))
    assert believed == []
    assert proven >= 3
