"""YAML as a tree with places: every style of scalar, the rules of YAML 1.2, and files that mean harm."""

import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck_cli.spec import yaml_tree
from gradcheck_cli.spec.yaml_tree import Mapping, Scalar, Sequence, parse
from gradcheck_cli.text import Source, draw

HEAVY = settings(max_examples=300, deadline=None)


def scalar(text: str) -> Scalar:
    tree = parse(Source("f.yaml", text))
    assert tree.problems == ()
    root = tree.documents[0]
    assert isinstance(root, Mapping)
    value = root.entries[0][1]
    assert isinstance(value, Scalar)
    return value


def drawn(text: str) -> str:
    return "\n".join(draw(p) for p in parse(Source("f.yaml", text)).problems)


def written(node: Scalar) -> str:
    """What stands in the source where each character of the value is said to be."""
    return "".join(node.source.text[p] for p in node.text.places[:-1])


@pytest.mark.parametrize(
    ("text", "value", "found"),
    [
        ("a: b + 😀c", "b + 😀c", "b + 😀c"),
        ("😀: é + c", "é + c", "é + c"),
        ("a: 'x''y'", "x'y", "x'y"),
        ('a: "x\\u0041\\ty"', "xA\ty", "x\\\\y"),
        ('a: "x\\\n   y"', "xy", "xy"),
        ('a: "x \\\n\n   y"', "x \ny", "x \ny"),
        ("a: x\n  y\n\n  z # c", "x y\nz", "x\ny\nz"),
        ("a: 'x  \n  y'", "x y", "x y"),
        ("a: |\n  x\n    y\n\n  z\n", "x\n  y\n\nz\n", "x\n  y\n\nz\n"),
        ("a: |-\n  x\n  y\n", "x\ny", "x\ny"),
        ("a: |+\n  x\n\n\n", "x\n\n\n", "x\n\n\n"),
        ("a: |2\n    x\n   y\n", "  x\n y\n", "  x\n y\n"),
        ("a: >\n  x\n  y\n\n  z\n", "x y\nz\n", "x\ny\nz\n"),
        ("a: >-\n\n  x\n    y\n  z\n", "\nx\n  y\nz", "\nx\n  y\nz"),
        ("a: | # note\r\n  x\r\n  y\r\n", "x\ny\n", "x\ry\r"),
        ("a: ''", "", ""),
        ("a:", "", ""),
    ],
)
def test_every_character_knows_its_place(text, value, found):
    node = scalar(text)
    assert node.value == value
    assert written(node) == found


def test_the_end_of_a_text_is_just_behind_its_last_character():
    node = scalar("a: 'xy'  # c")
    assert node.text.places == (4, 5, 6)
    assert node.span.text == "'xy'"


words = st.text(st.sampled_from("abXY019+-*/@().,[]'\"\\ \n\t:#|>&!é😀ᵀ"), max_size=40)


@HEAVY
@given(words, st.sampled_from(["'", '"', "|", ">", None]), st.integers(10, 80), st.booleans())
def test_characters_that_were_not_escaped_or_folded_stand_where_they_are_said_to(value, style, width, crlf):
    text = yaml.dump({"key": value}, default_style=style, width=width, allow_unicode=True)
    if crlf:
        text = text.replace("\n", "\r\n")
    expected = yaml.safe_load(text)
    (_, stored), *_ = expected.items()
    node = scalar(text)
    assert node.value == stored
    assert len(node.text.places) == len(stored) + 1
    assert list(node.text.places) == sorted(node.text.places)
    for char, place in zip(stored, node.text.places, strict=False):
        there = text[place]
        assert there == char or char in ' \n\t\\"' or there == "\\", (char, there)
    if stored.strip() and style != '"':
        # the safe answer «all at the start» must never be needed
        assert len(set(node.text.places)) > 1 or len(stored) == 1


