"""One claim, judged and diagnosed, out of a few words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from gradcheck_cli.compare.judge import judge
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.compare.verdict import Judgement
from gradcheck_cli.diagnose.candidate import Candidate
from gradcheck_cli.diagnose.derive import derived
from gradcheck_cli.diagnose.diagnosis import Diagnosis
from gradcheck_cli.diagnose.engine import FalseLink, diagnose
from gradcheck_cli.diagnose.known import known_of
from gradcheck_cli.diagnose.search import Search
from gradcheck_cli.diagnose.tidy import Tidy
from gradcheck_cli.lang.ast import Call, Name, Node, transform
from gradcheck_cli.lang.plain import parse_equation, parse_expression
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.model import Claim, Operator
from gradcheck_cli.spec.typing import type_claim
from gradcheck_cli.text import Text


def _operator(
    inputs: str, forward: str, claim: str, kind: str = "gradient", extra: str = "", top: str = ""
) -> Operator:
    """`inputs` and `forward` are lines with semicolons between them."""

    def lines(text: str) -> str:
        return "".join(f"  {line.strip()}\n" for line in text.split(";"))

    text = f"operator: test\ninputs:\n{lines(inputs)}forward:\n{lines(forward)}{top}claims:\n"
    text += f"  - {kind}: '{claim}'\n    expect: wrong\n{extra}"
    file = load_text("test.yaml", text)
    assert not file.problems, file.problems
    return file.operators[0]


@dataclass(frozen=True)
class Found:
    verdicts: tuple[str, ...]
    judgements: tuple[Judgement, ...]
    diagnoses: tuple[Diagnosis, ...]

    @property
    def texts(self) -> list[str]:
        return [to_plain(s.equation) for d in self.diagnoses for s in d.suggestions]


def _found(
    inputs: str,
    forward: str,
    claim: str,
    kind: str = "gradient",
    effort: str = "quick",
    extra: str = "",
    top: str = "",
) -> Found:
    op = _operator(inputs, forward, claim, kind, extra, top)
    one = op.claims[0]
    typed = type_claim(op, one)
    judgements = judge(op, one, typed, Settings(draws=2))
    diagnoses = diagnose(op, one, typed, judgements, Settings(), effort)  # type: ignore[arg-type]
    return Found(tuple(j.verdict for j in judgements), judgements, diagnoses)


@pytest.fixture
def found() -> Callable[..., Found]:
    """Judges and diagnoses one claim: inputs, forward, claim, and its kind."""
    return _found


@pytest.fixture
def offered() -> Callable[..., Iterator[str]]:
    """All that the search would try by one edit, before any of it is judged: inputs, forward, claim, kind."""

    def texts(inputs: str, forward: str, claim: str, kind: str = "gradient") -> Iterator[str]:
        op = _operator(inputs, forward, claim, kind)
        one = false_link(op, op.claims[0])
        search = Search(one.bench, one.names, one.sides)
        base = Candidate(lambda: search.sides, (), 0.0)
        with np.errstate(all="ignore"):
            for candidate in (*search.singles(), *search.looked_up(base)):
                sides = [transform(side, _short) for side in candidate.sides]
                yield " = ".join(map(to_plain, sides))  # type: ignore[arg-type]

    return texts


@pytest.fixture
def knowledge() -> Callable[[str, str, str], list[str]]:
    """What is known of a false claim without any repair: inputs, forward, claim."""

    def sentences(inputs: str, forward: str, claim: str) -> list[str]:
        op = _operator(inputs, forward, claim)
        one = false_link(op, op.claims[0])
        search = Search(one.bench, one.names, one.sides)
        with np.errstate(all="ignore"):
            return list(known_of(one.bench, search, one.sides))

    return sentences


@pytest.fixture
def derivation() -> Callable[[str, str, str, str], str | None]:
    """The gradient that the forward gives for a name, as text: inputs, forward, name, other keys."""

    def text(inputs: str, forward: str, name: str, top: str) -> str | None:
        op = _operator(inputs, forward, f"d{name} = 0", top=top)
        formula = derived(false_link(op, op.claims[0]).names)
        return None if formula is None else to_plain(formula)

    return text


@pytest.fixture
def tidied() -> Callable[[str, str, str, str], str]:
    """A formula that an edit has made, as it would be printed: inputs, forward, claim, formula."""

    def text(inputs: str, forward: str, claim: str, formula: str) -> str:
        op = _operator(inputs, forward, claim)
        one = false_link(op, op.claims[0])
        return to_plain(Tidy(one.names, one.sides).side(parse_expression(Text.whole("test", formula))))

    return text


def false_link(operator: Operator, claim: Claim, link: int = 0) -> FalseLink:
    """One link as the engine sees it."""
    typed = type_claim(operator, claim)
    equation = typed.equation or typed.literal
    assert equation is not None
    judgements = tuple(Judgement("wrong") for _ in typed.links)
    return FalseLink(operator, claim, typed, equation, Settings(), link, judgements)


def _short(node: Node) -> Node:
    """The gradient as the examples write it."""
    match node:
        case Call("grad", (Name(name),)):
            return Name(f"d{name}")
    return node


@pytest.fixture
def plain() -> Callable[[str], str]:
    """A formula as the printer writes it."""
    return lambda text: to_plain(parse_equation(Text.whole("test", text)))
