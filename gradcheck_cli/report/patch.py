"""The verified corrections of a run as a patch: what would be written, file by file, and nothing else."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from gradcheck_cli.report.replacement import Replacement, replacements
from gradcheck_cli.report.result import RunResult
from gradcheck_cli.text import Source
from gradcheck_cli.writeups.found import Excerpt

_LINE = re.compile(r"[^\n]*\n|[^\n]+")  # only these are lines to git


@dataclass(frozen=True)
class Edit:
    """A stretch of a file, `start` up to not including `end` in code points, and what is to stand there."""

    file: str
    source: Source
    start: int
    end: int
    text: str


def edits(result: RunResult) -> dict[str, list[Edit]]:
    """The edits of every file, in order; of a claim all or none.

    An edit that overlaps one of an earlier claim is left out: after the first is
    made the second can be had by another run.
    """
    found: dict[str, list[Edit]] = {}
    for claim in result.unexpected:
        wanted = [_edit(r) for r in replacements(claim)]
        sound = [e for e in wanted if e is not None]
        if len(sound) != len(wanted) or any(_meets(e, found.get(e.file, ())) for e in sound):
            continue
        for edit in sound:
            found.setdefault(edit.file, []).append(edit)
    return {file: sorted(some, key=lambda e: e.start) for file, some in sorted(found.items())}


def patched(text: str, changes: Iterable[Edit]) -> str:
    """The text with the edits made; they are in order and apart from each other."""
    kept: list[str] = []
    at = 0
    for edit in changes:
        kept += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join((*kept, text[at:]))


def render(result: RunResult) -> str:
    """A unified diff that `git apply` and `patch -p1` understand; empty where there is nothing to mend."""
    return "".join(
        _diff(file, changes[0].source.text, patched(changes[0].source.text, changes))
        for file, changes in edits(result).items()
    )


def _edit(replacement: Replacement) -> Edit | None:
    """The edit in the file itself; None where the text there is not what was read, letter by letter."""
    span = replacement.span
    source, start, end = span.source, span.start, span.end
    if isinstance(source, Excerpt):
        places = source.origin.places
        source, start, end = source.origin.source, places[span.start], places[span.end - 1] + 1
        if source.text[start:end] != span.text:
            return None
    if _carried(replacement.file, replacement.text):
        return None
    return Edit(replacement.file, source, start, end, replacement.text)


def _carried(file: str, text: str) -> bool:
    """Whether a text cannot stand in the file as it is, since the file is JSON or markup."""
    suffix = PurePosixPath(file).suffix.lower()
    return suffix == ".ipynb" or (suffix in {".html", ".htm"} and any(c in text for c in "&<>"))


def _meets(edit: Edit, others: Iterable[Edit]) -> bool:
    """Whether the edit and one of the others concern the same stretch, or the file is read in two ways."""
    return any(
        edit.source.text != o.source.text or (edit.start < o.end and o.start < edit.end) for o in others
    )


def _diff(file: str, before: str, after: str) -> str:
    old, new = (_LINE.findall(text) for text in (before, after))
    name = file.lstrip("/")
    lines = difflib.unified_diff(old, new, f"a/{name}", f"b/{name}")
    missing = "\\ No newline at end of file\n"
    return "".join(line if line.endswith("\n") else f"{line}\n{missing}" for line in lines)
