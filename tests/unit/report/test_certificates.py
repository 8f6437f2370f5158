"""Certificates in words, letter by letter."""

import pytest

from gradcheck_cli.compare.verdict import Certificate, FieldCheck, Judgement
from gradcheck_cli.report.certificates import certificate_lines

SIZES = ((("m", 2), ("n", 3)), (("m", 3), ("n", 4)), (("m", 2), ("n", 3)))
HOLDS = Certificate("holds", points=3, elements=24, digits=124, bits=420, sizes=SIZES, witness=82)
FALSE = Certificate(
    "false", points=1, elements=6, digits=1, bits=420, sizes=SIZES[:1], witness=83, index="0, 1",
    left="[0.08 +/- 1e-22]", right="-2.99", data=(("X", "[1, 2]"), ("dY", "3")),
)  # fmt: skip


def lines(found, reason=""):
    return list(certificate_lines(Judgement("holds", reason, certificate=found)))


def test_holds():
    assert lines(HOLDS) == [
        "exact: equal to 124 digits at 3 rational points (m = 2, n = 3; m = 3, n = 4), every one of 24 elements,"
        " in balls of 420 bits",
        "exact: central differences confirm the derivatives to 82 digits",
    ]
    zero = Certificate("holds", points=1, elements=1, digits=999, bits=420, sizes=((),))
    assert lines(zero) == ["exact: exactly equal at 1 rational point, 1 element, in balls of 420 bits"]


@pytest.mark.parametrize(
    ("chance", "shown"), [(3.03e-18, "3.1e-18"), (3e-18, "3.0e-18"), (9.97e-19, "1.0e-18")]
)
def test_the_bound_of_a_field_is_rounded_up(chance, shown):
    found = Certificate("holds", points=3, elements=3, digits=60, bits=420, field=FieldCheck(7, chance))
    assert lines(found)[-1] == (
        "exact: zero at a random point modulo 2^61 - 1; a false identity of degree ≤ 7"
        f" would pass with probability < {shown}"
    )


def test_false():
    assert lines(FALSE) == [
        "exact: proved false at a rational point: the two sides lie in disjoint balls at [0, 1] (with m = 2, n = 3)",
        "  left  [0.08 +/- 1e-22]",
        "  right -2.99",
        "  where X = [1, 2], dY = 3",
        "exact: central differences confirm the derivatives to 83 digits",
    ]


def test_none_and_nothing():
    none = Certificate("none", "`eigh` has no version in ball arithmetic")
    assert lines(none) == ["no certificate by exact arithmetic: `eigh` has no version in ball arithmetic"]
    assert lines(none, none.reason) == []
    assert lines(None) == []
