"""Text on its way to the terminal."""

import pytest
from rich.cells import cell_len

from gradcheck_cli.report.terminal_pen import cut


@pytest.mark.parametrize("text", ["", "short", "数" * 50, "é" * 100, "a" * 11, "👩‍👩‍👧" * 9])
def test_cut(text):
    short = cut(text, 10)
    assert cell_len(short) <= 10
    assert short == text or short.endswith("…")
