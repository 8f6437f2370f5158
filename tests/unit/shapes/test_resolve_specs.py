"""Every formula that `specs/` quotes in LaTeX is read as the plain text that was transcribed by hand."""

from __future__ import annotations

import pathlib
import re

import pytest
import yaml

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.lang.latex import Symbols, is_latex, parse_latex_equations
from gradcheck_cli.lang.latex_printer import to_latex
from gradcheck_cli.lang.plain import parse_equation
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.shapes.infer import Scope
from gradcheck_cli.shapes.typed import (
    Apply,
    Constant,
    Derivative,
    Expected,
    Given,
    Part,
    Position,
    Reduce,
    Size,
    Special,
    Tabulate,
    Tangent,
)
from gradcheck_cli.spec.load import load
from gradcheck_cli.spec.model import RELATIONAL, Formula
from gradcheck_cli.spec.typing import _locals, type_claim, type_program
from gradcheck_cli.text import Text

SPECS = pathlib.Path(__file__).parents[3] / "specs"
CLAIMS = [
    (operator, claim)
    for path in sorted(SPECS.rglob("*.yaml"))
    for operator in load(path).operators
    for claim in operator.claims
]
TRANSCRIBED = yaml.safe_load(
    pathlib.Path(__file__).with_name("transcriptions.yaml").read_text(encoding="utf-8")
)
QUOTED = [
    (operator, claim)
    for operator, claim in CLAIMS
    if claim.ids[0] in TRANSCRIBED
    or (
        claim.quote
        and "=" in claim.quote
        and "\\" in claim.quote
        and not re.search(r"\\[(\]]|\$|\\end|[a-z]{3,} [a-z]{2,} [a-z]{2,}", claim.quote)
    )
]

# what differs from the transcription, and why
SAME_VALUE = {
    "000-softmax-2:row": "ones(n, n) for ones(n, 1) @ ones(n, 1).T",
    "001-rms-5": "the scalar 1/n stands inside of the inner product",
    "001-rms-6": "the scalar 2/n stands inside of the inner product",
    "001-silu-5": "x * (s * (1 - s)) for x * s * (1 - s)",
    "001-softmax-7": "(g·y) y for (y y^T) in the last term",
    "001-swish-2:scalar": "x^2 * (s * (1 - s)) for x^2 * s * (1 - s)",
    "001-swish-1": "brackets of a product",
    "002-S-4": "ones(l, 1), broadcast, for ones(n, h, l, 1)",
    "002-all-5": "ones(l, 1), broadcast, for ones(n, h, l, 1)",
}
OTHER_CLAIM = {
    "000-elem-1": "the transcription states what «elementwise» means, the quote is the forward",
    "000-elem-2": "`\\sigma` is tanh, gelu or silu there: `notation`",
    "001-act-1": "the transcription states what «elementwise» means",
    "001-act-2": "`\\sigma` is tanh, gelu or silu there: `notation`",
    "001-ln-2:columns": "as LaTeX the elementwise product is taken, which fits",
    "001-swish-2:elementwise": "as LaTeX the inner product is taken, which fits",
    "002-fwd-1:elements": "written out in elements",
    "002-fwd-2": "written out in elements",
    "002-fwd-3:rows": "a consequence",
    "002-VA-1": "the comment on the shapes was transcribed",
    "003-add-2": "written out in elements",
    "003-lora-2": "the shape was transcribed",
}


def listed(id, *tables):
    return any(id == key or id.startswith(f"{key}:") for table in tables for key in table)


def symbols(operator, claim):
    program = type_program(operator)
    needs = {
        d.name: frozenset(n.id for n in ast.walk(d.expression) if isinstance(n, ast.Name))
        for d in operator.forward
    }
    where = frozenset(d.name for d in (*operator.where, *claim.where))
    return Symbols(
        frozenset(program.types),
        frozenset(program.dims),
        where,
        needs,
        dict(operator.notation),
        operator.vectors,
        {i.name: (i.random.name, i.random.parameters) for i in operator.inputs if i.random},
    )


