"""Loading spec files: what is read, every message verbatim, and files that are none."""

import os
import pathlib
import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck_cli.lang.ast import Binary, Name, Number
from gradcheck_cli.spec.build import MAX_CLAIMS, MAX_VALUES
from gradcheck_cli.spec.load import MAX_BYTES, MAX_OPERATORS, load, load_text
from gradcheck_cli.spec.yaml_tree import Mapping, Sequence, parse
from gradcheck_cli.text import Source, draw

ROOT = pathlib.Path(__file__).parents[3]

GOOD = """\
operator: attention
source: {document: a.txt, section: 3.2}
inputs:
  Q: [n, 2*r]
  K: [n, m]
  eps: {shape: [], value: 1e-5}
  s: scalar
  tokens: {shape: [n], domain: index(v)}
  u: {shape: [n], domain: 'range(-1, 1.5)', away_from: [0, -1e-3]}
  w: {shape: [n], domain: spd, away_from: 0}
dims:
  m: 2*r
forward:
  S: Q @ K.mT * s
  A[i, j]: S[i, j]
  O: |
    A
      @ K
where: {g: dO}
claims:
  - gradient: dK = A.mT @ dO
    where: {h: g}
    quote: 'dK = A^T dO'
    note: 7
  - id: [first, second]
    gradient: 'dA = dO @ K.mT = 0'
    expect: [holds, wrong]
    correction: dA = dO @ K.mT
    when: {s: 0, n: 3}
  - differential: dO = A @ dK
    fixed: A
"""


def messages(text: str) -> str:
    return "\n".join(draw(p) for p in load_text("f.yaml", text).problems)


def spec(inputs="X: [n]", forward="Y: X", claims="gradient: dX = dY", more="") -> str:
    return f"operator: o\n{more}inputs:\n  {inputs}\nforward:\n  {forward}\nclaims:\n  - {claims}\n"


def test_a_good_spec_is_read_completely():
    file = load_text("dir/good.yaml", GOOD)
    assert file.problems == ()
    (op,) = file.operators
    assert op.name == "attention"
    assert op.span.text == "attention"
    assert (op.document.document, op.document.section, op.document.url) == ("a.txt", "3.2", None)
    assert [i.name for i in op.inputs] == ["Q", "K", "eps", "s", "tokens", "u", "w"]
    q, _, eps, s, tokens, u, w = op.inputs
    assert q.shape == (Name("n"), Binary("*", Number(Fraction(2)), Name("r")))
    assert q.span.text == "Q"
    assert q.shape_span.text == "[n, 2*r]"
    assert q.differentiable
    assert eps.shape == s.shape == ()
    assert eps.value is not None
    assert eps.value.expression == Number(Fraction(1, 100_000))
    assert not eps.differentiable
    assert (tokens.domain.kind, tokens.domain.below, tokens.differentiable) == ("index", Name("v"), False)
    assert (u.domain.low, u.domain.high) == (Fraction(-1), Fraction(3, 2))
    assert u.domain.away_from == (Fraction(0), Fraction(-1, 1000))
    assert (w.domain.kind, w.domain.away_from) == ("spd", (Fraction(0),))
    assert [d.name for d in op.dims] == ["m"]
    assert [d.name for d in op.forward] == ["S", "A", "O"]
    assert op.forward[1].indices == (Name("i"), Name("j"))
    assert op.forward[2].text.value == "A\n  @ K"
    assert op.outputs == (Name("O"),)
    assert not op.loss
    assert [d.name for d in op.where] == ["g"]
    one, two, three = op.claims
    assert (one.ids, one.kind, one.quote, one.note) == (("good#1",), "gradient", "dK = A^T dO", "7")
    assert [d.name for d in one.where] == ["h"]
    assert one.span.text.startswith("gradient: dK")
    assert one.span.text.endswith("note: 7")
    assert (two.ids, two.expect, two.links) == (("first", "second"), ("holds", "wrong"), 2)
    assert two.correction is not None
    assert [d.name for d in two.when] == ["s", "n"]
    assert (three.ids, three.kind, three.fixed) == (("good#3",), "differential", (Name("A"),))


