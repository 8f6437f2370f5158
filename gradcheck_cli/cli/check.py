"""`gradcheck check`: the main job."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradcheck_cli.cli.common import INTERRUPTED, USAGE, emit, make_options, perform, width

if TYPE_CHECKING:
    from rich.text import Text

    from gradcheck_cli.report.result import RunResult

MAX_DRAWS = 10_000


class Oracle(StrEnum):
    """Where the truth comes from."""

    both = "both"
    autograd = "autograd"
    differences = "differences"


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


SUFFIXES = {
    ".txt": Format.text,
    ".sarif.json": Format.sarif,
    ".json": Format.json,
    ".sarif": Format.sarif,
    ".xml": Format.junit,
    ".md": Format.markdown,
}
"""How a report is written into a file of this name; the first that fits."""


Device = Annotated[str, typer.Option(help="Where claims and autograd run: cpu or cuda.")]
Seed = Annotated[
    int | None,
    typer.Option(
        min=0, max=2**63 - 1, help="Seed of all data. [default: from each claim's text]", show_default=False
    ),
]
Draws = Annotated[int, typer.Option(min=1, max=MAX_DRAWS, help="Fresh sets of data for each claim.")]
Sources = Annotated[
    Path | None,
    typer.Option(help="Folder of the documents that the specs name; quotes are looked up there."),
]
AllowCode = Annotated[
    bool,
    typer.Option(
        "--allow-code",
        envvar="GRADCHECK_ALLOW_CODE",
        help="Run the listings of the specs, each in a process of its own, for claims of the kind `code`.",
    ),
]
OracleOption = Annotated[
    Oracle,
    typer.Option(
        help="Truth by autograd confirmed by differences, or one alone; `differences` needs no torch."
    ),
]


def check(
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
    oracle: OracleOption = Oracle.both,
    device: Device = "cpu",
    draws: Draws = 5,
    seed: Seed = None,
    sources: Sources = None,
    allow_code: AllowCode = False,
    diagnose: Annotated[
        Effort,
        typer.Option(help="How hard to look for the slip behind a wrong claim, and for the right formula."),
    ] = Effort.quick,
    format: Annotated[
        Format | None,
        typer.Option(help="How the report is written.  [default: text]", show_default=False),
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            help="Write the report to this file instead of stdout, in the format of its suffix (.json .sarif"
            " .xml .md .txt); may be given several times.",
            show_default=False,
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say only what needs action.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="List every claim.")] = False,
) -> None:
    """Judge every claim of the specs.

    Exit status: 0 every claim is as expected; 1 some claim is not (undecided
    counts); 2 the request or a spec cannot be read; 3 an internal error; 130
    interrupted.
    """
    try:
        options = make_options(
            paths,
            device=device,
            seed=seed,
            draws=draws,
            oracle=oracle.value,
            keyword=keyword,
            sources=sources,
            allow_code=allow_code,
            diagnose=diagnose.value,
        )
        result = perform(options)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    verbosity = -1 if quiet else int(verbose)
    written = True
    files = [(file, _format_of(file, format or Format.text)) for file in output or []]
    for file, chosen in files:
        written = emit(_rendered(result, chosen, verbosity), file) and written
    if not files or (format is not None and format not in {chosen for _, chosen in files}):
        emit(_rendered(result, format or Format.text, verbosity), None)
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
