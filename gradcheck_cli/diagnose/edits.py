"""Every place of a formula where an array stands, and how the formula reads with something else there.

What a `where` defines is part of the formulas that use it: an edit inside of a
definition puts the edited definition in at every use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from gradcheck_cli.diagnose.names import Names
from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.shapes.infer import Local
from gradcheck_cli.shapes.typed import Type

Rebuild = Callable[[ast.Expr], ast.Expr]

DEEPEST = 3
"""How far definitions inside of definitions are followed."""


@dataclass(frozen=True, eq=False)
class Site:
    """A node, what the whole side reads with another one there, and the role that it plays."""

    node: ast.Expr
    rebuild: Rebuild
    role: str
    """`side`, `term`, `factor`, `operand` or `exponent`."""
    names: Names
    parent: Site | None = None
    local: str | None = None
    """The definition that it stands in."""
    known: bool = False
    """Whether the value that must stand there is known, so that factors need not be guessed."""

    @property
    def type(self) -> Type | None:
        """The type of the node, if it has one."""
        return self.names.type_of(self.node)

    @property
    def rank(self) -> int:
        """How many axes it has; -1 where that is not known."""
        found = self.type
        return -1 if found is None else found.rank


def sites(side: ast.Expr, names: Names) -> Iterator[Site]:
    """All places of a side, parents first, those inside of definitions last."""
    whole = Site(side, lambda new: new, "side", names)
    yield from _below(whole)
    for name in _reached(side, names.locals):
        local = names.locals[name]

        def put(new: ast.Expr, name: str = name) -> ast.Expr:
            return _opened(side, name, new, names.locals, 0)

        if not local.indices:
            yield from _below(Site(local.expression, put, "side", names, local=name))


def _reached(side: ast.Expr, locals_: Mapping[str, Local]) -> list[str]:
    """The definitions that a side rests on."""
    found: list[str] = []
    trees = [side]
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id in locals_ and node.id not in found:
                found.append(node.id)
                trees.append(locals_[node.id].expression)
    return found


def _opened(side: ast.Expr, name: str, new: ast.Expr, locals_: Mapping[str, Local], depth: int) -> ast.Expr:
    """The side with another definition of a name; definitions that use the name are put in."""
    values: dict[str, ast.Expr] = {name: new}
    if depth < DEEPEST:
        for other in {n.id for n in ast.walk(side) if isinstance(n, ast.Name)} - {name}:
            local = locals_.get(other)
            if local is not None and not local.indices and name in _reached(local.expression, locals_):
                values[other] = _opened(local.expression, name, new, locals_, depth + 1)
    return substituted(side, values)


def _below(site: Site) -> Iterator[Site]:
    yield site
    for child, put, role in arrays(site.node):
        yield from _below(
            Site(child, lambda n, put=put: site.rebuild(put(n)), role, site.names, site, site.local)  # type: ignore[misc]
        )


def arrays(node: ast.Expr) -> Iterator[tuple[ast.Expr, Rebuild, str]]:
    """The arrays directly below a node, how it reads with another one there, and their roles."""
    match node:
        case ast.Negative(operand) | ast.Transpose(operand, _) | ast.Subscript(operand, _):
            yield operand, lambda n: replace(node, operand=n), "operand"
        case ast.Binary(op, left, right):
            role = {"+": "term", "-": "term", "*": "factor", "/": "factor", "@": "factor"}.get(op, "operand")
            yield left, lambda n: replace(node, left=n), role
            yield right, lambda n: replace(node, right=n), "exponent" if op == "**" else role
        case ast.Over(_, _, body):
            yield body, lambda n: replace(node, body=n), "operand"
        case ast.Call("grad"):
            return
        case ast.Call(function, args):
            parameters = FUNCTIONS[function].parameters
            for number, arg in enumerate(args):
                parameter = parameters[min(number, len(parameters) - 1)]
                if parameter.kind in {"array", "expression"} and not isinstance(arg, ast.Tuple):
                    yield arg, lambda n, number=number: put_arg(node, number, n), "operand"  # type: ignore[misc]


def put_arg(call: ast.Call, number: int, arg: ast.Expr) -> ast.Call:
    """The call with another positional argument."""
    return replace(call, args=(*call.args[:number], arg, *call.args[number + 1 :]))


def substituted(side: ast.Expr, values: Mapping[str, ast.Expr]) -> ast.Expr:
    """The side with names replaced throughout; names of indices, sizes of shapes and of `grad` stay."""

    def change(node: ast.Expr) -> ast.Expr:
        if isinstance(node, ast.Name) and node.id in values:
            return values[node.id]
        for child, _, _ in list(arrays(node)):
            new = change(child)
            if new is not child:
                # one child after the other: each `put` is bound to the node as it was
                node = _put(node, child, new)
        return node

    return change(side)


def _put(node: ast.Expr, child: ast.Expr, new: ast.Expr) -> ast.Expr:
    for other, put, _ in arrays(node):
        if other is child:
            return put(new)
    return node


def mapped(side: ast.Expr, change: Callable[[ast.Expr], ast.Expr]) -> ast.Expr:
    """The side with every array in it replaced by what `change` makes of it, children first."""
    for child, _, _ in list(arrays(side)):
        new = mapped(child, change)
        if new is not child:
            side = _put(side, child, new)
    return change(side)


def number(value: int | Fraction) -> ast.Expr:
    """A constant as it is written: a negative one is a sign and a number, a fraction a quotient."""
    exact = Fraction(value)
    found = ast.Number(abs(exact))
    return ast.Negative(found) if exact < 0 else found


def call(function: str, *args: ast.Expr, **keywords: ast.Expr) -> ast.Call:
    """A call with keywords."""
    return ast.Call(function, args, tuple(ast.Keyword(k, v) for k, v in keywords.items()))


def times(left: ast.Expr, right: ast.Expr) -> ast.Expr:
    """An elementwise product."""
    return ast.Binary("*", left, right)


def over(left: ast.Expr, right: ast.Expr) -> ast.Expr:
    """A quotient."""
    return ast.Binary("/", left, right)


def matmul(left: ast.Expr, right: ast.Expr) -> ast.Expr:
    """A matrix product."""
    return ast.Binary("@", left, right)


def turned(node: ast.Expr, rank: int) -> ast.Expr:
    """The transpose; one that is there already goes."""
    if isinstance(node, ast.Transpose):
        return node.operand
    return ast.Transpose(node, "T" if rank == 2 else "mT")
