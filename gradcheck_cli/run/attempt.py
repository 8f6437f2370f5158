"""One job judged, whatever happens: nothing that a claim holds stops the others."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from gradcheck_cli.evaluate.backend import is_exhausted
from gradcheck_cli.report.result import ClaimResult, Crash
from gradcheck_cli.run.jobs import Job
from gradcheck_cli.run.judged import diagnosed, judged
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.stored import Outcome
from gradcheck_cli.text import Problem, UserError

Judged = Iterator[tuple[int, Outcome]]
"""Numbers of jobs and what became of them, in any order."""


def one_by_one(jobs: Iterable[tuple[int, Job]], options: Options, begins: Callable[[Job], None]) -> Judged:
    """Judges the jobs in this process; `begins` is told before each.

    An interrupt comes through after the verdict that was there already.
    """
    for number, job in jobs:
        begins(job)
        outcome = None
        try:
            for outcome in attempt(job, options):  # noqa: B007  the last one counts
                pass
        except KeyboardInterrupt:
            if outcome is not None:
                yield number, replace(outcome, complete=False)
            raise
        assert outcome is not None
        yield number, outcome


def attempt(job: Job, options: Options) -> Iterator[Outcome]:
    """The verdict as soon as there is one, then all that is known. Raises KeyboardInterrupt only."""
    result: ClaimResult | None = None
    claim = job.claim
    try:
        plain = judged(job.spec, job.operator, claim, job.settings)
        result = replace(plain, place=job.place, drifted=job.drifted, document_file=job.document_file)
        yield Outcome(result)  # before it is diagnosed: the verdict waits for nothing
        result = diagnosed(result, replace(options, settings=job.settings))
        yield Outcome(result)
    except UserError as error:
        yield Outcome(result, error.problems)
    except RecursionError:
        message, advice = "the definitions behind this claim nest too deep", "use fewer levels of `where:`"
        yield Outcome(result, (Problem(message, claim.span, help=advice),))
    except Exception as error:  # noqa: BLE001  one claim must not lose the results of the others
        if is_exhausted(error):
            device = job.settings.device
            where, other = (
                ("", "") if device == "cpu" else (f" on the device `{device}`", ", or `--device cpu`")
            )
            message = f"there is not enough memory{where} to judge this claim"
            advice = f"use smaller sizes{other}"
            yield Outcome(result, (Problem(message, claim.span, help=advice),))
            return
        name = f"{type(error).__name__}: {error}"
        yield Outcome(result, crash=crash(job, name, traceback.format_exc()))


def crash(job: Job, error: str, details: str = "") -> Crash:
    """A failure of the tool at a claim."""
    return Crash(job.spec, job.claim.id, job.claim.span, error, details)
