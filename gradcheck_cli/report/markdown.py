"""The report as Markdown, for a comment on a pull request: what needs somebody first, the rest folded.

Every text that comes from a spec stands in code, where neither markup nor
HTML, mentions, emoji codes or formulas mean anything: in a table in a code
span that its own backticks or pipes cannot end, elsewhere in a fence that is
longer than any in it. Formulas are not typeset, since a formula of a stranger
is a program for the typesetter. A report never outgrows a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gradcheck_cli.report.findings import (
    cut,
    document_path,
    equation,
    one_line,
    place,
    right,
    sentences,
    shown_id,
    skips,
    steps,
    summary,
    troubles,
    worst_first,
)
from gradcheck_cli.report.result import ClaimResult, RunResult
from gradcheck_cli.report.rules import RULES
from gradcheck_cli.report.words import count
from gradcheck_cli.text import draw, plain
from gradcheck_cli.text.snippet import excerpt

LIMIT = 65_536
"""How long a comment may be on GitHub, counted as JavaScript does."""

_CELL = 240
"""Longer formulas in the table are cut; the details have more of them."""

_BLOCK = 8_000
"""A longer fenced block is cut."""

_RESERVE = 600
"""Kept for the last sentence."""


def render(result: RunResult) -> str:
    """The whole comment."""
    parts = [f"### gradcheck: {summary(result)}\n"]
    if result.bundled:
        parts.append("There are no specs here: these are the audited sources that come with gradcheck.\n")
    parts += [f"{code(sentence)}\n" for sentence in skips(result)[:10]]
    bad, left_out = worst_first(result.unexpected), []
    room = LIMIT - _RESERVE - sum(map(_size, parts))
    table, rows = _table(bad, room * 2 // 3)
    if rows < len(bad):
        left_out.append(f"{count(len(bad) - rows, 'claim')} of the table")
    parts.append(table)
    room -= _size(table)
    folded, known = 0, result.known_errors
    for block in _blocks(result, bad):
        if _size(block) + 1 <= room:
            parts.append(block)
            room -= _size(block) + 1
        else:
            folded += 1
    if folded:
        left_out.append(f"the details of {count(folded, 'finding')}")
    if known:
        head = _head(f"{count(len(known), 'known error')} found again, as the specs expect")
        table, rows = _table(known, room - _size(head) - 40)
        if rows:
            parts.append(f"{head}{table}\n</details>\n")
        if rows < len(known):
            left_out.append(count(len(known) - rows, "known error"))
    if left_out:
        told = ", ".join(left_out)
        parts.append(f"Left out, since a comment is limited: {told}. `gradcheck check` shows all.\n")
    return "\n".join(part for part in parts if part)


def _table(claims: Iterable[ClaimResult], room: int) -> tuple[str, int]:
    """A row for each claim as far as there is room, and how many there are."""
    text, rows = "| claim | place | what was claimed | what is right |\n| --- | --- | --- | --- |\n", 0
    for claim in claims:
        row = _row(claim)
        if _size(text) + _size(row) > room:
            break
        text, rows = text + row, rows + 1
    return (text, rows) if rows else ("", 0)


def _row(c: ClaimResult) -> str:
    assert c.code is not None
    at, path = place(c), document_path(c)
    places = [code(f"{c.spec}:{at.line}:{at.column}")]
    if c.place is not None:
        places.append(code(f"{path}:{c.place.line}:{c.place.column}"))
    cells = (f"{code(shown_id(c))}<br>{RULES[c.code][0]}", "<br>".join(places), code(equation(c)), _right(c))
    return "| " + " | ".join(cells) + " |\n"


def _right(c: ClaimResult) -> str:
    """The verified correction, or what else is to be done."""
    correction = right(c)
    if c.code == "GC004":
        return f"it holds, though the spec expects {', '.join(c.claim.expect)}"
    if c.code == "GC006":
        return "it is no longer in its document"
    if correction is not None:
        return code(correction)
    if c.correction is not None and c.correction.verdict != "skipped":
        return f"the correction is {c.correction.verdict} itself"
    return "—"


def _blocks(result: RunResult, bad: list[ClaimResult]) -> Iterator[str]:
    """What is folded, the worst first."""
    for crash in result.crashes:
        where = f"{crash.spec}:{crash.span.line}:{crash.span.column} ({one_line(crash.id)})"
        fault = "this is a fault of gradcheck, not of the claim; please report it"
        yield _folded("internal error", _fenced("\n".join((crash.error, where, fault))))
    problems = [draw(problem) for problem in troubles(result)]
    if problems:
        yield _folded(count(len(problems), "problem"), _fenced("\n\n".join(problems)))
    for claim in bad:
        assert claim.code is not None
        told = "\n".join((excerpt(place(claim)), *sentences(claim), *steps(claim)))
        latex = claim.correction.latex if claim.correction and claim.correction.verdict == "holds" else None
        more = "\n" + _fenced(latex, "latex") if latex else ""
        id_ = f"<code>{_entities(one_line(shown_id(claim), _CELL))}</code>"
        yield _folded(f"{claim.code} {RULES[claim.code][0]}: {id_}", _fenced(told) + more)


def _head(title: str) -> str:
    return f"<details><summary>{title}</summary>\n\n"


def _folded(title: str, body: str) -> str:
    """`title` is HTML: our own words, or entities."""
    return f"{_head(title)}{body}\n</details>\n"


def code(text: str) -> str:
    """A text as code that stays one cell of a table, whatever it holds.

    In a code span everything is literal but a pipe, which ends the cell, and
    which no backslash saves where the text has a backslash before it.
    """
    text = one_line(text, _CELL)
    if "|" in text or not text.strip("` "):
        return f"<code>{_entities(text)}</code>"
    fence = "`" * (_longest_run(text) + 1)
    padding = " " if "`" in (text[0], text[-1]) else ""
    return f"{fence}{padding}{text}{padding}{fence}"


def _entities(text: str) -> str:
    """A text of which no character means anything, in Markdown or in HTML."""
    return "".join(c if c.isalnum() or c == " " or not c.isascii() else f"&#{ord(c)};" for c in text)


def _fenced(text: str, language: str = "text") -> str:
    """A block of code that no line of it can end."""
    text = cut("\n".join(plain(line) for line in text[: _BLOCK + 1].split("\n")), _BLOCK)
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}\n"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _size(text: str) -> int:
    """The length in UTF-16, the measure of a limit on the web."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
