"""The small parts that operators and claims share: words, entries, definitions."""

from __future__ import annotations

from gradcheck_cli.spec.collect import Problems
from gradcheck_cli.spec.formula import formula_text, read_expression
from gradcheck_cli.spec.model import Definition
from gradcheck_cli.spec.names import FORWARD, Names, read_target
from gradcheck_cli.spec.yaml_tree import Mapping, Node, Scalar, Sequence


def entries(node: Node | None) -> tuple[tuple[Scalar, Node], ...]:
    """The entries of a mapping; nothing if it is missing or of another sort."""
    return node.entries if isinstance(node, Mapping) else ()


def words(node: Node | None) -> list[Scalar]:
    """One word or a list of words."""
    nodes = node.items if isinstance(node, Sequence) else (node,)
    return [n for n in nodes if isinstance(n, Scalar) and not empty(n)]


def empty(node: Node | None) -> bool:
    """Whether a value is missing, or was refused already."""
    return isinstance(node, Scalar) and (node.flawed or node.kind in {"null", "boolean"})


def read_definitions(
    problems: Problems, node: Node | None, names: Names, role: str
) -> tuple[Definition, ...]:
    """`name: expression`, in order; each name is declared."""
    found = []
    for key, value in entries(node):
        if not isinstance(value, Scalar) or empty(value):
            continue
        target = problems.attempt(read_target, key)
        if target is not None:
            problems.attempt(names.declare, target[0], role, key.span)
        text = problems.attempt(formula_text, value)
        expression = None
        if text is not None:
            expression = problems.attempt(read_expression, names.prose.expand(text), names.symbols)
        if target is not None and text is not None and expression is not None:
            if role == FORWARD:
                names.depend(target[0], expression)
            found.append(Definition(target[0], key.span, text, expression, target[1]))
    return tuple(found)