@HEAVY
@given(
    st.text(st.sampled_from("ab \n\t"), max_size=25),
    st.sampled_from(["|", "|-", "|+", ">", ">-", ">+", "|1", ">1"]),
)
def test_blocks_written_by_hand(body, header):
    text = f"a: {header}\n" + "\n".join(" " + line for line in body.split("\n")) + "\n"
    tree = parse(Source("f.yaml", text))
    if tree.problems or not isinstance(tree.documents[0], Mapping):
        return
    node = tree.documents[0].entries[0][1]
    assert isinstance(node, Scalar)
    for char, place in zip(node.value, node.text.places, strict=False):
        assert text[place] == char or (char in " \n" and text[place] == "\n") or not node.value.strip(" \n")


@HEAVY
@given(st.text(max_size=60))
def test_no_text_raises(text):
    for node in parse(Source("f.yaml", text)).documents:
        if isinstance(node, Scalar):
            assert len(node.text.places) == len(node.value) + 1


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1e-6", "number"),
        ("010", "number"),
        ("-0.5", "number"),
        ("0x1F", "number"),
        (".inf", "number"),
        ("no", "text"),
        ("yes", "text"),
        ("1_000", "text"),
        ("12:30", "text"),
        ("2024-01-01", "text"),
        ("true", "boolean"),
        ("False", "boolean"),
        ("~", "null"),
        ("null", "null"),
        ("", "null"),
        ("'1'", "text"),
        ("'~'", "text"),
        ('""', "text"),
    ],
)
def test_scalars_are_resolved_as_in_yaml_1_2(text, kind):
    assert scalar(f"a: {text}").kind == kind


def test_spans_of_lists_and_mappings_end_with_their_last_value():
    text = "a:\n  - x: 1\n    y: [2, 3]\n\n# c\nb: {c: d}\n"
    root = parse(Source("f.yaml", text)).documents[0]
    assert isinstance(root, Mapping)
    items = root.get("a")
    assert isinstance(items, Sequence)
    assert items.items[0].span.text == "x: 1\n    y: [2, 3]"
    assert root.get("b").span.text == "{c: d}"
    assert root.get("missing") is None


def test_the_pure_parser_builds_the_same_tree(monkeypatch):
    text = "a: [x, 'y', \"z\"]\nb: |\n  k\n---\nc: {d: 1}\n"
    fast = parse(Source("f.yaml", text))
    monkeypatch.setattr(yaml_tree, "_LOADER", yaml.SafeLoader)
    slow = parse(Source("f.yaml", text))

    def shape(node):
        if isinstance(node, Scalar):
            return (node.style, node.value, node.start, node.end)
        if isinstance(node, Sequence):
            return [shape(i) for i in node.items]
        return [(shape(k), shape(v)) for k, v in node.entries]

    assert [shape(d) for d in fast.documents] == [shape(d) for d in slow.documents]


