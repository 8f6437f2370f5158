"""What is wrong with a text as YAML, in the words of somebody who wrote a formula into it."""

from __future__ import annotations

import re
from typing import Any

import yaml

from gradcheck_cli.text import Problem, Source

QUOTE = "put the formula between single quotes, or on a line of its own below `|`"
"""The advice that mends nearly every formula that YAML misreads."""

_FORBIDDEN = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_MOST = 5
"""Of many forbidden characters only the first few are reported."""

_PLAIN_WORDS = {
    "could not find expected ':'": (
        "a key without a `:`",
        "write `key: value`; a formula over several lines goes below `|`",
    ),
    "did not find expected key": (
        "expected a key of this mapping here",
        "check the indentation; " + QUOTE,
    ),
    "did not find expected '-' indicator": (
        "expected `- ` for the next item of this list",
        "check the indentation",
    ),
    "did not find expected ',' or ']'": ("expected `,` or `]` in this list", QUOTE),
    "did not find expected ',' or '}'": ("expected `,` or `}` in this mapping", QUOTE),
    "found unexpected document indicator": ("this quote is never closed", "close it before the line `---`"),
    "block sequence entries are not allowed in this context": (
        "a list item cannot begin here",
        "put `- ` on a line of its own",
    ),
    "did not find expected <document start>": (
        "expected the end of the document here",
        "separate operators by a line `---`, and check the indentation",
    ),
    "did not find expected alphabetic or numeric character": (
        "an unquoted value cannot begin with `*` or `&`",
        QUOTE,
    ),
    "did not find expected comment or line break": ("expected the line to end after this", QUOTE),
    "found duplicate %YAML directive": ("`%YAML` stands here twice", "leave it out"),
}


def forbidden_characters(source: Source) -> list[Problem]:
    """The characters that no YAML text may hold: control characters and lone surrogates."""
    found = []
    for match in _FORBIDDEN.finditer(source.text):
        found.append(
            Problem(
                f"the character U+{ord(match.group()):04X} cannot stand in a YAML file",
                source.span(match.start(), match.end()),
                help="delete it; it is invisible in most editors",
            )
        )
        if len(found) == _MOST:
            break
    return found


def translate(error: yaml.YAMLError, source: Source) -> Problem:
    """A parser's complaint as a problem with a place and advice."""
    mark: Any = getattr(error, "problem_mark", None)
    context: Any = getattr(error, "context_mark", None)
    said = str(getattr(error, "problem", None) or "it cannot be read")
    offset = min(mark.index, len(source.text)) if mark is not None else 0
    begun = context.index if context is not None else offset
    message, advice, place = _explain(said, source.text, offset, begun)
    return Problem(message, source.span(place, min(place + 1, len(source.text))), help=advice)


def _explain(said: str, text: str, offset: int, begun: int) -> tuple[str, str, int]:
    char = text[offset : offset + 1]
    if said.startswith("mapping values are not allowed"):
        line = text[text.rfind("\n", 0, offset) + 1 : offset]
        if re.fullmatch(r"\s*\w+", line):  # a key, but the value above is still going on
            return "a key cannot stand here", "indent it as the key above, and check the line before", offset
        return "an unquoted value cannot hold `: `", QUOTE, offset
    if "cannot start any token" in said:
        if char == "\t":
            return "a tab cannot indent a line of YAML", "indent with spaces", offset
        return f"an unquoted value cannot begin with `{char}`", QUOTE, offset
    if "unknown escape character" in said or "expected escape sequence" in said:
        at = text.rfind("\\", 0, offset + 1)
        at = at if at >= begun else offset
        advice = "between double quotes YAML reads backslashes itself: use single quotes, or `|`"
        return f"YAML does not know the escape `{text[at : at + 2]}`", advice, at
    if "Unicode character escape" in said or "hexdecimal" in said or "hexadecimal" in said:
        at = text.rfind("\\", 0, offset + 1)
        return "this escape is not a character", "use single quotes, or `|`", at if at >= begun else offset
    if said == "found unexpected end of stream":
        return "this quote is never closed", "close it, or leave the quotes out", begun
    if offset >= len(text.rstrip()) and said.startswith("did not find expected ','"):
        return f"this `{text[begun : begun + 1]}` is never closed", QUOTE, begun
    if "tag" in said:
        return "tags (`!…`) are not read", "leave it out; a formula that begins with `!` needs quotes", begun
    if said == "did not find expected node content" and char:
        return f"a value cannot begin with `{char}`", QUOTE, offset
    if said in _PLAIN_WORDS:
        return (*_PLAIN_WORDS[said], offset)
    return f"this is not valid YAML: {said}", "", offset
