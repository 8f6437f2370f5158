"""An audit as one page: the writeups themselves, with a verdict at every formula that a spec judges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from gradcheck_cli.report.audit import MEANING, Audit, AuditedDocument, AuditedFormula, percentage
from gradcheck_cli.report.findings import summary, troubles
from gradcheck_cli.report.html_page import Shown, page, shown
from gradcheck_cli.report.html_prose import Block, blocks
from gradcheck_cli.report.mathml import mathml
from gradcheck_cli.report.words import count
from gradcheck_cli.writeups.expansion import expand


@dataclass(frozen=True)
class _Formula:
    """A formula as the page shows it."""

    anchor: str
    state: str
    style: str
    """`holds`, `known`, `error`, `doubt`, `quiet`, `definition`, `uncovered` or `unjudged`."""
    mark: str
    label: str
    short: str
    """The label in a word or two, for the margin."""
    math: Markup
    display: bool
    line: str
    claims: tuple[Shown, ...]
    target: str
    """Where more is said about it."""


@dataclass(frozen=True)
class _Paragraph:
    """A block of the writeup with its formulas and what is to be said beside it."""

    block: Block
    findings: tuple[Shown, ...]
    beside: tuple[Shown, ...]


@dataclass(frozen=True)
class _Document:
    anchor: str
    name: str
    """The file, as short as it is not another's."""
    document: AuditedDocument
    formulas: tuple[_Formula, ...]
    paragraphs: tuple[_Paragraph, ...]
    claims: tuple[Shown, ...]
    unplaced: tuple[Shown, ...]
    coverage: str


_MARKS = {
    "definition": ("≝", "definition"),
    "uncovered": ("○", "not covered"),
    "unjudged": ("·", "nothing to judge"),
}


def render(audit: Audit) -> str:
    """The whole page."""
    names = _names([d.file for d in audit.documents])
    documents = [
        _document(d, name, number)
        for number, (d, name) in enumerate(zip(audit.documents, names, strict=True), 1)
    ]
    return page(
        "audit.html",
        title=f"gradcheck audit: {count(len(documents), 'writeup')}",
        summary=summary(audit.result),
        audit=audit,
        documents=documents,
        percentage=percentage,
        meaning=MEANING,
        totals=[
            ("claims", sum(d.count("claim") for d in audit.documents)),
            ("errors", sum(len(d.wrong) for d in audit.documents)),
            ("definitions", sum(d.count("definition") for d in audit.documents)),
            ("uncovered", sum(d.count("uncovered") for d in audit.documents)),
            ("unjudged", sum(d.count("unjudged") for d in audit.documents)),
        ],
        problems=troubles(audit.result),
        crashes=audit.result.crashes,
        versions=audit.result.versions,
    )


def _names(files: Sequence[str]) -> list[str]:
    """The files by their names alone, where no other has the same."""
    last = [file.rpartition("/")[2] for file in files]
    return [name if last.count(name) == 1 else file for name, file in zip(last, files, strict=True)]


def _document(document: AuditedDocument, name: str, number: int) -> _Document:
    views = {id(c): shown(c, f"d{number}c{n}", document.macros) for n, c in enumerate(document.claims, 1)}
    formulas = tuple(
        _formula(document, f, f"d{number}f{n}", [views[id(c)] for c in f.claims])
        for n, f in enumerate(document.formulas, 1)
    )
    told: set[str] = set()
    paragraphs = []
    for block in blocks(document):
        here = [v for n in block.formulas for v in formulas[n].claims]
        beside = tuple(views[id(c)] for c in block.claims)
        findings = tuple(v for v in _once([*here, *beside]) if _needs_words(v) and v.anchor not in told)
        told |= {v.anchor for v in findings}
        paragraphs.append(_Paragraph(block, findings, beside))
    unplaced = tuple(v for v in views.values() if _needs_words(v) and v.anchor not in told)
    return _Document(
        f"d{number}",
        name,
        document,
        formulas,
        tuple(paragraphs),
        tuple(views.values()),
        unplaced,
        percentage(document.covered, document.judgeable),
    )


def _needs_words(view: Shown) -> bool:
    return view.style in {"error", "known", "doubt"}


def _once(views: Sequence[Shown]) -> list[Shown]:
    return list({v.anchor: v for v in views}.values())


def _formula(document: AuditedDocument, f: AuditedFormula, anchor: str, claims: Sequence[Shown]) -> _Formula:
    found = f.found
    environment = "" if found.display in {"inline", "display", "bare"} else found.display
    drawn = mathml(
        expand(found.text, document.macros).value, display=found.display != "inline", environment=environment
    )
    line = f"{found.shown.line}" if found.cell is None else f"cell {found.cell}, line {found.shown.line}"
    worst = f.worst
    if worst is None:
        mark, label = _MARKS[f.state]
        style = str(f.state)
        short = label
        label = f"{label}: {f.reason}" if f.reason else label
        target = ""
    else:
        view = next(v for v, c in zip(claims, f.claims, strict=True) if c is worst)
        mark, label, style, target = view.mark, view.label, view.style, view.anchor
        short = view.verdict if view.style != "known" else f"{view.verdict} (known)"
    return _Formula(
        anchor,
        f.state,
        style,
        mark,
        label,
        short,
        drawn,
        found.display != "inline",
        line,
        tuple(claims),
        target,
    )
