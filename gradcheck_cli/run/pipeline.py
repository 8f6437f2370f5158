"""The run, top to bottom: discover, load, select, judge, collect."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gradcheck_cli import __version__
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.report.result import ClaimResult, Crash, RunResult
from gradcheck_cli.run.discover import discover
from gradcheck_cli.run.documents import Documents
from gradcheck_cli.run.judged import diagnosed, judged, link_ids
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.writeups import load_any
from gradcheck_cli.spec.model import Claim, Operator, SpecFile
from gradcheck_cli.spec.typing import type_program
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
    specs = [(load_any(file, _shown(file, cwd)), file.parent) for file in found.files]
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
            operator = job.operator
            if claim.kind == "code":
                operator = documents.with_listing(operator, job.folder, spec.name)
            file = documents.file(operator, job.folder)
            result = replace(
                judged(spec, operator, claim, options.settings),
                place=place,
                drifted=drifted,
                document_file=_shown(file, cwd) if file else None,
            )
            claims.append(result)  # before it is diagnosed: the verdict waits for nothing
            claims[-1] = diagnosed(result, options)
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
            left_over = len(selected) - number - (bool(claims) and claims[-1].claim is claim)
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
            *link_ids(claim, claim.links),
            claim.kind,
            claim.formula.text.value,
        )
    )
    return keyword.lower() in words.lower()


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
