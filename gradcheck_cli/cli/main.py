"""The entry point: the commands, and the promise that a fault of ours never looks like a wrong claim."""

from __future__ import annotations

import sys
import traceback
from typing import Annotated

import typer

from gradcheck_cli import __version__
from gradcheck_cli.cli.check import check
from gradcheck_cli.cli.explain import explain

app = typer.Typer(
    name="gradcheck",
    help="Decides whether a gradient formula is true, as it was written.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(check)
app.command()(explain)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"gradcheck {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Decides whether a gradient formula is true, as it was written.

    Exit status: 0 every claim is as expected; 1 some claim is not; 2 the
    request or a spec cannot be read; 3 an internal error; 130 interrupted.
    """


def main() -> None:
    """Runs the command line; exit status 3 for whatever nobody foresaw."""
    for stream in (sys.stdout, sys.stderr):
        # a formula may hold any character, the terminal's encoding perhaps not
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except Exception as error:  # noqa: BLE001  the last resort
        traceback.print_exc()
        typer.echo(f"internal error: {type(error).__name__}: {error}", err=True)
        typer.echo("this is a fault of gradcheck, not of your spec; please report it", err=True)
        sys.exit(3)