def test_places_reach_into_the_formula():
    (op,) = load_text("f", GOOD).operators
    right = op.forward[2].expression
    assert isinstance(right, Binary)
    assert right.right.span is not None
    assert (right.right.span.line, right.right.span.column) == (18, 9)


def test_outputs_loss_and_plain_source():
    text = spec(forward="{Y: X, Z: X}", more="output: [Y, X]\nloss: true\nsource: a page\n")
    (op,) = load_text("f", text).operators
    assert op.outputs == (Name("Y"), Name("X"))
    assert op.loss
    assert op.document.document == "a page"


def test_several_documents_share_the_numbering_of_claims():
    file = load_text("x/two.yaml", f"{spec()}---\n{spec()}---\n# nothing\n")
    assert [c.id for o in file.operators for c in o.claims] == ["two#1", "two#2"]


def test_constants_may_be_declared_but_not_infinity():
    assert (
        load_text("f", spec(inputs="{e: [n], pi: []}", forward="Y: e", claims="gradient: de = dY")).problems
        == ()
    )
    assert messages(spec(inputs="inf: [n]", forward="Y: inf")).startswith(
        "error: `inf` cannot be declared: the word has a meaning already\n"
        "  --> f.yaml:3:3\n"
        "3 |   inf: [n]\n"
        "  |   ^^^\n"
        "   = help: choose another name"
    )


def test_a_broken_claim_is_dropped_alone():
    file = load_text("f", spec(claims="gradient: dX = dY\n  - gradient: dX\n  - gradient: dX = 0"))
    (op,) = file.operators
    assert [c.id for c in op.claims] == ["f#1", "f#3"]
    assert len(file.problems) == 1


def test_a_broken_operator_is_dropped_and_its_claims_are_still_read():
    file = load_text("f", spec(forward="Y: X +", claims="gradient: dX"))
    assert file.operators == ()
    assert [p.message for p in file.problems] == [
        "the formula ends too early: expected an expression after `+`",
        "a claim is an equation, and this one has no `=`",
    ]


def test_the_other_operators_of_a_file_stay():
    file = load_text("f", f"{spec()}---\n{spec(forward='Y: (')}---\n{spec()}")
    assert [c.id for o in file.operators for c in o.claims] == ["f#1", "f#3"]


LISTED = "`gradient`, `differential`, `derivative`, `identity`, `expectation`, `property`, `shape`, `cost`, `value`, `code`"

