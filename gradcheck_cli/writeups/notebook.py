r"""Reads notebooks: the Markdown cells, and code cells that begin with `%%gradcheck`.

The JSON is read token by token, so that every character of a cell keeps its
place in the file; what a reader is told is the cell, and the line in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from gradcheck_cli.text import Text
from gradcheck_cli.writeups.found import Block, Cell, Reading, cut
from gradcheck_cli.writeups.markdown import read_markdown

MAX_CELLS = 5000
"""How many cells of one notebook are read."""

MAX_DEPTH = 200
"""How deep the JSON may nest."""

_SOURCE = frozenset(["source", "input"])
_JSON = re.compile(r"\"(?P<string>[^\"\\]*+(?:\\.[^\"\\]*+)*+)\"|[{}\[\]:,]|[^\s{}\[\]:,\"]+|\"", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})(?:\\u([dD][c-fC-F][0-9a-fA-F]{2}))?|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_MAGIC = re.compile(r"\s*%%gradcheck[^\n]*(?:\n|$)")


def read_notebook(text: Text) -> tuple[Reading, ...]:
    """One reading for each cell that holds prose or a spec; none if this is not a notebook."""
    found: list[Reading] = []
    for number, (kind, cell) in enumerate(_cells(text), 1):
        if number > MAX_CELLS:
            break
        source = Cell(f"{text.source.name}:cell {number}", cell.value, cell)
        if kind == "markdown":
            reading = read_markdown(cell)
        elif kind == "code" and (magic := _MAGIC.match(cell.value)):
            yaml = cut(cell, [(min(magic.end(), len(cell.value)), len(cell.value))])
            reading = Reading(cell, "", blocks=(Block(0, len(cell.value), yaml),))
        else:
            continue
        found.append(replace(reading, cell=number, shown=source))
    return tuple(found)


@dataclass
class _Open:
    """An object or a list that is open, and the key under which it stands."""

    is_object: bool
    name: str
    key: str = ""
    expects_key: bool = True


@dataclass
class _Cell:
    """What was read of a cell."""

    kind: str = ""
    strings: list[tuple[int, int]] = field(default_factory=list)


def _cells(text: Text) -> Iterator[tuple[str, Text]]:
    """The kind and the text of every cell."""
    open_: list[_Open] = []
    cell = _Cell()
    for match in _JSON.finditer(text.value):
        sign = match.group()
        top = open_[-1] if open_ else _Open(is_object=False, name="")
        if match["string"] is not None:
            if top.is_object and top.expects_key:
                top.key, top.expects_key = match["string"], False
            elif _is_cell(open_) and top.key == "cell_type":
                cell.kind = match["string"]
            elif (_is_cell(open_) and top.key in _SOURCE) or (top.name in _SOURCE and _is_cell(open_[:-1])):
                cell.strings.append(match.span("string"))
        elif sign == '"':
            return  # a string that never ends
        elif sign in {"{", "["}:
            if len(open_) < MAX_DEPTH:
                open_.append(_Open(sign == "{", top.key if top.is_object else ""))
            else:
                return  # this is no notebook
            if _is_cell(open_):
                cell = _Cell()
        elif sign in {"}", "]"} and open_:
            if _is_cell(open_):
                yield cell.kind, _decoded(text, cell.strings)
            open_.pop()
        elif sign == ",":
            top.expects_key = True


def _is_cell(open_: list[_Open]) -> bool:
    """Whether an object in the list `cells` is the innermost."""
    return (
        3 <= len(open_) <= 5 and open_[-1].is_object and not open_[-2].is_object and open_[-2].name == "cells"
    )


def _decoded(text: Text, strings: list[tuple[int, int]]) -> Text:
    """The strings of a cell, one behind the other, with the places of their characters in the file."""
    value: list[str] = []
    places: list[int] = []
    behind = text.places[0]
    for start, end in strings:
        at = start
        for match in _ESCAPE.finditer(text.value, start, end):
            value.append(text.value[at : match.start()])
            places += text.places[at : match.start()]
            decoded = _character(match)
            value.append(decoded)
            places += [text.places[match.start()]] * len(decoded)
            at = match.end()
        value.append(text.value[at:end])
        places += text.places[at:end]
        behind = text.places[end]
    return Text("".join(value), text.source, [*places, behind])


def _character(match: re.Match[str]) -> str:
    """What an escape stands for; a lone half of a pair becomes the replacement character."""
    if match[3] is not None:
        return _LETTERS.get(match[3], match[3])
    code = int(match[1], 16)
    if 0xD800 <= code < 0xDC00 and match[2]:
        return chr(0x10000 + ((code - 0xD800) << 10) + int(match[2], 16) - 0xDC00)
    first = "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)
    second = "" if match[2] is None else "\ufffd"
    return first + second
