"""`gradcheck schema`: the JSON Schema of a spec, or of a JSON report."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gradcheck_cli.cli.common import USAGE, emit, refuse


class What(StrEnum):
    """What there is a schema of."""

    spec = "spec"
    report = "report"
    audit = "audit"


def schema(
    what: Annotated[
        What, typer.Argument(help="Of a spec, or of the JSON report of `check` or `audit`.")
    ] = What.spec,
    check: Annotated[
        Path | None,
        typer.Option(
            help="Print nothing; say whether this file holds the schema: exit status 0, or 1 if it does not.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print the JSON Schema (draft 2020-12) of a spec, by which editors complete and check it.

    A spec names it in its first line: # yaml-language-server: $schema=gradcheck.schema.json
    """
    if what is What.spec:
        from gradcheck_cli.spec.json_schema import json_schema as made  # noqa: PLC0415  --help is quick
    elif what is What.report:
        from gradcheck_cli.report.json_schema import schema as made  # noqa: PLC0415
    else:
        from gradcheck_cli.report.audit_schema import schema as made  # noqa: PLC0415
    text = json.dumps(made(), indent=2, ensure_ascii=False) + "\n"
    if check is None:
        if not emit(text, None):
            raise typer.Exit(USAGE)
        return
    try:
        from gradcheck_cli.run.files import regular  # noqa: PLC0415

        same = regular(check).read_text(encoding="utf-8") == text
    except (OSError, ValueError) as error:
        raise refuse(f"{check} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not same:
        typer.echo(f"error: {check} is not the schema of this version", err=True)
        typer.echo(f"   = help: write it again: `gradcheck schema {what.value} > {check}`", err=True)
        raise typer.Exit(1)
