"""`gradcheck clean`: removes the cache."""

from __future__ import annotations

from typing import Annotated

import typer

from gradcheck_cli.cli.common import refuse
from gradcheck_cli.run.cache import files, folder, remove


def clean(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")
    ] = False,
) -> None:
    """Remove the results that were kept of earlier runs.

    They are in the user's cache folder, or in GRADCHECK_CACHE_DIR. Other files
    there stay.
    """
    where = folder()
    size = sum(bytes_ for _, bytes_ in files(where))
    if not size:
        typer.echo("there is nothing to remove: no results are kept")
        return
    if not dry_run:
        try:
            size = remove(where)
        except OSError as error:
            raise refuse(f"the cache in {where} cannot be removed: {error.strerror or error}") from None
    typer.echo(f"{'would free' if dry_run else 'freed'} {_readable(size)} in {where}")


def _readable(size: int) -> str:
    """Bytes in the largest unit that gives at least one."""
    if size >= 1 << 20:
        return f"{size / (1 << 20):.1f} MiB"
    return f"{size / 1024:.1f} KiB" if size >= 1024 else f"{size} bytes"
