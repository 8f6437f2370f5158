r"""The commands that a document defines for itself, collected; `expansion` puts them in where they are used.

`\newcommand`, `\renewcommand`, `\providecommand`, `\def`, `\let`, `\DeclareMathOperator` and
`\DeclarePairedDelimiter` are read; one definition is as long as a line or two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from gradcheck_cli.text import Span, Text
from gradcheck_cli.writeups.found import hide

MAX_MACROS = 1000
"""How many definitions of one document are collected."""

MAX_BODY = 1000
"""A longer body is no abbreviation in a formula."""

_DEFINITION = re.compile(
    r"\\(?P<kind>(?:re)?newcommand|providecommand|DeclareRobustCommand|DeclareMathOperator"
    r"|DeclarePairedDelimiter|[gex]?def|let)(?![A-Za-z])\*?\s{0,5}"
    r"(?P<brace>\{?)\s?(?P<name>\\(?:[A-Za-z]{1,40}|[^A-Za-z\s\0]))\s?(?P<end>\}?)"
)
_ARITY = re.compile(r"\s{0,5}\[(\d)\]")
_DEFAULT = re.compile(r"\s{0,5}\[([^\[\]\n\0]{0,100})\]")
_PARAMETERS = re.compile(r"(?:#[1-9]){0,9}")
_ALIAS = re.compile(r"\s?=?\s?(\\(?:[A-Za-z]{1,40}|[^A-Za-z\s\0]))")
_BRACE = re.compile(r"\\[\s\S]|[{}\0]|\n[ \t\r]*\n")
_EDGE = re.compile(r"\s*(\\(?:begin|end)\s?\{[A-Za-z]{1,30}\*?\})\s*")


_SIGNS = {r"\[": r"\begin{equation*}", r"\]": r"\end{equation*}"}


@dataclass(frozen=True, eq=False)
class Macro:
    """One command: how many arguments it takes, and what it stands for, with `#1` for the first."""

    name: str
    """With its backslash."""
    arity: int
    body: Text
    span: Span
    """The whole definition."""
    default: str | None = None
    """What the first argument is where it is left out; it stands in brackets where it is not."""
    start: int = 0
    end: int = 0
    """Where the definition stands in the readable text."""


def macros_of(text: Text, prose: str) -> tuple[Macro, ...]:
    """The definitions in the prose of a document, in order, at most `MAX_MACROS`."""
    found: list[Macro] = []
    at = failed = 0
    while len(found) < MAX_MACROS and failed < MAX_MACROS and (match := _DEFINITION.search(prose, at)):
        macro = _macro(text, prose, match)
        at = macro.end if macro else match.end()
        if macro:
            found.append(macro)
        else:
            failed += 1
    return tuple(found)


def _macro(text: Text, prose: str, match: re.Match[str]) -> Macro | None:
    kind, at = match["kind"], match.end()
    if (match["brace"] == "{") != (match["end"] == "}"):
        return None
    arity, default = 0, None
    if kind == "let":
        alias = _ALIAS.match(prose, at)
        stretch = alias.span(1) if alias else None
        behind = alias.end() if alias else at
    else:
        if kind.endswith("def"):
            parameters = _PARAMETERS.match(prose, at)
            assert parameters is not None  # it may be empty
            arity, at = len(parameters.group()) // 2, parameters.end()
        elif given := _ARITY.match(prose, at):
            arity, at = int(given[1]), given.end()
            if optional := _DEFAULT.match(prose, at):
                default, at = optional[1], optional.end()
        stretch = _group(prose, at)
        behind = stretch[1] + 1 if stretch else at
    if stretch is None:
        return None
    body = text_between(text, *stretch)
    if kind == "DeclareMathOperator":
        body = _around(r"\operatorname{", body, "}")
    elif kind == "DeclarePairedDelimiter":
        second = _group(prose, behind)
        if second is None:
            return None
        body, arity = _around("", body, f" #1 {prose[slice(*second)]}"), 1
        behind = second[1] + 1
    start = match.start()
    span = Span(text.source, text.places[start], text.places[behind - 1] + 1)
    return Macro(match["name"], arity, body, span, default, start, behind)


def text_between(text: Text, start: int, end: int) -> Text:
    """A stretch of a text as a text."""
    behind = text.places[end - 1] + 1 if end > start else text.places[start]
    return Text(text.value[start:end], text.source, [*text.places[start:end], behind])


def _around(before: str, text: Text, behind: str) -> Text:
    first, last = text.places[0], text.places[-1]
    places = [*([first] * len(before)), *text.places[:-1], *([last] * len(behind)), last]
    return Text(before + text.value + behind, text.source, places)


def _group(prose: str, at: int) -> tuple[int, int] | None:
    """What stands between the braces that open here, or behind a little white space."""
    while at < len(prose) and prose[at] in " \t\r\n":
        at += 1
    if prose[at : at + 1] != "{":
        return None
    depth = 0
    for match in _BRACE.finditer(prose, at, at + MAX_BODY):
        sign = match.group()
        if sign not in {"{", "}"}:
            if sign[0] == "\\":
                continue
            return None
        depth += 1 if sign == "{" else -1
        if not depth:
            return at + 1, match.start()
    return None


def without_definitions(prose: str, macros: Iterable[Macro]) -> str:
    """The prose with the definitions blanked, so that their bodies are not taken for formulas."""
    return hide(prose, ((m.start, m.end) for m in macros), " ")


def delimiters(macros: Iterable[Macro]) -> dict[str, str]:
    r"""The commands that only begin or end an environment: `\be` for `\begin{equation}`."""
    found: dict[str, str] = {}
    for macro in macros:
        edge = _EDGE.fullmatch(macro.body.value)
        if edge and not macro.arity:
            found[macro.name] = edge[1]
        elif macro.body.value.strip() in _SIGNS and not macro.arity:
            found[macro.name] = _SIGNS[macro.body.value.strip()]
    return found
