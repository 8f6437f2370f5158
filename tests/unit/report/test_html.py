"""A check as a page: every claim is on it, and nothing of a spec becomes markup."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gradcheck_cli.report.html import render
from gradcheck_cli.report.result import RunResult
from tests.unit.report.pages import sound


@pytest.fixture
def run(made):
    return made.everything()


def test_all_claims_are_on_the_page(run):
    page = sound(render(run))
    for claim in run.claims:
        assert claim.claim.id in page.text
    titles = [title.strip() for level, title in page.headings if level == 2]
    assert titles == ["Problems", "Not as expected", "Known errors, found again", "All claims"]


def test_a_finding_says_what_is_right_and_how_it_is_known(run):
    text = " ".join(sound(render(run)).text.split())
    for said in (
        "✗ wrong factor claimeddX = 2 * dY @ W.T rightdX = dY @ W.Tthe spec's correction, verified",
        "at dX[2, 0]: true 0.25, claimed 0.5 (with m = 3, n = 5) dX by autograd, confirmed by differences to 1e-13",
        "Errors at 1 draw, relative, on a logarithmic axis. Largest 100 %; the smallest that would have been seen"
        " there 4e-11.",
        "≈ holds only when W[0, 0] is 1 special claimed",
        "! holds, though its spec expects an error surprise claimed",
        "! holds, but it is not in its document any more moved claimed",
        "✗ wrong, a known error known claimeddW = X @ dY rightdW = X.T @ dY",
        "✓ ∂L/∂W = Xᵀ ∂L/∂Y holds ✗ Xᵀ ∂L/∂Y = X ∂L/∂Y shape-mismatch",
    ):
        assert said in text, said


def test_a_clean_run(made):
    right = next(c for c in made.results() if c.claim.id == "right")
    page = sound(render(RunResult((right,))))
    assert [title.strip() for level, title in page.headings if level == 2] == ["All claims"]
    assert "✓ 1 claim: 1 holds" in page.text


def test_awkward_texts_stay_texts(awkward):
    sound(render(awkward))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from("<>&\"'`{}%#\\/=;:()\n\r\0\u202e$ abjsx-!") | st.characters(), max_size=40))
@example('"><img src=x onerror=alert(1)>')
@example("</style><script>alert(1)</script>")
@example("{{ 7 * 7 }}{% raw %}")
@example(r"$\text{<script>}$")
def test_no_text_becomes_markup(made, text):
    page = sound(render(made.hostile(text)))
    assert "7 * 7" in page.text or "7 * 7" not in text
