"""A quick sample of the campaign: some claims of every source, some mistakes in each, a few seeds."""

from __future__ import annotations

import random

import pytest

from .campaign import fate
from .corpus import Case, cases
from .mutations import mutants
from .silence import heard

CORPUS = list(cases())
SOURCES = sorted({case.source for case in CORPUS})
CLAIMS_OF_A_SOURCE = 6
MUTANTS_OF_A_CLAIM = 10
SEEDS = 3


def sample(source: str) -> list[Case]:
    return random.Random(source).sample([c for c in CORPUS if c.source == source], CLAIMS_OF_A_SOURCE)


def test_every_source_has_right_claims() -> None:
    assert len(SOURCES) == 5
    assert len(CORPUS) > 300


@pytest.mark.parametrize("source", SOURCES)
def test_every_mistake_is_found(source: str) -> None:
    fates = [fate(m, case) for case in sample(source) for m in mutants(case, MUTANTS_OF_A_CLAIM)]
    assert len(fates) > 5 * CLAIMS_OF_A_SOURCE
    assert [f for f in fates if f.survived] == []
    assert sum(f.verdict == "undecided" for f in fates) < 0.1 * len(fates)


@pytest.mark.parametrize("source", SOURCES)
def test_right_claims_stay_silent(source: str) -> None:
    for case in sample(source):
        assert heard(case, range(SEEDS), draws=2).accused == []
