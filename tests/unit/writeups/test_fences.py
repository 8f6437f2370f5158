"""A spec in a writeup is found with its YAML, and what is wrong in it is shown in the writeup."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck_cli.spec.load import load_sources
from gradcheck_cli.spec.model import SpecFile
from gradcheck_cli.spec.prose import NONE
from gradcheck_cli.text import Source, draw
from gradcheck_cli.writeups.fences import find_specs
from gradcheck_cli.writeups.formulas import find_formulas
from gradcheck_cli.writeups.found import MAX_SPECS, FoundSpec, Kind
from gradcheck_cli.writeups.markdown import is_spec

YAML = """operator: softmax
inputs:
  s: [n]
forward:
  p: softmax(s)
claims:
  - id: first
    gradient: ds = p * (dp - sum(p * dp))
  - property: |
      $p \\odot p &lt; 2$
---
operator: other
inpts: {x: [n]}
""".replace("&lt;", "<")

WRAPPED: list[tuple[str, Kind, str, str]] = [
    # name, kind, before each line, the whole with %s for the YAML
    ("plain", "markdown", "", "# T\n\ntext\n\n```gradcheck\n%s```\n\n$x$\n"),
    ("tilde", "markdown", "", "a\n~~~~ gradcheck\n%s~~~~~\nb\n"),
    ("class", "markdown", "", "``` {.yaml .gradcheck #id}\n%s```\n"),
    ("braces", "markdown", "", "```{gradcheck}\n%s```\n"),
    ("yaml", "markdown", "", "```yaml gradcheck title=x\n%s```\n"),
    ("unclosed", "markdown", "", "a\n\n```gradcheck\n%s"),
    ("quote", "markdown", "> ", "a\n\n> ```gradcheck\n%s> ```\n\nb\n"),
    ("two quotes", "markdown", "> > ", "> > ```gradcheck\n%s> > ```\n"),
    ("list", "markdown", "  ", "- item\n\n  ```gradcheck\n%s  ```\n\n- b\n"),
    ("numbered", "markdown", "    ", "10. ```gradcheck\n%s    ```\n"),
    ("tab", "markdown", "\t", "- item\n\n\t```gradcheck\n%s\t```\n"),
    ("indented", "markdown", "   ", "   ```gradcheck\n%s   ```\n"),
    ("quoted list", "markdown", ">   ", "> - a\n>\n>   ```gradcheck\n%s>   ```\n"),
    ("comment", "markdown", "", "text\n<!-- gradcheck\n%s-->\n"),
    ("text file", "plain", "", "text\n\n```gradcheck\n%s```\n"),
    ("pre", "html", "", '<p>$x$</p>\n<pre class="gradcheck">\n%s</pre>\n'),
    ("rendered", "html", "", '<div><pre><code class="language-gradcheck">%s</code></pre></div>'),
    ("script", "html", "", '<script type="text/gradcheck">\n%s</script><p>b</p>'),
    ("html comment", "html", "", "<p>a</p><!-- gradcheck\n%s-->"),
    ("tex comment", "tex", "% ", "\\section{a}\n% gradcheck:\n%s\n$x$\n"),
    ("tex environment", "tex", "", "\\begin{gradcheck}\n%s\\end{gradcheck}\n$x$\n"),
    ("directive", "rst", "   ", "a\n\n.. gradcheck::\n\n%s\nb\n"),
    ("code block", "rst", "    ", ".. code-block:: gradcheck\n   :linenos:\n\n%s\nb\n"),
]


def loaded(found: FoundSpec) -> SpecFile:
    """What `spec.load` reads, with the source that was found."""
    return load_sources(found.source.name, [(found.source, NONE)])


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize(("name", "kind", "prefix", "whole"), WRAPPED, ids=[w[0] for w in WRAPPED])
def test_the_yaml_is_found_and_every_message_points_into_the_document(
    name: str, kind: Kind, prefix: str, whole: str, ends: str
) -> None:
    entities = kind == "html" and "comment" not in name and "script" not in name
    written = "".join(prefix + line for line in YAML.splitlines(keepends=True))
    if entities:
        written = written.replace("<", "&lt;")
    text = whole.replace("%s", written, 1).replace("\n", ends)
    document = Source("post", text)
    (found,) = find_specs(document, kind)
    assert [line.rstrip() for line in found.text.value.strip().splitlines()] == [
        line.rstrip() for line in YAML.strip().splitlines()
    ]
    spec = loaded(found)
    problem = next(p for p in spec.problems if "inpts" in p.message)
    assert problem.span is not None
    at = text.index("inpts")
    assert (problem.span.line, problem.span.column) == document.position(at)
    drawn = draw(problem).splitlines()
    line = document.line(problem.span.line)
    assert drawn[1] == f"  --> post:{problem.span.line}:{problem.span.column}"
    assert drawn[2].endswith(line.replace("\t", " "))
    assert drawn[3].index("^") - drawn[2].index("|") - 2 == problem.span.column - 1
    first = spec.operators[0].claims[0].formula.text
    where = text.index("ds = p * (dp")
    assert first.source.position(first.places[0]) == document.position(where)
    second = spec.operators[0].claims[1].formula.text
    assert second.source.position(second.places[second.value.index("<")]) == document.position(
        text.index("&lt; 2" if entities else "< 2")
    )
    assert not any("odot" in f.text.value for f in find_formulas(document, kind))


@pytest.mark.parametrize(
    ("info", "spec"),
    [
        ("gradcheck", True),
        ("Gradcheck", True),
        ("yaml gradcheck", True),
        ("yml gradcheck x", True),
        ("{.gradcheck}", True),
        ("{.yaml .gradcheck}", True),
        ("{gradcheck, echo=FALSE}", True),
        ("yaml {.gradcheck}", True),
        ("", False),
        ("yaml", False),
        ("console gradcheck", False),
        ("gradchecker", False),
        ('yaml title="gradcheck"', False),
        ("python", False),
    ],
)
def test_info_words(info: str, spec: bool) -> None:
    assert is_spec(info) is spec


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("markdown", "````markdown\n```gradcheck\na: 1\n```\n````\n"),
        ("markdown", "text\n\n    ```gradcheck\n    a: 1\n    ```\n"),
        ("markdown", "`` ```gradcheck `` and ```gradcheck a```\n"),
        ("markdown", "<!--\n```gradcheck\na: 1\n```\n-->\n"),
        ("markdown", "---\nx: |\n  ```gradcheck\n---\n"),
        ("html", "<p>gradcheck</p><pre>gradcheck</pre><!-- gradcheck -->"),
        ("html", '<!-- <pre class="gradcheck">a</pre> -->'),
        ("tex", "\\begin{verbatim}\n% gradcheck\n% a: 1\n\\end{verbatim} % gradcheck is nice\n"),
        ("rst", "a::\n\n   .. gradcheck::\n\n      a: 1\n"),
        ("notebook", "{}"),
    ],
)
def test_what_only_looks_like_a_spec(kind: Kind, text: str) -> None:
    assert find_specs(Source("post", text), kind) == ()


def test_several_specs_and_an_empty_one() -> None:
    text = "```gradcheck\na: 1\n```\ntext\n```gradcheck\n```\n~~~gradcheck\nb: 2\n~~~\n"
    found = find_specs(Source("p.md", text))
    assert [f.text.value for f in found] == ["a: 1\n", "", "b: 2\n"]
    assert [f.span.line for f in found] == [1, 5, 7]
    assert [f.source.position(0) for f in found] == [(2, 1), (6, 1), (8, 1)]
    assert found[0].span.text == "```gradcheck\na: 1\n```"


def test_a_quote_that_ends_ends_the_fence() -> None:
    (found,) = find_specs(Source("p.md", "> ```gradcheck\n> a: 1\nb: 2\n\n$x$"))
    assert found.text.value == "a: 1\n"
    assert [f.text.value for f in find_formulas(Source("p.md", "> ```\n> $a$\n$x$"))] == ["x"]


@pytest.mark.parametrize("magic", [True, False])
def test_notebook_specs_tell_cell_line_and_column(magic: bool) -> None:
    wrapped = (
        f"%%gradcheck\n{YAML}"
        if magic
        else f"text\n\n> ```gradcheck\n{re.sub('^', '> ', YAML.strip(), flags=re.MULTILINE)}\n> ```\n"
    )
    cell = {"cell_type": "code" if magic else "markdown", "source": wrapped.splitlines(keepends=True)}
    other = {"cell_type": "code", "source": ["x = 1\n", "%%gradcheck"]}
    text = json.dumps({"cells": [other, cell]})
    (found,) = find_specs(Source("n.ipynb", text))
    assert found.cell == 2
    assert found.text.value.strip() == YAML.strip()
    assert found.span.source.text == text
    problem = next(p for p in loaded(found).problems if "inpts" in p.message)
    assert problem.span is not None
    line, column = Source("", wrapped).position(wrapped.index("inpts"))
    assert problem.where == f"n.ipynb:cell 2:{line}:{column}"
    assert wrapped.splitlines()[line - 1] in draw(problem)
    at = found.text.places[found.text.value.index("inpts")]
    assert text[at : at + 5] == "inpts"


def test_the_number_of_specs_is_bounded() -> None:
    assert len(find_specs(Source("p.md", "```gradcheck\na: 1\n```\n" * (MAX_SPECS + 9)))) == MAX_SPECS


@given(
    lines=st.lists(st.text("ab:- $\\é中\t'", max_size=12), max_size=8),
    prefix=st.sampled_from(["", "> ", "  ", "\t"]),
    ends=st.sampled_from(["\n", "\r\n"]),
)
@settings(max_examples=100, deadline=None)
def test_every_character_of_the_yaml_keeps_its_place(lines: list[str], prefix: str, ends: str) -> None:
    lines = ["k: 1", *lines]  # nothing is indented in common
    before = "" if prefix.startswith(">") else "- item\n\n" if prefix else ""
    body = "".join(f"{prefix}{line}\n" for line in lines)
    text = f"{before}{prefix}```gradcheck\n{body}{prefix}```\nend".replace("\n", ends)
    document = Source("p.md", text)
    (found,) = find_specs(document)
    assert found.text.value == "".join(line + ends for line in lines)
    assert [text[p] for p in found.text.places[:-1]] == list(found.text.value)
    for offset, place in enumerate(found.text.places):
        assert found.source.position(offset) == document.position(place)
    assert all(found.source.line(n) == document.line(n) for n in range(1, text.count("\n") + 2))