MESSAGES = [
    (
        spec(claims="gradent: dX = dY"),
        """\
error: unknown key `gradent`
  --> f.yaml:7:5
7 |   - gradent: dX = dY
  |     ^^^^^^^
   = help: did you mean `gradient`?""",
    ),
    (
        spec(claims="code: f(X) = dX"),
        """\
error: the operator has no `listing` that this claim could be about
  --> f.yaml:7:5
7 |   - code: f(X) = dX
  |     ^^^^
   = help: give it: `listing: |` and the code below, or `listing: {document: …, lines: [1, 9]}`""",
    ),
    (
        spec(inputs="X: {shape: [n], random: gaussian}"),
        """\
error: `gaussian` is not a law
  --> f.yaml:3:27
3 |   X: {shape: [n], random: gaussian}
  |                           ^^^^^^^^
   = help: the laws are `normal(mean, deviation)`, `uniform(low, high)` and `rademacher`""",
    ),
    (
        spec(inputs="X: {shape: [n], random: norml}"),
        """\
error: `norml` is not a law
  --> f.yaml:3:27
3 |   X: {shape: [n], random: norml}
  |                           ^^^^^
   = help: did you mean `normal`?""",
    ),
    (
        spec(inputs="X: {shape: [n], random: 'normal(1)'}"),
        """\
error: `normal` takes a mean and a standard deviation in brackets
  --> f.yaml:3:28
3 |   X: {shape: [n], random: 'normal(1)'}
  |                            ^^^^^^^^^
   = help: write `normal(0, 1)`""",
    ),
    (
        spec(inputs="X: {shape: [n], random: 'normal(1, -1)'}"),
        """\
error: a standard deviation is positive
  --> f.yaml:3:28
3 |   X: {shape: [n], random: 'normal(1, -1)'}
  |                            ^^^^^^^^^^^^^
   = help: write `normal(0, 1)`""",
    ),
    (
        spec(inputs="X: {shape: [n], random: 'uniform(1, 1)'}"),
        """\
error: this range is empty: its lower end must be below its upper end
  --> f.yaml:3:28
3 |   X: {shape: [n], random: 'uniform(1, 1)'}
  |                            ^^^^^^^^^^^^^
   = help: write `uniform(-1, 1)`""",
    ),
    (
        spec(inputs="X: {shape: [n], random: 'rademacher(1)'}"),
        """\
error: `rademacher` takes nothing in brackets
  --> f.yaml:3:28
3 |   X: {shape: [n], random: 'rademacher(1)'}
  |                            ^^^^^^^^^^^^^
   = help: write `rademacher`""",
    ),
    (
        spec(inputs="X: {shape: [n], random: normal, domain: positive}"),
        """\
error: `random` and `domain` cannot stand together
  --> f.yaml:3:35
3 |   X: {shape: [n], random: normal, domain: positive}
  |                                   ^^^^^^
   = help: a law says it all""",
    ),
    (
        spec(claims="{identity: X = X, quantifier: some}"),
        """\
error: `quantifier` belongs to a `property` claim
  --> f.yaml:7:23
7 |   - {identity: X = X, quantifier: some}
  |                       ^^^^^^^^^^
   = help: leave it out: every other claim is meant for all data""",
    ),
    (
        spec(claims="note: hello"),
        f"""\
error: a claim needs one of {LISTED}
  --> f.yaml:7:5
7 |   - note: hello
  |     ^^^^
   = help: for example `gradient: dX = dY @ W.T`""",
    ),
    (
        spec(claims="{identity: X = Y, gradient: dX = dY}"),
        f"""\
error: a claim has exactly one of {LISTED}, and this one has a second
  --> f.yaml:7:23
7 |   - {{identity: X = Y, gradient: dX = dY}}
  |                       ^^^^^^^^
   = help: make it a claim of its own: begin a new item with `- `""",
    ),
    (
        spec(claims='gradient: "dX = \\nabla"'),
        """\
error: between double quotes YAML reads the backslash itself
  --> f.yaml:7:21
7 |   - gradient: "dX = \\nabla"
  |                     ^^
   = help: use single quotes, or write the formula on a line of its own below `|`""",
    ),
    (
        spec(claims="gradient: $dX = dY, dY = dX$"),
        """\
error: this display holds 2 equations
  --> f.yaml:7:25
7 |   - gradient: $dX = dY, dY = dX$
  |                         ^^^^^^^
   = help: a claim is one equation or chain: give each a claim of its own""",
    ),
    (
        spec(more="dims: {n: $2 r$}\n"),
        """\
error: LaTeX is read in `forward`, `where` and claims only
  --> f.yaml:2:11
2 | dims: {n: $2 r$}
  |           ^
   = help: write plain text here: `2*r`, `1e-5`""",
    ),
    (
        spec(claims="gradient: dX = dY = 0\n    expect: [holds, wrong, holds]"),
        """\
error: this chain has 2 links, `expect` has 3
  --> f.yaml:8:13
8 |     expect: [holds, wrong, holds]
  |             ^^^^^^^^^^^^^^^^^^^^^
   = help: give one word, or one for each `=`""",
    ),
    (
        spec(claims="gradient: dX = dY\n    id: [a, b]"),
        """\
error: this equation has 1 link, `id` has 2
  --> f.yaml:8:9
8 |     id: [a, b]
  |         ^^^^^^
   = help: give one word, or one for each `=`""",
    ),
    (
        spec(claims="gradient: dX = dY\n    expect: worng"),
        """\
error: `worng` is not a verdict
  --> f.yaml:8:13
8 |     expect: worng
  |             ^^^^^
   = help: did you mean `wrong`?""",
    ),
    (
        spec(claims="{gradient: dX = dY, id: a}\n  - {gradient: dX = dY, id: a}"),
        """\
error: the id `a` is taken by the claim in line 7
  --> f.yaml:8:29
8 |   - {gradient: dX = dY, id: a}
  |                             ^
   = help: give each claim of a file an id of its own""",
    ),
    (
        spec(claims="{gradient: dX = dY, id: a b}"),
        """\
error: an id is one word
  --> f.yaml:7:29
7 |   - {gradient: dX = dY, id: a b}
  |                             ^^^
   = help: join its words by `-`""",
    ),
    (
        spec(claims="{gradient: dX = dY, when: {Z: 0}}"),
        """\
error: `Z` is neither an input nor a dimension
  --> f.yaml:7:32
7 |   - {gradient: dX = dY, when: {Z: 0}}
  |                                ^
   = help: declared are `X`, `n`""",
    ),
    (
        spec(claims="{gradient: dX = dY, when: {Y: 0}}"),
        """\
error: `Y` is a line of `forward`, and `when` sets inputs and dimensions
  --> f.yaml:7:32
7 |   - {gradient: dX = dY, when: {Y: 0}}
  |                                ^
   = help: declared are `X`, `n`""",
    ),
    (
        spec(claims="{differential: dX = dX, fixed: [x]}"),
        """\
error: `x` is neither an input nor a line of `forward`
  --> f.yaml:7:37
7 |   - {differential: dX = dX, fixed: [x]}
  |                                     ^
   = help: did you mean `X`?""",
    ),
    (
        spec(claims="{gradient: dX = dY, fixed: [X]}"),
        """\
error: `fixed` belongs to a `differential` claim
  --> f.yaml:7:25
7 |   - {gradient: dX = dY, fixed: [X]}
  |                         ^^^^^
   = help: leave it out: a gradient holds all other inputs constant anyway""",
    ),
    (
        spec(claims="{gradient: dX = dY, where: {X: 1}}"),
        """\
error: `X` is declared twice: a line of `where` here, an input in line 3
  --> f.yaml:7:33
7 |   - {gradient: dX = dY, where: {X: 1}}
  |                                 ^
   = help: give one of them another name""",
    ),
    (
        spec(inputs="{X: [n], dX: [n]}"),
        """\
error: `dX` would be ambiguous: it is declared, and it is the gradient of `X`
  --> f.yaml:3:12
3 |   {X: [n], dX: [n]}
  |            ^^
   = help: give one of them another name""",
    ),
    (
        spec(inputs="X: [dY]", forward="Y: X"),
        """\
error: `dY` would be ambiguous: it is declared, and it is the gradient of `Y`
  --> f.yaml:5:3
5 |   Y: X
  |   ^
   = help: give one of them another name""",
    ),
    (
        spec(inputs="X: [X, X]"),
        """\
error: `X` is declared twice: a dimension here, an input in line 3
  --> f.yaml:3:7
3 |   X: [X, X]
  |       ^
   = help: give one of them another name""",
    ),
    (
        spec(inputs="X: n"),
        """\
error: `X` must be a shape such as `[n, m]`, not text
  --> f.yaml:3:6
3 |   X: n
  |      ^
   = help: for example `inputs: {X: [n, m]}`""",
    ),
    (
        spec(inputs="X: [2.5]"),
        """\
error: a dimension is a whole number
  --> f.yaml:3:7
3 |   X: [2.5]
  |       ^^^
   = help: a dimension is a whole number, a name, or built from them: `2*r`, `n/r`, `l + 1`""",
    ),
    (
        spec(inputs="X: [n.T]"),
        """\
error: this is not a dimension
  --> f.yaml:3:7
3 |   X: [n.T]
  |       ^^^
   = help: a dimension is a whole number, a name, or built from them: `2*r`, `n/r`, `l + 1`""",
    ),
    (
        spec(inputs="X: [0]"),
        """\
error: a dimension is at least 1
  --> f.yaml:3:7
3 |   X: [0]
  |       ^
   = help: a dimension is a whole number, a name, or built from them: `2*r`, `n/r`, `l + 1`""",
    ),
    (
        spec(inputs="X: {shape: [n], domain: postive}"),
        """\
error: `postive` is not a domain
  --> f.yaml:3:27
3 |   X: {shape: [n], domain: postive}
  |                           ^^^^^^^
   = help: did you mean `positive`?""",
    ),
    (
        spec(inputs="X: {shape: [n], domain: index}"),
        """\
error: `index` needs the dimension that its whole numbers stay below
  --> f.yaml:3:27
3 |   X: {shape: [n], domain: index}
  |                           ^^^^^
   = help: write `index(v)`, where `v` is a dimension""",
    ),
    (
        spec(inputs="X: {shape: [n], domain: positive(3)}"),
        """\
error: `positive` takes nothing in brackets
  --> f.yaml:3:36
3 |   X: {shape: [n], domain: positive(3)}
  |                                    ^
   = help: write `positive`""",
    ),
    (
        spec(inputs="X: {shape: [n], domain: 'range(3, 1)'}"),
        """\
error: this range is empty: its lower end must be below its upper end
  --> f.yaml:3:34
3 |   X: {shape: [n], domain: 'range(3, 1)'}
  |                                  ^^^^
   = help: write `range(-1, 1)`""",
    ),
    (
        spec(inputs="X: {shape: [n], domain: 'range(3, n)'}"),
        """\
error: a number is expected here
  --> f.yaml:3:36
3 |   X: {shape: [n], domain: 'range(3, n)'}
  |                                    ^^
   = help: such as `-0.5` or `1e-3`""",
    ),
    (
        spec(inputs="X: {shape: [n], domain: range(-1, 1)}"),
        """\
error: `range(-1` is cut off
  --> f.yaml:3:27
3 |   X: {shape: [n], domain: range(-1, 1)}
  |                           ^^^^^^^^
   = help: inside `{…}` a comma ends a value: write `'range(-1, 1)'`, between quotes
error: unknown key `1)`
  --> f.yaml:3:37
3 |   X: {shape: [n], domain: range(-1, 1)}
  |                                     ^^
   = help: inside `{…}` a comma ends a value: put a value with commas between quotes""",
    ),
    (
        spec(forward="{Y: 'X', Z: softmax(X, axis=-1)}"),
        """\
error: the formula ends too early: expected `)` after `X`
  --> f.yaml:5:24
5 |   {Y: 'X', Z: softmax(X, axis=-1)}
  |                        ^
error: `axis=-1)` is not a name
  --> f.yaml:5:26
5 |   {Y: 'X', Z: softmax(X, axis=-1)}
  |                          ^^^^^^^^
   = help: inside `{…}` a comma ends a value: put a value with commas between quotes""",
    ),
    (
        spec(forward="Y[1]: X"),
        """\
error: `Y[1]` cannot be defined
  --> f.yaml:5:3
5 |   Y[1]: X
  |   ^^^^
   = help: write a name, or a name with indices: `S[i, j]`""",
    ),
    (
        spec(forward="Y[i, i]: X"),
        """\
error: the index `i` stands here twice
  --> f.yaml:5:8
5 |   Y[i, i]: X
  |        ^""",
    ),
    (
        spec(forward="Y:"),
        """\
error: `Y` has no value: expected a formula
  --> f.yaml:5:5
5 |   Y:
  |     ^
   = help: for example `forward: {Y: X @ W}`""",
    ),
    (
        spec(forward="Y: [X, X]"),
        """\
error: `Y` must be a formula, not a list
  --> f.yaml:5:6
5 |   Y: [X, X]
  |      ^^^^^^
   = help: a formula that begins with a bracket needs quotes: `'[…]'`""",
    ),
    (
        spec(more="output: y\n"),
        """\
error: the output `y` is no line of `forward`
  --> f.yaml:2:9
2 | output: y
  |         ^
   = help: did you mean `Y`?""",
    ),
    (
        spec(more="output: [Y, Y]\n"),
        """\
error: the output `Y` stands here twice
  --> f.yaml:2:13
2 | output: [Y, Y]
  |             ^""",
    ),
    (
        spec(more="loss: yes\n"),
        """\
error: `loss` must be `true` or `false`, not text
  --> f.yaml:2:7
2 | loss: yes
  |       ^^^
   = help: for example `loss: true`""",
    ),
    (
        spec(more="vectors: upright\n"),
        """\
error: `upright` is not `column` or `row`
  --> f.yaml:2:10
2 | vectors: upright
  |          ^^^^^^^
   = help: it is one of `column`, `row`""",
    ),
    (
        "operator: o\ninput: {X: [n]}\nforward: {Y: X}\nclaims: [{gradient: dX = dY}]",
        """\
error: unknown key `input`
  --> f.yaml:2:1
2 | input: {X: [n]}
  | ^^^^^
   = help: did you mean `inputs`?""",
    ),
    (
        "operator: o\ninputs: {X: [n]}\nclaims: []",
        """\
error: a spec needs the key `forward`
  --> f.yaml:1:1
1 | operator: o
  | ^^^^^^^^
   = help: for example `forward: {Y: X @ W}`
error: `claims` is empty
  --> f.yaml:3:9
3 | claims: []
  |         ^^
   = help: for example `claims: [{gradient: dX = dY @ W.T}]`""",
    ),
    (
        "- a",
        """\
error: a spec must be a mapping, not a list
  --> f.yaml:1:1
1 | - a
  | ^^^""",
    ),
    (
        spec(claims="gradient: dX = " + "y" * 3 + '\n    quote: "\\frac"\n    id: true'),
        """\
error: between double quotes YAML reads the backslash itself
  --> f.yaml:8:13
8 |     quote: "\\frac"
  |             ^^
   = help: use single quotes, or write the formula on a line of its own below `|`
error: `id` must be a word, not `true`
  --> f.yaml:9:9
9 |     id: true
  |         ^^^^
   = help: if it is meant as text, quote it: `'true'`""",
    ),
    (
        spec(inputs=f"{'x' * 65}: [n]"),
        f"""\
error: this name has 65 characters; at most 64 are read
  --> f.yaml:3:3
3 |   {"x" * 65}: [n]
  |   {"^" * 65}""",
    ),
]


