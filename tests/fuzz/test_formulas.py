"""A short run of the campaign; the long one is `python tests/fuzz/formulas.py --count 1000000`."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

FILE = Path(__file__).with_name("formulas.py")


@pytest.mark.parametrize("seed", [1, 2])
def test_damaged_formulas_end_in_a_claim_or_a_message_with_a_place(seed: int) -> None:
    specification = importlib.util.spec_from_file_location("formulas_campaign", FILE)
    assert specification is not None
    assert specification.loader is not None
    formulas = importlib.util.module_from_spec(specification)
    import sys

    sys.modules[specification.name] = formulas
    specification.loader.exec_module(formulas)
    *_, outcome = formulas.campaign(1500, seed)
    assert outcome.faults == []
    assert 100 < outcome.typed < outcome.formulas == 1500
