"""What there is to judge: the claims of the specs of a run, each with its place in its document."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.run.documents import Documents
from gradcheck_cli.run.judged import link_ids
from gradcheck_cli.run.options import Options
from gradcheck_cli.spec.model import Claim, Operator, SpecFile
from gradcheck_cli.spec.typing import type_program
from gradcheck_cli.text import Problem, Source, Span, UserError


@dataclass(frozen=True)
class Job:
    """One claim to judge, and where it comes from."""

    spec: str
    """The file, as messages name it."""
    operator: Operator
    """With the code of its listing, where the claim is about that."""
    claim: Claim
    settings: Settings = field(default_factory=Settings)
    """How to judge it: as the options say, but for where listings may be run."""
    place: Span | None = None
    """Where the claim stands in its document, if that was found."""
    document_file: str | None = None
    """That document as a path from the working directory."""
    drifted: bool = False
    """The document was found, and the quoted formula is not in it."""

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """The texts that judging can point into."""
        return sources_of(self.operator, self.claim)

    @property
    def content(self) -> str:
        """A digest of what is judged, and how.

        Whole texts are taken, since a result holds offsets into them. The place in
        the document is left out: it is no part of what is judged or stored.
        """
        claim, listing = self.claim, self.operator.listing
        parts = (
            self.spec,
            self.settings,
            *(_digest(source) for source in self.sources),
            self.operator.span.start,
            claim.span.start,
            claim.ids,
            claim.formula.text.value,
            listing and (listing.code, listing.name, listing.first),
        )
        return hashlib.sha256(repr(parts).encode("utf-8", "backslashreplace")).hexdigest()


def sources_of(operator: Operator, claim: Claim) -> tuple[Source, ...]:
    """The distinct texts of an operator and a claim: nearly always one, the file; else its document too."""
    given = (each.value for each in operator.inputs if each.value)
    definitions = (*given, *operator.forward, *operator.where, *operator.dims, *claim.where, *claim.when)
    formulas = (claim.formula, *((claim.correction,) if claim.correction else ()))
    texts = (each.text.source for each in (*formulas, *definitions))
    return tuple(dict.fromkeys((operator.span.source, claim.span.source, *texts)))


@lru_cache(maxsize=16)
def _digest(source: Source) -> str:
    return hashlib.sha256(source.text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Loaded:
    """A file of the run, read."""

    file: Path
    spec: SpecFile


@dataclass(frozen=True)
class Plan:
    """What to judge, in the order of the specs, and what stands in the way of the rest."""

    jobs: tuple[Job, ...]
    problems: tuple[Problem, ...]
    unmatched: bool = False
    """There are claims, and the keyword selects none of them."""


def plan(files: Iterable[Loaded], options: Options, cwd: Path) -> Plan:
    """The claims that the keyword and the shard select, with their places in their documents."""
    every, problems = _claims(files, options)
    matched = [one for one in every if _matches(one[1], options.keyword)]
    first, step = options.shard
    selected = matched[first - 1 :: step]
    documents = Documents(options.sources)
    published = {job.operator.document.document for _, job in selected}
    # all claims of a document are placed, so that a selection does not change which place is whose
    places = {
        id(job): documents.place(job.operator, job.claim, folder, job.spec)
        for folder, job in every
        if job.operator.document.document in published
    }
    jobs: list[Job] = []
    for folder, job in selected:
        place, drifted = places[id(job)]
        file = documents.file(job.operator, folder)
        try:
            operator = job.operator
            if job.claim.kind == "code":
                operator = documents.with_listing(operator, folder, job.spec)
        except UserError as error:
            problems += error.problems
        else:
            name = shown(file, cwd) if file else None
            jobs.append(replace(job, operator=operator, place=place, drifted=drifted, document_file=name))
    return Plan(tuple(jobs), (*problems, *documents.problems), bool(every) and not matched)


def shown(file: Path, cwd: Path) -> str:
    """How a file is named in reports: relative where it is below the working directory."""
    if file.is_relative_to(cwd):
        return file.relative_to(cwd).as_posix()  # as it was given, links and all
    try:
        return file.resolve().relative_to(cwd.resolve()).as_posix()
    except (ValueError, OSError, RuntimeError):
        return file.as_posix()


def _too_deep(operator: Operator) -> Problem:
    advice = "split long formulas into several lines of `forward`"
    return Problem("this forward computation nests too deep", operator.span, help=advice)


def _claims(files: Iterable[Loaded], options: Options) -> tuple[list[tuple[Path, Job]], list[Problem]]:
    """The claims of all operators whose forward computation is sound, and the problems of the others."""
    jobs: list[tuple[Path, Job]] = []
    problems: list[Problem] = []
    for file, spec in ((each.file, each.spec) for each in files):
        settings = options.settings_for(file)
        for operator in spec.operators:
            try:
                type_program(operator)
            except UserError as error:
                problems += error.problems
            except RecursionError:
                problems.append(_too_deep(operator))
            else:
                jobs += [
                    (file.parent, Job(spec.name, operator, claim, settings)) for claim in operator.claims
                ]
    return jobs, problems


def _matches(job: Job, keyword: str | None) -> bool:
    if not keyword:
        return True
    claim = job.claim
    words = " ".join(
        (
            job.spec,
            job.operator.name,
            *link_ids(claim, claim.links),
            claim.kind,
            claim.formula.text.value,
        )
    )
    return keyword.lower() in words.lower()