@pytest.mark.parametrize(("text", "expected"), MESSAGES, ids=[e.split("\n")[0][7:] for _, e in MESSAGES])
def test_messages(text, expected):
    assert messages(text) == expected


def test_all_problems_of_a_file_come_at_once_in_order():
    text = "input: 1\n" + spec(inputs="X: n", forward="Y: X X", claims="gradient: dX\n  - hello\n  - id: a b")
    problems = load_text("f", text).problems
    assert len(problems) == 7
    starts = [p.span.start for p in problems if p.span]
    assert starts == sorted(starts)


# -- files


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "error: this file is empty\n  --> f.yaml\n   = help: {e}"),
        (b" \n\n", "error: this file is empty\n  --> f.yaml\n   = help: {e}"),
        (b"\xef\xbb\xbf", "error: this file is empty\n  --> f.yaml\n   = help: {e}"),
        (b"# only\n", "error: this file holds nothing but comments\n  --> f.yaml\n   = help: {e}"),
        (b"---\n---\n", "error: this file holds nothing but comments\n  --> f.yaml\n   = help: {e}"),
        (b"a: \0", "error: this is a binary file\n  --> f.yaml\n   = a NUL byte stands at offset 3"),
        (
            b"a: b\nc: \xe9\n",
            "error: this file is not written in UTF-8\n  --> f.yaml\n"
            "   = byte 0xe9 at offset 8, in line 2\n   = help: save it as UTF-8",
        ),
        (
            b"\xef\xbb\xbfa: b\nc: \xe9\n",
            "error: this file is not written in UTF-8\n  --> f.yaml\n"
            "   = byte 0xe9 at offset 11, in line 2\n   = help: save it as UTF-8",
        ),
        (
            "a: b".encode("utf-16"),
            "error: this file is written in UTF-16\n  --> f.yaml\n   = help: save it as UTF-8",
        ),
    ],
)
def test_files_that_are_no_specs(tmp_path, data, message):
    path = tmp_path / "f.yaml"
    path.write_bytes(data)
    (problem,) = load(path, "f.yaml").problems
    example = "a spec has the keys `operator`, `inputs`, `forward` and `claims`"
    assert draw(problem) == message.format(e=example)


