"""A check as one page: what needs somebody first, then every claim, by spec."""

from __future__ import annotations

from gradcheck_cli.report.findings import summary, troubles, worst_first
from gradcheck_cli.report.html_page import Shown, page, shown
from gradcheck_cli.report.result import RunResult


def render(result: RunResult) -> str:
    """The whole page."""
    views = {id(c): shown(c, f"c{n}") for n, c in enumerate(result.claims, 1)}
    specs: dict[str, list[Shown]] = {}
    for claim in result.claims:
        specs.setdefault(claim.spec, []).append(views[id(claim)])
    return page(
        "check.html",
        title="gradcheck",
        summary=summary(result),
        unexpected=[views[id(c)] for c in worst_first(result.unexpected)],
        known=[views[id(c)] for c in result.known_errors],
        specs=specs,
        bundled=result.bundled,
        problems=troubles(result),
        crashes=result.crashes,
        versions=result.versions,
    )
