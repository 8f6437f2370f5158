"""One claim judged: its links, the conditions under which they hold, its correction, cheaper orders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from gradcheck_cli.compare.advice import cheaper_orders
from gradcheck_cli.compare.certificate import beyond_floats
from gradcheck_cli.compare.judge import judge_certified
from gradcheck_cli.compare.kinks import is_at_kink
from gradcheck_cli.compare.settings import Settings, seed_of
from gradcheck_cli.compare.verdict import overall
from gradcheck_cli.compare.weakness import idle_gradients
from gradcheck_cli.diagnose.conditions import Found, conditions, refined
from gradcheck_cli.diagnose.consequences import consequences
from gradcheck_cli.diagnose.diagnosis import Diagnosis, Suggestion
from gradcheck_cli.diagnose.engine import diagnose
from gradcheck_cli.evaluate.deadline import cuts
from gradcheck_cli.lang.ast import Call, Equation, Expr, Name, Node, Noted, transform
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.report.result import (
    ClaimResult,
    ConsequenceResult,
    CorrectionResult,
    DiagnosisResult,
    LinkResult,
    SuggestionResult,
)
from gradcheck_cli.run.notation import Notation
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.trust import powered, told_of_right
from gradcheck_cli.spec.model import Claim, Formula, Operator
from gradcheck_cli.spec.typing import TypedClaim, type_claim
from gradcheck_cli.text import Text

_GRADIENT = re.compile(r"\bgrad\((\w+)\)")


def judged(spec: str, operator: Operator, claim: Claim, settings: Settings) -> ClaimResult:
    """The result of one claim, its correction included. Raises UserError for what cannot be judged."""
    before = cuts()
    typed = type_claim(operator, claim)
    judgements = judge_certified(operator, claim, typed, settings)
    under: Sequence[tuple[Found, ...]] = [() for _ in judgements]
    if not beyond_floats(judgements):
        under = conditions(operator, claim, typed, judgements, settings.in_floats)
    judgements = refined(judgements, under)
    special = [tuple(f.text for f in some if f.remark and "`" in f.text) for some in under]
    sides = _shown_sides(claim.formula, typed, claim.kind)
    spans = [side.span for side in claim.formula.equation.sides]
    each = claim.expect if len(claim.expect) > 1 else (None,) * len(judgements)
    notation = Notation(operator, claim, typed)
    pretty = notation.pretty(claim.formula, typed)
    pairs = tuple(pairwise(pretty)) if pretty else (None,) * len(judgements)
    relation, verbatim = claim.formula.equation.relation, notation.is_latex and typed.equation is None
    links = tuple(
        LinkResult(
            id_,
            sides[n],
            sides[n + 1],
            spans[n + 1],
            judgement,
            each[n],
            pairs[n],
            relation(n),
            verbatim,
            special[n],
        )
        for n, (id_, judgement) in enumerate(zip(link_ids(claim, len(judgements)), judgements, strict=True))
    )
    correction = None
    if claim.correction is not None:
        right = type_claim(operator, claim, claim.correction)
        corrected = judge_certified(operator, claim, right, settings)
        verdict = overall(tuple(j.verdict for j in corrected))
        reason = next((j.reason for j in corrected if j.verdict == verdict), "")
        correction = CorrectionResult(
            _shown_sides(claim.correction, right, claim.kind),
            verdict,
            reason,
            notation.pretty(claim.correction, right),
            notation.latex(claim.correction, right),
            claim.correction.equation.relations,
        )
    advice: tuple[str, ...] = ()
    if claim.kind == "gradient":
        advice = cheaper_orders(typed, judgements, lambda expr: to_plain(transform(expr, _short)))
    seed = seed_of(operator, claim, settings)
    unstable, weak = told_of_right(operator, claim, typed, judgements, seed)
    return ClaimResult(
        operator,
        claim,
        spec,
        seed,
        links,
        correction,
        remarks=(*typed.remarks, *idle_gradients(typed)),
        advice=advice,
        unstable=unstable,
        weak=weak,
        cut_short=cuts() > before,
    )


def diagnosed(result: ClaimResult, options: Options) -> ClaimResult:
    """The result with what is known of its slips, where somebody has to look; with its power if asked."""
    if options.power:
        result = powered(result, options.settings)
    if options.diagnose == "off" or not (options.known_too or not result.as_expected):
        return result
    before = cuts()
    operator, claim = result.operator, result.claim
    typed = type_claim(operator, claim)
    judgements = tuple(link.judgement for link in result.links)
    if beyond_floats(judgements):
        return result
    # at a kink many formulas are right, none of which says what was meant
    judgements = tuple(replace(j, verdict="undecided") if is_at_kink(j) else j for j in judgements)
    legible = replace(typed, equation=typed.equation or typed.literal)
    found = diagnose(operator, claim, legible, judgements, options.settings.in_floats, options.diagnose)
    notation = Notation(operator, claim, typed)
    spread = consequences(operator, claim, typed, judgements, options.settings)
    return replace(
        result,
        diagnoses=tuple(_told(d, notation) for d in found),
        consequences=tuple(ConsequenceResult(link, tuple(errors.items())) for link, errors in spread),
        cut_short=result.cut_short or cuts() > before,
    )


def _told(diagnosis: Diagnosis, notation: Notation) -> DiagnosisResult:
    """A diagnosis for a reader, its formulas in the notation of the claim."""
    return DiagnosisResult(
        diagnosis.link,
        diagnosis.code,
        diagnosis.title,
        diagnosis.span,
        diagnosis.where,
        tuple(_suggested(s, notation) for s in diagnosis.suggestions),
        diagnosis.known,
    )


def _suggested(suggestion: Suggestion, notation: Notation) -> SuggestionResult:
    operator, claim = notation.operator, notation.claim
    shown = suggestion.equation
    if claim.kind == "gradient":
        shown = Equation(tuple(transform(s, _short) for s in shown.sides), shown.relations)  # type: ignore[misc]
    text = to_plain(shown)
    formula = Formula(Text.whole("suggestion", text), suggestion.equation)
    latex = pretty = None
    if notation.is_latex:
        typed = type_claim(operator, claim, formula)
        latex = notation.latex(formula, typed)
        sides = notation.pretty(formula, typed)
        pretty = " = ".join(sides) if sides else None
    edits = suggestion.edits
    if claim.kind == "gradient":
        edits = tuple(_GRADIENT.sub(r"d\1", edit) for edit in edits)
    return SuggestionResult(text, latex, pretty, edits, suggestion.draws)


def link_ids(claim: Claim, links: int) -> tuple[str, ...]:
    """The ids of the links: the claim's own, or its one id numbered."""
    if len(claim.ids) == links:
        return claim.ids
    return tuple(f"{claim.ids[0]}.{n + 1}" for n in range(links))


