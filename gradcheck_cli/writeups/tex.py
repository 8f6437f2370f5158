r"""Reads LaTeX: hides comments, verbatim text and code, finds headings, and specs in comments.

A spec is a run of comment lines below `% gradcheck`, or the environment
`gradcheck` (which the author declares as a comment, or prints verbatim).
"""

from __future__ import annotations

import re

from gradcheck_cli.text import Text
from gradcheck_cli.writeups.found import Block, Reading, cut, hide

_SIGN = re.compile(
    r"\\begin\s?\{(?P<raw>verbatim\*?|Verbatim|BVerbatim|lstlisting|minted|alltt|comment|filecontents\*?|tikzpicture|gradcheck)\}"
    r"|(?P<skip>\\iffalse)(?![A-Za-z])"
    r"|(?P<over>\\end\s?\{document\})"
    r"|\\(?:verb|lstinline|path)\*?(?P<mark>[^\sA-Za-z*{\[\0])"
    r"|\\(?:lstinline|url|href|path)\s?\{[^{}\n]{0,1000}\}"
    r"|\\[\s\S]"
    r"|(?P<comment>%)"
)
_SPEC = re.compile(r"%+[ \t]*gradcheck[ \t]*+:?[ \t\r]*+")
_COMMENT_LINE = re.compile(r"[ \t]*%+ ?")
_HEADING = re.compile(
    r"\\(?:part|chapter|(?:sub){0,2}section|(?:sub)?paragraph)\*?\s?(?:\[[^\[\]\n]{0,300}\])?\{([^\n\0]{0,300})"
)
_RULER = re.compile(r"\\[\s\S]|[{}]")


def read_tex(text: Text) -> Reading:
    """The prose of a LaTeX text, its headings and specs."""
    value = text.value
    hidden: list[tuple[int, int]] = []
    comments: list[tuple[int, int]] = []
    blocks: list[Block] = []
    at = 0
    while match := _SIGN.search(value, at):
        start, at = match.span()
        if match["comment"]:
            block = _commented(text, start)
            if block is not None:
                blocks.append(block)
                hidden.append((block.start, block.end))
                at = block.end
            else:
                end = value.find("\n", at)
                at = len(value) if end < 0 else end
                comments.append((start + 1, at))  # the sign stays, so that the line is not blank
        elif match["raw"] or match["skip"]:
            closing = f"\\end{{{match['raw']}}}" if match["raw"] else "\\fi"
            end = value.find(closing, at)
            behind = len(value) if end < 0 else end + len(closing)
            if match["raw"] == "gradcheck" and end >= 0:
                inner = value.find("\n", at, end) + 1 or at
                blocks.append(Block(start, behind, cut(text, [(inner, end)])))
            hidden.append((start, behind))
            at = behind
        elif match["over"]:
            hidden.append((start, len(value)))
            break
        elif match["mark"]:
            line = value.find("\n", at)
            end = value.find(match["mark"], at, len(value) if line < 0 else line)
            if end >= 0:
                hidden.append((start, end + 1))
                at = end + 1
        elif at - start > 2:
            hidden.append((start, at))
    prose = hide(hide(value, comments, " "), hidden)
    return Reading(text, prose, tuple(_headings(prose)), blocks=tuple(blocks))


def _commented(text: Text, start: int) -> Block | None:
    """The spec in the comment lines below `% gradcheck`, if this is one."""
    value = text.value
    line = value.rfind("\n", 0, start) + 1
    end = value.find("\n", start)
    if end < 0 or value[line:start].strip() or not _SPEC.fullmatch(value, start, end):
        return None
    lines: list[tuple[int, int]] = []
    at = end + 1
    while at < len(value) and (prefix := _COMMENT_LINE.match(value, at)):
        end = value.find("\n", at)
        end = len(value) if end < 0 else end
        if prefix.end() > end + 1:
            break
        lines.append((min(prefix.end(), end), min(end + 1, len(value))))
        at = end + 1
    return Block(start, end, cut(text, lines)) if lines else None


def _headings(prose: str) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for match in _HEADING.finditer(prose):
        depth, end = 1, len(match[1])
        for sign in _RULER.finditer(match[1]):
            depth += (sign.group() == "{") - (sign.group() == "}")
            if not depth:
                end = sign.start()
                break
        found.append((match.start(), " ".join(match[1][:end].split())))
    return found
