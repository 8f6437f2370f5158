"""`gradcheck draft`: a spec proposed from a writeup."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gradcheck_cli.cli.common import INTERRUPTED, emit, refuse

NOTHING = 1
"""The status where a writeup holds nothing to judge."""


def draft(
    writeup: Annotated[
        Path,
        typer.Argument(
            help="Markdown, HTML, LaTeX, reStructuredText, a notebook, or text with formulas.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the spec to this file instead of stdout.")
    ] = None,
    section: Annotated[
        str | None, typer.Option(help="Only the sections whose heading contains this.", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file of `--output`.")] = False,
) -> None:
    """Propose a spec from a writeup: inputs with shapes, the forward, and the claims as they are printed.

    What the writeup does not say is marked `assumed` or `TODO`. Nothing is
    judged: run `gradcheck check` on the result. Exit status: 0 a spec was
    drafted; 1 there is nothing to judge; 2 the request cannot be carried out.
    """
    from gradcheck_cli.run.drafting.report import draft_file  # noqa: PLC0415  not needed for --help
    from gradcheck_cli.text import Problem, draw  # noqa: PLC0415

    if output is not None and output.exists() and not force:
        raise refuse(f"{output} exists already", "give another name, or `--force` to overwrite it")
    try:
        found = draft_file(writeup, section)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    if isinstance(found, Problem):
        typer.echo(draw(found), err=True)
        raise typer.Exit(2)
    typer.echo(found.summary, err=True)
    if not found.operators:
        raise typer.Exit(NOTHING)
    if not emit(found.text, output):
        raise typer.Exit(2)
    if output is not None:
        typer.echo(f"written to {output}; next: gradcheck check {output}", err=True)