def test_what_is_not_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    def says(path, name="f.yaml"):
        (problem,) = load(path, name).problems
        return draw(problem)

    assert says(tmp_path / "none") == "error: this file does not exist\n  --> f.yaml"
    assert says(tmp_path) == "error: this is a folder, not a file\n  --> f.yaml"
    assert says(tmp_path / "pipe") == "error: this is not a regular file\n  --> f.yaml"
    assert says(pathlib.Path("a\0b")).startswith("error: this file cannot be read\n  --> f.yaml\n   = ")
    (tmp_path / "file").write_text("x")
    assert (
        says(tmp_path / "file" / "x") == "error: this file cannot be read\n  --> f.yaml\n   = Not a directory"
    )
    assert says(tmp_path / "none", None).endswith("/none")


def test_an_unreadable_file(tmp_path, monkeypatch):
    path = tmp_path / "f.yaml"
    path.write_text(GOOD)

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pathlib.Path, "open", refuse)
    (problem,) = load(path, "f.yaml").problems
    assert draw(problem) == "error: this file cannot be read\n  --> f.yaml\n   = Permission denied"


def test_a_huge_file_is_refused_without_reading_it(tmp_path, monkeypatch):
    path = tmp_path / "f.yaml"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    monkeypatch.setattr(pathlib.Path, "open", None)
    (problem,) = load(path, "f.yaml").problems
    assert draw(problem) == (
        "error: this file is longer than 2 MiB\n  --> f.yaml\n   = help: split it into several files"
    )
    assert load_text("f.yaml", "a" * (MAX_BYTES + 1)).problems == (problem,)


