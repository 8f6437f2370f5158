"""Fills in what writeups on normalisation leave out: which mean and deviation stand in `(x - mu) / sigma`."""

from __future__ import annotations

from gradcheck_cli.lang.ast import Binary, Expr, Name, Noted, walk
from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.run.drafting.operators import Line, Operator
from gradcheck_cli.text import Text

MEANS = frozenset({"mu", "m", "mean"})
DEVIATIONS = frozenset({"sigma", "s", "std"})


def complete(here: Operator) -> None:
    """Adds lines for the mean and the deviation of what is normalised, marked as assumed."""
    leaves = set(here.leaves)
    for line in list(here.lines.values()):
        tree = line.expression
        found = _normalised(tree, leaves) if tree is not None else None
        if found is None:
            continue
        of, mean, deviation = found
        rest = ", axis=-1, keepdims=True" if of[0].isupper() else ""
        lines = {
            name: Line(
                name,
                text,
                line.reading,
                frozenset({of}),
                plain=True,
                tree=parse_expression(Text.whole("assumed", text)),
                remark="assumed: not explained in the writeup",
            )
            for name, text in ((mean, f"mean({of}{rest})"), (deviation, f"std({of}{rest})"))
        }
        here.lines = lines | here.lines
        return


def _normalised(tree: Expr, leaves: set[str]) -> tuple[str, str, str] | None:
    """The names x, mu and sigma of `(x - mu) / sigma`, or of `(x - mu) / sqrt(sigma^2 + eps)`."""
    for node in walk(tree):
        if not isinstance(node, Binary) or node.op != "/":
            continue
        above = node.left
        while isinstance(above, Noted):
            above = above.operand
        if not (isinstance(above, Binary) and above.op == "-"):
            continue
        one, two = above.left, above.right
        below = [n.id for n in walk(node.right) if isinstance(n, Name) and n.id in DEVIATIONS & leaves]
        if isinstance(one, Name) and isinstance(two, Name) and two.id in MEANS & leaves and len(below) == 1:
            return one.id, two.id, below[0]
    return None
