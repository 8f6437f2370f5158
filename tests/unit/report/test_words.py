"""Numbers as people say them."""

from types import SimpleNamespace

import pytest

from gradcheck_cli.compare.verdict import Judgement, Place, Sight
from gradcheck_cli.report import words
from gradcheck_cli.report.result import ConsequenceResult


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (0.0, "0e+00"),
        (3.4e-7, "3e-07"),
        (0.00099, "1e-03"),
        (0.001, "0.1 %"),
        (0.0123, "1.2 %"),
        (0.09949, "9.9 %"),
        (0.0995, "10 %"),
        (0.314, "31 %"),
        (2.0, "200 %"),
        (9.99, "999 %"),
        (12.0, "12 × the true size"),
        (999_999.0, "999999 × the true size"),
        (1e6, "1e+06 × the true size"),
        (1.5e300, "2e+300 × the true size"),
        (float("inf"), "inf × the true size"),
    ],
)
def test_percent(error, said):
    assert words.percent(error) == said


@pytest.mark.parametrize(
    ("left", "index", "said"),
    [
        ("dX", "2, 0", "dX[2, 0]"),
        ("dx_hat", "1", "dx_hat[1]"),
        ("dW.T", "1, 3", "dW.T[1, 3]"),
        ("D(y, x)", "0", "(D(y, x))[0]"),
        ("dX[i, j]", "i=3, j=5", "dX[i, j] (i=3, j=5)"),
        ("trace(A)", "", "trace(A)"),
        ("a + " * 10 + "b", "0", "(the left side)[0]"),
        ("a + " * 10 + "b", "", "the left side"),
    ],
)
def test_element(left, index, said):
    assert words.element(SimpleNamespace(left=left), Place(index, 0.0, 0.0)) == said


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (1.0, "off by 31 %, in every element"),
        (0.25, "off by 31 %, in 25 % of the elements"),
        (0.0625, "off by 31 %, in 6.25 % of the elements"),
        (0.0, "off by 31 %"),
    ],
)
def test_link_message(share, said):
    sight = Sight("wrong", {}, 1.0, error=0.31, share=share)
    link = SimpleNamespace(judgement=Judgement("wrong", "", (sight,)), verdict="wrong")
    assert words.link_message(link) == said


def test_sizes_and_counts():
    assert words.sizes(Sight("holds", {"n": 5, "m": 3}, 1.0)) == "m = 3, n = 5"
    assert [words.count(n, "claim") for n in (0, 1, 2, 1234)] == [
        "0 claims",
        "1 claim",
        "2 claims",
        "1,234 claims",
    ]
    assert words.count(2, "spy", "spies") == "2 spies"


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ([("Q", 0.31)], "followed as written, `dQ` would be wrong by 31 %"),
        ([("Q", 0.31), ("K", 0.3099)], "followed as written, `dQ` and `dK` would be wrong by 31 %"),
        (
            [("Q", 0.5), ("K", 12.0)],
            "followed as written, `dQ` and `dK` would be wrong by 50 % to 12 × the true size",
        ),
        (
            [(name, 1.0) for name in "abcdef"],
            "followed as written, `da`, `db`, `dc`, `dd` and 2 more gradients would be wrong by 100 %",
        ),
    ],
)
def test_what_follows(errors, said):
    links = (SimpleNamespace(), SimpleNamespace())
    claim = SimpleNamespace(links=links, consequences=(ConsequenceResult(1, tuple(errors)),))
    assert words.spread(claim, links[1]) == said
    assert (words.spread(claim, links[0]), words.spread(claim, None)) == ("", "")
