r"""Puts the commands that a document defines into its formulas, without losing a place.

What comes out of a macro stands where it is called. The expansion of a formula
is bounded, so that a bomb costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gradcheck_cli.text import Span, Text
from gradcheck_cli.writeups.macros import Macro

MAX_EXPANDED = 20_000
"""How many characters a formula may grow to; it is left as it was beyond."""

_STEPS = 100_000
"""How many tokens one formula may take in being expanded."""

_TOKEN = re.compile(r"\\[A-Za-z]+|\\[\s\S]|#[1-9]|[\s\S]")


@dataclass(frozen=True)
class _Token:
    """A token, with the written characters that each of its own comes from: from where, up to where."""

    text: str
    places: Sequence[int]
    ends: Sequence[int]

    def __len__(self) -> int:
        return len(self.text)


@dataclass(frozen=True, eq=False)
class Expanded(Text):
    """A text some of whose characters were not written: they stand where the macro is called.

    `ends[i]` is where the written text ends that `value[i]` comes from: behind
    the character, or behind the call.
    """

    ends: Sequence[int] = ()

    def span(self, start: int, end: int) -> Span:
        """The place in the source of `value[start:end]`, with the calls that it comes from."""
        if end <= start:
            return Span(self.source, self.places[start], self.places[start])
        return Span(self.source, min(self.places[start:end]), max(self.ends[start:end]))


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
        token = stack.pop()
        macro = known.get(token.text)
        if macro is None:
            out.append(token)
            size += len(token)
        elif size + len(stack) > MAX_EXPANDED:
            return text
        else:
            stack += _call(macro, token, stack)[::-1]
    if stack or size > MAX_EXPANDED:
        return text
    return _joined(out, text)


def _tokens(value: str, places: Sequence[int]) -> list[_Token]:
    found: list[_Token] = []
    for match in _TOKEN.finditer(value):
        where = places[match.start() : match.end()]
        found.append(_Token(match.group(), where, [place + 1 for place in where]))
    return found


def _call(macro: Macro, name: _Token, stack: list[_Token]) -> list[_Token]:
    """The tokens that a call stands for; its arguments are taken off the stack."""
    arguments: list[list[_Token]] = []
    taken = [name]
    place = name.places[0]
    if macro.default is not None and macro.arity:
        optional = _optional(stack, taken)
        default = _given(macro.default, place, name.ends[-1])
        arguments.append(default if optional is None else optional)
    while len(arguments) < macro.arity:
        arguments.append(_argument(stack, taken))
    end = max(token.ends[-1] for token in taken)
    body: list[_Token] = []
    for token in _given(macro.body.value, place, end):
        if token.text[0] == "#" and len(token) == 2:
            number = int(token.text[1]) - 1
            body += arguments[number] if number < len(arguments) else []
        else:
            body.append(token)
        if len(body) > MAX_EXPANDED:
            break
    return body


def _given(value: str, place: int, end: int) -> list[_Token]:
    """The tokens of what a definition says, at the place of the call."""
    words = (match.group() for match in _TOKEN.finditer(value))
    return [_Token(word, [place] * len(word), [end] * len(word)) for word in words]


def _argument(stack: list[_Token], taken: list[_Token]) -> list[_Token]:
    while stack and stack[-1].text.isspace():
        taken.append(stack.pop())
    if not stack:
        return []
    found: list[_Token] = []
    depth = 0
    while stack:
        token = stack.pop()
        depth += (token.text == "{") - (token.text == "}")
        found.append(token)
        if depth <= 0:
            break
    taken += found
    if found[0].text != "{":
        return found
    return found[1:-1] if not depth else found[1:]


def _optional(stack: list[_Token], taken: list[_Token]) -> list[_Token] | None:
    if not stack or stack[-1].text != "[":
        return None
    taken.append(stack.pop())
    found: list[_Token] = []
    while stack:
        token = stack.pop()
        taken.append(token)
        if token.text == "]":
            break
        found.append(token)
    return found


def _joined(tokens: Sequence[_Token], text: Text) -> Expanded:
    """The tokens as a text, with a space where a command would swallow the letter behind it."""
    value: list[str] = []
    places: list[int] = []
    ends: list[int] = []
    word = False
    for token in tokens:
        if word and token.text[0].isascii() and token.text[0].isalpha():
            value.append(" ")
            places.append(token.places[0])
            ends.append(token.places[0])
        value.append(token.text)
        places += token.places
        ends += token.ends
        word = len(token) > 1 and token.text[1].isalpha()
    return Expanded("".join(value), text.source, [*places, text.places[len(text.value)]], ends)
