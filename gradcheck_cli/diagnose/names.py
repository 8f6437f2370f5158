"""What the names of a claim mean, and which of them a correction may bring in.

A correction must say something: `dX = dX` is true of every X. Hence what the
other side names alone stays out, and so does what is known only after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gradcheck_cli.diagnose.bench import Bench
from gradcheck_cli.lang import ast
from gradcheck_cli.shapes.dims import Dim, Shape
from gradcheck_cli.shapes.infer import Local, Meaning, Scope
from gradcheck_cli.shapes.resolve import is_loose, resolve_expression
from gradcheck_cli.shapes.typed import Program, Type
from gradcheck_cli.spec.model import Claim, Operator
from gradcheck_cli.text import UserError

MEANING: Mapping[str, Meaning] = {
    "gradient": "gradient",
    "derivative": "gradient",
    "differential": "differential",
    "identity": "values",
}
"""What `dX` is in the kinds of claims that can be repaired."""


@dataclass(frozen=True, slots=True)
class Word:
    """A name, or the gradient of one, as a part of a formula."""

    expr: ast.Expr
    type: Type
    sort: str
    """`value`, `gradient`, `tangent`, `local` or `size`."""
    of: str
    """The quantity that it belongs to."""


class Names:
    """The vocabulary of one claim."""

    def __init__(
        self, bench: Bench, claim: Claim, sides: tuple[ast.Expr, ...], first: ast.Expr | None = None
    ) -> None:
        self.bench = bench
        self.program: Program = bench.typed.program
        self.meaning: Meaning = MEANING[claim.kind]
        self.locals: Mapping[str, Local] = bench.scope.locals
        self.dims: Mapping[str, Dim] = self.program.dims
        self.used = frozenset(n for side in sides for n in words_in(self._opened(side)))
        self.right = frozenset(n for side in sides[1:] for n in words_in(self._opened(side)))
        self.calls_grad = any(
            isinstance(n, ast.Call) and n.function == "grad" for s in sides for n in ast.walk(s)
        )
        self.subject = subject_of(sides[0], self.program)
        self.first = subject_of(sides[0] if first is None else first, self.program)
        """What the chain is about whose link this is."""
        self.all_words = [w for w in self._words() if self.may(w)]
        """The words that a correction may use, those that only the other side names among them."""
        alone = words_in(sides[0]) - words_in(self._opened(ast.Tuple(sides[1:])))
        self.every = {word_key(w.expr): w for w in self._words()}
        self.words = [w for w in self.all_words if self.subject is not None or word_key(w.expr) not in alone]
        self.indices = indices_of(sides)
        self.functions = frozenset(
            n.function
            for tree in (self._opened(ast.Tuple(sides)), *(d.tree.node for d in self.program.definitions))
            for n in ast.walk(tree)
            if isinstance(n, ast.Call)
        )
        """The functions of the claim and of the forward computation."""
        self.by_shape: dict[Shape, list[Word]] = {}
        for word in self.all_words:
            self.by_shape.setdefault(word.type.shape, []).append(word)

    def type_of(self, node: ast.Expr) -> Type | None:
        """The type of a part."""
        return self.bench.type_of(node)

    def _opened(self, side: ast.Expr) -> ast.Expr:
        """All definitions that a side rests on, in one tree of which only the names matter."""
        found: list[ast.Expr] = [side]
        seen: set[str] = set()
        for tree in found:
            for node in ast.walk(tree):
                if isinstance(node, ast.Name) and node.id in self.locals and node.id not in seen:
                    seen.add(node.id)
                    found.append(self.locals[node.id].expression)
        return ast.Tuple(tuple(found))

    def _words(self) -> list[Word]:
        found: list[Word] = []
        types, program = self.program.types, self.program
        for name, local in self.locals.items():
            type_ = None if local.indices else self.type_of(ast.Name(name))
            if type_ is not None:
                found.append(Word(ast.Name(name), type_, "local", name))
        for name, type_ in types.items():
            if name not in self.locals:
                found.append(Word(ast.Name(name), type_, "value", name))
        for name in types:
            if name not in program.differentiable or self.meaning == "values":
                continue
            short = f"d{name}"
            free = short not in types and short not in self.locals and short not in self.dims
            if self.meaning == "differential" and free:
                found.append(Word(ast.Name(short), types[name], "tangent", name))
            if self.meaning == "differential" or self.calls_grad or not free:
                found.append(Word(ast.Call("grad", (ast.Name(name),)), types[name], "gradient", name))
            else:
                found.append(Word(ast.Name(short), types[name], "gradient", name))
        sizes = [name for name in self.dims if name not in types and name not in self.locals]
        return found + [Word(ast.Name(name), Type((), "int"), "size", name) for name in sizes]

    def may(self, word: Word) -> bool:
        """Whether a correction may use a name: those of the claim, and what is known before its subject."""
        if word_key(word.expr) in self._own():
            return word_key(word.expr) in self.right
        if word.sort == "size" or word_key(word.expr) in self.used:
            return True
        if word.sort == "local":
            return not (words_in(self._opened(word.expr)) & self._own())
        if self.subject is None:
            return True
        sort, of = self.subject
        needs = self.program.needs
        if of not in needs:
            return word.sort != "gradient" or self.meaning == "differential" or of == "L"
        if sort == "d" and self.meaning == "gradient":
            return word.sort != "gradient" or (word.of != of and of in needs[word.of])
        if sort == "d":
            return word.sort != "tangent" or (word.of != of and word.of in needs[of])
        return word.sort != "value" or (word.of != of and of not in needs[word.of])

    def _own(self) -> frozenset[str]:
        subjects = (s for s in (self.subject, self.first) if s is not None)
        return frozenset(of if sort == "value" else f"d{of}" for sort, of in subjects)

    def alike(self, node: ast.Expr) -> list[Word]:
        """Other words of the same shape."""
        type_ = self.type_of(node)
        if type_ is None:
            return []
        return [
            w
            for w in self.by_shape.get(type_.shape, [])
            if word_key(w.expr) != word_key(node)
            and (w.type.dtype == type_.dtype or "int" not in (w.type.dtype, type_.dtype))
        ]

    def word(self, node: ast.Expr) -> Word | None:
        """The word that a node is."""
        key = word_key(node)
        return self.every.get(key) if key else None

    def line(self, name: str) -> ast.Expr | None:
        """The line of `forward` of an intermediate, as a tree."""
        for definition in self.program.definitions:
            if definition.name == name:
                return definition.tree.node
        return None


def word_key(node: ast.Node) -> str | None:
    """`X` for a name, `dX` for a gradient or tangent."""
    match node:
        case ast.Name(id):
            return id
        case ast.Call("grad", (ast.Name(id),)):
            return f"d{id}"
    return None


def words_in(node: ast.Node) -> frozenset[str]:
    """All names of a tree; that of a `grad` counts as the gradient alone."""
    found: set[str] = set()
    stack: list[ast.Node] = [node]
    while stack:
        current = stack.pop()
        key = word_key(current)
        if key is not None:
            found.add(key)
        else:
            stack.extend(ast.children(current))
    return frozenset(found)


def subject_of(left: ast.Expr, program: Program) -> tuple[str, str] | None:
    """What an equation is about, if its left side is one quantity: ("d", "X") or ("value", "Y")."""
    while isinstance(left, (ast.Transpose, ast.Subscript, ast.Negative)):
        left = left.operand
    match left:
        case ast.Call("grad", (ast.Name(id),)):
            return "d", id
        case ast.Name(id) if id.startswith("d") and len(id) > 1 and id not in program.types:
            return "d", id[1:]
        case ast.Name(id):
            return "value", id
    return None


def indices_of(sides: tuple[ast.Expr, ...]) -> tuple[str, ...]:
    """The indices that are summed over, and those in brackets; what else stands there is declared."""
    found: dict[str, None] = {}
    for side in sides:
        for node in ast.walk(side):
            if isinstance(node, ast.Over):
                found |= dict.fromkeys(i.id for i in node.indices)
            elif isinstance(node, ast.Subscript):
                found |= dict.fromkeys(i.id for i in node.items if isinstance(i, ast.Name))
    return tuple(found)


def locals_of(operator: Operator, claim: Claim, program: Program) -> dict[str, Local]:
    """The local definitions of a claim in plain form. Raises UserError where they cannot be read."""
    found = {d.name: Local(d.expression, d.indices) for d in (*operator.where, *claim.where)}
    for name, local in list(found.items()):
        if is_loose(local.expression):
            scope = Scope(program.types, program.dims, MEANING[claim.kind], program, found)
            with scope.binding(local.indices):
                (side,) = resolve_expression(local.expression, scope, operator.vectors).sides
            if isinstance(side, UserError):
                raise side
            found[name] = Local(side, local.indices)
    return found
