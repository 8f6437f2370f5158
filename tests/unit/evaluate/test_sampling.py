"""Fresh data: every domain keeps its promise, tangents stay in it, sizes are distinct primes, a seed says it all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck_cli.compare.court import laws_of
from gradcheck_cli.evaluate.sampling import (
    KEEP_AWAY,
    PRIMES,
    SCALES,
    SMALL_PRIMES,
    Law,
    choose_sizes,
    direction,
    draw,
    generator,
    project,
    sample,
)
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim, type_program
from gradcheck_cli.text import UserError


def eigenvalues(x):
    return np.linalg.eigvalsh(x)


SYMMETRIC = lambda x: np.allclose(x, np.swapaxes(x, -1, -2), atol=1e-14)  # noqa: E731

INVARIANTS = {
    "real": lambda x: np.isfinite(x).all(),
    "positive": lambda x: (x > 0.05).all(),
    "nonzero": lambda x: (np.abs(x) > 0.05).all(),
    "unit": lambda x: ((x > 0) & (x < 1)).all(),
    "probability": lambda x: (x > 0).all() and np.allclose(x.sum(-1), 1),
    "symmetric": SYMMETRIC,
    "spd": lambda x: SYMMETRIC(x) and (eigenvalues(x) > 0.1).all(),
    "invertible": lambda x: (np.linalg.cond(x) < 5).all(),
    "orthogonal": lambda x: np.allclose(np.swapaxes(x, -1, -2) @ x, np.eye(x.shape[-1])),
    "lower": lambda x: (np.triu(x, 1) == 0).all() and (np.diagonal(x, axis1=-2, axis2=-1) > 0.05).all(),
    "range": lambda x: ((x > -2) & (x < 5)).all(),
    "index": lambda x: ((x >= 0) & (x < 7)).all() and x.dtype == np.int64,
    "mask": lambda x: x.dtype == bool and x.any(-1).all(),
}
SHAPES = dict.fromkeys(INVARIANTS, (3, 4, 4)) | {"orthogonal": (2, 5, 3)}


def law(domain, **more):
    return Law(domain, below=(lambda sizes: 7) if domain == "index" else None, low=-2.0, high=5.0, **more)


@pytest.mark.parametrize("domain", INVARIANTS)
@pytest.mark.parametrize("scale", SCALES)
def test_every_domain_keeps_its_promise(domain, scale):
    for seed in range(8):
        x = sample(law(domain), SHAPES[domain], {}, scale, generator(seed))
        assert x.shape == SHAPES[domain]
        assert INVARIANTS[domain](x)


@pytest.mark.parametrize(
    "domain", ["real", "positive", "nonzero", "unit", "range", "probability", "mask", "index"]
)
def test_a_scalar_can_be_drawn(domain):
    assert sample(law(domain), (), {}, 1.0, generator(0)).shape == ()


@pytest.mark.parametrize("domain", ["real", "nonzero", "range", "symmetric"])
def test_what_may_be_signed_is(domain):
    x = sample(law(domain), (40, 6, 6), {}, 1.0, generator(1))
    assert (x < 0).mean() > 0.1
    assert (x > 0).mean() > 0.1


SMOOTH = ["symmetric", "spd", "lower", "probability"]


@pytest.mark.parametrize("domain", SMOOTH)
def test_a_straight_step_along_a_tangent_stays_in_the_domain(domain):
    rng = generator(2)
    x = sample(law(domain), (4, 4), {}, 1.0, rng)
    v = direction(law(domain), x, rng)
    assert np.abs(v).max() > 0.1
    for h in (1e-3, -1e-3):
        assert INVARIANTS[domain](x + h * v)


def test_a_step_along_a_tangent_of_an_orthogonal_matrix_leaves_it_to_second_order_only():
    rng = generator(3)
    x = sample(law("orthogonal"), (5, 5), {}, 1.0, rng)
    v = direction(law("orthogonal"), x, rng)
    assert np.abs(v).max() > 0.1

    def distance(h):
        moved = x + h * v
        return np.abs(moved.T @ moved - np.eye(5)).max()

    assert distance(1e-3) < 5e-5
    assert 3.9 < distance(1e-3) / distance(5e-4) < 4.1


@pytest.mark.parametrize("domain", [*SMOOTH, "orthogonal", "real", "positive"])
def test_a_tangent_is_its_own_projection(domain):
    rng = generator(4)
    x = sample(law(domain), (4, 4), {}, 1.0, rng)
    once = project(law(domain), x, rng.standard_normal((4, 4)))
    np.testing.assert_allclose(project(law(domain), x, once), once, atol=1e-12)


@given(st.integers(0, 10**9), st.sampled_from([(0.0,), (0.0, 1.0), (-0.5,)]))
def test_kinks_are_kept_away_from(seed, points):
    x = sample(law("real", away_from=points), (50,), {}, 0.3, generator(seed))
    for point in points[-1:]:
        assert (np.abs(x - point) >= KEEP_AWAY).all()


# --- sizes ------------------------------------------------------------------------------------------------


def operator(inputs, forward, more="", claim="identity: Y = Y"):
    file = load_text("s", f"operator: o\n{more}inputs: {inputs}\nforward: {forward}\nclaims:\n  - {claim}\n")
    assert not file.problems
    return file.operators[0]


def sizes_of(program, seed, extent=lambda sizes: 1, budget=10**9):
    return choose_sizes(program, generator(seed), extent, budget)


@given(st.integers(0, 10**9), st.integers(1, 12))
def test_free_sizes_are_distinct_primes(seed, count):
    names = ", ".join(f"n{i}" for i in range(count))
    program = type_program(operator(f"{{X: [{names}]}}", "{Y: X}"))
    sizes = sizes_of(program, seed)
    assert len(sizes) == count
    assert len(set(sizes.values())) == count
    assert set(sizes.values()) <= set(PRIMES)


def test_the_primes_are_primes():
    assert all(p > 1 and all(p % q for q in range(2, p)) for p in SMALL_PRIMES)


def test_sizes_vary_and_every_order_occurs():
    program = type_program(operator("{X: [n, m]}", "{Y: X}"))
    found = [sizes_of(program, seed) for seed in range(40)]
    assert {s["n"] < s["m"] for s in found} == {True, False}


def test_too_large_sizes_are_drawn_again_and_the_smallest_serve_if_nothing_fits():
    program = type_program(operator("{X: [n, m, k]}", "{Y: X}"))

    def extent(sizes):
        return sizes["n"] ** 6

    assert all(sizes_of(program, seed, extent, 3**6)["n"] <= 3 for seed in range(30))
    assert all(sizes_of(program, seed, extent, 1)["n"] <= 3 for seed in range(30))


def test_a_dimension_that_is_whole_for_some_sizes_only_is_drawn_until_it_is():
    program = type_program(operator("{X: [n, m/2]}", "{Y: X}"))

    def extent(sizes):
        from gradcheck_cli.evaluate.interpret import shape_of

        return int(np.prod(shape_of(program.types["X"], sizes)))

    assert all(sizes_of(program, seed, extent)["m"] == 2 for seed in range(20))


def test_a_dimension_that_is_never_whole_is_an_error():
    program = type_program(operator("{X: [n, n/4]}", "{Y: X}"))

    def extent(sizes):
        from gradcheck_cli.evaluate.interpret import shape_of

        return len(shape_of(program.types["X"], sizes))

    with pytest.raises(UserError) as caught:
        sizes_of(program, 0, extent)
    assert caught.value.problems[0].message.startswith("the dimension n/4 is ")
    assert caught.value.problems[0].help == "say how the sizes are related: `dims: {m: 2*r}`"


# --- draws ------------------------------------------------------------------------------------------------

INPUTS = "{X: [n, m], S: {shape: [n, n], domain: spd}, t: {shape: [n], domain: index(m)}, c: {shape: [n], value: 2.5}}"


def drawn(seed, when="", scale=1.0, more="", forward="{Y: 'X * c[:, None]', q: sum(S)}"):
    op = operator(INPUTS, forward, more, f"identity: Y = Y{when}")
    typed = type_claim(op, op.claims[0])
    sizes = {"n": 3, "m": 5}
    return draw(typed.program, laws_of(op, typed), typed.given, sizes, scale, generator(seed))


def same(a, b):
    return all(
        np.array_equal(getattr(a, part)[name], getattr(b, part)[name])
        for part in ("inputs", "tangents", "cotangents")
        for name in getattr(a, part)
    )


def test_a_seed_decides_every_number():
    assert same(drawn(1), drawn(1))
    assert not same(drawn(1), drawn(2))


def test_paths_of_one_seed_are_independent():
    a, b, c = (generator(1, *path).standard_normal(1000) for path in ((0, 0), (0, 1), (1, 0)))
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.1
    assert abs(np.corrcoef(b, c)[0, 1]) < 0.1
    assert np.array_equal(generator(-1).random(3), generator(2**64 - 1).random(3))


def test_cotangents_are_signed_and_fit_the_output():
    signs = np.concatenate([np.sign(drawn(s).cotangents["q"]).ravel() for s in range(30)])
    assert {-1.0, 1.0} == set(signs)
    assert drawn(0, more="output: [Y, q]\n").cotangents["Y"].shape == (3, 5)


def test_a_loss_has_the_cotangent_one():
    assert drawn(0, more="loss: true\n").cotangents["q"] == 1


def test_given_values_are_filled_in_and_do_not_move():
    data = drawn(0)
    assert np.array_equal(data.inputs["c"], np.full(3, 2.5))
    assert not data.tangents["c"].any()
    assert not data.tangents["t"].any()
    assert data.inputs["t"].dtype == np.int64
    assert data.tangents["X"].any()


def test_an_assumption_may_depend_on_what_is_drawn():
    data = drawn(0, "\n    when: {X: 'S @ ones(n, m)'}")
    assert np.allclose(data.inputs["X"], np.repeat(data.inputs["S"].sum(1)[:, None], 5, 1))


@settings(max_examples=20)
@given(st.sampled_from(SCALES))
def test_the_scale_scales(scale):
    np.testing.assert_allclose(drawn(3, scale=scale).inputs["X"], scale * drawn(3).inputs["X"])
