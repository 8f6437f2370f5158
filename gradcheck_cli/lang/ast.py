"""The expression tree that every notation is read into and printed from.

Nodes are immutable and compare by content; the place they were read from
(`span`) is carried along but never compared, so that parse ∘ print = identity
can be stated as `==`. Numbers are exact: `0.044715` is 8943/200000, never a
float.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from typing import TypeAlias

from gradcheck_cli.text import Span


@dataclass(frozen=True, slots=True)
class Node:
    """Anything that stands in a formula."""

    span: Span | None = field(default=None, compare=False, repr=False, kw_only=True)

    def at(self, span: Span | None) -> Node:
        """The same node at another place."""
        return replace(self, span=span)


@dataclass(frozen=True, slots=True)
class Number(Node):
    """An exact constant."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Boolean(Node):
    """`True` or `False`, as in `keepdims=True`."""

    value: bool


@dataclass(frozen=True, slots=True)
class Absent(Node):
    """`None`: a new axis inside brackets, «all axes» as a keyword."""


@dataclass(frozen=True, slots=True)
class String(Node):
    """A quoted word, as in `einsum('ij,jk->ik', A, B)`."""

    value: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    """An input, an intermediate, a gradient such as `dX`, a dimension, an index or a constant."""

    id: str


@dataclass(frozen=True, slots=True)
class Negative(Node):
    """`-x`."""

    operand: Expr


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Two operands and one of `+ - * / ** @` or a comparison."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Transpose(Node):
    """`x.T` (all axes reversed) or `x.mT` (the last two swapped)."""

    operand: Expr
    kind: str


@dataclass(frozen=True, slots=True)
class Slice(Node):
    """`start:stop:step` inside brackets; each part may be missing."""

    start: Expr | None
    stop: Expr | None
    step: Expr | None


@dataclass(frozen=True, slots=True)
class Ellipsis(Node):
    """`...` inside brackets."""


@dataclass(frozen=True, slots=True)
class Subscript(Node):
    """`x[items]`: positions, slices, index arrays, new axes, or free indices `x[i, j]`."""

    operand: Expr
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Tuple(Node):
    """`(a, b)`: several axes, a shape, or several arrays."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Keyword(Node):
    """`name=value` in a call."""

    name: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function of the table applied to arguments."""

    function: str
    args: tuple[Expr, ...]
    keywords: tuple[Keyword, ...] = ()


@dataclass(frozen=True, slots=True)
class Over(Node):
    """A reduction over named indices: `sum[i, j](A[i, j] * B[j, i])`."""

    function: str
    indices: tuple[Name, ...]
    body: Expr


@dataclass(frozen=True, slots=True)
class Juxtapose(Node):
    """Factors as LaTeX prints them; which products are meant, their shapes decide (`shapes.resolve`).

    Between two neighbours stands one of the `signs`: "" (nothing), `cdot`,
    `matmul`, `odot`, `oslash` or `otimes`.
    """

    items: tuple[Expr, ...]
    signs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Either(Node):
    """A sign with several meanings, such as `|A|`: the one whose shapes fit."""

    options: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Unsized(Node):
    """`ones` or `eye` printed without a shape: the shape that fits."""

    function: str


@dataclass(frozen=True, slots=True)
class Series(Node):
    r"""`\sum_{i=1}^n body`, `\sum_{k\neq i} body`, or without an index, which the body then names."""

    function: str
    indices: tuple[Name, ...]
    low: Expr | None
    high: Expr | None
    condition: Expr | None
    body: Expr


@dataclass(frozen=True, slots=True)
class Blocks(Node):
    """A matrix of symbols: what they are, numbers, vectors or blocks, decides how they are joined."""

    rows: tuple[Tuple, ...]


@dataclass(frozen=True, slots=True)
class Noted(Node):
    """A part that had to be interpreted: the remark says how it was read."""

    operand: Expr
    remark: str


Loose: TypeAlias = Juxtapose | Either | Unsized | Series | Blocks | Noted
"""What only LaTeX gives, until the shapes have settled it; so are the power `^` and the transpose `top`."""


Expr: TypeAlias = (
    Number
    | Boolean
    | Absent
    | String
    | Name
    | Negative
    | Binary
    | Transpose
    | Slice
    | Ellipsis
    | Subscript
    | Tuple
    | Call
    | Over
    | Loose
)


@dataclass(frozen=True, slots=True)
class Equation(Node):
    """`a = b` or a chain `a = b = c`; at least two sides.

    `relations` stand between them, in a chain of any: `0 <= p <= 1`; empty means `=` throughout.
    """

    sides: tuple[Expr, ...]
    relations: tuple[str, ...] = ()

    def relation(self, link: int) -> str:
        """The sign of a link: `=`, or another of a property."""
        return self.relations[link] if self.relations else "="


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below, in the order in which they are written."""
    for f in fields(node):
        if f.name == "span":
            continue
        value = getattr(node, f.name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from (v for v in value if isinstance(v, Node))


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, parents first, without recursion."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(list(children(current))))


def transform(node: Node, change: Callable[[Node], Node]) -> Node:
    """The tree with every node replaced by what `change` makes of it, children first."""
    changed: dict[str, object] = {}
    for f in fields(node):
        value = getattr(node, f.name)
        if f.name == "span":
            continue
        if isinstance(value, Node):
            changed[f.name] = transform(value, change)
        elif isinstance(value, tuple):
            changed[f.name] = tuple(transform(v, change) if isinstance(v, Node) else v for v in value)
    return change(replace(node, **changed) if changed else node)  # type: ignore[arg-type]
