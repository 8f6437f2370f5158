"""What is said about two polynomials agrees with trying all small sizes; «always» and «never» hold everywhere."""

import random
import time
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gradcheck_cli.evaluate.cost_compare import compare, never_more, undominated
from gradcheck_cli.evaluate.deadline import OutOfTime, limited
from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.shapes.dims import Dim
from gradcheck_cli.shapes.static import as_dim
from gradcheck_cli.text import Text, UserError

NAMES = {name: Dim.of(name) for name in "abcdefghijklmnopqrstuvwxyz"}


def poly(text):
    return as_dim(parse_expression(Text.whole("f", text)), NAMES)


def polys(text):
    return [poly(t) for t in text.split(",")]


CASES = [
    # left, relation, right, answer, region
    ("2*b*n*m + 2*n*m*r", ">", "2*b*n*r + 2*b*r*m", "conditional", "m*n*(b + r) > b*r*(m + n)"),
    ("2*n*m", "<", "3*n*m", "always", "0 < 1"),
    ("2*n*m", ">", "3*n*m", "never", "0 > 1"),
    ("n*m", ">=", "n", "always", "m >= 1"),
    ("n*m", ">", "n", "conditional", "m > 1"),
    ("n*m", "<", "n", "never", "m < 1"),
    ("n", "==", "n", "always", "0 == 0"),
    ("n", "==", "n + 1", "never", "0 == 1"),
    ("n", "==", "m", "conditional", "n == m"),
    ("n + 1", "==", "1", "never", "1 == 0"),
    ("2*n**3/3", "<", "n**3", "always", "0 < 1"),
    ("n**3/3 + n", "<", "2*n**3", "always", "3 < 5*n**2"),
    ("m/r", "<=", "m", "always", "1 <= r"),
    ("m/r", "<", "1/r", "never", "m < 1"),
    ("n*m/r + 1/r", ">", "n", "conditional", "m*n + 1 > n*r"),
    ("n - 1", ">=", "0", "always", "n >= 1"),
    # the shift by one alone is not enough for these
    ("n**2 + 3", ">", "3*n", "always", "n**2 + 3 > 3*n"),
    # (n - m)**2 >= n - m is true of whole numbers, and fails between them
    ("n**2 + m**2", ">=", "2*n*m - m + n", "undecided", None),
    ("(n - 2)**2", ">=", "0", "always", "n**2 + 4 >= 4*n"),
    ("(n - 2)**2 * (n - 3)**2 + 1", ">", "0", "always", None),
    ("n**2 + 6", "==", "5*n", "conditional", "n**2 + 6 == 5*n"),
    ("n**2 + 7", "==", "5*n", "never", "n**2 + 7 == 5*n"),
    # conditional only far away
    ("n**2", "<", "1000*n", "conditional", "n < 1000"),
    ("n**2 + 10**9", ">", "n*m", "conditional", None),
    # no whole sizes at all make it true, and nothing here can prove it
    ("n**2", "==", "2*m**2", "undecided", "n**2 == 2*m**2"),
    ("7", ">", "5", "always", "1 > 0"),
]


@pytest.mark.parametrize(("left", "relation", "right", "answer", "region"), CASES)
def test_the_answer_and_the_region(left, relation, right, answer, region):
    found = compare(poly(left), poly(right), relation)
    assert found.answer == answer
    if region is not None:
        assert found.region == region
    assert bool(found.reason) == (found.answer == "undecided")


LARGEST = [
    ("n, m", ">=", "n", "always", "max(n, m) >= n"),
    ("n, m", ">", "n", "conditional", "max(n, m) > n"),
    ("n*m, n*r", "<", "n", "never", "max(m, r) < 1"),
    ("n, m", "==", "m, n", "always", None),
    # true, but neither of the two is always above their mean
    ("n*m, n*r", ">=", "n*(m + r)/2", "undecided", None),
    ("b*r, n*m", "<", "b*m + n*m + b*r", "always", None),
    ("n + 1, m", ">", "n, m", "conditional", None),
    ("n + 1, m + 1", ">", "n, m", "always", None),
]


@pytest.mark.parametrize(("left", "relation", "right", "answer", "region"), LARGEST)
def test_the_largest_of_several(left, relation, right, answer, region):
    found = compare(polys(left), polys(right), relation)
    assert found.answer == answer
    if region is not None:
        assert found.region == region


TERMS = st.lists(
    st.tuples(st.integers(-6, 6), st.tuples(*[st.integers(0, 2)] * 3), st.sampled_from([1, 1, 2, 3])),
    min_size=1,
    max_size=4,
)
POLYNOMIALS = TERMS.map(
    lambda terms: sum(
        (
            Dim.of(Fraction(c, q)) * NAMES["n"] ** p[0] * NAMES["m"] ** p[1] * NAMES["r"] ** p[2]
            for c, p, q in terms
        ),
        start=Dim.of(0),
    )
)
SIDES = st.lists(POLYNOMIALS, min_size=1, max_size=3)
RELATIONS = st.sampled_from(["<", "<=", ">", ">=", "=="])


def truth(left, right, relation, sizes):
    filled = {name: sizes.get(name, 1) for name in "nmr"}
    one, other = (max(d.value(filled) for d in side) for side in (left, right))
    return {
        "<": one < other,
        "<=": one <= other,
        ">": one > other,
        ">=": one >= other,
        "==": one == other,
    }[relation]


