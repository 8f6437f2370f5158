"""What each draw showed of a link, drawn: the error found, and the smallest that would have been seen."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from gradcheck_cli.compare.verdict import Sight
from gradcheck_cli.report.words import count, percent

_WIDTH, _ROW, _LEFT, _RIGHT = 420, 18, 10, 70
_MAX_DRAWS = 12
"""More draws than a reader wants to see are left out."""


def draws(sights: Sequence[Sight], number: str) -> Markup | None:
    """The drawing; None where there are no errors to compare. `number` makes its ids unlike others."""
    shown = [s for s in sights if math.isfinite(s.error) and math.isfinite(s.floor) and s.floor > 0][
        :_MAX_DRAWS
    ]
    if not shown:
        return None
    low = math.floor(min(math.log10(max(v, 1e-18)) for s in shown for v in (s.floor, s.error or s.floor)))
    high = max(math.ceil(max(math.log10(max(s.error, s.floor)) for s in shown)), low + 1)
    span = _WIDTH - _LEFT - _RIGHT

    def x(value: float) -> str:
        return f"{_LEFT + span * (math.log10(max(value, 10.0**low)) - low) / (high - low):.1f}"

    height = _ROW * len(shown) + 22
    worst = max(shown, key=lambda s: s.error)
    said = (
        f"Errors at {count(len(shown), 'draw')}, relative, on a logarithmic axis."
        f" Largest {percent(worst.error)};"
        f" the smallest that would have been seen there {percent(worst.floor)}."
    )
    parts = [
        Markup(
            '<svg class="draws" role="img" aria-labelledby="{n}t" viewBox="0 0 {w} {h}"'
            ' width="{w}" height="{h}">'
            '<title id="{n}t">{said}</title>'
        ).format(n=number, w=_WIDTH, h=height, said=said)
    ]
    for row, sight in enumerate(shown):
        y = _ROW * row + _ROW // 2
        seen = sight.error > sight.floor
        parts.append(
            Markup(
                '<line class="track" x1="{l}" x2="{r}" y1="{y}" y2="{y}"/>'
                '<line class="floor" x1="{f}" x2="{f}" y1="{a}" y2="{b}"/>'
            ).format(l=_LEFT, r=_LEFT + span, y=y, f=x(sight.floor), a=y - 6, b=y + 6)
        )
        if sight.error > 0:
            shape = "bad" if seen else "good"
            parts.append(
                Markup('<circle class="{s}" cx="{x}" cy="{y}" r="4"/>').format(s=shape, x=x(sight.error), y=y)
            )
        parts.append(
            Markup('<text x="{x}" y="{y}">{t}</text>').format(
                x=_LEFT + span + 10, y=y + 4, t=percent(sight.error).replace(" × the true size", " ×")
            )
        )
    axis = Markup('<text class="axis" x="{x}" y="{y}" text-anchor="{a}">1e{p}</text>')
    parts += (
        axis.format(x=x(10.0**power), y=height - 4, p=power, a=anchor)
        for power, anchor in ((low, "start"), (high, "end"))
    )
    return Markup("").join([*parts, Markup("</svg>")])
