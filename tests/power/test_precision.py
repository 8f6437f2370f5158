"""A quick sample of the torture: computations that were once accused, and a millionth that must be seen."""

from __future__ import annotations

import pytest

from .hard import HARD
from .precision import tally

ONCE_ACCUSED = (
    "tanh up to 20",  # autograd's 1 - y² cancels
    "inverse with eigenvalues down to 1e-5",  # a solver's error grows with the condition
    "numbers of the size of 1e-150",  # squares vanish
    "what is left of x beside 1e8",  # steps that are no floats
)


@pytest.mark.parametrize("seed", [1, 7, 13])
def test_a_singularity_nearer_than_any_step_accuses_nobody(seed: int) -> None:
    (one,) = (h for h in HARD if h.name == "inverse with eigenvalues down to 1e-12")
    assert tally([one], [seed], draws=2, oracle="differences").accused == []


@pytest.mark.parametrize("oracle", ["both", "differences"])
@pytest.mark.parametrize("name", ONCE_ACCUSED)
def test_nobody_is_accused_for_rounding_and_a_millionth_is_seen(name: str, oracle: str) -> None:
    (one,) = (h for h in HARD if h.name == name)
    found = tally([one], [0], draws=2, oracle=oracle)
    assert found.accused == []
    assert found.missed == []
    assert found.verdicts["holds"] > 0
    assert found.changed["wrong"] > 0
