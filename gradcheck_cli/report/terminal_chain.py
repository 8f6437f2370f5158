"""A derivation step by step: its lines one under another, each with the verdict on it."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text as RichText

from gradcheck_cli.report.result import ClaimResult, LinkResult
from gradcheck_cli.report.terminal_pen import MARK, STYLE, Page, cut, write
from gradcheck_cli.report.words import count
from gradcheck_cli.text import plain

ROWS = 12
"""A longer chain is shown around its first wrong step."""

_LABEL = 24
"""Longer ids are cut."""
_BESIDE = {"conditional": "true only under a condition", "undecided": "undecided"}
_LEFT = 24
"""A wider left side stands on a line of its own."""


def chain(out: RichText, claim: ClaimResult, page: Page, indent: str, *, whole: bool = False) -> None:
    """The lines of a chain, its ends and what is around the first wrong step; `whole` shows all, uncut."""
    write(out, f"{indent}the derivation, step by step (each line against the one above):")
    indent = " " * len(indent)
    labels = _labels(claim)
    column = max(map(cell_len, labels))
    left = plain(claim.links[0].shown(unicode=page.unicode)[0])
    margin = f"{indent}    {' ' * column}  "
    if cell_len(left) > _LEFT:
        write(out, margin + _fitted(left, page, cell_len(margin), whole))
        first = below = "  "
    else:
        first, below = f"{left} ", " " * (cell_len(left) + 1)
    last = -1
    for number in range(len(claim.links)) if whole else rows(len(claim.links), claim.first_wrong or 0):
        if number > last + 1:
            write(out, f"{indent}  {_left_out(claim.links[last + 1 : number])}", "dim")
        last = number
        link = claim.links[number]
        label, note = labels[number], _note(claim, number)
        out.append(f"{indent}  ")
        out.append(MARK[link.verdict], style=STYLE[link.verdict])
        write(out, f" {label}{' ' * (column - cell_len(label))}  ", "bold", end="")
        room = cell_len(margin) + cell_len(note)
        step = f"{below if number else first}{link.relation} {link.shown(unicode=page.unicode)[1]}"
        write(out, _fitted(step, page, room, whole), end="" if note else "\n")
        if note:
            write(out, note, STYLE[link.verdict])


def rows(links: int, focus: int) -> list[int]:
    """Which links are shown: all, or the first, the last and those around one; no gap is a single link."""
    if links <= ROWS:
        return list(range(links))
    start = min(max(focus - (ROWS - 2) // 2, 1), links - 1 - (ROWS - 2))
    end = start + ROWS - 2
    start, end = (1 if start == 2 else start), (links - 1 if end == links - 2 else end)
    return [0, *range(start, end), links - 1]


def _labels(claim: ClaimResult) -> list[str]:
    """The ids of the steps where they have their own, else their numbers."""
    if len(claim.claim.ids) == len(claim.links):
        return [cut(link.id, _LABEL) for link in claim.links]
    width = len(str(len(claim.links)))
    return [f"{n + 1:>{width}}" for n in range(len(claim.links))]


def _fitted(text: str, page: Page, taken: int, whole: bool) -> str:
    return text if whole else cut(text, max(page.width - taken, 24))


def _note(claim: ClaimResult, number: int) -> str:
    """What is said beside a step that does not hold."""
    link = claim.links[number]
    if number == claim.first_wrong:
        more = {**_BESIDE, "shape-mismatch": "the shapes do not fit"}.get(link.verdict)
        note = "first wrong step" + (f": {more}" if more else "")
    elif link.verdict == "shape-mismatch":
        above = claim.links[number - 1].judgement
        same = (above.reason, above.span) == (link.judgement.reason, link.judgement.span)
        note = "the line above has no shape" if same else "the shapes do not fit"
    elif link.verdict in _BESIDE:
        note = _BESIDE[link.verdict]
    else:
        return ""
    return f"   ← {note}{', as the spec expects' if link.expected == link.verdict else ''}"


def _left_out(links: tuple[LinkResult, ...]) -> str:
    """One line instead of many."""
    bad = [link for link in links if link.verdict != "holds"]
    steps = count(len(links), "more step")
    if not bad:
        return f"… {steps}, all of which hold"
    return f"… {steps}, of which {len(bad):,} {'does' if len(bad) == 1 else 'do'} not hold"
