"""Short runs of the campaigns; the long ones are `python tests/fuzz/specs.py --count 1000000` and the like."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import documents
import formulas
import reports
from damage import INJECTIONS, STRANGE

import specs

sys.path.pop(0)

from gradcheck_cli.report import audit_html
from gradcheck_cli.run.audit import Request, audit
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run
from gradcheck_cli.run.toml_places import table_place
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.text import Source
from gradcheck_cli.writeups.fences import find_specs
from gradcheck_cli.writeups.formulas import find_formulas, find_macros


def test_damaged_specs_end_in_claims_or_messages_and_every_report_stays_one() -> None:
    *_, outcome = specs.specs(200, 3)
    assert outcome.faults == []
    assert 30 < outcome.read < outcome.cases == 200


@pytest.mark.parametrize("seed", [1, 2])
def test_damaged_formulas_end_in_a_claim_or_a_message_with_a_place(seed: int) -> None:
    *_, outcome = formulas.formulas(1500, seed)
    assert outcome.faults == []
    assert 100 < outcome.read < outcome.cases == 1500


def test_damaged_writeups_are_read_and_every_report_stays_one() -> None:
    *_, outcome = documents.documents(150, 3)
    assert outcome.faults == []
    assert 75 < outcome.read <= outcome.cases == 150


NAMED = """\
operator: {0}
inputs: {{X: [n]}}
forward: {{Y: X * 2}}
source: {{document: {0}, section: {0}}}
claims:
  - id: {0}
    gradient: dX = -2 * dY
    correction: dX = 2 * dY
    note: {0}
    quote: {0}
  - id: {1}
    value: {0}
  - id: {2}
    gradient: dX = {3}
  - {0}: x
"""


@pytest.mark.parametrize("strange", [*INJECTIONS, *STRANGE], ids=ascii)
def test_no_name_note_quote_or_message_speaks_the_language_of_a_report(strange: str) -> None:
    quoted = "'" + strange.replace("'", "''").replace("\n", "\n\n      ") + "'"
    once = "'" + (strange * 2).replace("'", "''").replace("\n", "\n\n      ") + "'"
    assert specs.judged(NAMED.format(quoted, once, "c", strange)) == []
    block = NAMED.format(quoted, once, "c", "2 * dY")
    assert (
        documents.audited(
            "md", f"# {strange}\n\nby {strange}: $dX = {strange}$\n\n```gradcheck\n{block}```\n"
        )
        == []
    )


@pytest.mark.parametrize(
    ("form", "report"),
    [
        ("github", "::error title=a::b\nplain\ngradcheck: 1 claim\n"),
        ("html", "<p onclick='x'>"),
        ("html", "<script>"),
        ("html", "<a href='java\nscript:x'>"),
        ("json", "{"),
        ("junit", "<testsuites><b/></testsuites>"),
        ("text", "a\x1b[31m"),
    ],
)
def test_the_checks_of_reports_see_what_they_look_for(form: str, report: str) -> None:
    assert len(reports.faults(form, report)) == 1


# the time of reading grows with the length of a text and no faster

SHORT, FACTOR = 1 << 11, 8
"""Characters of the shorter text, and how many times longer the other one is."""

WORST = 3.0 * FACTOR
"""Where the time grows with the square this would be 64 times."""

NOTHING = 0.1
"""Seconds."""

REPEATED = (
    *(
        "$",
        "$a",
        "$$",
        r"\(",
        r"\[",
        r"\(a\\",
        "{",
        r"\text{$",
        "`",
        "``a",
        "```\n",
        "~",
        "<a b=",
        "<!--",
        "<pre>",
        "&#",
    ),
    *(
        "\n",
        "\n\n",
        " ",
        "\t",
        "\n>",
        "\n- ",
        "\n| a",
        "# ",
        "\\",
        "a",
        "1",
        "=",
        "x_",
        '"',
        '"\\',
        '["',
        "{a:",
        "%",
        "$7,",
    ),
    *(
        r"\begin{a}",
        r"\begin{a}[",
        r"\newcommand{\a}{",
        r"\def\a{\a",
        r"\verb|",
        r"\label{",
        ":math:`",
        ".. math::\n\n   ",
    ),
)


def _grows(read: Callable[[int], object]) -> float:
    """How many times longer the longer text takes; 0 where that is no time worth measuring."""

    def seconds(length: int) -> float:
        start = time.process_time()
        read(length)
        return time.process_time() - start

    if (long := seconds(SHORT * FACTOR)) < NOTHING:
        return 0.0
    return min(long, seconds(SHORT * FACTOR)) / max(min(seconds(SHORT) for _ in range(3)), NOTHING / 100)


@pytest.mark.parametrize("kind", sorted(documents.KINDS))
def test_reading_a_writeup_takes_time_in_proportion_to_its_length(kind: str) -> None:
    head = {"ipynb": '{"cells":[{"cell_type":"markdown","source":"', "rst": "T\n=\n\n"}.get(kind, "")

    def read(text: str) -> None:
        document = Source(f"post.{kind}", text)
        find_formulas(document)
        find_specs(document)
        find_macros(document)

    for piece in REPEATED:
        grown = _grows(lambda n, piece=piece: read(head + (piece * n)[:n]))
        assert grown < WORST, piece


@pytest.mark.parametrize(
    "spec",
    [
        "value: 'Y[0] = 7 * 10^{}2'",
        "value: Y[0] = {}x",
        "note: 'a{}b'",
        "quote: |\n      a{}\n      b",
        "gradient: 'dX ={}dY'",
        "gradient: '$dX ={}dY$'",
        "gradient: '\\[ {} dY \\]'",
    ],
)
@pytest.mark.parametrize("piece", [" ", "\t", "7", "[", r"\{", "((", "x^", "--"])
def test_reading_a_spec_takes_time_in_proportion_to_its_length(spec: str, piece: str) -> None:
    head = "operator: o\ninputs: {X: [n]}\nforward: {Y: X * 2}\nclaims:\n  - "
    text = head + spec.replace("{}", "\0")
    assert _grows(lambda n: load_text("spec.yaml", text.replace("\0", (piece * n)[: n // 2]))) < WORST


@pytest.mark.parametrize("piece", ["\t#", "~", r"\begin{a}[", "`", "# \t", "<", "&", "[a](", "|"])
def test_the_page_of_an_audit_takes_time_in_proportion_to_the_length_of_the_writeup(
    piece: str, tmp_path: Path
) -> None:
    def render(length: int) -> None:
        file = tmp_path / "post.md"
        file.write_text("# " + (piece * length)[:length] + "!\n\n$x = 1$\n")
        options = Options((), diagnose="off")
        audit_html.render(audit(Request((file,), (file,)), options, tmp_path, lambda o: run(o, tmp_path)))

    assert _grows(render) < WORST


def test_finding_the_table_of_settings_takes_time_in_proportion_to_the_length_of_the_file() -> None:
    assert _grows(lambda n: table_place(Source("pyproject.toml", " " * n))) < WORST
    found = table_place(Source("pyproject.toml", "[a]\n  [tool.gradcheck]\n"))
    assert found is not None
    assert (found.line, found.column, found.text) == (2, 9, "gradcheck")
