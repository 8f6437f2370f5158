"""Textbook gradients of most functions in the table, judged end to end by either kind of truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradcheck_cli.compare.settings import OracleName, Settings
from gradcheck_cli.report.terminal import render
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run

SPECS = Path(__file__).parent / "operators.yaml"


@pytest.mark.parametrize("oracle", ["both", "differences"])
def test_textbook_gradients_hold(oracle: OracleName) -> None:
    result = run(Options((SPECS,), Settings(oracle=oracle, draws=3)), Path.cwd())
    assert len(result.claims) >= 35
    assert result.status == 0, render(result, verbosity=-1).plain


@pytest.mark.gpu
def test_textbook_gradients_hold_on_cuda() -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    result = run(Options((SPECS,), Settings(device="cuda", draws=3)), Path.cwd())
    assert result.status == 0, render(result, verbosity=-1).plain
