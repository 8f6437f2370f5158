"""Which findings of a run do not count: their codes are ignored, or the baseline knows them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gradcheck_cli.report.result import ClaimResult, RunResult
from gradcheck_cli.run.baseline import Baseline, read_baseline
from gradcheck_cli.run.files import put
from gradcheck_cli.run.jobs import shown
from gradcheck_cli.text import Problem

if TYPE_CHECKING:
    from gradcheck_cli.run.options import Options

NOT_LISTED = "its spec is not one of `allow-code` in pyproject.toml"


def excused(result: RunResult, options: Options, cwd: Path) -> RunResult:
    """The run with its excuses: what is ignored, what is known, and what of the baseline is no more."""
    claims = tuple(_explained(c, options, cwd) for c in result.claims)
    claims = tuple(replace(c, excuse="ignored" if ignored(c, options) else "") for c in claims)
    result = replace(result, claims=claims)
    if options.baseline is None:
        return result
    baseline = read_baseline(cwd / options.baseline, shown(options.baseline, cwd))
    if isinstance(baseline, Problem):
        if options.update and not (cwd / options.baseline).exists():
            return result  # it is about to be written
        return replace(result, problems=(*result.problems, baseline))
    open_ = [n for n, c in enumerate(claims) if not c.excuse]
    known = {open_[n] for n in baseline.known((claims[n] for n in open_), cwd)}
    claims = tuple(replace(c, excuse="baseline") if n in known else c for n, c in enumerate(claims))
    gone = baseline.gone(result, cwd, partial=bool(options.keyword))
    return replace(result, claims=claims, gone=tuple(str(entry) for entry in gone))


def ignored(c: ClaimResult, options: Options) -> bool:
    """Whether the codes of the run leave the finding of a claim out."""
    if c.ok or c.code is None:
        return False
    return c.code in options.ignore or bool(options.select and c.code not in options.select)


def update(result: RunResult, options: Options, cwd: Path) -> tuple[int, int] | Problem:
    """Writes the findings of a run into its baseline: how many there are now, and were before.

    An existing file that is not a baseline is left as it is.
    """
    assert options.baseline is not None
    file, name = cwd / options.baseline, shown(options.baseline, cwd)
    before = read_baseline(file, name) if file.exists() else Baseline(file)
    if isinstance(before, Problem):
        return before
    after = before.updated(result, cwd, partial=bool(options.keyword))
    try:
        if after.entries != before.entries or not file.exists():
            # a lone surrogate, as in the name of a file that is not UTF-8, is escaped as JSON does it
            put(file, after.render().encode("utf-8", "backslashreplace"))
    except OSError as error:
        return Problem(f"the baseline cannot be written: {error.strerror or error}", file=name)
    return len(after.entries), len(before.entries)


def _explained(c: ClaimResult, options: Options, cwd: Path) -> ClaimResult:
    """A claim that was skipped although the user allows code, with the reason."""
    if not c.skipped or not options.settings.allow_code or options.may_run(cwd / c.spec):
        return c
    links = (replace(link, judgement=replace(link.judgement, reason=NOT_LISTED)) for link in c.links)
    return replace(c, links=tuple(links))
