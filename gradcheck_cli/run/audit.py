"""The audit, top to bottom: read the writeups, find the specs about them, judge, classify every formula."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gradcheck_cli.report.audit import Audit, AuditedDocument
from gradcheck_cli.report.result import ClaimResult, RunResult
from gradcheck_cli.run.audit_formulas import classified
from gradcheck_cli.run.audit_specs import Subject, groups, is_about
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.writeups import SUFFIXES
from gradcheck_cli.spec.load import read_text
from gradcheck_cli.text import Problem, Source
from gradcheck_cli.writeups.fences import find_specs
from gradcheck_cli.writeups.formulas import find_formulas, find_macros
from gradcheck_cli.writeups.kinds import read_document

Check = Callable[[Options], RunResult]
"""Judges the claims of some files."""


@dataclass(frozen=True)
class Request:
    """What is to be audited, and by which specs."""

    writeups: tuple[Path, ...]
    """Files, and folders of them."""
    specs: tuple[Path, ...] = ()
    """Files and folders; without any, those that a check without paths would take."""


def audit(request: Request, options: Options, cwd: Path, check: Check) -> Audit:
    """Every formula of the writeups with what is known about it. Never raises for what a file holds."""
    subjects, problems = _read(request.writeups, cwd)
    results: list[RunResult] = []
    claims: dict[Subject, list[ClaimResult]] = {subject: [] for subject in subjects}
    for group in groups(subjects, request.specs, options, cwd):
        problems += group.problems
        if not group.files:
            continue
        checked = check(replace(options, paths=group.files, sources=group.sources))
        mine: list[ClaimResult] = []
        for claim in checked.claims:
            about = [
                s for s in group.subjects if is_about(claim.operator, cwd / claim.spec, s, group.sources)
            ]
            for subject in about:
                claims[subject].append(claim)
            mine += [claim] if about else []
        results.append(replace(checked, claims=tuple(mine)))
    result = _joined(results, problems, options)
    return Audit(tuple(_document(subject, claims[subject]) for subject in subjects), result)


def _read(writeups: Iterable[Path], cwd: Path) -> tuple[list[Subject], list[Problem]]:
    """The writeups that can be read; of a folder those that hold formulas or specs."""
    subjects: dict[Path, Subject] = {}
    problems: list[Problem] = []
    for path in writeups:
        whole = (cwd / path).is_dir()
        for file in _inside(cwd / path) if whole else [cwd / path]:
            name = file.relative_to(cwd).as_posix() if file.is_relative_to(cwd) else file.as_posix()
            text = read_text(file, name)
            if isinstance(text, Problem):
                problems.append(text)
                continue
            source = Source(name, text)
            formulas, blocks = find_formulas(source), find_specs(source)
            if formulas or blocks or not whole:
                subjects.setdefault(file.resolve(), Subject(file, name, source, formulas, bool(blocks)))
    return list(subjects.values()), problems


def _inside(folder: Path) -> list[Path]:
    """The writeups below a folder, hidden ones left out; links to folders are not followed."""
    found: list[Path] = []
    for here, folders, files in os.walk(folder):
        folders[:] = [f for f in folders if not f.startswith(".")]
        found += (
            Path(here, f) for f in files if Path(f).suffix.lower() in SUFFIXES and not f.startswith(".")
        )
    return sorted(found)


def _document(subject: Subject, claims: Sequence[ClaimResult]) -> AuditedDocument:
    macros = find_macros(subject.source)
    return AuditedDocument(
        subject.name,
        subject.source,
        read_document(subject.source),
        macros,
        classified(subject.formulas, claims, macros),
        tuple(claims),
        tuple(dict.fromkeys(c.spec for c in claims)),
    )


def _joined(results: Sequence[RunResult], problems: Iterable[Problem], options: Options) -> RunResult:
    """One result out of those of the groups."""
    first = results[0] if results else RunResult(oracle=options.settings.oracle, draws=options.settings.draws)
    everything = [*problems, *(p for r in results for p in r.problems)]
    return replace(
        first,
        claims=tuple({id(c): c for r in results for c in r.claims}.values()),
        problems=tuple(dict.fromkeys(everything)),
        crashes=tuple(crash for r in results for crash in r.crashes),
        interrupted=sum(r.interrupted for r in results),
        bundled=False,
    )