@settings(max_examples=40, deadline=None)
@given(SIDES, SIDES, RELATIONS)
@example([poly("n")], [poly("n*m")], "<=")
@example([poly("n*m"), poly("m*r")], [poly("n*m + 1 - r")], ">=")
def test_all_small_sizes_agree(left, right, relation):
    found = compare(left, right, relation)
    seen = {
        truth(left, right, relation, dict(zip("nmr", values, strict=True)))
        for values in product(range(1, 7), repeat=3)
    }
    assert (
        found.answer
        in {
            frozenset({True, False}): {"conditional"},
            frozenset({True}): {"always", "conditional", "undecided"},
            frozenset({False}): {"never", "conditional", "undecided"},
        }[frozenset(seen)]
    )
    if found.example is not None:
        assert truth(left, right, relation, found.example)
    if found.counterexample is not None:
        assert not truth(left, right, relation, found.counterexample)
    rng = random.Random(1)
    for _ in range(30):
        sizes = {name: int(2 ** rng.uniform(0, 30)) for name in "nmr"}
        assert truth(left, right, relation, sizes) or found.answer != "always"
        assert not truth(left, right, relation, sizes) or found.answer != "never"
        # the simplified sides say the same
        assert truth(left, right, relation, sizes) == truth(found.left, found.right, relation, sizes)


@settings(max_examples=60, deadline=None)
@given(st.lists(POLYNOMIALS, min_size=1, max_size=6))
def test_the_undominated_have_the_same_largest(dims):
    front = undominated(dims)
    assert set(front) <= set(dims)
    for values in product((1, 2, 3, 50), repeat=3):
        sizes = dict(zip("nmr", values, strict=True))
        assert max(d.value(sizes) for d in front) == max(d.value(sizes) for d in dims)
    assert not any(never_more([a], [b]) for a in front for b in front if a is not b)


def test_undominated():
    assert undominated(polys("n, n*m, m, 1, n*r")) == (poly("m*n"), poly("n*r"))
    assert undominated([]) == ()
    assert undominated(polys("n, n")) == (poly("n"),)


def test_examples_are_of_sizes_that_can_be():
    m, r = NAMES["m"], NAMES["r"]
    found = compare(m / r, Dim.of(1), ">", whole=[m / r])
    assert found.answer == "conditional"
    for sizes in (found.example, found.counterexample):
        assert sizes["m"] % sizes["r"] == 0
    assert compare(m / r, Dim.of(1), ">=").answer == "conditional"
    # true wherever the sizes are whole, yet not proved
    held = compare(m / r, Dim.of(1), ">=", whole=[m / r])
    assert held.answer == "undecided"
    assert "true for all" in held.reason


def test_the_answer_is_the_same_in_every_run():
    sides = poly("n**2 + 10**9"), poly("n*m")
    assert compare(*sides, ">") == compare(*sides, ">")


def test_an_example_where_the_sides_differ_is_preferred():
    found = compare(poly("n"), poly("m"), ">=")
    assert found.example == {"m": 1, "n": 2}
    assert found.counterexample == {"m": 2, "n": 1}


HOSTILE = [
    " * ".join(f"({a} + 1)**2" for a in "abc"),
    " + ".join(f"{a}**12 * {b}**12" for a, b in zip("abcdefghij", "klmnopqrst", strict=True)),
    "a**12 * b**12 * c**12 * d**12 * e**12 * f**12",
    " * ".join("abcdefghijklmnopqrstuvwxyz"),
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_polynomials_are_answered_soon(text):
    start = time.monotonic()
    large = poly(text)
    for other in (poly("x**12 + 7*y*z - 3*a*b"), large + poly("a - 2*b")):
        for relation in ("<", "=="):
            compare(large, other, relation)
    many = [NAMES[a] * NAMES[b] for a in "abcdefgh" for b in "ijklmnop"]
    compare(many, [*many[:-1], large], ">")
    assert time.monotonic() - start < 30


def test_too_many_of_which_none_is_the_largest():
    many = [NAMES[a] * NAMES[b] for a in "abcdefghi" for b in "jklmnopqr"]
    with pytest.raises(UserError, match="none is the largest"):
        undominated(many)
    with pytest.raises(UserError, match="more than 64"):
        compare(many, NAMES["a"], "<")


def test_what_fails_only_at_the_edge_is_not_proved():
    # at m = 1 it is 2*(n - 2)*(n - 4) + 1, which is -1 at n = 3; for m ≥ 2 it is always above 0
    edge = "2*(n-1)**2 - 8*(n-1) + 7 - (m-1) - (m-1)*(n-1) + 10*(m-1)**2 + 100*(m-1)*(n-1)**2"
    edge += " - (m-1)**2*(n-1) + 10*(m-1)**2*(n-1)**2 - (m-1)**3 + 10*(m-1)**4"
    found = compare(poly(edge), Dim.of(0), ">")
    assert found.answer == "conditional"
    assert found.counterexample == {"m": 1, "n": 3}
    assert compare(poly(edge).substitute({"m": poly("m + 1")}), Dim.of(0), ">").answer == "always"


def test_the_time_limit_holds_here_too():
    with limited(0), pytest.raises(OutOfTime):
        compare(NAMES["n"], NAMES["m"], "<")
