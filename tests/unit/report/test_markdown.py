"""Markdown for a comment: nothing from a spec is markup, and a comment is never too long."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gradcheck_cli.report import markdown
from gradcheck_cli.report.result import RunResult
from gradcheck_cli.text import Problem

DATA = Path(__file__).parent / "data"
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])

# all HTML that a report may hold
INLINE = {"<br>", "<code>", "</code>"}
TITLE = re.compile(r"<details><summary>[^<>]*(<code>[^<>]*</code>)?</summary>|</details>|")
TOKENS = {
    "heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline", "fence", "html_block",
    "table_open", "table_close", "thead_open", "thead_close", "tbody_open", "tbody_close", "tr_open", "tr_close",
    "th_open", "th_close", "td_open", "td_close",
}  # fmt: skip


def checked(result):
    """The report and its cells, after it was read as Markdown and nothing was found that does not belong."""
    text = markdown.render(result)
    text.encode()
    assert markdown._size(text) <= markdown.LIMIT
    rows, row, depth = [], None, 0
    for token in READER.parse(text):
        assert token.type in TOKENS
        if token.type == "html_block":
            assert all(TITLE.fullmatch(line) for line in token.content.split("\n")), token.content
            depth += token.content.count("<details>") - token.content.count("</details>")
            assert 0 <= depth <= 1
        if token.type == "tr_open":
            row = []
            rows.append(row)
        if token.type == "inline" and row is not None:
            row.append(_cell(token))
        elif token.type == "inline":
            _cell(token)
        if token.type == "table_close":
            row = None
    assert depth == 0
    assert all(len(row) == 4 for row in rows)
    return text, rows


def _cell(token):
    """What a reader sees in a cell."""
    seen, inside = "", False
    for child in token.children:
        if child.type == "html_inline":
            assert child.content in INLINE
            inside = child.content == "<code>" if child.content != "<br>" else inside
            seen += "\n" if child.content == "<br>" else ""
        else:
            assert child.type in {"text", "text_special", "code_inline"}, child.type
            if child.type != "code_inline" and not inside:
                # outside of code there are only words of ours
                assert not re.search(r"[@#$<>\[\]|\\*_`]", child.content.lstrip("#")), child.content
                assert "www" not in child.content
                assert "//" not in child.content
            seen += child.content
    assert not inside
    return seen


def test_whole_report(made):
    found = markdown.render(made.everything())
    if os.environ.get("GRADCHECK_GOLDEN") == "write":
        (DATA / "everything.md").write_text(found, encoding="utf-8")
    assert found == (DATA / "everything.md").read_text(encoding="utf-8")
    checked(made.everything())


def test_the_table(made):
    _, rows = checked(RunResult(made.results()))
    head = ["claim", "place", "what was claimed", "what is right"]
    assert rows == [
        head,
        ["layout\nshape-mismatch", "specs/a.yaml:10:33", "dX = dY @ W", "—"],
        ["step-2\nshape-mismatch", "specs/a.yaml:21:87", "Xᵀ ∂L/∂Y = X ∂L/∂Y", "—"],
        ["factor\nwrong", "specs/a.yaml:8:20\nspecs/post.md:3:28", "dX = 2 * dY @ W.T", "dX = dY @ W.T"],
        ["special\nconditional", "specs/a.yaml:13:20", "dX = dY @ W.T * W[0, 0]", "—"],
        ["mistaken\nbad-correction", "specs/a.yaml:18:17", "dW = 3 * X.T @ dY", "the correction is wrong itself"],
        ["surprise\nunexpectedly-right", "specs/a.yaml:14:35", "dW = X.T @ dY", "it holds, though the spec expects wrong"],
        ["singular\nundecided", "specs/a.yaml:11:35", "dX = dY @ W.T @ inv(W @ W.T * 0)", "—"],
        ["moved\ndrift", "specs/a.yaml:19:27", "dW = X.T @ dY", "it is no longer in its document"],
        head,
        ["known\nwrong", "specs/a.yaml:23:20", "dW = X @ dY", "dW = X.T @ dY"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (RunResult(), "### gradcheck: ✓ nothing to check\n"),
        (RunResult(interrupted=3), "### gradcheck: ✗ nothing to check; interrupted: 3 claims not judged\n"),
        (
            RunResult(bundled=True),
            "### gradcheck: ✓ nothing to check\n\n"
            "There are no specs here: these are the audited sources that come with gradcheck.\n",
        ),
        (
            RunResult(unmatched="`x`"),
            "### gradcheck: ✗ no claim matches `-k`\n\n"
            "<details><summary>1 problem</summary>\n\n```text\nerror: no claim matches `-k `x``\n```\n\n</details>\n",
        ),
        (
            RunResult(problems=(Problem("a ``` b", file="a.yaml"), Problem("c", help="d"))),
            "### gradcheck: ✗ 2 problems in the specs\n\n<details><summary>2 problems</summary>\n\n"
            "````text\nerror: a ``` b\n  --> a.yaml\n\nerror: c\n   = help: d\n````\n\n</details>\n",
        ),
    ],
    ids=["empty", "interrupted", "bundled", "unmatched", "problems"],
)
def test_small_runs(result, text):
    assert markdown.render(result) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("dX = dY", "`dX = dY`"),
        ("a`b", "``a`b``"),
        ("`a``b", "``` `a``b ```"),
        ("a|b", "<code>a&#124;b</code>"),
        (r"\|x\|", "<code>&#92;&#124;x&#92;&#124;</code>"),
        ("`", "<code>&#96;</code>"),
        ("", "<code></code>"),
        ("a\nb", "`a b`"),
        ("<b>@x #1", "`<b>@x #1`"),
        ("a\u202eb", "`a\\u202eb`"),
        ("x" * 300, f"`{'x' * 239}…`"),
    ],
)
def test_code(text, written):
    assert markdown.code(text) == written


def test_latex_is_printed_to_be_copied(made):
    (claim,) = (c for c in made.results() if c.claim.id == "factor")
    latex = r"\frac{\partial L}{\partial X} = \|W\| ``` \text{<b>}"
    result = RunResult((replace(claim, correction=replace(claim.correction, latex=latex)),))
    text, _ = checked(result)
    assert f"\n````latex\n{latex}\n````\n" in text


def test_awkward_texts(awkward):
    checked(awkward)


def test_awkward_texts_are_seen_as_they_are(made):
    text = "| a `` b &amp; <i> @me #1 :x: **c** [d](e) $f$"
    _, rows = checked(made.hostile(text))
    assert any(text in cell for row in rows for cell in row)


@pytest.mark.parametrize("claims", [200, 600, 3000])
def test_a_comment_is_never_too_long(made, claims):
    bad = [c for c in made.results() if not c.ok]
    known = [c for c in made.results() if c.claim.id == "known"]
    result = RunResult(tuple(bad[n % len(bad)] for n in range(claims)) + tuple(known * claims))
    text, rows = checked(result)
    assert len(text) > markdown.LIMIT * 0.6
    shown = [row for row in rows if row[0] != "claim"]
    found = re.search(
        r"\nLeft out, since a comment is limited: (.*)\. `gradcheck check` shows all\.\n$", text
    )
    assert found
    told = {
        m[2]: int(m[1].replace(",", ""))
        for m in re.finditer(r"([\d,]+) (claim|finding|known error)", found[1])
    }
    assert told.get("claim", 0) + told.get("known error", 0) + len(shown) == 2 * claims
    assert told["finding"] + text.count("<summary>GC0") == claims


def test_wide_characters_count_twice(made):
    result = made.hostile("\U0001f600" * 5_000)
    text, _ = checked(replace(result, claims=result.claims * 20))
    assert len(text.encode("utf-16-le")) // 2 <= markdown.LIMIT


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@example("`|`")
@example("\\|")
@given(
    text=st.text(
        st.sampled_from("`|\\<>&*_[]()!#@$~:\n ax1\u202e\ud800") | st.characters(codec=None), max_size=40
    )
)
def test_any_text_stays_text(made, text):
    checked(made.hostile(text))
