"""A spec as data: what one YAML file says, parsed, with the place of every value.

Formulas are already syntax trees here; whether their names exist and their
shapes fit is decided later, by `shapes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, get_args

from gradcheck_cli.lang.ast import Equation, Expr, Name, Number
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.text import Problem, Source, Span, Text

Kind = Literal[
    "gradient",
    "differential",
    "derivative",
    "identity",
    "expectation",
    "property",
    "shape",
    "cost",
    "value",
    "code",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

RELATIONAL: tuple[Kind, ...] = ("property", "cost")
"""Kinds whose sides may stand in other relations than `=`."""

Verdict = Literal["holds", "wrong", "shape-mismatch", "conditional", "undecided", "skipped"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

EXPECTABLE: tuple[Verdict, ...] = tuple(v for v in VERDICTS if v != "skipped")
"""The verdicts that a spec may expect: whether a claim is judged at all is up to the user."""

DOMAINS = (
    "real",
    "positive",
    "nonzero",
    "unit",
    "probability",
    "symmetric",
    "spd",
    "invertible",
    "orthogonal",
    "lower",
    "index",
    "mask",
    "range",
)


LAWS: Mapping[str, tuple[str, ...]] = {
    "normal": ("a mean", "a standard deviation"),
    "uniform": ("a lower", "an upper end"),
    "rademacher": (),
}
"""The laws of random inputs, and their parameters."""


@dataclass(frozen=True)
class Definition:
    """`name: expression`, in `forward`, `where`, `when` or `dims`.

    `indices` are those of a name such as `S[i, j]`, whose expression is an element.
    """

    name: str
    span: Span
    text: Text
    expression: Expr
    indices: tuple[Name, ...] = ()


@dataclass(frozen=True)
class Domain:
    """From which set an input is drawn."""

    kind: str = "real"
    below: Expr | None = None
    """`index(v)`: the dimension that the whole numbers stay below."""
    low: Fraction | None = None
    high: Fraction | None = None
    """`range(low, high)`."""
    away_from: tuple[Fraction, ...] = ()
    span: Span | None = None


@dataclass(frozen=True)
class Random:
    """A law that every element of an input follows, each by itself."""

    name: str
    """`normal`, `uniform` or `rademacher`."""
    parameters: tuple[Fraction, ...] = ()
    """Mean and standard deviation; the lower and upper end; none."""

    def __str__(self) -> str:
        inside = ", ".join(to_plain(Number(p)) for p in self.parameters)
        return f"{self.name}({inside})" if inside else self.name


@dataclass(frozen=True)
class Input:
    """A leaf of the forward computation."""

    name: str
    span: Span
    shape: tuple[Expr, ...]
    shape_span: Span
    domain: Domain = Domain()
    value: Definition | None = None
    """A given constant instead of random numbers."""
    random: Random | None = None
    """The law under which `E(…)` takes its expectations."""

    @property
    def differentiable(self) -> bool:
        """Whether the input has a gradient: index, mask and constant inputs have none."""
        return self.value is None and self.domain.kind not in {"index", "mask"}


@dataclass(frozen=True)
class Formula:
    """An equation and the text it was read from."""

    text: Text
    equation: Equation


@dataclass(frozen=True)
class Claim:
    """One equation that somebody claims, and what the spec says about it."""

    ids: tuple[str, ...]
    """The claim's own id, or one for each link; never empty (`spec#n` by default)."""
    kind: Kind
    formula: Formula
    span: Span
    """The place of the whole entry in the list of claims."""
    expect: tuple[Verdict, ...] = ("holds",)
    """One verdict for the claim as a whole, or one for each link."""
    correction: Formula | None = None
    when: tuple[Definition, ...] = ()
    fixed: tuple[Name, ...] = ()
    some: bool = False
    """A property that holds for some data, not for all."""
    where: tuple[Definition, ...] = ()
    quote: str | None = None
    note: str | None = None
    replace: tuple[tuple[str, Text], ...] = ()
    """Lines of the listing, and those that a claim about code puts in their place."""
    place: Span | None = None
    """Where its formula stands in the writeup, if the claim only refers to it."""

    @property
    def id(self) -> str:
        """One word for the claim: its id, or the first and last of its links."""
        return self.ids[0] if len(self.ids) == 1 else f"{self.ids[0]}…{self.ids[-1]}"

    @property
    def links(self) -> int:
        """How many links the chain has; 1 for a plain equation."""
        return len(self.formula.equation.sides) - 1


@dataclass(frozen=True)
class Document:
    """Where the claims were published."""

    document: str | None = None
    section: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class Listing:
    """Code that was published with the claims; `code` is None until its document is read."""

    span: Span
    code: str | None = None
    name: str = ""
    """The file that the code stands in."""
    first: int = 1
    """The line in which it begins there."""
    document: str | None = None
    lines: tuple[int, int] | None = None
    begins: str | None = None
    """What the first line says, so that a change of the document is noticed."""


@dataclass(frozen=True)
class Operator:
    """A forward computation and the claims about it."""

    name: str
    span: Span
    inputs: tuple[Input, ...]
    forward: tuple[Definition, ...]
    outputs: tuple[Name, ...]
    claims: tuple[Claim, ...]
    loss: bool = False
    dims: tuple[Definition, ...] = ()
    where: tuple[Definition, ...] = ()
    document: Document = Document()
    notation: tuple[tuple[str, str], ...] = ()
    """What LaTeX symbols stand for, where the usual rules do not give it."""
    vectors: str = "column"
    """How a 1-D array stands in LaTeX: `column` or `row`."""
    listing: Listing | None = None
    """The code that `code` claims are about."""


@dataclass(frozen=True)
class SpecFile:
    """One file: the operators that could be read, and the problems of those that could not."""

    name: str
    source: Source | None
    operators: tuple[Operator, ...] = ()
    problems: tuple[Problem, ...] = field(default=())
