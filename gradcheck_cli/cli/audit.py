"""`gradcheck audit`: whole writeups, formula by formula."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradcheck_cli.cli.check import AllowCode, Device, Draws, Effort, OracleOption, Seed
from gradcheck_cli.cli.common import INTERRUPTED, USAGE, emit, make_options, perform, refuse, width

if TYPE_CHECKING:
    from rich.text import Text

    from gradcheck_cli.report.audit import Audit
    from gradcheck_cli.run.options import Options


class Format(StrEnum):
    """How the report of an audit is written."""

    text = "text"
    json = "json"
    html = "html"


SUFFIXES = {".txt": Format.text, ".json": Format.json, ".html": Format.html, ".htm": Format.html}
"""How a report is written into a file with this suffix."""


def audit(
    writeups: Annotated[list[Path], typer.Argument(help="Writeups, or folders of them.", show_default=False)],
    specs: Annotated[
        list[Path] | None,
        typer.Option(
            help="Specs about the writeups, or folders of them; may be given several times."
            " [default: `paths` of [tool.gradcheck], else specs/]",
            show_default=False,
        ),
    ] = None,
    sources: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the documents that the specs name. [default: that of each writeup]",
            show_default=False,
        ),
    ] = None,
    oracle: OracleOption = None,
    device: Device = None,
    draws: Draws = None,
    seed: Seed = None,
    allow_code: AllowCode = False,
    diagnose: Annotated[
        Effort | None,
        typer.Option(
            help="How hard to look for the slip behind a wrong claim, known ones too.  [default: quick]",
            show_default=False,
        ),
    ] = None,
    format: Annotated[
        Format | None, typer.Option(help="How the report is written.  [default: text]", show_default=False)
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            help="Write the report to this file instead of stdout, in the format of its suffix (.html .json"
            " .txt); may be given several times.",
            show_default=False,
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say only what needs action.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="List what is not covered.")] = False,
) -> None:
    """Show for every formula of writeups whether a spec judges it, and with what verdict.

    A spec is about a writeup if it names it as its document, or stands in it.

    Exit status: 0 every claim is as expected; 1 some claim is not; 2 the
    request, a writeup or a spec cannot be read; 3 an internal error; 130
    interrupted. A formula that no spec covers does not count as an error.
    """
    if specs:
        missing = next((path for path in specs if not path.exists()), None)
        if missing is not None:
            raise refuse(f"`--specs {missing}` does not exist")
    try:
        result = _audited(
            make_options(
                None,
                device=device,
                seed=seed,
                draws=draws,
                oracle=oracle.value if oracle else None,
                keyword=None,
                sources=sources,
                allow_code=allow_code,
                diagnose=diagnose.value if diagnose else None,
                known_too=True,
            ),
            writeups,
            specs or [],
        )
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    verbosity = -1 if quiet else int(verbose)
    written = True
    files = [(file, SUFFIXES.get(file.suffix.lower(), format or Format.text)) for file in output or []]
    for file, chosen in files:
        written = emit(_rendered(result, chosen, verbosity), file) and written
    if not files or (format is not None and format not in {chosen for _, chosen in files}):
        written = emit(_rendered(result, format or Format.text, verbosity), None) and written
    raise typer.Exit(result.status if written else max(result.status, USAGE))


def _audited(options: Options, writeups: list[Path], specs: list[Path]) -> Audit:
    from gradcheck_cli.run.audit import Request, audit  # noqa: PLC0415  NumPy is not needed for --help

    return audit(Request(tuple(writeups), tuple(specs)), options, Path.cwd(), perform)


def _rendered(result: Audit, chosen: Format, verbosity: int) -> Text | str:
    """The report in a format."""
    if chosen is Format.html:
        from gradcheck_cli.report import audit_html  # noqa: PLC0415

        return audit_html.render(result)
    if chosen is Format.json:
        from gradcheck_cli.report import audit_json  # noqa: PLC0415

        return audit_json.render(result)
    from gradcheck_cli.report import audit_text  # noqa: PLC0415

    return audit_text.render(result, verbosity=verbosity, width=width())
