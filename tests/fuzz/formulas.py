"""A campaign of damaged formulas against both parsers, the reading by shapes and shape inference.

The seeds are the formulas of the audited sources, in LaTeX as printed and in
plain text as transcribed. Whatever is done to them, the answer is a typed
claim or a message with a place in it, within a second.

    python tests/fuzz/formulas.py --count 1000000 --seed 1
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from damage import Outcome, campaign, command, untold

from gradcheck_cli.compare.costs import judge_costs
from gradcheck_cli.lang import ast
from gradcheck_cli.lang.latex_symbols import Symbols
from gradcheck_cli.spec.formula import read_formula
from gradcheck_cli.spec.load import load
from gradcheck_cli.spec.model import Claim, Formula, Operator
from gradcheck_cli.spec.typing import type_claim, type_program
from gradcheck_cli.text import Text, UserError

sys.path.pop(0)

SPECS = Path(__file__).parent.parent.parent / "specs"

SLOW = 1.0
"""Seconds of CPU that no formula may take."""

FRAGMENTS = [
    *r"\frac{ } ^ _ { } ( ) [ ] & \\ = + - * / @ ** . , : ; | \| ' ! ~ % $ # ? < > <= == \left \right".split(),
    *r"\sum_{i,j} \sum_{i=1}^n \sum_{k\neq i} \prod \partial \nabla_X \hat \bar \mathbf \mathbf1 \mathbb1_{m\times1}".split(),
    *r"\odot \oslash \otimes \cdot \times ^\top ^T ^{-1} ^{-T} \sqrt[3] \log \exp \sigma' \delta_{ij} I_n \text{tr}".split(),
    *r"\mathbb{E}[ \mathbb{E}_{u\sim\mathcal{N}(0,1)}[ \begin{pmatrix} \end{pmatrix} \delta_X \in\mathbb{R}^{n\times m} \le".split(),
    *"E( shape( flops( peak( elements( rank( [n, [ ] <= !=".split(),
    *r"\begin{cases} \end{cases} \begin{bmatrix} \end{bmatrix} \begin{align} \end{align} \tag{1} \label{x} \dots".split(),
    *"11^T e^ d T x_i A_{ij} dX grad( D( sum[i]( softmax( .T .mT [:, None] [i, j] axis=-1 1e5 9**9**9 __class__".split(),
    *"é ∂ ² 𝟏 γ ⊙ − ᵀ \x00 \u202e \ud800 \t \n".split(" "),
]


@dataclass(frozen=True)
class Seed:
    """A formula and the operator under whose names it is read."""

    operator: Operator
    claim: Claim
    symbols: Symbols
    text: str


def symbols(operator: Operator) -> Symbols:
    lines = {d.name: d for d in operator.forward}
    return Symbols(
        frozenset({i.name for i in operator.inputs} | lines.keys()),
        frozenset(type_program(operator).dims),
        frozenset(d.name for d in operator.where),
        {
            name: frozenset(n.id for n in ast.walk(d.expression) if isinstance(n, ast.Name))
            for name, d in lines.items()
        },
        dict(operator.notation),
        operator.vectors,
        {i.name: (i.random.name, i.random.parameters) for i in operator.inputs if i.random},
    )


def seeds() -> list[Seed]:
    found = []
    for path in sorted(SPECS.rglob("*.yaml")):
        for operator in load(path).operators:
            names = symbols(operator)
            for claim in (c for c in operator.claims if c.kind != "code"):
                texts = [claim.formula.text.value]
                if claim.quote and "\\" in claim.quote:
                    texts.append(rf"\[{claim.quote}\]")
                found += [Seed(operator, claim, names, text) for text in texts]
    return found


def damaged(text: str, others: list[str], rng: random.Random) -> str:
    """A text after a few insertions, deletions, repetitions and splices."""
    for _ in range(rng.choice((0, 1, 1, 2, 3, 5))):
        at = rng.randrange(len(text) + 1)
        end = min(len(text), at + rng.randint(1, 8))
        kind = rng.random()
        if kind < 0.35:
            text = f"{text[:at]} {rng.choice(FRAGMENTS)} {text[at:]}"
        elif kind < 0.6:
            text = text[:at] + text[end:]
        elif kind < 0.75:
            text = text[:at] + text[at:end] * rng.randint(2, 5) + text[end:]
        elif kind < 0.9:
            other = rng.choice(others)
            start = rng.randrange(len(other) + 1)
            text = text[:at] + other[start : start + rng.randint(1, 40)] + text[at:]
        elif kind < 0.95:
            text = text[:at] + chr(rng.choice((rng.randrange(128), rng.randrange(0x3000)))) + text[end:]
        else:
            text = re.sub(r"\s+", "", text)
    return text


def attempt(seed: Seed, formula: str) -> tuple[bool, list[str]]:
    """Whether a formula could be read and typed, and what is wrong with what was said of it."""
    try:
        text = Text.whole("formula", formula)
        equation = read_formula(text, lambda: seed.symbols, seed.claim.kind)
        typed = type_claim(seed.operator, seed.claim, Formula(text, equation))
        if seed.claim.kind == "cost":
            judge_costs(typed, seed.operator.vectors)
    except UserError as error:
        found = [untold(p) or ("" if p.span else f"no span: {p.message}") for p in error.problems]
        return False, [fault for fault in found if fault]
    return True, []


def formulas(count: int, seed: int) -> Iterator[Outcome]:
    """The campaign: the outcome so far, after every formula."""
    corpus = seeds()
    others = [s.text for s in corpus]
    chosen = corpus[0]

    def case(rng: random.Random) -> str:
        nonlocal chosen
        chosen = rng.choice(corpus)
        return damaged(chosen.text, others, rng)

    return campaign(count, seed, case, lambda formula, _: attempt(chosen, formula), SLOW)


if __name__ == "__main__":
    command(__doc__, "formulas", formulas)
