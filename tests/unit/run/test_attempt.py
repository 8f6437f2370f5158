"""What happens to a claim whose judgement fails, in the judge or around it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.run import attempt
from gradcheck_cli.run.jobs import Job
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.text import draw

SPEC = "operator: o\ninputs:\n  X: [n]\nforward:\n  Y: X * 1\nclaims:\n  - gradient: dX = dY\n"


@pytest.fixture
def job() -> Job:
    (operator,) = load_text("spec.yaml", SPEC).operators
    return Job("spec.yaml", operator, operator.claims[0], Settings("differences", 1))


@pytest.mark.parametrize(
    ("device", "error", "where"),
    [
        (
            "cuda:1",
            torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
            " on the device `cuda:1`",
        ),
        ("cpu", RuntimeError("DefaultCPUAllocator: can't allocate memory: out of memory"), ""),
        ("cpu", MemoryError(), ""),
    ],
)
def test_not_enough_memory_is_told(
    job: Job, monkeypatch: pytest.MonkeyPatch, device: str, error: Exception, where: str
) -> None:
    def judged(*_: object) -> None:
        raise error

    monkeypatch.setattr(attempt, "judged", judged)
    (outcome,) = attempt.attempt(
        replace(job, settings=replace(job.settings, device=device)), attempt.Options()
    )
    assert (outcome.result, outcome.crash) == (None, None)
    (problem,) = outcome.problems
    assert draw(problem).splitlines() == [
        f"error: there is not enough memory{where} to judge this claim",
        "  --> spec.yaml:7:5",
        "7 |   - gradient: dX = dY",
        "  |     ^^^^^^^^^^^^^^^^^",
        f"   = help: use smaller sizes{', or `--device cpu`' if where else ''}",
    ]


def test_a_fault_in_the_diagnosis_keeps_the_verdict(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def diagnosed(*_: object) -> None:
        raise LookupError("of ours")

    monkeypatch.setattr(attempt, "diagnosed", diagnosed)
    *_, outcome = attempt.attempt(job, attempt.Options())
    assert outcome.result is not None
    assert outcome.result.verdict == "holds"
    assert outcome.crash is not None
    assert outcome.crash.error == "LookupError: of ours"
