r"""The commands that a document defines for itself: collected, and put in where they are used.

`\newcommand`, `\renewcommand`, `\providecommand`, `\def`, `\let`, `\DeclareMathOperator` and
`\DeclarePairedDelimiter` are read; one definition is as long as a line or two,
and the expansion of a formula is bounded, so that a bomb costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gradcheck_cli.text import Span, Text
from gradcheck_cli.writeups.found import hide

MAX_MACROS = 1000
"""How many definitions of one document are collected."""

MAX_BODY = 1000
"""A longer body is no abbreviation in a formula."""

MAX_EXPANDED = 20_000
"""How many characters a formula may grow to; it is left as it was beyond."""

_STEPS = 100_000
"""How many tokens one formula may take in being expanded."""

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
_TOKEN = re.compile(r"\\[A-Za-z]+|\\[\s\S]|#[1-9]|[\s\S]")
_EDGE = re.compile(r"\s*(\\(?:begin|end)\s?\{[A-Za-z]{1,30}\*?\})\s*")
_Token: TypeAlias = tuple[str, Sequence[int]]
"""A token with the place of each of its characters."""

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


def expand(text: Text, macros: Iterable[Macro]) -> Text:
    """A formula with the macros put in; what comes out of one stands where it is called.

    The last definition of a name counts. A formula that grows beyond
    `MAX_EXPANDED`, or whose macros call themselves, is returned as it was.
    """
    known = {macro.name: macro for macro in macros}
    if not any(name in text.value for name in known):
        return text
    # the next token is on top
    stack = _tokens(text.value, text.places)[::-1]
    out: list[_Token] = []
    size = 0
    for _ in range(_STEPS):
        if not stack:
            break
        token, places = stack.pop()
        macro = known.get(token)
        if macro is None:
            out.append((token, places))
            size += len(token)
        elif size + len(stack) > MAX_EXPANDED:
            return text
        else:
            stack += _call(macro, places[0], stack)[::-1]
    if stack or size > MAX_EXPANDED:
        return text
    return _joined(out, text)


def _tokens(value: str, places: Sequence[int]) -> list[_Token]:
    return [(match.group(), places[match.start() : match.end()]) for match in _TOKEN.finditer(value)]


def _call(macro: Macro, place: int, stack: list[_Token]) -> list[_Token]:
    """The tokens that a call stands for; its arguments are taken off the stack."""
    arguments: list[list[_Token]] = []
    if macro.default is not None and macro.arity:
        optional = _optional(stack)
        default = _tokens(macro.default, [place] * (len(macro.default) + 1))
        arguments.append(default if optional is None else optional)
    while len(arguments) < macro.arity:
        arguments.append(_argument(stack))
    body: list[_Token] = []
    for match in _TOKEN.finditer(macro.body.value):
        token = match.group()
        if token[0] == "#" and len(token) == 2:
            number = int(token[1]) - 1
            body += arguments[number] if number < len(arguments) else []
        else:
            body.append((token, [place] * len(token)))
        if len(body) > MAX_EXPANDED:
            break
    return body


def _argument(stack: list[_Token]) -> list[_Token]:
    while stack and stack[-1][0].isspace():
        stack.pop()
    if not stack or stack[-1][0] != "{":
        return [stack.pop()] if stack else []
    taken: list[_Token] = []
    depth = 0
    while stack:
        token = stack.pop()
        depth += (token[0] == "{") - (token[0] == "}")
        taken.append(token)
        if not depth:
            break
    return taken[1:-1] if not depth else taken[1:]


def _optional(stack: list[_Token]) -> list[_Token] | None:
    if not stack or stack[-1][0] != "[":
        return None
    stack.pop()
    taken: list[_Token] = []
    while stack and (token := stack.pop())[0] != "]":
        taken.append(token)
    return taken


def _joined(tokens: Sequence[_Token], text: Text) -> Text:
    """The tokens as a text, with a space where a command would swallow the letter behind it."""
    value: list[str] = []
    places: list[int] = []
    word = False
    for token, where in tokens:
        if word and token[0].isascii() and token[0].isalpha():
            value.append(" ")
            places.append(where[0])
        value.append(token)
        places += where
        word = len(token) > 1 and token[1].isalpha()
    return Text("".join(value), text.source, [*places, text.places[len(text.value)]])


__all__ = ["Macro", "delimiters", "expand", "macros_of", "without_definitions"]
