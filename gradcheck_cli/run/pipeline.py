"""The run, top to bottom: discover, load, plan, judge, collect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Protocol

from gradcheck_cli import __version__
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.report.result import ClaimResult, RunResult
from gradcheck_cli.run.attempt import Judged, one_by_one
from gradcheck_cli.run.discover import discover
from gradcheck_cli.run.executors import venue
from gradcheck_cli.run.jobs import Job, Loaded, plan, shown
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.record import Record
from gradcheck_cli.run.spread import Stopped, spread
from gradcheck_cli.run.stored import Outcome
from gradcheck_cli.run.writeups import load_any
from gradcheck_cli.text import Problem, UserError

Watch = Callable[[int, int, str], None]
"""Told as the work goes on: how many claims are done, how many there are, one that is next or under way."""


class Memory(Protocol):
    """Results from before: asked before a claim is judged, told afterwards."""

    def get(self, job: Job) -> ClaimResult | None:
        """The result of the job, if it is known."""

    def put(self, job: Job, result: ClaimResult) -> None:
        """Keeps the result of a job. Raises UserError if it can keep no more."""


def run(
    options: Options,
    cwd: Path,
    watch: Watch | None = None,
    memories: Sequence[Memory] = (),
    ready: Callable[[], None] = lambda: None,
) -> RunResult:
    """Everything that the options ask for. Never raises for what a spec contains.

    The first of the memories that knows a result gives it; all are told what is new to them.
    `ready` is called before something is judged in this process, if anything is.
    """
    found = discover(options.paths, cwd)
    files = [Loaded(file, load_any(file, shown(file, cwd), options.sources)) for file in found.files]
    todo = plan(files, options, cwd)
    problems = [*found.problems, *(p for file in files for p in file.spec.problems), *todo.problems]
    outcomes: dict[int, Outcome] = {}
    interrupted = 0
    try:
        with ExitStack() as stack:
            memories = list(memories)
            if options.resume is not None:
                memories.insert(0, stack.enter_context(Record(options.resume, options)))
            outcomes |= _remembered(todo.jobs, memories)
            left = [(number, job) for number, job in enumerate(todo.jobs) if number not in outcomes]
            for number, outcome in _judged(left, options, stack, ready, _begins(watch, todo.jobs, outcomes)):
                outcomes[number] = outcome
                _keep(todo.jobs[number], outcome, memories, problems)
    except KeyboardInterrupt:
        interrupted = len(todo.jobs) - len(outcomes)
    except UserError as error:  # the record, or the executor
        problems += error.problems
    except Stopped as reason:
        problems.append(_stopped(str(reason), len(todo.jobs) - len(outcomes)))
    every = [outcomes[number] for number in sorted(outcomes)]
    problems += [problem for outcome in every for problem in outcome.problems]
    return RunResult(
        tuple([outcome.result for outcome in every if outcome.result]),
        tuple(dict.fromkeys(problems)),
        tuple([outcome.crash for outcome in every if outcome.crash]),
        oracle=options.settings.oracle,
        device=options.settings.device,
        draws=options.settings.draws,
        versions=_versions(options.settings),
        bundled=found.bundled,
        interrupted=interrupted,
        unmatched=options.keyword if todo.unmatched else None,
    )


def _remembered(jobs: Sequence[Job], memories: Sequence[Memory]) -> dict[int, Outcome]:
    """What need not be judged."""
    known: dict[int, Outcome] = {}
    for number, job in enumerate(jobs):
        missing: list[Memory] = []
        for memory in memories:
            result = memory.get(job)
            if result is not None:
                known[number] = Outcome(result)
                for other in missing:
                    other.put(job, result)
                break
            missing.append(memory)
    return known


def _judged(
    jobs: list[tuple[int, Job]],
    options: Options,
    stack: ExitStack,
    ready: Callable[[], None],
    begins: Callable[[Job], None],
) -> Judged:
    """What became of the jobs, as it comes."""
    place = stack.enter_context(venue(options, len(jobs)))
    if place is None:
        if jobs:
            ready()
        return one_by_one(jobs, options, begins)
    return spread(place, jobs, options, begins)


def _keep(job: Job, outcome: Outcome, memories: list[Memory], problems: list[Problem]) -> None:
    """Tells the memories; one that fails is told no more."""
    result = outcome.lasting
    if result is None:
        return
    for memory in list(memories):
        try:
            memory.put(job, result)
        except UserError as error:
            problems += error.problems
            memories.remove(memory)


def _begins(watch: Watch | None, jobs: Sequence[Job], outcomes: dict[int, Outcome]) -> Callable[[Job], None]:
    return lambda job: watch(len(outcomes), len(jobs), job.claim.id) if watch is not None else None


def _stopped(reason: str, count: int) -> Problem:
    advice = "with `--resume FILE` another run goes on from here"
    return Problem(f"{count:,} claims were not judged: {reason}", help=advice)


def _versions(settings: Settings) -> dict[str, str]:
    found = {"gradcheck": __version__}
    for package in ("numpy", *(("torch",) if settings.needs_torch else ())):
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # an unusual installation; the figure is for the reader only
            found[package] = "unknown"
    return found
