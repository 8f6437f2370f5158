"""How values are spelled in YAML: a formula plain where that is safe, quoted or folded where it is not."""

from __future__ import annotations

import re
import textwrap

COLUMN = 40
"""Where comments begin, if there is room."""

WIDTH = 100
"""Columns of a drafted spec."""

_UNSAFE = re.compile(r": |:$| #|^[\s\-?:,\[\]{}#&*!|>'\"%@`]|\s$")
_WORDS = re.compile(r"\w[\w .(),/-]*")
_LETTERS = re.compile(r"[^\W\d_]{3}|^[^\W\d_]|[^\x00-\x7f]")
_MEANT = frozenset({"true", "false", "null", "yes", "no", "on", "off", "~", ""})


def scalar(value: str, indent: int, used: int) -> str:
    """A value behind `key: `, which begins in column `used`; long formulas go below it, folded."""
    value = " ".join(value.split())
    plain = _UNSAFE.search(value) is None and value.lower() not in _MEANT
    shown = value if plain else "'" + value.replace("'", "''") + "'"
    if used + len(shown) <= WIDTH or " " not in value:
        return shown
    lines = textwrap.wrap(
        value, WIDTH - indent - 2, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )
    return ">-\n" + "\n".join(" " * (indent + 2) + line for line in lines)


def word(value: str) -> str:
    """A name, heading or file name."""
    value = " ".join(_printable(value).split())
    if _WORDS.fullmatch(value) and _LETTERS.search(value) and value.lower() not in _MEANT:
        return value
    return "'" + value.replace("'", "''") + "'"


def comment(value: str) -> str:
    """Words behind `#`, on one line."""
    return " ".join(_printable(value).split())


def _printable(value: str) -> str:
    return "".join(c if c.isprintable() else " " for c in value)


def quoted(value: str) -> str:
    """Between single quotes."""
    return "'" + value.replace("'", "''") + "'"


def noted(row: str, remark: str) -> str:
    """A row with a comment behind it; behind the `>-` where its value is folded."""
    if not remark:
        return row
    first, _, rest = row.partition("\n")
    padding = max(2, COLUMN - len(first)) if len(first) <= COLUMN else 2
    first = f"{first}{' ' * padding}# {remark}"
    return f"{first}\n{rest}" if rest else first
