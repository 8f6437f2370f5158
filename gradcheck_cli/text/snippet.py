"""Draws a problem: headline, place, the line itself, and a caret under the very characters."""

from __future__ import annotations

import unicodedata

from gradcheck_cli.text.problem import Problem
from gradcheck_cli.text.source import Span

_WIDTH = 100
"""Longer source lines are cut to a window of this many columns around the caret."""


def plain(text: str) -> str:
    """The text with every control character made visible.

    A name or formula from a stranger's file must not be able to move the
    cursor, colour the terminal or forge a line of the report. Bidirectional
    overrides are shown too, since they make a formula read as another one.
    """
    return "".join(_visible(c) for c in text)


def _visible(char: str) -> str:
    if char == "\t":
        return " "
    if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}"
    return char


def _columns(text: str) -> int:
    """How many terminal columns a text takes: wide characters two, combining ones none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def _window(line: str, start: int, end: int) -> tuple[str, int, int]:
    """A cut of a long line that keeps `start:end` (or its beginning) in view."""
    if len(line) <= _WIDTH:
        return line, start, end
    left = max(0, min(start - 20, len(line) - _WIDTH))
    right = min(len(line), left + _WIDTH)
    head, tail = ("…" if left else ""), ("…" if right < len(line) else "")
    shift = len(head) - left
    return head + line[left:right] + tail, start + shift, min(end, right) + shift


def excerpt(span: Span, label: str = "") -> str:
    """The line of a place with a caret line under it; the label follows the carets."""
    line_number, column = span.source.position(span.start)
    line = span.source.line(line_number)
    start = min(column - 1, len(line))
    end = min(start + max(1, span.end - span.start), max(len(line), start + 1))
    line, start, end = _window(line, start, end)
    before, under = plain(line[:start]), plain(line[start:end])
    gutter = f"{line_number} | "
    carets = "^" * max(1, _columns(under))
    note = f" {plain(label)}" if label else ""
    return "\n".join(
        (
            gutter + plain(line),
            " " * (len(gutter) - 2) + "| " + " " * _columns(before) + carets + note,
        )
    )


def draw(problem: Problem) -> str:
    """The whole message as plain text, without colour and without a final line end."""
    lines = [f"error: {plain(problem.message)}"]
    if problem.where:
        lines.append(f"  --> {plain(problem.where)}")
    if problem.span is not None:
        lines.append(excerpt(problem.span, problem.label))
    elif problem.label:
        lines.append(f"   = {plain(problem.label)}")
    if problem.help:
        lines.append(f"   = help: {plain(problem.help)}")
    return "\n".join(lines)
