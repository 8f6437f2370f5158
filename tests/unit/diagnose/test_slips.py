"""Every slip by its own examples: the mistake is found, named, and undone; alone, its generator does that too."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import MappingProxyType

import pytest

from gradcheck_cli.diagnose import proposals
from gradcheck_cli.diagnose.engine import page
from gradcheck_cli.diagnose.slip import Example, Slip
from gradcheck_cli.diagnose.slips import SLIPS

EXAMPLES = [
    pytest.param(slip, example, id=f"{code}-{number}")
    for code, slip in SLIPS.items()
    for number, example in enumerate(slip.examples)
]


@pytest.mark.parametrize(("slip", "example"), EXAMPLES)
def test_the_right_formula_of_an_example_holds(slip: Slip, example: Example, found: Callable) -> None:
    right = found(example.inputs, example.forward, example.right, example.kind)
    assert right.verdicts == ("holds",)
    assert right.diagnoses == ()


@pytest.mark.parametrize(("slip", "example"), EXAMPLES)
def test_the_slip_of_an_example_is_named_and_undone(
    slip: Slip, example: Example, found: Callable, plain: Callable
) -> None:
    wrong = found(example.inputs, example.forward, example.wrong, example.kind)
    assert wrong.verdicts == (example.expect,)
    (diagnosis,) = wrong.diagnoses
    if slip.code == "GC123":  # says more than one thing; see test_repair
        return
    assert wrong.texts[:1] == [plain(example.right)]
    assert (diagnosis.code, diagnosis.title) == (slip.code, slip.title)


@pytest.mark.parametrize(("slip", "example"), EXAMPLES)
def test_a_generator_undoes_its_examples_alone(
    slip: Slip, example: Example, offered: Callable, plain: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    if slip.code == "GC123":
        return
    monkeypatch.setattr(proposals, "SLIPS", MappingProxyType({slip.code: slip}))
    assert plain(example.right) in offered(example.inputs, example.forward, example.wrong, example.kind)


@pytest.mark.parametrize("slip", SLIPS.values(), ids=SLIPS)
def test_a_page_says_what_why_and_how(slip: Slip) -> None:
    assert re.fullmatch(r"GC1\d\d", slip.code)
    for heading in ("What it looks like", "Why it happens", "How to see it"):
        assert f"\n{heading}\n" in slip.page
    assert slip.examples
    text = page(slip.code)
    assert text is not None
    assert text.startswith(f"{slip.code}  {slip.name}: {slip.title}\n")
    assert all(e.wrong in text and e.right in text for e in slip.examples)
    assert max(map(len, slip.page.splitlines())) <= 110


def test_titles_and_names_are_distinct() -> None:
    assert page("GC999") is None
    assert len({s.title for s in SLIPS.values()}) == len({s.name for s in SLIPS.values()}) == len(SLIPS)
