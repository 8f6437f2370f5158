"""Drafts a file, and says in a few lines what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from gradcheck_cli.run.drafting.draft import Draft, draft
from gradcheck_cli.run.files import regular
from gradcheck_cli.text import Problem, Source
from gradcheck_cli.writeups.locate import MAX_BYTES


@dataclass(frozen=True)
class Report:
    """A draft and its summary."""

    text: str
    summary: str
    operators: int


def draft_file(path: Path, section: str | None = None) -> Report | Problem:
    """The draft of a file, or why it cannot be read."""
    try:
        if regular(path).stat().st_size > MAX_BYTES:
            return Problem(f"this document is larger than {MAX_BYTES >> 20} MiB", file=str(path))
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except (OSError, ValueError) as error:
        return Problem(
            "this document cannot be read",
            label=getattr(error, "strerror", None) or str(error),
            file=str(path),
        )
    found = draft(Source(path.name, text), path.name, section)
    return Report(found.text, summary(found), len(found.operators))


def summary(found: Draft) -> str:
    """How much was found, what is assumed, what is left to do."""
    drafts = found.operators
    stated = sum(name in d.solution.stated for d in drafts for name in d.solution.shapes)
    inputs = sum(len(d.solution.shapes) + len(d.flawed) for d in drafts)
    forwards = sum(len(d.here.lines) - len(d.flawed) for d in drafts)
    kinds = Counter(claim.kind for d in drafts for n, claim in enumerate(d.here.claims) if n not in d.refused)
    todo = sum(len(d.refused) + len(d.flawed) + len(d.open) for d in drafts)
    if not drafts:
        read = _count(found.formulas, "formula")
        return (
            f"nothing to judge: {read} read, and none of them claims anything about a computation given here"
        )
    lines = [
        f"{_count(len(drafts), 'operator')}, "
        f"{_count(inputs, 'input')} ({stated} stated, {inputs - stated} assumed), "
        f"{_count(forwards, 'line')} of forward, {_count(sum(kinds.values()), 'claim')}"
        f" ({', '.join(f'{n} {kind}' for kind, n in kinds.most_common())})"
    ]
    if todo:
        lines.append(f"TODO in {_count(todo, 'place')}: search the draft for it")
    if found.left:
        places = list(dict.fromkeys(reading.statement.place for reading in found.left))
        shown = ", ".join(places[:8]) + (" …" if len(places) > 8 else "")
        lines.append(f"{_count(len(found.left), 'equation')} left alone: {shown}")
    if found.skipped:
        lines.append(f"{_count(found.skipped, 'equation')} not looked at: beyond the limits of a draft")
    if found.unread:
        lines.append(f"{_count(found.unread, 'formula')} could not be read")
    return "\n".join(lines)


def _count(number: int, what: str) -> str:
    plural = f"{what[:-1]}ie" if what.endswith("y") else what
    return f"{number:,} {what}" if number == 1 else f"{number:,} {plural}s"
