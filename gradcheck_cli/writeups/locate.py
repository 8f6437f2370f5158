"""Finds a quoted formula in its document, white space and TeX spacing aside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from gradcheck_cli.lang.latex import is_latex
from gradcheck_cli.spec.model import Claim
from gradcheck_cli.text import Problem, Source, Span, Text
from gradcheck_cli.writeups.expansion import Expanded, expand
from gradcheck_cli.writeups.formulas import find_formulas, find_macros
from gradcheck_cli.writeups.found import identity, stretch, told
from gradcheck_cli.writeups.kinds import kind_of, read_document

MAX_BYTES = 16 << 20
"""A larger document is not read."""

_SPACE = re.compile(r"(?P<kept>\\\\)|\s|\\[,;:!> ]|\\q?quad(?![A-Za-z])|~|[\u200b\ufeff]")
"""What a formula may gain or lose without becoming another one; a line break, `\\\\`, is not spacing."""

_GOES_ON = "^"
"""What belongs to the sign before it: `W` is not found at the beginning of `W^\\top`."""


@dataclass(frozen=True, eq=False)
class Writeup:
    """A document with its formulas findable."""

    source: Source

    @cached_property
    def _bare(self) -> list[tuple[str, list[int], Text]]:
        """The texts of the document without spacing, the places of what is left, and the texts themselves.

        HTML and notebooks do not say what they show: `&amp;` is one character, `\\n` in JSON a line end.
        """
        if kind_of(self.source.name) in {"html", "notebook"}:
            texts = [told(reading, reading.text) for reading in read_document(self.source)]
        else:
            texts = [identity(self.source)]
        return [(*_without_space(text.value), text) for text in texts]

    @cached_property
    def _expanded(self) -> list[tuple[str, list[int], Text]]:
        """The formulas with the document's own commands put in, as a spec has to write them."""
        macros = find_macros(self.source)
        formulas = find_formulas(self.source) if macros else ()
        texts = [expand(formula.told, macros) for formula in formulas if formula.told is not None]
        return [(*_without_space(text.value), text) for text in texts]

    def places(self, quote: str) -> list[Span]:
        """Every place where the quote stands, in order; in a notebook as places in the cells.

        As it is written, or else with the document's own commands put in.
        """
        wanted, _ = _without_space(quote)
        if not wanted:
            return []
        return list(_found(wanted, self._bare)) or list(_found(wanted, self._expanded))


def _found(wanted: str, texts: Iterable[tuple[str, list[int], Text]]) -> Iterator[Span]:
    for bare, offsets, text in texts:
        at = bare.find(wanted)
        while at >= 0:
            end = at + len(wanted)
            if not bare.startswith(_GOES_ON, end):
                first, behind = offsets[at], offsets[end - 1] + 1
                yield text.span(first, behind) if isinstance(text, Expanded) else stretch(text, first, behind)
            at = bare.find(wanted, end)


def _without_space(text: str) -> tuple[str, list[int]]:
    """The text without spacing, and where each remaining character stood."""
    kept: list[str] = []
    offsets: list[int] = []
    at = 0
    for match in _SPACE.finditer(text):
        if match.group("kept"):
            continue
        kept.append(text[at : match.start()])
        offsets.extend(range(at, match.start()))
        at = match.end()
    kept.append(text[at:])
    offsets.extend(range(at, len(text)))
    return "".join(kept), offsets


def find_document(name: str, folders: Iterable[Path]) -> Path | None:
    """The file of a document in the first of the folders that has it.

    A name is only ever looked up inside the folders: absolute names, `..` and
    links that lead outside find nothing, and a URL is never fetched.
    """
    parts = PurePosixPath(name).parts
    if not parts or ".." in parts or PurePosixPath(name).is_absolute() or "://" in name or "\0" in name:
        return None
    for folder in folders:
        try:
            file = folder.joinpath(*parts).resolve()
            if file.is_file() and file.is_relative_to(folder.resolve()):
                return file
        except (OSError, RuntimeError, ValueError):
            continue
    return None


def read(file: Path, name: str) -> Writeup | Problem:
    """The document, or why it cannot be read."""
    try:
        if file.stat().st_size > MAX_BYTES:
            return Problem(f"this document is larger than {MAX_BYTES >> 20} MiB", file=name)
        return Writeup(Source(name, file.read_text(encoding="utf-8-sig", errors="replace")))
    except OSError as error:
        return Problem(f"this document cannot be read: {error.strerror or error}", file=name)


def printed(claim: Claim) -> str | None:
    """The formula as its document prints it: the claim's quote, or the claim itself where it is LaTeX."""
    if claim.quote is not None:
        return claim.quote
    text = claim.formula.text
    if not is_latex(text):
        return None
    bare = text.value.strip()
    for begin, end in (("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]")):
        if bare.startswith(begin) and bare.endswith(end):
            return bare[len(begin) : -len(end)].strip()
    return bare
