"""`gradcheck explain`: one claim in depth, or what a finding's code means."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from gradcheck_cli.cli.check import AllowCode, Device, Draws, OracleOption, Power, Seed, Sources
from gradcheck_cli.cli.common import INTERRUPTED, USAGE, emit, make_options, perform, refuse


def explain(
    claim: Annotated[str, typer.Argument(help="The id of a claim, or the code of a finding such as GC001.")],
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Where to look for it. [default: as for check]", show_default=False),
    ] = None,
    oracle: OracleOption = None,
    device: Device = None,
    draws: Draws = None,
    seed: Seed = None,
    sources: Sources = None,
    allow_code: AllowCode = False,
    power: Power = False,
) -> None:
    """Show one claim in depth: the forward, each link, what every draw showed, how the oracles agree."""
    from gradcheck_cli.report.rules import RULES  # noqa: PLC0415

    if claim in RULES:
        name, meaning = RULES[claim]
        typer.echo(f"{claim} {name}\n  {meaning}")
        return
    if re.fullmatch("GC1[0-9][0-9]", claim):
        from gradcheck_cli.diagnose.engine import page  # noqa: PLC0415

        text = page(claim)
        if text is None:
            raise refuse(f"there is no code `{claim}`", "findings name their codes: `GC001`, `GC103`")
        typer.echo(text)
        return
    from gradcheck_cli.report import terminal  # noqa: PLC0415
    from gradcheck_cli.text import nearest  # noqa: PLC0415

    try:
        options = make_options(
            paths,
            device=device,
            seed=seed,
            draws=draws,
            oracle=oracle.value if oracle else None,
            keyword=claim,
            sources=sources,
            allow_code=allow_code,
            diagnose="full",
            known_too=True,
            power=power,
        )
        result = perform(options)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    found = [c for c in result.claims if claim in c.claim.ids or claim in {link.id for link in c.links}]
    if not found:
        if result.claims:
            others = [c.claim.ids[0] for c in result.claims]
            close = nearest(claim, others) or others[0]
            raise refuse(f"no claim has the id `{claim}`", f"did you mean `{close}`?")
        if result.problems:
            emit(terminal.render(result, verbosity=-1), None)
            raise typer.Exit(result.status)
        raise refuse(f"no claim has the id `{claim}`", "`gradcheck check --verbose` lists all ids")
    if not all(emit(terminal.explain(one), None) for one in found):
        raise typer.Exit(USAGE)
    raise typer.Exit(0 if all(c.ok for c in found) else 1)
