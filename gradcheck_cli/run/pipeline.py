"""The run, top to bottom: discover, load, select, judge, collect."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gradcheck_cli import __version__
from gradcheck_cli.compare.judge import Settings, judge, seed_of
from gradcheck_cli.compare.verdict import overall
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.report.result import ClaimResult, CorrectionResult, Crash, LinkResult, RunResult
from gradcheck_cli.run.discover import discover
from gradcheck_cli.run.options import Options
from gradcheck_cli.spec.load import load
from gradcheck_cli.spec.model import Claim, Operator, SpecFile
from gradcheck_cli.spec.typing import type_claim, type_program
from gradcheck_cli.text import Problem, UserError

Watch = Callable[[int, int, str], None]
"""Told before each claim: how many are done, how many there are, which one is next."""

Job = tuple[SpecFile, Operator, Claim]


def run(options: Options, cwd: Path, watch: Watch | None = None) -> RunResult:
    """Everything that the options ask for. Never raises for what a spec contains."""
    found = discover(options.paths, cwd)
    specs = [load(file, name=_shown(file, cwd)) for file in found.files]
    problems = [*found.problems, *(p for spec in specs for p in spec.problems)]
    jobs, broken = _jobs(specs)
    problems += broken
    selected = [job for job in jobs if _matches(job, options.keyword)]
    claims: list[ClaimResult] = []
    crashes: list[Crash] = []
    left_over = 0
    for number, (spec, operator, claim) in enumerate(selected):
        if watch is not None:
            watch(number, len(selected), claim.id)
        try:
            claims.append(judged(spec, operator, claim, options.settings))
        except UserError as error:
            problems += error.problems
        except RecursionError:
            problems.append(_too_deep(claim))
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
    try:
        return file.resolve().relative_to(cwd.resolve()).as_posix()
    except (ValueError, OSError, RuntimeError):
        return file.as_posix()


def _jobs(specs: Iterable[SpecFile]) -> tuple[list[Job], list[Problem]]:
    """The claims of all operators whose forward computation is sound, and the problems of the others."""
    jobs: list[Job] = []
    problems: list[Problem] = []
    for spec in specs:
        for operator in spec.operators:
            try:
                type_program(operator)
            except UserError as error:
                problems += error.problems
            except RecursionError:
                problems.append(Problem("this forward computation nests too deep", operator.span))
            else:
                jobs += [(spec, operator, claim) for claim in operator.claims]
    return jobs, problems


def _matches(job: Job, keyword: str | None) -> bool:
    if not keyword:
        return True
    spec, operator, claim = job
    words = " ".join((spec.name, operator.name, *claim.ids, claim.kind, claim.formula.text.value))
    return keyword.lower() in words.lower()


def judged(spec: SpecFile, operator: Operator, claim: Claim, settings: Settings) -> ClaimResult:
    """The result of one claim, its correction included. Raises UserError for what cannot be judged."""
    typed = type_claim(operator, claim)
    judgements = judge(operator, claim, typed, settings)
    sides = claim.formula.equation.sides
    each = claim.expect if len(claim.expect) > 1 else (None,) * len(judgements)
    ids = (
        claim.ids
        if len(claim.ids) == len(judgements)
        else tuple(
            claim.ids[0] if len(judgements) == 1 else f"{claim.ids[0]}.{n + 1}"
            for n in range(len(judgements))
        )
    )
    links = tuple(
        LinkResult(ids[n], to_plain(sides[n]), to_plain(sides[n + 1]), sides[n + 1].span, judgement, each[n])
        for n, judgement in enumerate(judgements)
    )
    correction = None
    if claim.correction is not None:
        corrected = judge(operator, claim, type_claim(operator, claim, claim.correction), settings)
        verdict = overall(tuple(j.verdict for j in corrected))
        reason = next((j.reason for j in corrected if j.verdict == verdict), "")
        correction = CorrectionResult(
            tuple(to_plain(side) for side in claim.correction.equation.sides), verdict, reason
        )
    return ClaimResult(operator, claim, spec.name, seed_of(operator, claim, settings), links, correction)


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
