"""Turns the tree of one document into an operator: names, shapes, definitions.

Structure was checked by `schema` before, so whatever has the wrong sort here
was reported there and is passed over in silence. Nothing stops at the first
problem; at the end an operator is kept if no problem lies in it outside its
claims, and a claim is kept if no problem lies in it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from fractions import Fraction

from gradcheck_cli.lang.ast import Expr, Name, walk
from gradcheck_cli.spec.claims import ClaimReader
from gradcheck_cli.spec.collect import Problems
from gradcheck_cli.spec.domains import read_dimension, read_domain, read_number, read_random
from gradcheck_cli.spec.formula import formula_text, read_expression
from gradcheck_cli.spec.listing import read_listing
from gradcheck_cli.spec.model import Claim, Definition, Document, Domain, Input, Operator, Random
from gradcheck_cli.spec.names import DIMENSION, FORWARD, INPUT, WHERE, Names, check_name
from gradcheck_cli.spec.parts import empty, entries, read_definitions, words
from gradcheck_cli.spec.prose import NONE, Prose
from gradcheck_cli.spec.structure import check
from gradcheck_cli.spec.yaml_tree import Mapping, Node, Scalar, Sequence
from gradcheck_cli.text import Problem, Span, Text

MAX_CLAIMS = 1000
"""How many claims one file may hold."""

MAX_VALUES = 10_000
"""How many keys and values one file may hold: each may cost a formula."""


Lend = Callable[[str], Prose]
"""Gives the document of a name, as far as its formulas go."""


class FileReader:
    """What the documents of one file share: the numbering of claims, their ids, the budgets."""

    def __init__(self, stem: str, lend: Lend | None = None) -> None:
        self.stem = stem
        self.lend = lend
        self.problems: list[Problem] = []
        self.ids: dict[str, Span] = {}
        self.claims = 0
        self.values = 0

    def read(self, root: Node, known: tuple[Problem, ...], prose: Prose = NONE) -> Operator | None:
        """The operator of one document, if nothing is wrong outside its claims.

        `known` are the problems of its tree, which were found before; `prose` is
        the writeup that it stands in.
        """
        problems = Problems(p for p in known if p.span and root.span.start <= p.span.start <= root.span.end)
        before = len(problems)
        operator = None
        if self._affordable(root, problems):
            problems.extend(check(root))
            if isinstance(root, Mapping):
                operator = _OperatorReader(self, root, problems, prose).read()
        self.problems.extend(problems[before:])
        return operator

    def _affordable(self, root: Node, problems: Problems) -> bool:
        """Whether the document fits into the budget."""
        stack = [root]
        while stack:
            node = stack.pop()
            self.values += 1
            if isinstance(node, Sequence):
                stack.extend(node.items)
            elif isinstance(node, Mapping):
                stack.extend(part for entry in node.entries for part in entry)
        if self.values > MAX_VALUES:
            advice = "split it into several files"
            problems.report(f"this file holds more than {MAX_VALUES:,} keys and values", root.span, advice)
            return False
        return True


class _OperatorReader:
    def __init__(self, file: FileReader, root: Mapping, problems: Problems, prose: Prose) -> None:
        self.file = file
        self.problems = problems
        self.root = root
        name = self.document().document
        if not prose.inside and name is not None:
            prose = file.lend(name) if file.lend is not None else Prose(name)
        self.names = Names(prose=prose)
        self.clashing: set[str] = set()
        entries = root.get("claims")
        self.entries = entries.items if isinstance(entries, Sequence) else ()
        self.starts = [entry.span.start for entry in self.entries]

    def read(self) -> Operator | None:
        inputs = self.inputs()
        dims = self.dims(inputs)
        self.notation()
        forward = self.definitions("forward", FORWARD)
        where = self.definitions("where", WHERE)
        sound = not self.own_problems()
        outputs = self.outputs(forward) if sound else ()
        claims = self.claims(sound)
        name = self.root.get("operator")
        if self.own_problems() or not isinstance(name, Scalar):
            return None
        loss = self.root.get("loss")
        return Operator(
            name.text.value.strip(),
            name.span,
            inputs,
            forward,
            outputs,
            claims,
            loss=isinstance(loss, Scalar) and loss.truth,
            dims=dims,
            where=where,
            document=self.document(),
            notation=tuple(self.names.notation.items()),
            vectors=self.names.vectors,
            listing=read_listing(self.problems, self.root.get("listing")),
        )

    def notation(self) -> None:
        """How the LaTeX of the formulas is meant."""
        for key, value in entries(self.root.get("notation")):
            if isinstance(value, Scalar) and not empty(value):
                self.names.notation[key.value] = value.value
        vectors = self.root.get("vectors")
        if isinstance(vectors, Scalar) and vectors.value in {"column", "row"}:
            self.names.vectors = vectors.value

    def claim_of(self, problem: Problem) -> int | None:
        """In which claim a problem lies, if in any."""
        if problem.span is None:
            return None
        if problem.span.source is not self.root.span.source:
            return -1  # a claim refers to a formula of the writeup
        number = bisect_right(self.starts, problem.span.start) - 1
        return number if number >= 0 and problem.span.start <= self.entries[number].span.end else None

    def own_problems(self) -> bool:
        """Whether anything is wrong in this document outside its claims."""
        return any(self.claim_of(p) is None for p in self.problems)

    def document(self) -> Document:
        node = self.root.get("source")
        if isinstance(node, Scalar):
            return Document(document=node.value)
        fields = {k.value: v.value for k, v in entries(node) if isinstance(v, Scalar)}
        return Document(fields.get("document"), fields.get("section"), fields.get("url"))

    # -- inputs and dimensions

    def inputs(self) -> tuple[Input, ...]:
        found = [self.input(key, value) for key, value in entries(self.root.get("inputs"))]
        return tuple(i for i in found if i is not None)

    def input(self, key: Scalar, node: Node) -> Input | None:
        if empty(node):
            return None
        attempt = self.problems.attempt
        attempt(check_name, key.value, key.span)
        attempt(self.names.declare, key.value, INPUT, key.span)
        if not isinstance(node, Mapping):
            return Input(key.value, key.span, self.shape(node), node.span)
        shape = node.get("shape")
        if shape is None:
            return None
        domain = self.domain(node)
        value = self.value(key, node)
        random = self.random(key.value, node)
        return Input(key.value, key.span, self.shape(shape), shape.span, domain, value, random)

    def shape(self, node: Node) -> tuple[Expr, ...]:
        if not isinstance(node, Sequence):
            return ()
        found = [self.dimension(item) for item in node.items]
        return tuple(d for d in found if d is not None)

    def dimension(self, node: Node) -> Expr | None:
        text = self.text(node)
        return self.problems.attempt(read_dimension, text) if text else None

    def domain(self, node: Mapping) -> Domain:
        word = node.get("domain")
        text = self.text(word)
        domain = (self.problems.attempt(read_domain, text) if text else None) or Domain()
        near = node.get("away_from")
        points = near.items if isinstance(near, Sequence) else (near,) if near is not None else ()
        numbers = [p for p in points if isinstance(p, Scalar) and p.kind == "number"]
        texts = [t for t in map(self.text, numbers) if t is not None]
        values = [self.problems.attempt(read_number, t) for t in texts]
        away = tuple(v for v in values if isinstance(v, Fraction))
        return Domain(domain.kind, domain.below, domain.low, domain.high, away, word.span if word else None)

    def random(self, name: str, node: Mapping) -> Random | None:
        place, text = node.key("random"), self.text(node.get("random"))
        law = self.problems.attempt(read_random, text) if text else None
        if place is not None:
            for other in ("domain", "value", "away_from"):
                key = node.key(other)
                if key is not None:
                    self.problems.report(
                        f"`random` and `{other}` cannot stand together", key.span, "a law says it all"
                    )
        if law is not None:
            self.names.laws[name] = (law.name, law.parameters)
        return law

    def value(self, key: Scalar, node: Mapping) -> Definition | None:
        given, place = node.get("value"), node.key("value")
        text = self.text(given)
        expression = self.problems.attempt(read_expression, text) if text else None
        if text is None or expression is None or place is None:
            return None
        return Definition(key.value, place.span, text, expression)

    def dims(self, inputs: tuple[Input, ...]) -> tuple[Definition, ...]:
        """Declares every dimension that a shape, a domain or a constraint uses."""
        for one in inputs:
            for expression in (*one.shape, *([one.domain.below] if one.domain.below else [])):
                self.declare_dimensions(expression)
        found = []
        for key, node in entries(self.root.get("dims")):
            text = self.text(node)
            if text is None:
                continue
            self.problems.attempt(check_name, key.value, key.span)
            if self.names.role(key.value) != DIMENSION:
                self.problems.attempt(self.names.declare, key.value, DIMENSION, key.span)
            size = self.problems.attempt(read_dimension, text)
            if size is not None:
                self.declare_dimensions(size)
                found.append(Definition(key.value, key.span, text, size))
        return tuple(found)

    def declare_dimensions(self, expression: Expr) -> None:
        for node in walk(expression):
            if not isinstance(node, Name) or node.span is None:
                continue
            if self.names.role(node.id) != DIMENSION and node.id not in self.clashing:
                self.clashing.add(node.id)  # to say it once
                self.problems.attempt(check_name, node.id, node.span)
                self.problems.attempt(self.names.declare, node.id, DIMENSION, node.span)

    # -- formulas

    def text(self, node: Node | None) -> Text | None:
        if not isinstance(node, Scalar) or empty(node):
            return None
        return self.problems.attempt(formula_text, node)

    def definitions(self, key: str, role: str) -> tuple[Definition, ...]:
        return read_definitions(self.problems, self.root.get(key), self.names, role)

    def outputs(self, forward: tuple[Definition, ...]) -> tuple[Name, ...]:
        node = self.root.get("output")
        if node is None:
            return (Name(forward[-1].name, span=forward[-1].span),) if forward else ()
        found: list[Name] = []
        for word in words(node):
            if self.names.role(word.value) not in {FORWARD, INPUT}:
                message = f"the output `{word.value}` is no line of `forward`"
                self.problems.extend(
                    self.names.unknown(word.value, word.span, message, FORWARD, INPUT).problems
                )
            elif any(word.value == other.id for other in found):
                self.problems.report(f"the output `{word.value}` stands here twice", word.span)
            found.append(Name(word.value, span=word.span))
        return tuple(found)

    def claims(self, sound: bool) -> tuple[Claim, ...]:
        flawed = {self.claim_of(p) for p in self.problems}
        kept = []
        listing = self.root.key("listing") is not None
        for number, entry in enumerate(self.entries):
            self.file.claims += 1
            if self.file.claims == MAX_CLAIMS + 1:
                advice = "split it into several files"
                self.problems.report(f"this file holds more than {MAX_CLAIMS:,} claims", entry.span, advice)
            if self.file.claims > MAX_CLAIMS or not isinstance(entry, Mapping):
                continue
            default = f"{self.file.stem}#{self.file.claims}"
            before = len(self.problems)
            claim = ClaimReader(self.problems, entry, self.names, sound, listing).read(default, self.file.ids)
            if claim is not None and number not in flawed and len(self.problems) == before:
                kept.append(claim)
        return tuple(kept)
