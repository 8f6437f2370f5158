"""What all HTML pages share: the page itself, and a claim as it is shown on one.

A page needs no network and no script, and its policy forbids both. Everything
that comes from a spec or a writeup passes through the template's escaping, or is
MathML that `mathml` has checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from gradcheck_cli.lang.latex import is_latex
from gradcheck_cli.report.findings import facts, one_line, place, shown_link
from gradcheck_cli.report.html_figure import draws
from gradcheck_cli.report.mathml import code, mathml
from gradcheck_cli.report.result import ClaimResult, LinkResult
from gradcheck_cli.report.words import count, only
from gradcheck_cli.text import Text, draw, plain
from gradcheck_cli.text.snippet import excerpt
from gradcheck_cli.writeups.expansion import expand
from gradcheck_cli.writeups.locate import printed
from gradcheck_cli.writeups.macros import Macro

MARK = {
    "holds": "✓",
    "wrong": "✗",
    "shape-mismatch": "✗",
    "conditional": "≈",
    "undecided": "?",
    "skipped": "–",
}


@dataclass(frozen=True)
class Step:
    """One line of a derivation."""

    id: str
    mark: str
    verdict: str
    shown: Markup


@dataclass(frozen=True)
class Shown:
    """A claim as a page shows it."""

    anchor: str
    id: str
    operator: str
    verdict: str
    mark: str
    style: str
    """How it is coloured: `holds`, `known`, `error`, `doubt` or `quiet`."""
    label: str
    """The verdict in words."""
    claimed: Markup
    right: Markup | None
    right_from: str
    steps: tuple[Step, ...]
    facts: tuple[Markup, ...]
    figure: Markup | None
    where: str
    excerpt: str
    note: str
    floor: str


def shown(c: ClaimResult, anchor: str, macros: Sequence[Macro] = ()) -> Shown:
    """The view of a claim; `macros` are those of its writeup."""
    link = shown_link(c)
    style, label = status(c)
    right, right_from = _right(c, link, macros)
    sights = link.judgement.sights if link is not None and link.verdict not in {"holds", "skipped"} else ()
    floor = max((f for k in c.links if (f := k.judgement.floor) is not None), default=None)
    at = place(c)
    return Shown(
        anchor,
        one_line(c.claim.id, 160),
        one_line(c.operator.name, 160),
        c.verdict,
        "!" if style == "error" and c.verdict == "holds" else MARK[c.verdict],
        style,
        label,
        _claimed(c, macros),
        right,
        right_from,
        _steps(c),
        tuple(worded(f) for f in facts(c) if not f.startswith("right: ")) if link or not c.ok else (),
        draws(sights, anchor) if sights else None,
        f"{one_line(at.source.name, 300)}:{at.line}:{at.column}",
        excerpt(at) if not c.ok else "",
        one_line(c.claim.note or ""),
        f"{floor:.0e}" if floor else "",
    )


def worded(sentence: str) -> Markup:
    """A sentence in which what stands between backticks is code."""
    words = sentence.split("`")
    if len(words) % 2 == 0:
        return escape(sentence)
    return Markup("").join(code(w) if n % 2 else escape(w) for n, w in enumerate(words))


def status(c: ClaimResult) -> tuple[str, str]:
    """How a verdict is coloured, and what it is called."""
    label: str = c.verdict
    if c.verdict == "conditional" and (link := shown_link(c)) and link.judgement.condition:
        label = f"holds {only(one_line(link.judgement.condition, 120))}".replace("`", "")
    if not c.ok:
        return "error", label if c.verdict != "holds" or c.code is None else f"{label}, {_surprise(c)}"
    if c.verdict == "holds":
        return "holds", "holds"
    if c.verdict == "skipped":
        return "quiet", "not judged"
    return ("doubt" if c.verdict == "undecided" else "known"), f"{label}, a known error"


def _surprise(c: ClaimResult) -> str:
    if c.code == "GC006":
        return "but it is not in its document any more"
    return "but its correction does not" if c.code == "GC005" else "though its spec expects an error"


def _claimed(c: ClaimResult, macros: Sequence[Macro]) -> Markup:
    """The claim as its source writes it, drawn where that is LaTeX."""
    if is_latex(c.claim.formula.text):
        return _drawn(printed(replace(c.claim, quote=None)) or "", macros)
    return code(one_line(c.claim.formula.text.value))


def _drawn(latex: str, macros: Sequence[Macro]) -> Markup:
    return mathml(expand(Text.whole("formula", latex), macros).value, display=True)


def _right(c: ClaimResult, link: LinkResult | None, macros: Sequence[Macro]) -> tuple[Markup | None, str]:
    """What is right instead, and where that comes from; only what was verified."""
    if c.verdict in {"holds", "skipped"} and c.code != "GC005":
        return None, ""
    if c.correction is not None and c.correction.verdict == "holds":
        latex = c.correction.latex
        drawn = _drawn(latex, macros) if latex else code(one_line(c.correction.text))
        return drawn, "the spec's correction, verified"
    diagnosis = c.diagnosis_of(link)
    if diagnosis is None or not diagnosis.suggestions:
        return None, ""
    best = diagnosis.suggestions[0]
    drawn = _drawn(best.latex, macros) if best.latex else code(one_line(best.text))
    edits = one_line("; ".join(best.edits), 200)
    return drawn, worded(f"verified at {count(best.draws, 'fresh draw')}: {edits}")


def _steps(c: ClaimResult) -> tuple[Step, ...]:
    """The links of a chain; nothing for a plain equation."""
    if len(c.links) < 2:
        return ()
    return tuple(
        Step(
            one_line(link.id, 160),
            MARK[link.verdict],
            link.verdict,
            code(f" {link.relation} ".join(link.shown(unicode=True))),
        )
        for link in c.links
    )


@cache
def environment() -> Environment:
    """The templates; every value is escaped."""
    made = Environment(
        loader=PackageLoader("gradcheck_cli.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["visible"] = one_line
    made.filters["visible_lines"] = _visible_lines
    made.globals["draw_problem"] = draw
    return made


def _visible_lines(text: str) -> str:
    """A text of several lines, its other control characters made visible."""
    return "\n".join(map(plain, text.split("\n")))


def page(template: str, **values: object) -> str:
    """A page out of a template."""
    return environment().get_template(template).render(**values) + "\n"
