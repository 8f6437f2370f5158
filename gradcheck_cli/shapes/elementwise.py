"""Whether one quantity depends on another element by element, so that its derivative has its shape."""

from __future__ import annotations

from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.shapes.typed import Apply, Given, Program, Typed, Value, below, quantities


def depends(tree: Typed, name: str, program: Program) -> bool:
    """Whether the value of a tree can change with the named quantity."""
    return any(
        name in program.needs.get(q.name, frozenset({q.name}))
        for q in quantities(tree)
        if isinstance(q, Value)
    )


def is_elementwise(tree: Typed, name: str, program: Program) -> bool:
    """Whether element (i, j) of the tree depends on element (i, j) of the named quantity only."""
    shape = program.types[name].shape
    trees = {d.name: d.tree for d in program.definitions}
    stack, seen = [tree], set()
    if tree.type.shape != shape or not depends(tree, name, program):
        return False
    while stack:
        node = stack.pop()
        if id(node) in seen or not depends(node, name, program):
            continue
        seen.add(id(node))
        if node.type.shape != shape:
            return False
        if isinstance(node, Given):
            assert isinstance(node.quantity, Value)
            if node.quantity.name != name:
                stack.append(trees[node.quantity.name])
        elif isinstance(node, Apply) and FUNCTIONS[node.function].rule in {"elementwise", "comparison"}:
            stack.extend(below(node))
        else:
            return False
    return True
