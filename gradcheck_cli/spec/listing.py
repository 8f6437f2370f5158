"""Reads the key `listing`: the code itself, or in which lines of which document it stands."""

from __future__ import annotations

from textwrap import dedent

from gradcheck_cli.spec.collect import Problems
from gradcheck_cli.spec.model import Listing
from gradcheck_cli.spec.parts import empty
from gradcheck_cli.spec.yaml_tree import Mapping, Node, Scalar, Sequence
from gradcheck_cli.text import Source


def read_listing(problems: Problems, node: Node | None) -> Listing | None:
    """The listing of an operator, if it has one."""
    if isinstance(node, Scalar) and not empty(node):
        starts = node.text.places[0]
        line, _ = node.source.position(starts)
        return Listing(node.span, node.value, node.source.name, line)
    if not isinstance(node, Mapping):
        return None
    document, lines, begins = node.get("document"), node.get("lines"), node.get("begins")
    if not isinstance(document, Scalar) or not isinstance(lines, Sequence):
        return None
    numbers = [
        int(n.value)
        for n in lines.items
        if isinstance(n, Scalar) and n.value.isascii() and n.value.isdigit() and len(n.value) < 9
    ]
    if len(lines.items) != 2 or len(numbers) != 2 or not 1 <= numbers[0] <= numbers[1]:
        problems.report(
            "`lines` are the first and the last line of the listing",
            lines.span,
            "for example `lines: [83, 118]`",
        )
        return None
    first = begins.value.strip() if isinstance(begins, Scalar) else None
    return Listing(node.span, document=document.value, lines=(numbers[0], numbers[1]), begins=first)


def taken_from(listing: Listing, source: Source) -> Listing | None:
    """The listing with its code; None where the document is shorter, or the first line is another."""
    assert listing.lines is not None
    first, last = listing.lines
    lines = source.text.split("\n")
    if last > len(lines):
        return None
    code = dedent("\n".join(line.rstrip("\r") for line in lines[first - 1 : last]))
    if listing.begins is not None and code.partition("\n")[0].strip() != listing.begins:
        return None
    return Listing(listing.span, code, source.name, first, listing.document, listing.lines, listing.begins)
