"""One claim, judged and diagnosed, out of a few words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from gradcheck_cli.compare.judge import judge
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.compare.verdict import Judgement
from gradcheck_cli.diagnose.diagnosis import Diagnosis
from gradcheck_cli.diagnose.engine import diagnose
from gradcheck_cli.lang.plain import parse_equation
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.model import Operator
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
def plain() -> Callable[[str], str]:
    """A formula as the printer writes it."""
    return lambda text: to_plain(parse_equation(Text.whole("test", text)))
