"""How text gets onto the terminal: made visible, styled and cut, and never taken for markup."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text as RichText

from gradcheck_cli.report.result import LinkResult
from gradcheck_cli.text import plain

STYLE = {
    "holds": "green",
    "wrong": "red",
    "shape-mismatch": "red",
    "conditional": "yellow",
    "undecided": "yellow",
    "skipped": "dim",
}
MARK = {
    "holds": "✓",
    "wrong": "✗",
    "shape-mismatch": "✗",
    "conditional": "~",
    "undecided": "?",
    "skipped": "-",
}


@dataclass(frozen=True)
class Page:
    """What the report is written on."""

    width: int
    """Formulas in lists are cut to it."""
    unicode: bool
    """Whether claims that were written in LaTeX are shown as mathematics, `∂L/∂X`."""

    def equation(self, link: LinkResult) -> str:
        """A link for a reader."""
        return f" {link.relation} ".join(link.shown(unicode=self.unicode))


def shows_mathematics() -> bool:
    """Whether stdout can carry the letters of mathematics."""
    try:
        "∂ᵀ⊙ₙ√Σ−𝟏\u0302".encode(sys.stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def write(out: RichText, text: str, style: str = "", end: str = "\n") -> None:
    """A text, of which one line end in front is kept."""
    head = "\n" if text.startswith("\n") else ""
    out.append(head + plain(text[len(head) :]), style=style)
    out.append(end)


def block(out: RichText, text: str) -> None:
    """Several lines."""
    for line in text.split("\n"):
        write(out, line)


def one_line(text: str) -> str:
    """A text that may be a block of several lines in the spec."""
    return " ".join(text.split())


def cut(text: str, width: int) -> str:
    """The text made visible, and shortened to so many columns."""
    text, width = plain(text), max(width, 8)
    while cell_len(text) > width:
        text = text[: max(0, len(text) - max(2, (cell_len(text) - width) // 2))].rstrip() + "…"
    return text