QUOTE = "put the formula between single quotes, or on a line of its own below `|`"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a: b: c",
            "error: an unquoted value cannot hold `: `\n  --> f.yaml:1:5\n1 | a: b: c\n  |     ^\n"
            f"   = help: {QUOTE}",
        ),
        (
            "a: 1\n  b: 2",
            "error: a key cannot stand here\n  --> f.yaml:2:4\n2 |   b: 2\n  |    ^\n"
            "   = help: indent it as the key above, and check the line before",
        ),
        (
            "a:\n\t- x",
            "error: a tab cannot indent a line of YAML\n  --> f.yaml:2:1\n2 |  - x\n  | ^\n"
            "   = help: indent with spaces",
        ),
        (
            "a: @b",
            "error: an unquoted value cannot begin with `@`\n  --> f.yaml:1:4\n1 | a: @b\n  |    ^\n"
            f"   = help: {QUOTE}",
        ),
        (
            "a: [1,\nb: 2\n",
            f"error: this `[` is never closed\n  --> f.yaml:1:4\n1 | a: [1,\n  |    ^\n   = help: {QUOTE}",
        ),
        (
            "a: 'x\nb: 1\n",
            "error: this quote is never closed\n  --> f.yaml:1:4\n1 | a: 'x\n  |    ^\n"
            "   = help: close it, or leave the quotes out",
        ),
        (
            "a: ]",
            f"error: a value cannot begin with `]`\n  --> f.yaml:1:4\n1 | a: ]\n  |    ^\n   = help: {QUOTE}",
        ),
        (
            'a: "\\mx"',
            'error: YAML does not know the escape `\\m`\n  --> f.yaml:1:5\n1 | a: "\\mx"\n  |     ^\n'
            "   = help: between double quotes YAML reads backslashes itself: use single quotes, or `|`",
        ),
        (
            'a: "\\ud800"',
            'error: this escape is not a character\n  --> f.yaml:1:5\n1 | a: "\\ud800"\n  |     ^\n'
            "   = help: use single quotes, or `|`",
        ),
        (
            "a: x\x1b[0m",
            "error: the character U+001B cannot stand in a YAML file\n  --> f.yaml:1:5\n1 | a: x\\x1b[0m\n"
            "  |     ^^^^\n   = help: delete it; it is invisible in most editors",
        ),
        (
            "a: \ud800",
            "error: the character U+D800 cannot stand in a YAML file\n  --> f.yaml:1:4\n1 | a: \\ud800\n"
            "  |    ^^^^^^\n   = help: delete it; it is invisible in most editors",
        ),
        (
            "a: 1\nb: 2\na: 3",
            "error: the key `a` stands here twice\n  --> f.yaml:3:1\n3 | a: 3\n  | ^\n"
            "   = help: the first one is in line 1",
        ),
        (
            "a: !!python/object/apply:os.system [x]",
            "error: tags (`!…`) are not read\n  --> f.yaml:1:4\n1 | a: !!python/object/apply:os.system [x]\n"
            "  |    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
            "   = help: leave it out; a formula that begins with `!` needs quotes",
        ),
        (
            "a: &x 1\nb: *x",
            "error: anchors (`&x`) are not read\n  --> f.yaml:1:4\n1 | a: &x 1\n  |    ^^\n"
            "   = help: write the value out wherever it is used\n"
            "error: aliases (`*x`) are not read\n  --> f.yaml:2:4\n2 | b: *x\n  |    ^^\n"
            "   = help: write the value out; a formula that begins with `*` needs quotes",
        ),
        (
            "<<: {a: 1}",
            "error: merge keys (`<<`) are not read\n  --> f.yaml:1:1\n1 | <<: {a: 1}\n  | ^^\n"
            "   = help: write the keys out",
        ),
        (
            "[a]: 1",
            "error: a key must be a word, not a list\n  --> f.yaml:1:1\n1 | [a]: 1\n  | ^^^\n"
            "   = help: quote it if it is meant as text",
        ),
    ],
)
def test_messages(text, message):
    assert drawn(text) == message


def test_a_broken_document_does_not_hide_the_ones_before():
    tree = parse(Source("f.yaml", "a: 1\n---\nb: [\n"))
    assert len(tree.documents) == 1
    assert len(tree.problems) == 1


LAUGHS = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[" * 100_000, "this file nests more than 40 deep"),
        ("{a: " * 100_000, "this file nests more than 40 deep"),
        ("- " * 100_000, "this file nests more than 40 deep"),
        ("? " * 100_000, "this file nests more than 40 deep"),
        ("\n".join(" " * i + "k:" for i in range(1500)), "this file nests more than 40 deep"),
        ("- x\n" * 250_000, "this file has more than 50,000 entries"),
        (LAUGHS, "anchors (`&a0`) are not read"),
        ("a: &a\n  <<: *a\n" * 1000, "anchors (`&a`) are not read"),
        ("a: 1\n" * 20_000, "the key `a` stands here twice"),
        ("\0" * 100_000, "the character U+0000 cannot stand in a YAML file"),
        ("\t" * 100_000 + "a", "a tab cannot indent a line of YAML"),
    ],
)
def test_hostile_files_are_refused_fast(text, says):
    start = time.process_time()
    tree = parse(Source("f.yaml", text))
    assert time.process_time() - start < 1
    assert tree.problems[0].message == says
    told = len(tree.problems)  # not in the assertion: pytest would print them
    assert told <= 201
