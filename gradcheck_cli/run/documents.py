"""Puts each claim at its place in the document it was published in, and notices when it is gone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gradcheck_cli.spec.listing import taken_from
from gradcheck_cli.spec.model import Claim, Listing, Operator
from gradcheck_cli.text import Problem, Source, Span, UserError
from gradcheck_cli.writeups.locate import Writeup, find_document, printed, read


class Documents:
    """The documents of a run, each read once.

    A document is looked up beside its spec and in `sources`. Where a formula
    stands several times, the first claim that quotes it gets the first place,
    the next claim the next; `id` and `id:reading` are one claim in this.
    """

    def __init__(self, sources: Path | None) -> None:
        self.sources = sources
        self.problems: list[Problem] = []
        self.read: dict[Path, Writeup | None] = {}
        self.missing: set[str] = set()
        self.quoted: dict[tuple[Path, str], list[str]] = {}

    def writeup(self, name: str | None, folder: Path, spec: str) -> tuple[Path, Writeup] | None:
        """The document that an operator names, if it is there and can be read."""
        if name is None:
            return None
        file = find_document(name, [folder, *([self.sources] if self.sources else [])])
        if file is None:
            if self.sources is not None and name not in self.missing:
                self.missing.add(name)
                self.problems.append(
                    Problem(
                        f"the document `{name}` is neither beside the spec nor in {self.sources}",
                        file=spec,
                        help="leave `--sources` out to judge without documents",
                    )
                )
            return None
        if file not in self.read:
            found = read(file, name)
            if isinstance(found, Problem):
                self.problems.append(found)
            self.read[file] = found if isinstance(found, Writeup) else None
        writeup = self.read[file]
        return None if writeup is None else (file, writeup)

    def file(self, operator: Operator, folder: Path) -> Path | None:
        """The file of the document that an operator names."""
        name = operator.document.document
        folders = [folder, *([self.sources] if self.sources else [])]
        return None if name is None else find_document(name, folders)

    def place(self, operator: Operator, claim: Claim, folder: Path, spec: str) -> tuple[Span | None, bool]:
        """Where the claim stands in its document, and whether it has drifted out of it."""
        if claim.place is not None:
            return claim.place, False
        found = self.writeup(operator.document.document, folder, spec)
        quote = printed(claim)
        if found is None or quote is None:
            return None, False
        file, writeup = found
        places = writeup.places(quote)
        if not places:
            return None, True
        claims = self.quoted.setdefault((file, "".join(quote.split())), [])
        base = claim.ids[0].partition(":")[0]
        if base not in claims:
            claims.append(base)
        return places[min(claims.index(base), len(places) - 1)], False

    def with_listing(self, operator: Operator, folder: Path, spec: str) -> Operator:
        """The operator with the code of its listing, where that stands in a document that is there.

        Raises UserError if it no longer stands in those lines.
        """
        listing = operator.listing
        if listing is None or listing.code is not None:
            return operator
        found = self.writeup(listing.document, folder, spec)
        if found is None:
            return operator
        taken = taken_from(listing, found[1].source)
        if taken is None:
            assert listing.lines is not None
            raise UserError(
                Problem(
                    f"the listing no longer stands in lines {listing.lines[0]} to {listing.lines[1]}"
                    f" of {listing.document}",
                    listing.span,
                    help=_moved(listing, found[1].source),
                )
            )
        return replace(operator, listing=taken)


def _moved(listing: Listing, source: Source) -> str:
    lines = [line.strip() for line in source.text.split("\n")]
    if listing.begins in lines:
        return f"its first line, `{listing.begins}`, is line {lines.index(listing.begins) + 1} now"
    if listing.begins is not None:
        return f"its first line, `{listing.begins}`, is not there any more"
    return f"the document has {len(lines)} lines"
