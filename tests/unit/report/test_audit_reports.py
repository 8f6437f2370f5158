"""The reports of an audit: the same figures in all of them, and nothing of a writeup becomes markup."""

from __future__ import annotations

from dataclasses import replace

import jsonschema
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gradcheck_cli.report import audit_html, audit_json, audit_text
from gradcheck_cli.report.audit import Audit, AuditedDocument, AuditedFormula
from gradcheck_cli.report.audit_schema import schema
from gradcheck_cli.report.result import RunResult
from gradcheck_cli.text import Source
from gradcheck_cli.writeups.formulas import find_formulas, find_macros
from gradcheck_cli.writeups.kinds import read_document
from tests.unit.report.pages import sound

POST = """# A post

The layer is $Y = XW$, so $dX = 2\\, dY\\, W^\\top$, with $n$ rows.

$$
\\begin{align}
Z &= <b> \\\\
\\end{align}
$$

- An item with `code` & more

```python
print("<script>")
```

## The end
"""


def document(
    made, name="notes/post.md", text=POST, states=("definition", "claim", "unjudged", "uncovered"), **changes
):
    source = Source(name, text)
    claims = tuple(
        replace(c, place=None) if c.claim.id != "factor" else c
        for c in made.results()
        if c.claim.id != "listed"
    )
    factor = tuple(c for c in claims if c.claim.id == "factor")
    formulas = tuple(
        AuditedFormula(
            f, state, factor if state == "claim" else (), "a reason" if state == "unjudged" else ""
        )
        for f, state in zip(find_formulas(source), states, strict=False)
    )
    macros = find_macros(source)
    made = AuditedDocument(name, source, read_document(source), macros, formulas, claims, ("specs/a.yaml",))
    return replace(made, **changes)


@pytest.fixture
def audit(made):
    one = document(made)
    return Audit((one,), RunResult(one.claims, versions={"gradcheck": "1.2.3"}))


def test_the_text_ends_with_a_table(audit):
    text = audit_text.render(audit, unicode=True).plain
    assert text.startswith("error[GC")
    assert text.endswith(
        "notes/post.md: 1 known error\n"
        "  ✗ specs/a.yaml  known  wrong\n"
        "      dW = X @ dY\n"
        "      right: dW = X.T @ dY\n"
        "\n"
        "writeup        formulas  claims  not true  definitions  not covered  not judgeable  coverage\n"
        "notes/post.md         4       1         1            1            1              1      67 %\n"
        "\n"
        "✗ 8 claims of 10 not as expected\n"
    )
    assert "notes/post.md: 1 formula not covered\n  notes/post.md:5:1  \\begin{align} Z &= <b>" in (
        audit_text.render(audit, verbosity=1).plain
    )
    assert "coverage" not in audit_text.render(audit, verbosity=-1).plain


def test_several_writeups_are_summed_up(audit):
    (one,) = audit.documents
    both = replace(audit, documents=(one, replace(one, file="b.md", formulas=one.formulas[:1])))
    assert (
        "notes/post.md         4       1         1            1            1              1      67 %\n"
        "b.md                  1       0         0            1            0              0     100 %\n"
        "all                   5       1         1            2            1              1      75 %\n"
    ) in audit_text.render(both).plain


def test_json_keeps_its_schema(audit):
    found = audit_json.document(audit)
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(found, schema())
    assert found["formulas"] == {
        "found": 4,
        "claim": 1,
        "definition": 1,
        "uncovered": 1,
        "unjudged": 1,
        "not_true": 1,
        "coverage": 0.6667,
    }
    claim = found["documents"][0]["formulas"][1]
    assert (claim["line"], claim["state"], claim["verdict"], claim["heading"]) == (
        3,
        "claim",
        "wrong",
        "A post",
    )
    assert [found["check"]["claims"][n]["id"] for n in claim["claims"]] == ["factor"]
    assert len(found["documents"][0]["other_claims"]) == 9


def test_the_page_shows_the_writeup_with_its_verdicts(audit):
    page = sound(audit_html.render(audit))
    text = " ".join(page.text.split())
    assert [(level, title.strip()) for level, title in page.headings if title.strip()][:4] == [
        (1, "gradcheck audit: 1 writeup"),
        (2, "Writeups"),
        (2, "post.md"),
        (3, "A post"),
    ]
    assert "The layer is Y=XW≝ definition, so dX=2dYW⊤✗ wrong, with n rows." in text
    assert "claimeddX = 2 * dY @ W.T rightdX = dY @ W.T" in text
    assert 'print("<script>")' in text
    assert "- An item with `code` & more" in text
    assert "post.md 4 1 1 1 1 1 67 %".replace(" ", "") in text.replace(" ", "")


def test_filters_are_links(audit):
    page = sound(audit_html.render(audit))
    for state in ("errors", "claims", "definitions", "uncovered", "unjudged"):
        assert f"only-{state}" in page.ids
        assert page.links.count(f"only-{state}") == 2


def test_nothing_at_all():
    empty = Audit((), RunResult())
    assert audit_text.render(empty).plain == "✓ nothing to check\n"
    sound(audit_html.render(empty))
    jsonschema.validate(audit_json.document(empty), schema())


WRITTEN = {
    "post.md": "# <b>\n\n<script>x</script> $a<b$ TEXT\n\n```\nTEXT\n```\n",
    "post.html": "<p>TEXT</p><script>alert(1)</script>$a &lt; b$<img src=x onerror=y>",
    "post.tex": "\\begin{document}\\section{TEXT}\n% TEXT\n$a$ \\begin{align}TEXT\\end{align}\n",
    "post.rst": "TEXT\n====\n\n:math:`TEXT`\n",
    "post.txt": "TEXT\n\n\\(TEXT\\) \\frac{a}{b} TEXT \\partial\n",
    "post.ipynb": '{"cells": [{"cell_type": "markdown", "source": ["# TEXT\\n", "$a$ TEXT"]}]}',
}


@pytest.mark.parametrize("name", WRITTEN)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.sampled_from("<>&\"'`{}%#\\/=;:()\n\r\0\u202e$ abjsx-!*_") | st.characters(), max_size=60)
)
@example(text='"><script>alert(1)</script>')
@example(text="</style><!-- {{ 1 }} {% x %}")
@example(text="\ud800")
def test_no_writeup_becomes_markup(made, name, text):
    hostile = document(
        made,
        f"{text}/{name}".replace("\0", ""),
        WRITTEN[name].replace("TEXT", text),
        ["uncovered"] * 99,
        claims=(),
    )
    sound(audit_html.render(Audit((hostile,), RunResult(hostile.claims))))


def test_a_fault_of_ours_is_told_with_its_place(made):
    result = made.everything()
    text = audit_text.render(Audit((), replace(result, claims=(), problems=(), interrupted=0))).plain
    assert text == (
        "internal error: ValueError: bad: x\n"
        "  --> specs/a.yaml:6:5 (broken)\n"
        "   = this is a fault of gradcheck, not of the claim; please report it\n"
        "\n"
        "✗ 1 internal error\n"
    )
