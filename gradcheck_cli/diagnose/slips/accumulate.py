"""Repeated indices: gradients of what is looked up several times add up, and were overwritten."""

from __future__ import annotations

from collections.abc import Iterator

from gradcheck_cli.diagnose.edits import call, number
from gradcheck_cli.diagnose.names import Names
from gradcheck_cli.diagnose.slip import Example, Slip
from gradcheck_cli.lang import ast


def across(sides: tuple[ast.Expr, ...], names: Names) -> Iterator[tuple[tuple[ast.Expr, ...], str]]:
    """`dE[x] = g` → `dE = scatter_add(zeros_like(E), x, g)`."""
    match sides[0]:
        case ast.Subscript(table, (ast.Name(index),)):
            its = names.type_of(ast.Name(index))
            type_ = names.type_of(sides[1])
            if its is None or its.dtype != "int" or type_ is None:
                return
            grown = sides[1]
            extra = its.rank + 1 - type_.rank
            # a batch of gradients for one row of indices is summed
            if extra < 0:
                axes = [number(a) for a in range(-extra)]
                grown = call("sum", grown, axis=axes[0] if len(axes) == 1 else ast.Tuple(tuple(axes)))
            word = names.word(table)
            of = table if word is None else ast.Name(word.of)
            added = call("scatter_add", call("zeros_like", of), ast.Name(index), grown)
            yield (table, added), "repeated indices add up"


SLIP = Slip(
    code="GC129",
    name="overwritten rows",
    title="rows that are looked up several times are overwritten instead of added up",
    page="""
What it looks like
    `dE[x] = dY` for an embedding: every row that is looked up twice keeps only the last gradient.

Why it happens
    An assignment with an index array overwrites. The transpose of a look-up is an addition:
    `scatter_add`, `index_add`, `np.add.at`.

How to see it
    Look a row up twice. With all indices different, as in a short test, the mistake cannot be seen.
""",
    examples=(
        Example(
            "E: [v, d]; x: {shape: [n], domain: index(v)}",
            "Y: E[x]",
            "dE[x] = dY",
            "dE = scatter_add(zeros_like(E), x, dY)",
        ),
    ),
    cost=1.3,
    across=across,
)
