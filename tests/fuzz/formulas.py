"""A campaign of damaged formulas against both parsers, the reading by shapes and shape inference.

The seeds are the formulas of the audited sources, in LaTeX as printed and in
plain text as transcribed. Whatever is done to them, the answer is a typed
claim or a message with a place in it, within a second.

    python tests/fuzz/formulas.py --count 1000000 --seed 1
"""

from __future__ import annotations

import argparse
import random
import re
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gradcheck_cli.compare.costs import judge_costs
from gradcheck_cli.lang import ast
from gradcheck_cli.lang.latex_symbols import Symbols
from gradcheck_cli.spec.formula import read_formula
from gradcheck_cli.spec.load import load
from gradcheck_cli.spec.model import Claim, Formula, Operator
from gradcheck_cli.spec.typing import type_claim, type_program
from gradcheck_cli.text import Text, UserError, draw

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


@dataclass
class Outcome:
    """What a campaign met."""

    formulas: int = 0
    typed: int = 0
    slowest: float = 0.0
    slowest_formula: str = ""
    faults: list[str] = field(default_factory=list)


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


def campaign(count: int, seed: int) -> Iterator[Outcome]:
    """Yields the outcome so far, after every formula."""
    rng = random.Random(seed)
    corpus = seeds()
    others = [s.text for s in corpus]
    outcome = Outcome()
    for _ in range(count):
        chosen = rng.choice(corpus)
        formula = damaged(chosen.text, others, rng)
        started = time.process_time()
        try:
            text = Text.whole("formula", formula)
            equation = read_formula(text, lambda chosen=chosen: chosen.symbols, chosen.claim.kind)
            typed = type_claim(chosen.operator, chosen.claim, Formula(text, equation))
            if chosen.claim.kind == "cost":
                judge_costs(typed, chosen.operator.vectors)
            outcome.typed += 1
        except UserError as error:
            for problem in error.problems:
                draw(problem)
                if problem.span is None or not problem.message:
                    outcome.faults.append(f"no place: {formula!r}: {problem.message}")
        except Exception:  # noqa: BLE001  the very thing that is looked for
            outcome.faults.append(f"crash: {formula!r}\n{traceback.format_exc(limit=-3)}")
        took = time.process_time() - started
        if took > outcome.slowest:
            outcome.slowest, outcome.slowest_formula = took, formula
        if took > SLOW:
            outcome.faults.append(f"slow ({took:.1f} s): {formula!r}")
        outcome.formulas += 1
        yield outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    outcome = Outcome()
    for outcome in campaign(options.count, options.seed):
        if len(outcome.faults) >= 20:
            break
    for fault in outcome.faults:
        print(fault)
    print(
        f"{outcome.formulas:,} formulas, {outcome.typed:,} typed, {len(outcome.faults)} faults; "
        f"slowest {outcome.slowest * 1000:.0f} ms: {outcome.slowest_formula[:100]!r}"
    )
    raise SystemExit(bool(outcome.faults))


if __name__ == "__main__":
    main()
