"""The exit status and the verdict on a claim, from what was found."""

import itertools
from pathlib import Path

import pytest

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.report.result import CorrectionResult, Crash, RunResult
from gradcheck_cli.report.rules import RULES
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run
from gradcheck_cli.text import Problem

CLAIMS = """\
operator: o
inputs: {X: [n]}
forward: {Y: X * 2}
claims:
"""


def judged(tmp_path, *claims):
    """The results of claims, found quickly."""
    text = CLAIMS + "".join(f"  - {{{c}}}\n" for c in claims)
    (tmp_path / "s.yaml").write_text(text)
    result = run(Options((Path("s.yaml"),), Settings("differences", draws=1)), tmp_path)
    assert not result.problems
    return result.claims


RIGHT, WRONG = "gradient: dX = 2 * dY", "gradient: dX = 3 * dY"


def test_worse_statuses_outrank_better_ones(tmp_path):
    right, wrong = judged(tmp_path, RIGHT, WRONG)
    crash = Crash("s.yaml", "x", right.claim.span, "e", "t")
    parts = {
        130: {"interrupted": 1},
        3: {"crashes": (crash,)},
        2: {"problems": (Problem("p"),)},
        1: {"claims": (right, wrong)},
    }
    for count in range(5):
        for chosen in itertools.combinations(parts, count):
            fields = {key: value for status in chosen for key, value in parts[status].items()}
            assert RunResult(**fields).status == max(chosen, default=0)


def test_nothing_matched_is_a_usage_error():
    assert RunResult(unmatched="x").status == 2


@pytest.mark.parametrize(
    ("claim", "code", "ok"),
    [
        (RIGHT, None, True),
        (WRONG, "GC001", False),
        ("gradient: dX = 0 * dY / 0", "GC003", False),
        (f"{WRONG}, expect: wrong", "GC001", True),
        (f"{RIGHT}, expect: wrong", "GC004", False),
        (f"{WRONG}, expect: shape-mismatch", "GC001", False),
        ("gradient: dX = sum(dY), expect: shape-mismatch", "GC002", True),
        ("gradient: dX = sum(dY), expect: wrong", "GC002", False),
        (f"{WRONG}, expect: wrong, correction: dX = 2 * dY", "GC001", True),
        (f"{WRONG}, expect: wrong, correction: dX = 4 * dY", "GC005", False),
        (f"{WRONG}, correction: dX = 4 * dY", "GC001", False),
        ("gradient: dX = 2 * dY = 3 * dY", "GC001", False),
        ("gradient: dX = 2 * dY = 3 * dY, expect: [holds, wrong]", "GC001", True),
        ("gradient: dX = 2 * dY = 3 * dY, expect: [wrong, wrong]", "GC004", False),
        ("gradient: dX = 2 * dY = 3 * dY, expect: [wrong, holds]", "GC004", False),
        ("gradient: dX = 2 * dY = 3 * dY, expect: wrong", "GC001", True),
    ],
)
def test_code(tmp_path, claim, code, ok):
    (found,) = judged(tmp_path, claim)
    assert (found.code, found.ok) == (code, ok)


def test_the_link_to_show_is_the_first_unexpected_one(tmp_path):
    (chain,) = judged(tmp_path, "id: [a, b, c], gradient: dX = 2 * dY = 3 * dY = 4 * dY")
    assert chain.first_unexpected.id == "b"
    assert chain.first_error.id == "b"
    (chain,) = judged(
        tmp_path, "id: [a, b, c], gradient: dX = 2 * dY = 3 * dY = 4 * dY, expect: [holds, wrong, holds]"
    )
    assert chain.first_unexpected.id == "c"
    assert chain.first_error.id == "b"


def test_unnamed_links_are_numbered(tmp_path):
    (chain,) = judged(tmp_path, "gradient: dX = 2 * dY = 3 * dY")
    assert [link.id for link in chain.links] == ["s#1.1", "s#1.2"]


def test_correction_of_a_step():
    chain = CorrectionResult(("a", "b", "c"), "holds")
    assert [chain.for_link(0), chain.for_link(1)] == ["a = b", "b = c"]
    assert CorrectionResult(("a", "b"), "holds").for_link(1) == "a = b"
    pretty = CorrectionResult(("a", "b", "c"), "holds", pretty=("α", "β", "γ"))
    assert [pretty.for_link(1), pretty.for_link(1, unicode=True)] == ["b = c", "β = γ"]
    assert chain.for_link(0, unicode=True) == "a = b"


@pytest.mark.parametrize(
    ("claim", "first"),
    [
        (RIGHT, None),
        (WRONG, 0),
        ("gradient: dX = 2 * dY = 3 * dY = 4 * dY", 1),
        ("gradient: dX = 2 * dY = sum(dY) = 4 * dY", 1),
        ("gradient: dX = 2 * dY * 0 / 0 = 2 * dY = 3 * dY", 2),
    ],
)
def test_the_first_wrong_step_is_one_that_was_decided(tmp_path, claim, first):
    (found,) = judged(tmp_path, claim)
    assert found.first_wrong == first


def test_rules_have_distinct_names():
    assert len({name for name, _ in RULES.values()}) == len(RULES)