def test_a_byte_order_mark_and_windows_line_ends_do_not_shift_places(tmp_path):
    path = tmp_path / "f.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + spec(claims="gradient: dX").replace("\n", "\r\n").encode())
    (problem,) = load(path, "f.yaml").problems
    assert draw(problem) == (
        "error: a claim is an equation, and this one has no `=`\n  --> f.yaml:7:15\n"
        "7 |   - gradient: dX\n  |               ^^\n   = help: write what it claims: `dX = …`"
    )


# -- bounds


def test_too_many_claims():
    file = load_text("f", spec(claims="\n  - ".join(["gradient: dX = dY"] * (MAX_CLAIMS + 5))))
    assert [p.message for p in file.problems] == ["this file holds more than 1,000 claims"]
    assert len(file.operators[0].claims) == MAX_CLAIMS


def test_too_many_operators():
    file = load_text("f", "---\n".join([spec()] * (MAX_OPERATORS + 5)))
    assert [p.message for p in file.problems] == ["this file holds more than 200 operators"]
    assert len(file.operators) == MAX_OPERATORS


def test_too_many_values():
    file = load_text("f", spec(inputs=f"X: [{', '.join(['n'] * MAX_VALUES)}]"))
    assert [p.message for p in file.problems] == ["this file holds more than 10,000 keys and values"]


