"""The entry point: the commands, and the promise that a fault of ours never looks like a wrong claim."""

from __future__ import annotations

import errno
import signal
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from gradcheck_cli import __version__
from gradcheck_cli.cli.audit import audit
from gradcheck_cli.cli.check import After, check
from gradcheck_cli.cli.clean import clean
from gradcheck_cli.cli.common import INTERRUPTED, USAGE, interruptible
from gradcheck_cli.cli.draft import draft
from gradcheck_cli.cli.explain import explain
from gradcheck_cli.cli.kernel import kernel
from gradcheck_cli.cli.schema import schema
from gradcheck_cli.cli.streams import prepare, silence

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}

app = typer.Typer(
    name="gradcheck",
    help="Decides whether a gradient formula is true, as it was written.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (check, audit, explain, draft, clean, kernel, schema):
    app.command()(interruptible(command))


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


def _leave() -> None:
    """Ends after an interrupt; another one has nothing to interrupt but the end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(INTERRUPTED)


def _outside(error: Exception) -> str | None:
    """What is wrong around the tool, where that is the reason of an error."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return f"nothing more can be written: {error.strerror}"
    try:
        Path.cwd()
    except OSError:
        return "the working directory is not there any more"
    return None


def main(arguments: list[str] | None = None, after: After | None = None) -> None:
    """Runs the command line; exit status 3 for whatever nobody foresaw.

    `after` is told what `check` found, before the command ends.
    """
    prepare()
    try:
        app(arguments, prog_name="gradcheck", obj=after)
    except KeyboardInterrupt:
        _leave()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _leave()
        raise
    except Exception as error:  # noqa: BLE001  the last resort
        if (reason := _outside(error)) is not None:
            with suppress(OSError):
                typer.echo(f"error: {reason}", err=True)
            silence(sys.stdout)
            sys.exit(USAGE)
        traceback.print_exc()
        typer.echo(f"internal error: {type(error).__name__}: {error}", err=True)
        typer.echo("this is a fault of gradcheck, not of your spec; please report it", err=True)
        sys.exit(3)
