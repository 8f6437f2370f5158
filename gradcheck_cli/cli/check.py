"""`gradcheck check`: the main job."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gradcheck_cli.cli.common import INTERRUPTED, USAGE, emit, make_options, perform, width

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
    format: Annotated[Format, typer.Option(help="How the report is written.")] = Format.text,
    output: Annotated[
        Path | None, typer.Option(help="Write the report to this file instead of stdout.")
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
    if format is Format.json:
        from gradcheck_cli.report import json  # noqa: PLC0415

        written = emit(json.render(result), output)
    else:
        from gradcheck_cli.report import terminal  # noqa: PLC0415

        verbosity = -1 if quiet else int(verbose)
        written = emit(terminal.render(result, verbosity=verbosity, width=width()), output)
    raise typer.Exit(result.status if written else max(result.status, USAGE))
