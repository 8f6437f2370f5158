"""Where in a pyproject.toml a setting of `[tool.gradcheck]` stands; `tomllib` itself does not say.

A scan by lines that knows the usual ways to write it (`[tool.gradcheck]`,
`gradcheck.draws` below `[tool]`, `tool.gradcheck.draws`, an inline table). It
serves messages only: where it finds nothing, they name the file alone.
"""

from __future__ import annotations

import re

from gradcheck_cli.text import Source, Span

_HEADER = re.compile(r"^[ \t]*\[([^\]\n]*)\]", re.MULTILINE)
_VALUE = re.compile(r"""\[[^\]]*\]|\{[^}\n]*\}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s#,}]+""")


def table_place(source: Source) -> Span | None:
    """The name of the table where it begins."""
    found = re.search(r"^[^\n#]*?\bgradcheck\b", source.text, re.MULTILINE)
    return None if found is None else source.span(found.end() - len("gradcheck"), found.end())


def key_place(source: Source, key: str) -> Span | None:
    """The key itself."""
    for start, end, table in _sections(source.text):
        rest = {"tool.gradcheck": "", "tool": r"gradcheck\s*\.\s*", "": r"tool\s*\.\s*gradcheck\s*\.\s*"}
        before = rest.get(table)
        if before is None:
            continue
        written = rf"(?:{re.escape(key)}|\"{re.escape(key)}\"|'{re.escape(key)}')"
        found = re.compile(rf"^[ \t]*{before}({written})[ \t]*[=.]", re.MULTILINE).search(
            source.text, start, end
        )
        if found is None and before:  # gradcheck = { draws = 5 }
            inline = before.removesuffix(r"\s*\.\s*") + rf"\s*=\s*\{{[^\n]*?\b({written})\s*="
            found = re.compile(inline).search(source.text, start, end)
        if found is not None:
            return source.span(*found.span(1))
    return None


def value_place(source: Source, key: str, word: str = "") -> Span | None:
    """The value of a key, or in it the text `word`."""
    place = key_place(source, key)
    if place is None:
        return None
    equals = source.text.find("=", place.end)
    start = equals + 1 + len(source.text[equals + 1 :]) - len(source.text[equals + 1 :].lstrip(" \t"))
    found = _VALUE.match(source.text, start)
    if equals < 0 or found is None:
        return place
    inside = source.text.find(word, *found.span()) if word else -1
    if inside >= 0:
        return source.span(inside, inside + len(word))
    behind = found.end()
    if "\n" in found.group():  # the caret stays on the first line
        behind = start + len(found.group().partition("\n")[0].rstrip())
    return source.span(start, behind)


def _sections(text: str) -> list[tuple[int, int, str]]:
    """(start, end, name) of what stands before the first and below each header."""
    headers = list(_HEADER.finditer(text))
    ends = [*(h.start() for h in headers), len(text)]
    names = ["", *(re.sub(r"[\s\"']", "", h.group(1)) for h in headers)]
    starts = [0, *(h.end() for h in headers)]
    return list(zip(starts, ends, names, strict=True))