def test_too_many_problems():
    file = load_text("f.yaml", "".join(f"key{i}: 1\n" for i in range(4000)))
    assert len(file.problems) == 201
    assert draw(file.problems[-1]) == "error: 3,804 more problems are not shown\n  --> f.yaml"


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"key{i}: 1\n" for i in range(4500)),
        spec(forward="\n  ".join(f"Y{i}: X + {i}" for i in range(4500))),
        spec(forward="\n  ".join(f"Y{i}: X + " for i in range(4500))),
        spec(forward="\n  ".join(["Y: X"] * 4500)),
        spec(claims="\n  - ".join(["gradent: dX = dY"] * 3000)),
        spec(forward="Y: " + "(" * 20_000),
        spec(forward="Y: " + "X+" * 9_999 + "X"),
        spec(forward=f"Y: {'x' * 1_000_000}"),
        spec(forward="Y: |\n" + "    X\n" * 200_000),
        spec(forward="Y: >\n" + " " * 500_000 + "X\n" + "  \n" * 200_000),
        spec(forward='Y: "' + "\\n" * 500_000 + '"'),
        "---\n" * 200_000,
    ],
)
def test_large_files_take_bounded_time(text):
    start = time.process_time()
    file = load_text("f", text)
    assert len(file.problems) + len(file.operators)
    assert time.process_time() - start < 2


