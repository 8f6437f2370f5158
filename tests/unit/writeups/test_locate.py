"""A quote is found in its document where a reader would find it."""

from __future__ import annotations

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
