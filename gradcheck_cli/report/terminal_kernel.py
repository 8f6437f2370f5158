"""The report on an implementation: a line for each result, and what is the matter with it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text as RichText

from gradcheck_cli.report.kernel_result import KernelResult, Seen
from gradcheck_cli.report.terminal_pen import MARK, STYLE, write
from gradcheck_cli.report.words import count, percent

_ROUNDOFF = {"float64": "2⁻⁵³", "float32": "2⁻²⁴", "bfloat16": "2⁻⁸"}


def render(results: Sequence[KernelResult], heading: str, dtype: str, seed: int) -> RichText:
    """The whole report."""
    out = RichText()
    write(out, heading, "bold")
    told = _together(results)
    width = max(map(len, told))
    for names, result in told.items():
        _result(out, names, result, width)
    bad = sum(r.verdict != "holds" for r in results)
    roundoff = _ROUNDOFF[dtype]
    write(
        out,
        f"floors: the rounding measured in float64, scaled to the unit roundoff {roundoff} of {dtype}",
        "dim",
    )
    write(out, f"{count(len(results[0].seen), 'draw')}, seed {seed}", "dim")
    if bad:
        write(out, f"✗ {bad} of {count(len(results), 'result')} not as the spec has it", "bold red")
    else:
        write(out, f"✓ {count(len(results), 'result')} as the spec has it", "bold green")
    return out


def _together(results: Sequence[KernelResult]) -> dict[str, KernelResult]:
    """The results by name; those of which one thing is said in one line, since it is one mistake."""
    reasons = [r.worst.reason for r in results if r.verdict != "holds"]
    if len(results) > 1 and len(reasons) == len(results) and reasons[0] and len(set(reasons)) == 1:
        return {", ".join(r.name for r in results): results[0]}
    return {r.name: r for r in results}


def _result(out: RichText, name: str, result: KernelResult, width: int) -> None:
    worst = result.worst
    out.append(f"  {MARK[result.verdict]} ", style=STYLE[result.verdict])
    write(out, f"{name:<{width}}  ", "bold", end="")
    if result.verdict == "holds":
        seen = f"errors from {percent(max(s.element for s in result.seen))} in one element"
        whole = f"{percent(max(s.whole for s in result.seen))} in all would be seen"
        largest = max(s.error for s in result.seen)
        write(out, f"holds; largest error {percent(largest) if largest else 'none'} ({seen}, {whole})")
        return
    write(out, f"{result.verdict}: {worst.reason or _off(worst)}")
    if not result.stable:
        write(
            out,
            "      the error shrinks with the precision: the formula is right, and its rounding too large",
        )


def _off(worst: Seen) -> str:
    sizes = ", ".join(f"{name} = {value}" for name, value in sorted((worst.sizes or {}).items()))
    at = f" at [{worst.index}]" if worst.index else ""
    values = f"true {worst.true:.6g}, computed {worst.computed:.6g}"
    return f"off by {percent(worst.error)}{at}: {values}" + (f" (with {sizes})" if sizes else "")
