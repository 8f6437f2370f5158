"""The verified correction as a text that can stand where the wrong formula stands."""

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
    """What mends the claim; nothing where that is not to be had by replacing text.

    An error that the spec expects stays, since it tells what was published. A
    formula that stands in a document is mended there too, or not at all: else
    the spec would drift away from its source.
    """
    if c.correction is None or c.correction.verdict != "holds" or c.as_expected:
        return ()
    found = _in_spec(c)
    if found is None:
        return ()
    if printed(c.claim) is None or c.operator.document.document is None:
        return (found,)
    latex, path = c.correction.latex, document_path(c)
    if c.place is None or path is None or latex is None or c.claim.quote is not None:
        return ()
    return (found, Replacement(path, c.place, latex))


def _in_spec(c: ClaimResult) -> Replacement | None:
    """The one in the spec, which was tried: when the spec is read with it, the claim is the correction.

    A claim in which something is wrong is not read at all.
    """
    span, wanted = c.claim.formula.text.all, _wanted(c)
    if set(c.claim.expect) != {"holds"} or wanted is None or len(span.source.text) > LONGEST_SPEC:
        return None
    for written in dict.fromkeys((wanted, wanted.replace("'", "''"))):
        text = span.source.text[: span.start] + written + span.source.text[span.end :]
        if _formula(load_text(c.spec, text), c) == wanted:
            return Replacement(c.spec, span, written)
    return None


def _wanted(c: ClaimResult) -> str | None:
    """The right formula in the notation of the claim; None if it cannot be written as one plain line."""
    assert c.correction is not None
    assert c.claim.correction is not None
    latex = c.correction.latex
    if not is_latex(c.claim.formula.text) or latex is None:
        own = c.claim.correction.text
        text = c.correction.text if is_latex(own) else " ".join(own.value.split())
    else:
        text = latex if latex.startswith("\\begin") else f"${latex}$"
    return text if plain(text) == text else None


def _formula(spec: SpecFile, c: ClaimResult) -> str | None:
    for operator in spec.operators:
        for claim in operator.claims if operator.name == c.operator.name else ():
            if claim.ids == c.claim.ids:
                return " ".join(claim.formula.text.value.split())
    return None
