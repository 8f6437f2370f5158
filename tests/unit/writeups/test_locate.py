"""A quote is found in its document where a reader would find it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_cli.text import Problem, Source
from gradcheck_cli.writeups.locate import MAX_BYTES, Writeup, find_document, read

TEXT = (
    "The gradients are\n"
    r"\[\frac{\partial L}{\partial X} = G\;\mathrm{bmm}\;W^\top, \quad" + "\n"
    r"\frac{\partial L}{\partial W} = X^\top G\]" + "\n"
    r"and once more \(\frac{\partial L}{\partial W}  =  X^\top G\)." + "\n"
)


@pytest.mark.parametrize(
    ("quote", "lines"),
    [
        (r"\frac{\partial L}{\partial X} = G \mathrm{bmm} W^\top", [2]),
        (r"\frac{\partial L}{\partial W} = X^\top G", [3, 4]),
        (r"\frac{\partial L}{\partial W}=X^\top\,G", [3, 4]),
        (r"W^\top, \frac{\partial L}{\partial W}", [2]),
        (r"\frac{\partial L}{\partial W} = G X^\top", []),
        ("", []),
        (r"\quad", []),
    ],
)
def test_spacing_does_not_matter_and_everything_else_does(quote: str, lines: list[int]) -> None:
    assert [p.line for p in Writeup(Source("post.md", TEXT)).places(quote)] == lines


def test_span_covers_the_very_characters() -> None:
    (place,) = Writeup(Source("post.md", TEXT)).places(r"G\mathrm{bmm}W^\top")
    assert place.text == r"G\;\mathrm{bmm}\;W^\top"


def test_quad_is_not_cut_out_of_a_longer_command() -> None:
    assert Writeup(Source("p", r"\quadratic")).places("ratic")[0].column == 6
    assert not Writeup(Source("p", r"a\quad b")).places("quad")


def test_line_breaks_are_not_spacing() -> None:
    writeup = Writeup(Source("p", "a \\\\ & = b"))
    assert writeup.places("a\\\\&=b")
    assert not writeup.places("a&=b")


def test_a_formula_written_with_the_documents_own_commands_is_found_as_they_read() -> None:
    source = r"""\newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}}
\begin{align}
\pd{L}{W} &= X^\top \pd{L}{Y} \label{eq:w} \\
\pd{L}{X} &= \pd{L}{Y} W^\top
\end{align}
"""
    writeup = Writeup(Source("post.tex", source))
    (place,) = writeup.places(r"\frac{\partial L}{\partial W} &= X^\top \frac{\partial L}{\partial Y}")
    assert (place.line, place.text) == (3, r"\pd{L}{W} &= X^\top \pd{L}{Y}")
    assert [p.line for p in writeup.places(r"\pd{L}{X}")] == [4]
    assert not writeup.places(r"\frac{\partial L}{\partial W} &= X \frac{\partial L}{\partial Y}")


@given(st.text("ab \n\\,;~", max_size=30), st.integers(0, 30), st.integers(1, 10))
def test_any_stretch_that_is_more_than_spacing_is_found(text: str, start: int, length: int) -> None:
    quote = text[start : start + length].strip("\\ ")
    places = Writeup(Source("p", "[" + text + "]")).places("[" + text + "]")
    assert len(places) == 1
    assert places[0].text == "[" + text + "]"
    assert all(p.end > p.start for p in Writeup(Source("p", text)).places(quote))


def test_documents_are_looked_up_inside_the_folders_only(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (inside / "a.md").write_text("a", encoding="utf-8")
    (outside / "secret.md").write_text("s", encoding="utf-8")
    (inside / "link.md").symlink_to(outside / "secret.md")
    (inside / "loop").symlink_to(inside / "loop")
    assert find_document("a.md", [outside, inside]) == (inside / "a.md").resolve()
    for name in (
        "../out/secret.md",
        str(outside / "secret.md"),
        "link.md",
        "loop",
        "https://example.org/a.md",
        "",
        ".",
        "a.md\0",
        "nowhere.md",
    ):
        assert find_document(name, [inside]) is None, name


def test_unreadable_documents_say_why(tmp_path: Path) -> None:
    big = tmp_path / "big.md"
    with big.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert read(big, "big.md") == Problem("this document is larger than 16 MiB", file="big.md")
    gone = read(tmp_path / "gone.md", "gone.md")
    assert isinstance(gone, Problem)
    assert gone.message == "this document cannot be read: No such file or directory"


def test_broken_encoding_does_not_hide_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "latin.md"
    file.write_bytes(b"\xef\xbb\xbfcaf\xe9 $dX = dY$")
    found = read(file, "latin.md")
    assert isinstance(found, Writeup)
    assert [p.line for p in found.places("dX = dY")] == [1]


def test_a_formula_does_not_end_before_its_exponent() -> None:
    places = Writeup(Source("p", r"$dX = dY W^\top$ and $dX = dY W$")).places("dX = dY W")
    assert [p.column for p in places] == [23]


def test_html_is_searched_as_it_is_read() -> None:
    (place,) = Writeup(Source("p.html", "<p>So $S &amp;= A$\n is</p>")).places("S &= A")
    assert place.text == "S &amp;= A"


def test_notebooks_are_searched_cell_by_cell() -> None:
    text = json.dumps({"cells": [{"cell_type": "markdown", "source": ["So\n", "$y = \\frac{x}{2}$"]}]})
    (place,) = Writeup(Source("p.ipynb", text)).places(r"\frac{x}{2}")
    assert (place.source.name, place.line, place.column) == ("p.ipynb:cell 1", 2, 6)
