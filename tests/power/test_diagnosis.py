"""A quick sample of the diagnosis campaign: errors of the sources, published mistakes, and a few mutants.

In full: `python -m tests.power.diagnosis --sources`, `--wild seen`, and without
either every mutant of every right claim.
"""

from __future__ import annotations

import random

import pytest

from .diagnosis import Answer, answer, corpus, doubles, singles
from .published import FOLDER, Published, is_held_out, sources, wild

HARDEST = ("000-softmax-2", "000-softmax-3b", "001-ln-4c")
SEEN = list(wild("seen"))


def asked(published: Published) -> Answer:
    return answer(published.wrong, published.meant, (published.id,), published.text)


@pytest.mark.parametrize("id", HARDEST)
def test_the_hardest_errors_of_the_sources_are_corrected(id: str) -> None:
    (found,) = [asked(p) for p in sources(id) if p.id == id]
    assert (found.place, found.untrue) == (1, 0), found


def test_published_mistakes_are_corrected() -> None:
    chosen = random.Random(1).sample(SEEN, 6)
    found = [asked(p) for p in chosen]
    assert [a for a in found if a.untrue] == []
    assert sum(a.place == 1 for a in found) >= 5, found


def test_a_third_of_the_published_mistakes_is_held_out() -> None:
    held = [p for p in wild() if is_held_out(p.id)]
    assert len(held) + len(SEEN) == len(list(wild())) >= 50
    assert len(held) > 12
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.yaml")))
    assert text.count("document: 'https://") == text.count("operator: ") == len(list(wild()))


def test_mutants_are_undone() -> None:
    rng = random.Random(3)
    chosen = rng.sample([c for c in corpus("003") if c.claim.kind == "gradient"], 5)
    found = [answer(m.case, c, (m.kind,), m.text) for c in chosen for m in singles(c, rng, 1)]
    assert [a for a in found if a.untrue] == []
    assert sum(a.place == 1 for a in found if a.asked) >= sum(a.asked for a in found) - 1, found


def test_a_double_mistake_is_neither_a_single_one_nor_none() -> None:
    case = corpus("001-rms")[0]
    sides = case.formula.equation.sides
    made = list(doubles(case, random.Random(1), 3))
    assert made
    for kinds, _, broken in made:
        assert len(kinds) == 2
        assert broken.formula.equation.sides != sides or broken.claim.where != case.claim.where
