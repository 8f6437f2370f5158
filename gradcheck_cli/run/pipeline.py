"""The run, top to bottom: discover, load, select, judge, collect."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path

from gradcheck_cli import __version__
from gradcheck_cli.compare.advice import cheaper_orders
from gradcheck_cli.compare.judge import judge
from gradcheck_cli.compare.settings import Settings, seed_of
from gradcheck_cli.compare.verdict import overall
from gradcheck_cli.lang.ast import Call, Expr, Name, Node, Noted, transform
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.report.result import ClaimResult, CorrectionResult, Crash, LinkResult, RunResult
from gradcheck_cli.run.discover import discover
from gradcheck_cli.run.documents import Documents
from gradcheck_cli.run.notation import Notation
from gradcheck_cli.run.options import Options
from gradcheck_cli.spec.load import load
from gradcheck_cli.spec.model import Claim, Formula, Operator, SpecFile
from gradcheck_cli.spec.typing import TypedClaim, type_claim, type_program
from gradcheck_cli.text import Problem, UserError

Watch = Callable[[int, int, str], None]
"""Told before each claim: how many are done, how many there are, which one is next."""


@dataclass(frozen=True)
class Job:
    """One claim to judge, and where it comes from."""

    spec: SpecFile
    folder: Path
    operator: Operator
    claim: Claim


def run(options: Options, cwd: Path, watch: Watch | None = None) -> RunResult:
    """Everything that the options ask for. Never raises for what a spec contains."""
    found = discover(options.paths, cwd)
    specs = [(load(file, name=_shown(file, cwd)), file.parent) for file in found.files]
    problems = [*found.problems, *(p for spec, _ in specs for p in spec.problems)]
    jobs, broken = _jobs(specs)
    problems += broken
    selected = [job for job in jobs if _matches(job, options.keyword)]
    claims: list[ClaimResult] = []
    crashes: list[Crash] = []
    left_over = 0
    documents = Documents(options.sources)
    published = {job.operator.document.document for job in selected}
    # all claims of a document are placed, so that a selection does not change which place is whose
    places = {
        id(job): documents.place(job.operator, job.claim, job.folder, job.spec.name)
        for job in jobs
        if job.operator.document.document in published
    }
    problems += documents.problems
    for number, job in enumerate(selected):
        spec, claim = job.spec, job.claim
        if watch is not None:
            watch(number, len(selected), claim.id)
        try:
            place, drifted = places[id(job)]
            operator = documents.with_listing(job.operator, job.folder, spec.name)
            result = judged(spec, operator, claim, options.settings)
            claims.append(replace(result, place=place, drifted=drifted))
        except UserError as error:
            problems += error.problems
        except RecursionError:
            problems.append(_too_deep(claim))
        except MemoryError:
            problems.append(
                Problem(
                    "there is not enough memory to judge this claim", claim.span, help="use smaller sizes"
                )
            )
        except KeyboardInterrupt:
            left_over = len(selected) - number
            break
        except Exception as error:  # noqa: BLE001  one claim must not lose the results of the others
            crashes.append(
                Crash(
                    spec.name,
                    claim.id,
                    claim.span,
                    f"{type(error).__name__}: {error}",
                    traceback.format_exc(),
                )
            )
    return RunResult(
        tuple(claims),
        tuple(dict.fromkeys(problems)),
        tuple(crashes),
        oracle=options.settings.oracle,
        device=options.settings.device,
        draws=options.settings.draws,
        versions=_versions(options.settings),
        bundled=found.bundled,
        interrupted=left_over,
        unmatched=options.keyword if jobs and not selected else None,
    )


def _shown(file: Path, cwd: Path) -> str:
    """How a file is named in reports: relative where it is below the working directory."""
    if file.is_relative_to(cwd):
        return file.relative_to(cwd).as_posix()  # as it was given, links and all
    try:
        return file.resolve().relative_to(cwd.resolve()).as_posix()
    except (ValueError, OSError, RuntimeError):
        return file.as_posix()


def _jobs(specs: Iterable[tuple[SpecFile, Path]]) -> tuple[list[Job], list[Problem]]:
    """The claims of all operators whose forward computation is sound, and the problems of the others."""
    jobs: list[Job] = []
    problems: list[Problem] = []
    for spec, folder in specs:
        for operator in spec.operators:
            try:
                type_program(operator)
            except UserError as error:
                problems += error.problems
            except RecursionError:
                problems.append(Problem("this forward computation nests too deep", operator.span))
            else:
                jobs += [Job(spec, folder, operator, claim) for claim in operator.claims]
    return jobs, problems


def _matches(job: Job, keyword: str | None) -> bool:
    if not keyword:
        return True
    claim = job.claim
    words = " ".join(
        (
            job.spec.name,
            job.operator.name,
            *_link_ids(claim, claim.links),
            claim.kind,
            claim.formula.text.value,
        )
    )
    return keyword.lower() in words.lower()


def judged(spec: SpecFile, operator: Operator, claim: Claim, settings: Settings) -> ClaimResult:
    """The result of one claim, its correction included. Raises UserError for what cannot be judged."""
    typed = type_claim(operator, claim)
    judgements = judge(operator, claim, typed, settings)
    sides = _shown_sides(claim.formula, typed, claim.kind)
    spans = [side.span for side in claim.formula.equation.sides]
    each = claim.expect if len(claim.expect) > 1 else (None,) * len(judgements)
    notation = Notation(operator, claim, typed)
    pretty = notation.pretty(claim.formula, typed)
    pairs = tuple(pairwise(pretty)) if pretty else (None,) * len(judgements)
    relation, verbatim = claim.formula.equation.relation, notation.is_latex and typed.equation is None
    links = tuple(
        LinkResult(
            id_, sides[n], sides[n + 1], spans[n + 1], judgement, each[n], pairs[n], relation(n), verbatim
        )
        for n, (id_, judgement) in enumerate(zip(_link_ids(claim, len(judgements)), judgements, strict=True))
    )
    correction = None
    if claim.correction is not None:
        right = type_claim(operator, claim, claim.correction)
        corrected = judge(operator, claim, right, settings)
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
    return ClaimResult(
        operator, claim, spec.name, seed, links, correction, remarks=typed.remarks, advice=advice
    )


def _link_ids(claim: Claim, links: int) -> tuple[str, ...]:
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


def _too_deep(claim: Claim) -> Problem:
    return Problem(
        "the definitions behind this claim nest too deep", claim.span, help="use fewer levels of `where:`"
    )


def _versions(settings: Settings) -> dict[str, str]:
    found = {"gradcheck": __version__}
    for package in ("numpy", *(() if settings.oracle == "differences" else ("torch",))):
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # an unusual installation; the figure is for the reader only
            found[package] = "unknown"
    return found
