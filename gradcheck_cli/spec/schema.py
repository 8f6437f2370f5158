"""Which keys a spec has and what stands behind each: one table.

`structure` checks files by it and `json_schema` publishes it, so the two cannot drift apart. Only
keys, lists and words are settled here; formulas and names are read in `build`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from gradcheck_cli.spec.model import DOMAINS, EXPECTABLE, KINDS, LAWS
from gradcheck_cli.spec.yaml_tree import ScalarKind


@dataclass(frozen=True)
class Leaf:
    """A scalar of certain kinds; `choices` limits it to some words."""

    expected: str
    json: dict[str, Any]
    kinds: tuple[ScalarKind, ...] = ("text", "number")
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class ListOf:
    """A list of equal things."""

    item: Rule
    least: int = 0


@dataclass(frozen=True)
class Named:
    """A mapping whose keys the author chooses."""

    value: Rule
    least: int = 0


@dataclass(frozen=True)
class Either:
    """Different notations, told apart by the sort of node that stands there."""

    expected: str
    scalar: Leaf
    sequence: ListOf | None = None
    mapping: Keys | None = None


@dataclass(frozen=True)
class Key:
    """One key: what stands behind it, what it means, and how it is written."""

    rule: Rule
    description: str
    example: str
    required: bool = False
    words: tuple[str, ...] = ()
    """What an editor may offer; other texts are read too."""


@dataclass(frozen=True)
class Keys:
    """A mapping with known keys only; exactly one of `one_of` must be there (`build` says so)."""

    keys: dict[str, Key]
    one_of: tuple[str, ...] = ()


Rule: TypeAlias = Leaf | ListOf | Named | Either | Keys

_TEXT_JSON = {"type": ["string", "number"]}
TEXT = Leaf("text", _TEXT_JSON)
WORD = Leaf("a word", _TEXT_JSON)
NAME = Leaf("a name", {"type": "string"}, kinds=("text",))
VECTORS = Leaf("`column` or `row`", {"enum": ["column", "row"]}, kinds=("text",), choices=("column", "row"))
QUANTIFIER = Leaf("`all` or `some`", {"enum": ["all", "some"]}, kinds=("text",), choices=("all", "some"))
FORMULA = Leaf("a formula", _TEXT_JSON)
NUMBER = Leaf("a number", {"type": "number"}, kinds=("number",))
FLAG = Leaf("`true` or `false`", {"type": "boolean"}, kinds=("boolean",))
VERDICT = Leaf("a verdict", {"enum": list(EXPECTABLE)}, kinds=("text",), choices=EXPECTABLE)
_SHAPE = "a shape such as `[n, m]`"
SCALAR = Leaf(_SHAPE, {"const": "scalar"}, kinds=("text",), choices=("scalar",))
SHAPE = Either(_SHAPE, SCALAR, ListOf(FORMULA))
WORDS = Either("a word or a list of words", WORD, ListOf(WORD, least=1))
DEFINITIONS = Named(FORMULA)

_WITH_ARGUMENTS = {"index": "index(n)", "range": "range(-1, 1)"}

INPUT = Keys(
    {
        "shape": Key(SHAPE, "The dimensions; `[]` is a scalar.", "shape: [n, m]", required=True),
        "domain": Key(
            TEXT,
            "The set that the elements are drawn from; `real` if left out.",
            "domain: positive",
            words=tuple(_WITH_ARGUMENTS.get(d, d) for d in DOMAINS),
        ),
        "away_from": Key(
            Either("a number or a list of numbers", NUMBER, ListOf(NUMBER)),
            "Points that every element keeps a distance from, because the forward has a kink there.",
            "away_from: [0, 1]",
        ),
        "value": Key(FORMULA, "A given constant instead of random numbers.", "value: 1e-5"),
        "random": Key(
            TEXT,
            "The law of every element, for expectations: `E(u @ u.T)`.",
            "random: normal(0, 1)",
            words=tuple(f"{law}(0, 1)" if parameters else law for law, parameters in LAWS.items()),
        ),
    }
)

CLAIM = Keys(
    {
        "gradient": Key(
            FORMULA, "An equation in which `dX` is the gradient of the loss.", "gradient: dX = dY @ W.T"
        ),
        "differential": Key(
            FORMULA, "An equation in which `dX` is a tangent.", "differential: dY = dX @ W + X @ dW"
        ),
        "derivative": Key(
            FORMULA,
            "An equation in which `D(y, x)` is the derivative of y by x.",
            "derivative: D(y, x) = y * (1 - y)",
        ),
        "identity": Key(
            FORMULA, "An equation without d-names, true for all inputs.", "identity: trace(A) = sum(s)"
        ),
        "expectation": Key(
            FORMULA, "An equation about expectations over random inputs.", "expectation: E(u @ u.T) = eye(n)"
        ),
        "property": Key(FORMULA, "A relation, perhaps an inequality.", "property: rank(A @ B) <= r"),
        "shape": Key(FORMULA, "An equation of shapes.", "shape: shape(A @ V) = [n, d]"),
        "cost": Key(
            FORMULA,
            "A relation between operations, memory and sizes.",
            "cost: flops(X.T @ dY) < flops(X @ W)",
        ),
        "value": Key(
            FORMULA,
            "Numbers printed in a worked example, judged to their printed precision.",
            "value: p = [0.12, 0.88]",
        ),
        "code": Key(
            FORMULA,
            "A Python expression over the `listing`, and what it gives; runs only under `--allow-code`.",
            "code: backward(dY, X) = dX",
        ),
        "id": Key(WORDS, "A word for the claim, or for a chain a list with one for each link.", "id: dX"),
        "expect": Key(
            Either("a verdict or a list of verdicts", VERDICT, ListOf(VERDICT, least=1)),
            "What the verdict must be; for a chain also a list, one for each link. `holds` if left out.",
            "expect: wrong",
        ),
        "correction": Key(
            FORMULA, "The right equation of a wrong claim; it is verified too.", "correction: dX = -dY"
        ),
        "where": Key(DEFINITIONS, "Local definitions.", "where: {g: dy * y}"),
        "when": Key(
            DEFINITIONS, "An assumption: an input or dimension set to a value.", "when: {gamma: ones(n)}"
        ),
        "quantifier": Key(
            QUANTIFIER, "Whether a property holds for all data, or for some (`can be`).", "quantifier: some"
        ),
        "fixed": Key(WORDS, "Inputs or intermediates that a differential holds constant.", "fixed: [B]"),
        "replace": Key(
            Named(TEXT, least=1),
            "Lines of the listing that a `code` claim replaces by others.",
            "replace: {'dX = dY': 'dX = -dY'}",
        ),
        "quote": Key(TEXT, "The formula as the source prints it.", "quote: 'dX = dY Wᵀ'"),
        "note": Key(TEXT, "For the reader.", "note: transposed in the source"),
    },
    one_of=KINDS,
)

SOURCE = Keys(
    {
        "document": Key(TEXT, "The file the claims were published in.", "document: paper.txt"),
        "section": Key(TEXT, "Where in the document.", "section: appendix B"),
        "url": Key(TEXT, "Where it can be found; never fetched.", "url: https://example.org/post"),
    }
)

LISTING = Keys(
    {
        "document": Key(TEXT, "The file that the code stands in.", "document: post.md", required=True),
        "lines": Key(
            ListOf(NUMBER, least=1), "Its first and its last line there.", "lines: [83, 118]", required=True
        ),
        "begins": Key(
            TEXT,
            "What the first line says, so that a change of the document is noticed.",
            "begins: import torch",
        ),
    }
)

OPERATOR = Keys(
    {
        "operator": Key(TEXT, "The operator's name.", "operator: linear layer", required=True),
        "source": Key(
            Either("text or a mapping", TEXT, mapping=SOURCE),
            "Where the claims were published; for the reader of a report.",
            "source: {document: paper.txt}",
        ),
        "inputs": Key(
            Named(Either(_SHAPE, SCALAR, ListOf(FORMULA), INPUT), least=1),
            "The leaves of the computation: `name: shape` or `name: {shape, domain, away_from, value}`.",
            "inputs: {X: [n, m]}",
            required=True,
        ),
        "forward": Key(
            Named(FORMULA, least=1),
            "The computation, in order: `name: expression`; each may use those above it.",
            "forward: {Y: X @ W}",
            required=True,
        ),
        "output": Key(WORDS, "The output or outputs; the last line of `forward` if left out.", "output: Y"),
        "loss": Key(FLAG, "Whether the output is the scalar loss itself.", "loss: true"),
        "dims": Key(DEFINITIONS, "Constraints between dimensions.", "dims: {m: 2*r}"),
        "where": Key(DEFINITIONS, "Definitions that every claim may use.", "where: {g: dy * y}"),
        "notation": Key(
            Named(NAME),
            "What LaTeX symbols stand for, where the rules (`\\hat x` is `x_hat`) do not do.",
            "notation: {'A_{t+1}': A_1}",
        ),
        "vectors": Key(VECTORS, "How a 1-D array stands in LaTeX; `column` if left out.", "vectors: row"),
        "listing": Key(
            Either("text or a mapping", TEXT, mapping=LISTING),
            "The code that `code` claims are about: its text, or where it stands.",
            "listing: {document: post.md, lines: [83, 118]}",
        ),
        "claims": Key(
            ListOf(CLAIM, least=1), "The claims.", "claims: [{gradient: dX = dY @ W.T}]", required=True
        ),
    },
)
