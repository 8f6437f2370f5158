"""Every point lies in its domain exactly, and so do the directions to first order."""

from fractions import Fraction

import numpy as np
import pytest

from gradcheck_cli.evaluate.objects import Inexact
from gradcheck_cli.evaluate.sampling import Law, generator
from gradcheck_cli.oracle import exact_field
from gradcheck_cli.oracle.exact_points import Point, choose_sizes, decimals, direction, eye, sample, solved
from gradcheck_cli.shapes.dims import Dim
from gradcheck_cli.shapes.typed import Program, Type

SHAPE = (2, 3, 3)


def program(dims, shape=("n", "m"), loss=False):
    type_ = Type(tuple(dims[d] for d in shape))
    return Program({"X": type_}, frozenset({"X"}), (), ("X",), loss, dims)


def free(*names):
    return {name: Dim.of(name) for name in names}


def drawn(domain, shape=SHAPE, **law):
    x = sample(Law(domain, **law), shape, {}, generator(5))
    assert x.shape == shape
    return x


def test_every_number_is_a_fraction():
    for domain in ("real", "positive", "unit", "probability", "symmetric", "spd", "invertible", "orthogonal"):
        assert all(isinstance(v, Fraction) for v in drawn(domain).ravel().tolist()), domain


def test_domains_are_kept_exactly():
    assert (drawn("positive") > 0).all()
    assert (drawn("nonzero") != 0).all()
    unit = drawn("unit")
    assert ((unit > 0) & (unit < 1)).all()
    inside = drawn("range", low=-0.4, high=0.5)
    assert ((inside > Fraction(-2, 5)) & (inside < Fraction(1, 2))).all()
    assert (np.sum(drawn("probability"), axis=-1) == 1).all()
    q = drawn("orthogonal")
    assert (np.matmul(np.swapaxes(q, -1, -2), q) == eye(3)).all()
    s = drawn("symmetric")
    assert (s == np.swapaxes(s, -1, -2)).all()
    assert (np.triu(drawn("lower"), 1) == 0).all()
    for matrix in drawn("spd"):
        assert np.linalg.eigvalsh(matrix.astype(float)).min() > 0.1
    for matrix in drawn("invertible"):
        assert abs(np.linalg.det(matrix.astype(float))) > 0.1
    assert sample(Law("mask"), (4, 3), {}, generator(1))[:, 0].all()
    index = sample(Law("index", below=lambda sizes: sizes["v"]), (50,), {"v": 3}, generator(1))
    assert set(index.tolist()) == {0, 1, 2}


def test_kinks_are_kept_away_from():
    x = sample(Law("real", away_from=(0.0, 1.0)), (200,), {}, generator(2))
    assert min(abs(v - k) for v in x for k in (0, 1)) >= Fraction(1, 10)


def test_directions_stay_in_the_domain_to_first_order():
    q = drawn("orthogonal")
    v = direction(Law("orthogonal"), q, generator(3))
    moved = np.matmul(np.swapaxes(q, -1, -2), v)
    assert (moved + np.swapaxes(moved, -1, -2) == 0).all()
    p = drawn("probability")
    assert (np.sum(direction(Law("probability"), p, generator(3)), axis=-1) == 0).all()
    s = direction(Law("spd"), drawn("spd"), generator(3))
    assert (s == np.swapaxes(s, -1, -2)).all()


@pytest.mark.parametrize("count", [1, 15, 30, 31, 299, 700])
def test_decimals_are_distinct_and_never_zero(count):
    x = decimals((count,), generator(4)).tolist()
    assert len(set(x)) == count
    assert all(Fraction(1, 10) <= abs(v) <= Fraction(3, 2) for v in x)


def test_elimination_solves():
    a, b = drawn("invertible")[0], drawn("real")[0]
    assert (np.matmul(a, solved(a, b)) == b).all()
    with pytest.raises(Inexact, match="a matrix is singular"):
        solved(eye(2) * 0, eye(2))


def test_sizes_are_distinct_and_avoid_fixed_ones():
    dims = {**free("n", "m", "k"), "h": Dim.of(2)}
    sizes = choose_sizes(program(dims), generator(0), lambda s: 1, 10, 10)
    assert len(set(sizes.values())) == 3
    assert not {1, 2} & set(sizes.values())


def test_sizes_shrink_to_the_budget():
    def cost(sizes):
        return sizes["n"] * sizes["m"] * 10

    assert sorted(choose_sizes(program(free("n", "m")), generator(0), cost, 60, 60).values()) == [2, 3]
    assert choose_sizes(program(free("n", "m")), generator(0), cost, 10, 40) == {"n": 2, "m": 2}
    with pytest.raises(Inexact, match="40 numbers are too many, and the sizes cannot be smaller"):
        choose_sizes(program(free("n", "m")), generator(0), cost, 10, 39)


def test_other_sizes_than_before_are_preferred():
    first = choose_sizes(program(free("n", "m")), generator(0), lambda s: 1, 9, 9)
    assert choose_sizes(program(free("n", "m")), generator(0), lambda s: 1, 9, 9, [first]) != first


def test_the_field_keeps_linear_domains_and_refuses_others():
    dims = free("n")
    point = Point({"n": 3}, {"X": drawn("symmetric", (3, 3))}, {}, {"X": decimals((3, 3), generator(1))})
    square = program(dims, ("n", "n"))
    found = exact_field.draw(square, {"X": Law("spd")}, point, generator(6))
    values = np.vectorize(lambda r: r.value)(found.inputs["X"])
    assert (values == values.T).all()
    assert {r.top for r in found.inputs["X"].ravel()} == {1}
    with pytest.raises(Inexact, match="an orthogonal matrix is no free variable"):
        exact_field.draw(square, {"X": Law("orthogonal")}, point, generator(6))
