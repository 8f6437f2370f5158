"""The keys `listing` and `replace`: what is read, and every message verbatim."""

import pytest

from gradcheck_cli.spec.listing import taken_from
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.model import Listing
from gradcheck_cli.text import Source, draw

SPEC = """\
operator: o
inputs: {{X: [n]}}
forward: {{Y: X * 2}}
{listing}
claims:
  - {claim}
"""


def load(listing="listing: 'f = 1'", claim="code: f(dY) = dX"):
    return load_text("f.yaml", SPEC.format(listing=listing, claim=claim))


def read(listing="listing: 'f = 1'", claim="code: f(dY) = dX"):
    file = load(listing, claim)
    assert not file.problems, "\n".join(draw(p) for p in file.problems)
    return file.operators[0]


def test_a_block_of_code_knows_its_lines():
    found = read("listing: |\n  def f(g):\n      return 2 * g\n").listing
    assert found.code == "def f(g):\n    return 2 * g\n"
    assert (found.name, found.first, found.document) == ("f.yaml", 5, None)


def test_a_document_is_named_and_not_yet_read():
    found = read("listing: {document: a.txt, lines: [3, 9], begins: ' import x '}").listing
    assert (found.code, found.document, found.lines, found.begins) == (None, "a.txt", (3, 9), "import x")


DOCUMENT = Source("a.txt", "title\n\n    def f(g):\r\n        return g\n\n    f(1)\nend\n")


def test_the_code_is_taken_out_of_the_document():
    listing = Listing(DOCUMENT.span(0, 0), document="a.txt", lines=(3, 6))
    found = taken_from(listing, DOCUMENT)
    assert (found.code, found.first, found.name) == ("def f(g):\n    return g\n\nf(1)", 3, "a.txt")
    for begins, there in [("def f(g):", True), ("def f(h):", False)]:
        other = Listing(DOCUMENT.span(0, 0), document="a.txt", lines=(3, 6), begins=begins)
        assert (taken_from(other, DOCUMENT) is not None) is there
    assert taken_from(Listing(DOCUMENT.span(0, 0), document="a.txt", lines=(3, 99)), DOCUMENT) is None


def test_lines_are_replaced():
    (claim,) = read(claim="{code: f(dY) = dX, replace: {'  a = 1 ': ' a = 2', b: c}}").claims
    assert [(old, new.value) for old, new in claim.replace] == [("a = 1", " a = 2"), ("b", "c")]


MESSAGES = [
    (
        {"listing": "listing: {document: a.txt, lines: [9, 3]}"},
        """\
error: `lines` are the first and the last line of the listing
  --> f.yaml:4:35
4 | listing: {document: a.txt, lines: [9, 3]}
  |                                   ^^^^^^
   = help: for example `lines: [83, 118]`""",
    ),
    (
        {"listing": "listing: {document: a.txt, lines: [1.5, 3]}"},
        """\
error: `lines` are the first and the last line of the listing
  --> f.yaml:4:35
4 | listing: {document: a.txt, lines: [1.5, 3]}
  |                                   ^^^^^^^^
   = help: for example `lines: [83, 118]`""",
    ),
    (
        {"listing": "listing: {document: a.txt}"},
        """\
error: `listing` needs the key `lines`
  --> f.yaml:4:11
4 | listing: {document: a.txt}
  |           ^^^^^^^^
   = help: for example `lines: [83, 118]`""",
    ),
    (
        {"listing": "listing: [a]"},
        """\
error: `listing` must be text or a mapping, not a list
  --> f.yaml:4:10
4 | listing: [a]
  |          ^^^
   = help: for example `listing: {document: post.md, lines: [83, 118]}`""",
    ),
    (
        {"listing": "loss: false"},
        """\
error: the operator has no `listing` that this claim could be about
  --> f.yaml:6:5
6 |   - code: f(dY) = dX
  |     ^^^^
   = help: give it: `listing: |` and the code below, or `listing: {document: …, lines: [1, 9]}`""",
    ),
    (
        {"claim": "{gradient: dX = dY, replace: {a: b}}"},
        """\
error: `replace` belongs to a `code` claim
  --> f.yaml:6:25
6 |   - {gradient: dX = dY, replace: {a: b}}
  |                         ^^^^^^^
   = help: leave it out, or say it in the formula""",
    ),
    (
        {"claim": '{code: f(dY) = dX, replace: {a: "b\\nc"}}'},
        """\
error: a line is replaced by one line
  --> f.yaml:6:37
6 |   - {code: f(dY) = dX, replace: {a: "b\\nc"}}
  |                                     ^^^^^^""",
    ),
    (
        {"claim": "{code: f(dY) = dX, expect: skipped}"},
        """\
error: `skipped` is not a verdict
  --> f.yaml:6:32
6 |   - {code: f(dY) = dX, expect: skipped}
  |                                ^^^^^^^
   = help: it is one of `holds`, `wrong`, `shape-mismatch`, `conditional`, `undecided`""",
    ),
]


@pytest.mark.parametrize(("keys", "message"), MESSAGES, ids=[m[1].partition("\n")[0] for m in MESSAGES])
def test_messages(keys, message):
    assert "\n".join(draw(p) for p in load(**keys).problems) == message
