"""A verified formula as a text that can stand where the wrong one stands."""

from __future__ import annotations

from dataclasses import dataclass

from gradcheck_cli.lang.latex import is_latex
from gradcheck_cli.report.findings import document_path
from gradcheck_cli.report.result import ClaimResult
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.model import SpecFile
from gradcheck_cli.text import Span, plain
from gradcheck_cli.writeups.locate import printed

LONGEST_SPEC = 100_000
"""In a longer file nothing is replaced, since the result is read once more."""


@dataclass(frozen=True)
class Replacement:
    """What to write, and in place of what."""

    file: str
    span: Span
    text: str


def replacements(c: ClaimResult) -> tuple[Replacement, ...]:
    """What mends the claim: the spec's correction, else the best suggestion, if it was verified.

    Nothing where that is not to be had by replacing text, as in a chain whose
    steps depend on each other. An error that the spec expects stays, since it tells what was published. A
    formula that stands in a document is mended there too, or not at all: else
    the spec would drift away from its source.
    """
    right = None if c.as_expected else _right(c)
    if right is None:
        return ()
    found = _in_spec(c, right)
    if found is None:
        return ()
    if printed(c.claim) is None or c.operator.document.document is None:
        return (found,)
    latex, path = right.latex, document_path(c)
    if c.place is None or path is None or latex is None or c.claim.quote is not None:
        return ()
    # a formula over several lines would lose them, and one with macros of the document those
    if "&" in c.place.text or "".join(c.place.text.split()) != "".join((printed(c.claim) or "").split()):
        return ()
    return (found, Replacement(path, c.place, latex))


@dataclass(frozen=True)
class _Right:
    """The right formula: as the spec or the search has it, and in LaTeX where that is known."""

    plain: str
    latex: str | None


def _right(c: ClaimResult) -> _Right | None:
    if c.correction is not None:
        if c.correction.verdict != "holds" or c.claim.correction is None:
            return None
        own = c.claim.correction.text
        plainly = c.correction.text if is_latex(own) else " ".join(own.value.split())
        return _Right(plainly, c.correction.latex)
    diagnosis = c.diagnosis_of(c.first_unexpected) if len(c.links) == 1 else None
    if diagnosis is None or not diagnosis.suggestions:
        return None
    return _Right(diagnosis.suggestions[0].text, diagnosis.suggestions[0].latex)


def _in_spec(c: ClaimResult, right: _Right) -> Replacement | None:
    """The one in the spec, which was tried: when the spec is read with it, the claim is the correction.

    A claim in which something is wrong is not read at all.
    """
    span, wanted = c.claim.formula.text.all, _wanted(c, right)
    if set(c.claim.expect) != {"holds"} or wanted is None or len(span.source.text) > LONGEST_SPEC:
        return None
    for written in dict.fromkeys((wanted, wanted.replace("'", "''"))):
        text = span.source.text[: span.start] + written + span.source.text[span.end :]
        if _formula(load_text(c.spec, text), c) == wanted:
            return Replacement(c.spec, span, written)
    return None


def _wanted(c: ClaimResult, right: _Right) -> str | None:
    """The right formula in the notation of the claim; None if it cannot be written as one plain line."""
    latex = right.latex
    if not is_latex(c.claim.formula.text) or latex is None:
        text = right.plain
    else:
        text = latex if latex.startswith("\\begin") else f"${latex}$"
    return text if plain(text) == text else None


def _formula(spec: SpecFile, c: ClaimResult) -> str | None:
    for operator in spec.operators:
        for claim in operator.claims if operator.name == c.operator.name else ():
            if claim.ids == c.claim.ids:
                return " ".join(claim.formula.text.value.split())
    return None
