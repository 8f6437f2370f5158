"""Turns one entry of the list of claims into a claim."""

from __future__ import annotations

from gradcheck_cli.lang.ast import Name
from gradcheck_cli.lang.latex import is_latex
from gradcheck_cli.spec.code_formula import read_code
from gradcheck_cli.spec.collect import Problems
from gradcheck_cli.spec.formula import formula_text, read_expression, read_formula, refuse_backslashes
from gradcheck_cli.spec.model import EXPECTABLE, KINDS, Claim, Definition, Formula, Kind, Verdict
from gradcheck_cli.spec.names import DIMENSION, FORWARD, INPUT, MAX_NAME, WHERE, Names
from gradcheck_cli.spec.parts import empty, entries, read_definitions, words
from gradcheck_cli.spec.schema import CLAIM
from gradcheck_cli.spec.yaml_tree import Mapping, Scalar, Sequence
from gradcheck_cli.text import Span, Text


class ClaimReader:
    """Reads one claim; every problem it finds lies inside the claim's own lines.

    `sound` says that inputs and forward were read without a problem: only then
    is a name that they do not declare worth a message.
    """

    def __init__(
        self, problems: Problems, node: Mapping, names: Names, sound: bool, listing: bool = False
    ) -> None:
        self.problems = problems
        self.node = node
        self.names = Names(names)
        self.sound = sound
        self.listing = listing
        self.reference: Text | None = None
        """The formula of the writeup that the claim refers to."""

    def read(self, default: str, taken: dict[str, Span]) -> Claim | None:
        """The claim, or None if it has no formula; whether it is kept is decided in `build`."""
        kind = self._kind()
        where = read_definitions(self.problems, self.node.get("where"), self.names, WHERE)
        formula = self._formula(kind, kind) if kind else None
        links = len(formula.equation.sides) - 1 if formula else None
        self._check_listing()
        ids = self._ids(default, taken, links)
        expect = self._expect(links)
        correction = self._formula("correction", kind) if kind else None
        when = self._when()
        fixed = self._fixed(kind)
        quote = self._remark("quote")
        note = self._remark("note")
        if kind is None or formula is None:
            return None
        return Claim(
            ids,
            kind,
            formula,
            self.node.span,
            expect,
            correction,
            when,
            fixed,
            self._some(kind),
            where,
            quote=quote,
            note=note,
            replace=self._replace(kind),
            place=self.reference.all if self.reference is not None else None,
        )

    def _kind(self) -> Kind | None:
        present = [(kind, key) for kind in KINDS if (key := self.node.key(kind)) is not None]
        listed = "one of " + ", ".join(f"`{kind}`" for kind in KINDS)
        if not present:
            if all(key.value in CLAIM.keys for key, _ in self.node.entries) and not self.node.flawed:
                place = self.node.entries[0][0] if self.node.entries else self.node
                self.problems.report(
                    f"a claim needs {listed}", place.span, "for example `gradient: dX = dY @ W.T`"
                )
            return None
        if len(present) > 1:
            present.sort(key=lambda pair: pair[1].start)
            self.problems.report(
                f"a claim has exactly {listed}, and this one has a second",
                present[1][1].span,
                "make it a claim of its own: begin a new item with `- `",
            )
        return present[0][0]

    def _formula(self, key: str, kind: Kind) -> Formula | None:
        node = self.node.get(key)
        if not isinstance(node, Scalar) or empty(node):
            return None
        text = self.problems.attempt(formula_text, node)
        if text is not None and key != "correction":
            self.reference = self.problems.attempt(self.names.prose.referred, text)
            if self.reference is None and self.names.prose.refers(text):
                return None
            text = self.reference or text
        if text is not None and kind == "code":
            code = self.problems.attempt(read_code, text)
            return Formula(text, code) if code is not None else None
        if text is not None and is_latex(text) and not self.sound:
            return None  # its names are not all known: nothing can be said about it
        if text is None:
            return None
        expanded = self.names.prose.expand(text)
        equation = self.problems.attempt(read_formula, expanded, self.names.symbols, kind)
        return Formula(text, equation) if equation is not None else None

    def _remark(self, key: str) -> str | None:
        node = self.node.get(key)
        if not isinstance(node, Scalar) or empty(node):
            return None
        if key == "quote":
            self.problems.attempt(refuse_backslashes, node, '\\"')
        return node.value.strip()

    def _one_for_each(self, key: str, links: int | None) -> list[Scalar]:
        """A word, or a list with one word for each link of the chain."""
        node = self.node.get(key)
        found = words(node)
        if (
            isinstance(node, Sequence)
            and node.items
            and links is not None
            and len(node.items) not in {1, links}
        ):
            chain = f"this chain has {links} links" if links > 1 else "this equation has 1 link"
            self.problems.report(
                f"{chain}, `{key}` has {len(node.items)}", node.span, "give one word, or one for each `=`"
            )
        return found

    def _ids(self, default: str, taken: dict[str, Span], links: int | None) -> tuple[str, ...]:
        found = self._one_for_each("id", links)
        for word in found:
            if len(word.value) > MAX_NAME:
                self.problems.report(
                    f"this id has {len(word.value)} characters; at most {MAX_NAME} are read", word.span
                )
            elif not word.value or any(not c.isprintable() or c.isspace() for c in word.value):
                self.problems.report("an id is one word", word.span, "join its words by `-`")
            elif word.value in taken:
                self.problems.report(
                    f"the id `{word.value}` is taken by the claim in line {taken[word.value].line}",
                    word.span,
                    "give each claim of a file an id of its own",
                )
            taken.setdefault(word.value, word.span)
        if found:
            return tuple(word.value for word in found)
        if default in taken:
            self.problems.report(
                f"the id `{default}` is taken by the claim in line {taken[default].line}",
                self.node.span,
                "give this claim an id of its own",
            )
        taken.setdefault(default, self.node.span)
        return (default,)

    def _expect(self, links: int | None) -> tuple[Verdict, ...]:
        found = self._one_for_each("expect", links)
        return tuple(w.value for w in found if w.value in EXPECTABLE) or ("holds",)

    def _when(self) -> tuple[Definition, ...]:
        found = []
        for key, value in entries(self.node.get("when")):
            if not isinstance(value, Scalar) or empty(value):
                continue
            if self.sound:
                self.problems.attempt(self._check_assumed, key)
            text = self.problems.attempt(formula_text, value)
            if text is None:
                continue
            expanded = self.names.prose.expand(text)
            expression = self.problems.attempt(read_expression, expanded, self.names.symbols)
            if expression is not None:
                found.append(Definition(key.value, key.span, text, expression))
        return tuple(found)

    def _check_assumed(self, key: Scalar) -> None:
        role = self.names.role(key.value)
        if role in {INPUT, DIMENSION}:
            return
        what = (
            f"is {role}, and `when` sets inputs and dimensions"
            if role
            else "is neither an input nor a dimension"
        )
        raise self.names.unknown(key.value, key.span, f"`{key.value}` {what}", INPUT, DIMENSION)

    def _some(self, kind: Kind) -> bool:
        key, node = self.node.key("quantifier"), self.node.get("quantifier")
        if key is not None and kind != "property":
            self.problems.report(
                "`quantifier` belongs to a `property` claim",
                key.span,
                "leave it out: every other claim is meant for all data",
            )
        return isinstance(node, Scalar) and node.value == "some"

    def _check_listing(self) -> None:
        key = self.node.key("code")
        if key is not None and not self.listing:
            self.problems.report(
                "the operator has no `listing` that this claim could be about",
                key.span,
                "give it: `listing: |` and the code below, or `listing: {document: …, lines: [1, 9]}`",
            )

    def _replace(self, kind: Kind) -> tuple[tuple[str, Text], ...]:
        """For a claim about code: lines of the listing, and what stands there instead."""
        key = self.node.key("replace")
        if key is not None and kind != "code":
            self.problems.report(
                "`replace` belongs to a `code` claim", key.span, "leave it out, or say it in the formula"
            )
        found = []
        for line, other in entries(self.node.get("replace")):
            if isinstance(other, Scalar) and not empty(other):
                for one in (line, other):
                    if "\n" in one.value.strip():
                        self.problems.report("a line is replaced by one line", one.span)
                found.append((line.value.strip(), other.text))
        return tuple(found)

    def _fixed(self, kind: Kind | None) -> tuple[Name, ...]:
        key = self.node.key("fixed")
        if key is not None and kind not in {None, "differential"}:
            self.problems.report(
                "`fixed` belongs to a `differential` claim",
                key.span,
                "leave it out: a gradient holds all other inputs constant anyway",
            )
        found = words(self.node.get("fixed"))
        for word in found:
            if self.sound and self.names.role(word.value) not in {INPUT, FORWARD}:
                message = f"`{word.value}` is neither an input nor a line of `forward`"
                self.problems.extend(
                    self.names.unknown(word.value, word.span, message, INPUT, FORWARD).problems
                )
        return tuple(Name(word.value, span=word.span) for word in found)
