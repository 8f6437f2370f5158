"""`gradcheck check`: the main job."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from gradcheck_cli.cli.common import (
    INTERRUPTED,
    USAGE,
    emit,
    make_options,
    mended,
    nothing_to_mend,
    perform,
    update_baseline,
    width,
)
from gradcheck_cli.cli.parallel import ExecutorOption, Jobs, Resume, ShardOption, spread_of

if TYPE_CHECKING:
    from rich.text import Text

    from gradcheck_cli.report.result import RunResult
    from gradcheck_cli.run.options import Options

MAX_DRAWS = 10_000


class Oracle(StrEnum):
    """Where the truth comes from."""

    both = "both"
    autograd = "autograd"
    differences = "differences"
    exact = "exact"


class Effort(StrEnum):
    """How hard to look for the slip."""

    off = "off"
    quick = "quick"
    full = "full"


class Format(StrEnum):
    """How the report is written."""

    text = "text"
    json = "json"
    junit = "junit"
    sarif = "sarif"
    github = "github"
    markdown = "markdown"
    html = "html"
    patch = "patch"


SUFFIXES = {
    ".txt": Format.text,
    ".sarif.json": Format.sarif,
    ".json": Format.json,
    ".sarif": Format.sarif,
    ".xml": Format.junit,
    ".md": Format.markdown,
    ".html": Format.html,
    ".htm": Format.html,
    ".patch": Format.patch,
    ".diff": Format.patch,
}
"""How a report is written into a file of this name; the first that fits."""


Device = Annotated[
    str | None,
    typer.Option(help="Where claims and autograd run: cpu or cuda.  [default: cpu]", show_default=False),
]
Seed = Annotated[
    int | None,
    typer.Option(
        min=0, max=2**63 - 1, help="Seed of all data. [default: from each claim's text]", show_default=False
    ),
]
Draws = Annotated[
    int | None,
    typer.Option(
        min=1, max=MAX_DRAWS, help="Fresh sets of data for each claim.  [default: 5]", show_default=False
    ),
]
Sources = Annotated[
    Path | None,
    typer.Option(help="Folder of the documents that the specs name; quotes are looked up there."),
]
AllowCode = Annotated[
    bool,
    typer.Option(
        "--allow-code",
        help="Run the listings of the specs, each in a process of its own, for claims of the kind `code`;"
        " as GRADCHECK_ALLOW_CODE=1.",
    ),
]
OracleOption = Annotated[
    Oracle | None,
    typer.Option(
        help="Truth by autograd confirmed by differences, with certificates by exact arithmetic; or one of"
        " them alone: `differences` and `exact` need no torch.  [default: both]",
        show_default=False,
    ),
]


Power = Annotated[
    bool,
    typer.Option(
        "--power",
        help="Put errors into each claim that holds, and say which of them would have been found.",
    ),
]


class After(Protocol):
    """Somebody who wants to know what a run found."""

    def __call__(self, options: Options, result: RunResult) -> None:
        """Is told once, before the report is written."""


def check(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Specs, or folders of them. [default: `paths` of [tool.gradcheck], else specs/]",
            show_default=False,
        ),
    ] = None,
    keyword: Annotated[
        str | None,
        typer.Option("-k", help="Only claims whose id, operator, file, kind or text contains this."),
    ] = None,
    oracle: OracleOption = None,
    device: Device = None,
    draws: Draws = None,
    seed: Seed = None,
    sources: Sources = None,
    allow_code: AllowCode = False,
    diagnose: Annotated[
        Effort | None,
        typer.Option(
            help="How hard to look for the slip behind a wrong claim, and for the right formula."
            "  [default: quick]",
            show_default=False,
        ),
    ] = None,
    power: Power = False,
    select: Annotated[
        list[str] | None,
        typer.Option(
            help="Only findings with these codes count: `GC001,GC002`; may be given several times.",
            show_default=False,
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(help="Findings with these codes do not count: `GC006`.", show_default=False),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(help="File of known findings, which do not fail the run.", show_default=False),
    ] = None,
    update: Annotated[
        bool,
        typer.Option("--update-baseline", help="Write the findings of this run into the baseline."),
    ] = False,
    jobs: Jobs = "1",
    executor: ExecutorOption = None,
    shard: ShardOption = None,
    resume: Resume = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Judge every claim again, and keep no results.")
    ] = False,
    format: Annotated[
        Format | None,
        typer.Option(help="How the report is written.  [default: text]", show_default=False),
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            help="Write the report to this file instead of stdout, in the format of its suffix (.json .sarif"
            " .xml .md .html .txt); may be given several times.",
            show_default=False,
        ),
    ] = None,
    diff: Annotated[
        bool, typer.Option("--diff", help="Print the verified corrections as a patch: --format patch.")
    ] = False,
    fix: Annotated[
        bool,
        typer.Option(
            "--fix", help="Write the verified corrections into the specs and the writeups they stand in."
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say only what needs action.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="List every claim.")] = False,
) -> None:
    """Judge every claim of the specs.

    Options that are not given come from the environment, as GRADCHECK_DRAWS=3,
    then from [tool.gradcheck] of the nearest pyproject.toml above.

    Exit status: 0 every claim is as expected; 1 some claim is not (undecided
    counts); 2 the request or a spec cannot be read; 3 an internal error; 130
    interrupted.
    """
    try:
        spread = spread_of(jobs, executor, shard, resume)
        options = make_options(
            paths,
            device=device,
            seed=seed,
            draws=draws,
            oracle=oracle.value if oracle else None,
            keyword=keyword,
            sources=sources,
            allow_code=allow_code,
            diagnose=diagnose.value if diagnose else None,
            select=select,
            ignore=ignore,
            baseline=baseline,
            update=update,
            power=power,
        )
        options = replace(spread.into(options), cache=not no_cache)
        result = perform(options)
        if context.obj is not None:
            context.obj(options, result)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    format = Format.patch if diff else format
    verbosity = -1 if quiet else int(verbose)
    written = True
    if update and not options.problems:
        result, written = update_baseline(result, options)
    files = [(file, _format_of(file, format or Format.text)) for file in output or []]
    for file, chosen in files:
        written = emit(_rendered(result, chosen, verbosity), file) and written
    if not files or (format is not None and format not in {chosen for _, chosen in files}):
        report = _rendered(result, format or Format.text, verbosity)
        if format is Format.patch and not report and result.unexpected:
            nothing_to_mend()
        written = emit(report, None) and written
    if fix:
        written = mended(result) and written
    raise typer.Exit(result.status if written else max(result.status, USAGE))


def _format_of(file: Path, otherwise: Format) -> Format:
    """The format that a file's name asks for."""
    name = file.name.lower()
    return next((chosen for suffix, chosen in SUFFIXES.items() if name.endswith(suffix)), otherwise)


def _rendered(result: RunResult, chosen: Format, verbosity: int) -> Text | str:
    """The report in a format."""
    if chosen is Format.text:
        from gradcheck_cli.report import terminal  # noqa: PLC0415

        return terminal.render(result, verbosity=verbosity, width=width())
    report = import_module(f"gradcheck_cli.report.{chosen.value}")
    text: str = report.render(result)
    return text