def shown(tree):  # noqa: C901  one case a node
    """A typed tree as data: what is evaluated, without its places."""
    match tree:
        case Constant(value):
            return value
        case Special(name):
            return name
        case Size(dim):
            return dim
        case Position(index):
            return ("index", index.position)
        case Given(Expected(of)):
            return ("E", shown(of))
        case Given(Tangent(of)):
            return ("d", shown(of))
        case Given(Derivative(of, name, elementwise)):
            return ("D", shown(of), name, elementwise)
        case Given(quantity):
            return quantity
        case Apply("transpose", (x,), type_) if type_.rank < 2:
            return shown(x)
        case Apply("matmul", (x, y)) if x.type.rank == y.type.rank == 1:
            return ("dot", (shown(x), shown(y)), ())
        case Apply(function, args, _, _, statics):
            return (function, tuple(map(shown, args)), statics)
        case Part(of, number):
            return (shown(of), number)
        case Reduce(function, indices, body):
            return (function, tuple(i.position for i in indices), shown(body))
        case Tabulate(indices, body):
            return (tuple(i.position for i in indices), shown(body))
    return None


def links(typed):
    return [(shown(link.left), shown(link.right), link.mismatch is not None) for link in typed.links]


def typed_latex(operator, claim, text):
    (equation,) = parse_latex_equations(
        Text.whole(claim.ids[0], text),
        symbols(operator, claim),
        relational=claim.kind in RELATIONAL,
        members=claim.kind == "shape",
    )
    return type_claim(operator, claim, Formula(Text.whole(claim.ids[0], text), equation))


@pytest.mark.parametrize(("operator", "claim"), QUOTED, ids=[c.ids[0] for _, c in QUOTED])
def test_a_quote_is_read_as_it_was_transcribed(operator, claim):
    text = claim.formula.text.value if is_latex(claim.formula.text) else rf"\[{claim.quote}\]"
    id_ = claim.ids[0]
    typed = typed_latex(operator, claim, text)
    if not listed(id_, SAME_VALUE, OTHER_CLAIM):
        assert links(typed) == links(type_claim(operator, claim, transcribed(claim)))


def transcribed(claim):
    """The formula as somebody read it: the claim itself, or where that is LaTeX what was written down by hand."""
    if claim.ids[0] not in TRANSCRIBED:
        return claim.formula
    text = Text.whole(claim.ids[0], TRANSCRIBED[claim.ids[0]])
    return Formula(text, parse_equation(text, relational=claim.kind in RELATIONAL))


def test_every_formula_in_latex_has_a_transcription():
    latex = {claim.ids[0] for _, claim in CLAIMS if is_latex(claim.formula.text)}
    assert latex == set(TRANSCRIBED)


def test_the_exceptions_are_exceptions():
    ids = {c.ids[0] for _, c in QUOTED}
    unknown = [
        k
        for t in (SAME_VALUE, OTHER_CLAIM)
        for k in t
        if not any(i == k or i.startswith(f"{k}:") for i in ids)
    ]
    assert unknown == []


# which claims mean a product whose shapes do not fit: as LaTeX the elementwise reading is taken
LITERAL = {"000-softmax-4", "001-ln-2:columns", "001-silu-9:matrix-products"}


@pytest.mark.parametrize(("operator", "claim"), CLAIMS, ids=[c.ids[0] for _, c in CLAIMS])
def test_a_claim_printed_as_latex_reads_back(operator, claim):
    plain = type_claim(operator, claim)
    if plain.equation is None or claim.kind == "cost" or claim.ids[0] in LITERAL:
        return
    sizes = {n: t.rank for n, t in plain.program.types.items()} | dict.fromkeys(plain.program.dims, 0)
    for d in (*operator.where, *claim.where):
        sizes[d.name] = rank_of(operator, claim, plain, d.name)
    text = f"${to_latex(plain.equation, printed(operator), sizes)}$"
    assert links(typed_latex(operator, claim, text)) == links(plain), text
    assert is_stable(operator, claim, text, plain, sizes)


def printed(operator):
    """How `notation` writes the names of arrays."""
    return {name: key for key, name in operator.notation if name not in FUNCTIONS}


def rank_of(operator, claim, typed, name):
    """The rank of a local definition, through the scope that the claim is judged in."""
    program = typed.program
    locals_ = _locals(operator, claim, program, [])
    meaning = {"differential": "differential", "identity": "values"}.get(claim.kind, "gradient")
    return Scope(program.types, program.dims, meaning, program, locals_).infer(ast.Name(name)).type.rank


def is_stable(operator, claim, text, plain, sizes):
    """Printed once more, the same text comes out."""
    again = typed_latex(operator, claim, text).equation
    return (
        again is None
        or to_plain(again) == to_plain(plain.equation)
        or to_latex(again, printed(operator), sizes) == text[1:-1]
    )
