"""Files, operators and claims as pytest sees them: `file::operator::claim`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gradcheck_cli.run.configuration import configuration
from gradcheck_cli.run.excuses import excused
from gradcheck_cli.run.jobs import Job, Loaded, plan, shown
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.writeups import SUFFIXES, load_any
from gradcheck_cli.text import Problem, draw, plain

if TYPE_CHECKING:
    from _pytest._code.code import ExceptionInfo, TerminalRepr

    from gradcheck_cli.report.result import ClaimResult

OPTIONS = pytest.StashKey[Options]()

NO_SPEC = "this writeup holds no spec"
WIDTH = 100


class FindingError(Exception):
    """A claim that is not as its spec expects, or cannot be judged; its text is for the reader."""


def read_options(config: pytest.Config) -> Options:
    """The settings of the run. Raises UsageError."""
    here = config.invocation_params.dir
    sources = config.getoption("--gradcheck-sources")
    if sources is not None and not (here / sources).is_dir():
        raise pytest.UsageError(f"`--gradcheck-sources {sources}` is not a folder")
    chosen = configuration(here, given={"sources": here / sources} if sources is not None else {})
    if chosen.problems:
        raise pytest.UsageError("\n".join(draw(p) for p in chosen.problems))
    return Options.of(chosen)


class GradcheckFile(pytest.File):
    """A spec, or a writeup that holds specs."""

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """What is wrong with it as one test that fails, then its operators."""
        options, here = self.config.stash[OPTIONS], self.config.invocation_params.dir
        spec = load_any(self.path, shown(self.path, here), options.sources)
        if self.path.suffix.lower() in SUFFIXES and [p.message for p in spec.problems] == [NO_SPEC]:
            return  # it only speaks of gradcheck
        planned = plan([Loaded(self.path, spec)], options, here)
        problems = tuple(dict.fromkeys((*spec.problems, *planned.problems)))
        if problems:
            yield ProblemItem.from_parent(self, name="problems", problems=problems)
        jobs: dict[str, list[Job]] = {}
        for job in planned.jobs:
            jobs.setdefault(_name(job.operator.name), []).append(job)
        for name, some in jobs.items():
            yield OperatorCollector.from_parent(self, name=name, jobs=some)


class ProblemItem(pytest.Item):
    """What is wrong with a spec itself."""

    def __init__(self, *, problems: tuple[Problem, ...], **more: Any) -> None:
        super().__init__(**more)
        self.problems = problems

    def runtest(self) -> None:
        """Fails."""
        raise FindingError("\n\n".join(draw(p) for p in self.problems))

    def repr_failure(self, excinfo: ExceptionInfo[BaseException], style: Any = None) -> str | TerminalRepr:
        """The problems, with no traceback."""
        return _told(self, excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The line of the first problem."""
        span = self.problems[0].span
        return self.path, span.line - 1 if span else None, f"{self.path.name}: problems"


class OperatorCollector(pytest.Collector):
    """An operator of a spec."""

    def __init__(self, *, jobs: list[Job], **more: Any) -> None:
        super().__init__(**more)
        self.jobs = jobs

    def collect(self) -> Iterator[pytest.Item]:
        """Its claims."""
        for job in self.jobs:
            yield ClaimItem.from_parent(self, name=_name(job.claim.id), job=job)


class ClaimItem(pytest.Item):
    """One claim."""

    def __init__(self, *, job: Job, **more: Any) -> None:
        super().__init__(**more)
        self.job = job

    def runtest(self) -> None:
        """Judges the claim. A known error passes, since its spec expects it."""
        options, here = self.config.stash[OPTIONS], self.config.invocation_params.dir
        result = _judged(self.job, options)
        found = excused(_run_of(result), replace(options, keyword=self.job.claim.id), here)
        if found.problems:  # the baseline cannot be read
            raise FindingError("\n\n".join(draw(p) for p in found.problems))
        (result,) = found.claims
        if result.skipped:
            pytest.skip(result.links[0].judgement.reason)
        if result.counts:
            raise FindingError(_finding(result))
        if result.excuse:
            why = "in the baseline" if result.excuse == "baseline" else "ignored"
            pytest.xfail(f"{result.code} is {why}")

    def repr_failure(self, excinfo: ExceptionInfo[BaseException], style: Any = None) -> str | TerminalRepr:
        """The finding as `gradcheck check` tells it, with no traceback."""
        return _told(self, excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The line of the formula."""
        line = self.job.claim.formula.text.all.line
        return self.path, line - 1, f"{self.job.operator.name}: {self.job.claim.id}"


def _name(text: str) -> str:
    """A part of a node's id, which `::` and line ends would break."""
    return plain(" ".join(text.split())).replace("::", ":")


def _told(item: pytest.Item, excinfo: ExceptionInfo[BaseException], style: Any) -> str | TerminalRepr:
    if isinstance(excinfo.value, FindingError):
        return str(excinfo.value)
    return pytest.Item.repr_failure(item, excinfo, style)


def _judged(job: Job, options: Options) -> ClaimResult:
    """The result of a claim. Raises FindingError if there is none."""
    from gradcheck_cli.run.attempt import attempt  # noqa: PLC0415

    threads = _prepared(options)
    try:
        *_, outcome = attempt(job, options)
    finally:
        if threads:
            sys.modules["torch"].set_num_threads(threads)
    if outcome.crash is not None:
        raise FindingError(f"{outcome.crash.traceback}\nthis is a fault of gradcheck, not of the claim")
    if outcome.problems or outcome.result is None:
        raise FindingError("\n\n".join(draw(p) for p in outcome.problems))
    return outcome.result


def _prepared(options: Options) -> int:
    """Makes torch ready, if it is needed: with one thread, since the arrays are small. How many it had."""
    settings = options.settings
    if not settings.needs_torch:
        return 0
    import torch  # noqa: PLC0415  two seconds, and only where a claim is judged

    _, _, number = settings.device.partition(":")
    if settings.device != "cpu" and int(number or 0) >= torch.cuda.device_count():
        raise FindingError(f"torch sees no device `{settings.device}`")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    return threads


def _run_of(result: ClaimResult) -> Any:
    from gradcheck_cli.report.result import RunResult  # noqa: PLC0415

    return RunResult((result,))


def _finding(result: ClaimResult) -> str:
    """The finding as plain text."""
    from rich.text import Text  # noqa: PLC0415

    from gradcheck_cli.report.terminal_finding import finding  # noqa: PLC0415
    from gradcheck_cli.report.terminal_pen import Page  # noqa: PLC0415

    out = Text()
    unicode = (getattr(sys.__stdout__, "encoding", None) or "").lower().replace("-", "") == "utf8"
    finding(out, result, Page(WIDTH, unicode))
    return out.plain.rstrip("\n")