def _short(node: Node) -> Node:
    """In a gradient claim `dX` says the same as `grad(X)`."""
    match node:
        case Call("grad", (Name(name),)):
            return Name(f"d{name}", span=node.span)
    return node


def _shown_sides(formula: Formula, typed: TypedClaim, kind: str) -> tuple[str, ...]:
    """The sides as they were judged, in plain text; as they are written, where they have no plain form."""
    if typed.equation is not None:
        shown = [transform(side, _short) if kind == "gradient" else side for side in typed.equation.sides]
        return tuple(map(to_plain, shown))
    sides = formula.equation.sides
    return tuple(_shape(side) if kind == "shape" else _written(side) for side in sides)


def _shape(side: Expr) -> str:
    """A side of a claim about shapes, in plain text where it is one shape."""
    match side:
        case Call("stack", items):
            return f"[{', '.join(map(to_plain, items))}]"
        case Call("shape", (Noted(inner),) | (inner,)):
            return f"shape({to_plain(transform(inner, _short))})"
    return _written(side)


def _written(side: Expr) -> str:
    r"""A side as it is written; the place of a bracket does not include its `\left`."""
    if side.span is None:
        return "…"
    before = side.span.source.text[: side.span.start].rstrip()
    return (r"\left" if before.endswith(r"\left") else "") + " ".join(side.span.text.split())