# -- invariants


LINES = GOOD.splitlines(keepends=True)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_nothing_is_dropped_in_silence(data):
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 4))):
        i = data.draw(st.integers(0, len(lines) - 1))
        line = lines[i]
        a = data.draw(st.integers(0, len(line)))
        b = data.draw(st.integers(a, min(len(line), a + 6)))
        lines[i] = (
            line[:a]
            + data.draw(st.text(st.sampled_from("ax:[]{}'\"|>-, \n~1dXnull&*!$#\\"), max_size=4))
            + line[b:]
        )
    file = load_text("f", "".join(lines))
    for problem in file.problems:
        assert draw(problem)
    starts = [p.span.start for p in file.problems if p.span]
    assert starts == sorted(starts)
    documents = parse(Source("f", "".join(lines))).documents
    for op in file.operators if len(documents) == 1 else ():
        assert op.outputs
        kept = {c.span.start for c in op.claims}
        for document in documents:
            listed = document.get("claims") if isinstance(document, Mapping) else None
            for entry in listed.items if isinstance(listed, Sequence) else ():
                span = entry.span
                assert span.start in kept or any(span.start <= s <= span.end for s in starts)
    if not file.problems:
        (op,) = file.operators
        assert op.claims
        assert op.outputs
        assert all(c.links >= 1 and c.ids for c in op.claims)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80), st.sampled_from(["gradient", "id", "expect", "when", "where", "fixed", "quote"]))
def test_no_value_raises(value, key):
    load_text("f", spec(claims=f"gradient: dX = dY\n    {key}: {value}"))
    load_text("f", spec(claims=f"gradient: dX = dY\n    {key}: '{value}'"))
    load_text("f", spec(inputs=f"X: {{shape: [n], domain: {value}}}", forward=f"{value}: X"))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_raise(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    path.write_bytes(data)
    load(path)


@pytest.mark.parametrize("path", sorted((ROOT / "specs").glob("*/**/*.yaml")), ids=lambda p: p.stem)
def test_our_own_specs_are_read_without_a_problem(path):
    file = load(path)
    assert [draw(p) for p in file.problems] == []
    assert file.operators
