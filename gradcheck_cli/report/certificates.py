"""A certificate in words."""

from __future__ import annotations

from gradcheck_cli.compare.verdict import Certificate, Judgement

MOST = 300
"""Digits are told up to this: a difference of exactly zero has no end of them."""


def certificate_lines(judgement: Judgement) -> tuple[str, ...]:
    """What exact arithmetic says of a link, line by line; nothing where it was not asked."""
    found = judgement.certificate
    if found is None:
        return ()
    match found.outcome:
        case "none":
            told = found.reason == judgement.reason
            return () if told else (f"no certificate by exact arithmetic: {found.reason}",)
        case "false":
            return _false(found)
    return _holds(found)


def _holds(found: Certificate) -> tuple[str, ...]:
    equal = f"equal to {found.digits} digits" if found.digits < MOST else "exactly equal"
    elements = "1 element" if found.elements == 1 else f"every one of {found.elements} elements"
    lines = [f"exact: {equal} at {_points(found)}, {elements}, in balls of {found.bits} bits"]
    if found.witness is not None:
        lines.append(f"exact: central differences confirm the derivatives to {_digits(found.witness)}")
    if found.field is not None:
        field = found.field
        lines.append(
            f"exact: zero at a random point modulo 2^61 - 1; a false identity of degree ≤ {field.degree}"
            f" would pass with probability < {_chance(field.chance)}"
        )
    return tuple(lines)


def _false(found: Certificate) -> tuple[str, ...]:
    where = f" at [{found.index}]" if found.index else ""
    shown = _sizes(found.sizes[0])
    lines = [
        f"exact: proved false at a rational point: the two sides lie in disjoint balls{where}{shown}",
        f"  left  {found.left}",
        f"  right {found.right}",
    ]
    if found.data:
        lines.append("  where " + ", ".join(f"{name} = {value}" for name, value in found.data))
    if found.witness is not None:
        lines.append(f"exact: central differences confirm the derivatives to {_digits(found.witness)}")
    return tuple(lines)


def _digits(count: int) -> str:
    return f"{min(count, MOST)} digits"


def _points(found: Certificate) -> str:
    sizes = list(dict.fromkeys(_named(s) for s in found.sizes if s))
    count = "1 rational point" if found.points == 1 else f"{found.points} rational points"
    return f"{count} ({'; '.join(sizes)})" if sizes else count


def _sizes(sizes: tuple[tuple[str, int], ...]) -> str:
    return f" (with {_named(sizes)})" if sizes else ""


def _named(sizes: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in sizes)


def _chance(value: float) -> str:
    """Rounded up to two figures, so that it stays a bound."""
    text = f"{value:.1e}"
    return text if float(text) >= value else f"{float(text) + 10.0 ** (int(text.split('e')[1]) - 1):.1e}"
