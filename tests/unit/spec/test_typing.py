"""From a spec to typed claims: dimensions under constraints, assumptions, sides of every link, with every message."""

import pytest

from gradcheck_cli.shapes.dims import show
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim, type_program
from gradcheck_cli.text import UserError, draw


def operator(text):
    file = load_text("s", text)
    assert not file.problems, "\n".join(draw(p) for p in file.problems)
    return file.operators[0]


def spec(
    inputs="{X: [n, m], W: [m, r], b: [r]}",
    forward="{Y: X @ W + b}",
    claim="gradient: dX = dY @ W.T",
    more="",
):
    return f"operator: o\ninputs: {inputs}\nforward: {forward}\n{more}claims:\n  - {claim}\n"


def typed(**parts):
    op = operator(spec(**parts))
    return type_claim(op, op.claims[0])


def refusal(**parts):
    op = operator(spec(**parts))
    with pytest.raises(UserError) as caught:
        type_program(op)
        type_claim(op, op.claims[0])
    (problem,) = caught.value.problems
    return draw(problem)


# --- the forward ------------------------------------------------------------------------------------------


def test_a_program_knows_every_shape_and_who_needs_whom():
    program = type_program(operator(spec(forward="{Z: X @ W, Y: Z + b, s: sum(X)}", more="output: [Y, s]\n")))
    assert {name: str(t) for name, t in program.types.items()} == {
        "X": "[n, m]", "W": "[m, r]", "b": "[r]", "Z": "[n, r]", "Y": "[n, r]", "s": "[]",
    }  # fmt: skip
    assert program.outputs == ("Y", "s")
    assert program.free == ("m", "n", "r")
    assert program.needs["Y"] == {"Y", "Z", "X", "W", "b"}
    assert program.needs["s"] == {"s", "X"}


def test_what_has_a_gradient():
    inputs = (
        "{X: [n], t: {shape: [n], domain: index(n)}, k: {shape: [n], domain: mask}, c: {shape: [], value: 2}}"
    )
    program = type_program(
        operator(spec(inputs, "{u: t + 1, w: t + 0.5, q: X > 0, Y: X * c}", "gradient: dX = dY * c"))
    )
    assert program.differentiable == {"X", "w", "Y"}
    assert {n: program.types[n].dtype for n in "tkuqw"} == {
        "t": "int",
        "k": "bool",
        "u": "int",
        "q": "bool",
        "w": "real",
    }


def test_a_line_in_index_notation_is_an_array():
    program = type_program(operator(spec(forward="{'Z[i, j]': 'sum[k](X[i, k] * W[k, j])', 'Y': Z + b}")))
    assert str(program.types["Z"]) == "[n, r]"
    assert [d.indices for d in program.definitions] == [3, 0]


@pytest.mark.parametrize(
    ("dims", "shown"),
    [
        ("{m: 2*r}", {"X": "[n, 2*r]"}),
        ("{m: 2*r, r: 3*h}", {"X": "[n, 6*h]", "b": "[3*h]"}),
        ("{r: 3*h, m: 2*r}", {"X": "[n, 6*h]", "b": "[3*h]"}),
        ("{m: n, n: r}", {"X": "[r, r]"}),
        ("{m: 4}", {"X": "[n, 4]"}),
        ("{m: r/q}", {"X": "[n, r/q]"}),
    ],
)
def test_dimensions_under_constraints(dims, shown):
    program = type_program(operator(spec(more=f"dims: {dims}\n")))
    assert {name: str(program.types[name]) for name in shown} == shown


@pytest.mark.parametrize(
    ("dims", "name"), [("{m: m + 1}", "m"), ("{m: 2*r, r: m/2}", "m"), ("{n: m, m: r, r: n}", "n")]
)
def test_a_cycle_among_dimensions(dims, name):
    drawn = refusal(more=f"dims: {dims}\n")
    assert drawn.splitlines()[0] in {f"error: the dimension `{n}` is defined by itself" for n in "mnr"}
    assert drawn.splitlines()[1].startswith("  --> s:4:")


def test_the_loss_is_a_scalar():
    assert refusal(more="loss: true\n", claim="gradient: dX = X") == (
        "error: the loss `Y` is not a scalar: it has the shape [n, r]\n  --> s:3:11\n3 | forward: {Y: X @ W + b}\n  |           ^"
    )
    assert type_program(operator(spec(forward="{Y: sum(X)}", more="loss: true\n"))).loss


def test_a_forward_that_cannot_be_typed():
    assert refusal(forward="{Y: W @ X}") == (
        "error: `@` cannot combine [m, r] with [n, m]\n  --> s:3:14\n3 | forward: {Y: W @ X}\n  |              ^^^^^\n"
        "   = help: the inner dimensions r and n differ"
    )
    assert refusal(forward="{Y: X + Z, Z: X}").splitlines()[0] == "error: `Z` is unknown"
    assert refusal(forward="{Y: dX}").splitlines()[0] == "error: `dX` has no meaning here"


# --- claims -----------------------------------------------------------------------------------------------


def test_each_link_of_a_chain_is_typed_by_itself():
    claim = typed(claim="gradient: dX = dY @ W.T = W @ dY = X * 2 = 0")
    mismatches = [link.mismatch.problems[0].message if link.mismatch else None for link in claim.links]
    wrong = "`@` cannot combine [m, r] with [n, r]"
    assert mismatches == [None, wrong, wrong, None]


SIDES = [
    ("dX = dY @ W", "`@` cannot combine [n, r] with [m, r]", "dY @ W"),
    ("db = dY", "the left side is [r], the right side [n, r]", "dY"),
    ("dY = db", "the left side is [n, r], the right side [r]", "db"),
    ("dY = db[None]", "the left side is [n, r], the right side [1, r]", "db[None]"),
    ("dW.T = X.T @ dY", "the left side is [r, m], the right side [m, r]", "X.T @ dY"),
    ("dX = sum(dY)", "the left side is [n, m], the right side []", "sum(dY)"),
    ("dW[i, j] = sum[k](X[k, j] * dY[k, i])", "the index `j` runs over r and over m", "j"),
    ("dW @ X = 0", "`@` cannot combine [m, r] with [n, m]", "dW @ X"),
]


@pytest.mark.parametrize(("claim", "message", "place"), SIDES, ids=[s[0] for s in SIDES])
def test_what_numpy_might_broadcast_is_a_mismatch_at_its_place(claim, message, place):
    (link,) = typed(claim=f"gradient: {claim}").links
    assert link.mismatch is not None
    (problem,) = link.mismatch.problems
    assert (problem.message, problem.span.text) == (message, place)


@pytest.mark.parametrize(
    "claim",
    [
        "dX = 0",
        "0 = dX",
        "dX = -2.5",
        "dX = dX",
        "dX[i, j] = 1",
        "sum(dX) = dL",
        "dX[0] = pi",
        "dW.T = dY.T @ X",
    ],
)
def test_what_may_stand_together(claim):
    (link,) = typed(claim=f"gradient: '{claim}'").links
    assert link.mismatch is None


def test_free_indices_are_those_of_the_left_side_in_order():
    claim = typed(claim="gradient: 'dW[j, i] = sum[k](X[k, j] * dY[k, i])'")
    assert [i.name for i in claim.free] == ["j", "i"]
    assert [show((i.dim,)) for i in claim.free] == ["[m]", "[r]"]
    assert [i.name for i in claim.indices] == ["j", "i", "k"]


def test_a_definition_uses_the_others_and_a_cycle_is_an_error():
    claim = typed(claim="gradient: dX = g\n    where: {h: dY, g: h @ W.T}")
    assert claim.links[0].mismatch is None
    assert refusal(claim="gradient: dX = g\n    where: {h: g @ W.T, g: h}") == (
        "error: `g` is defined by itself\n  --> s:6:16\n6 |     where: {h: g @ W.T, g: h}\n  |                ^"
    )


CLAIM_ERRORS = [
    ("gradient: dXX = 0", "`dXX` is unknown: there is no `XX`", "dXX", "did you mean `dX`?"),
    ("gradient: dX = dY @ w.T", "`w` is unknown", "w", "did you mean `W`?"),
    ("gradient: dX = Q", "`Q` is unknown", "Q", "it is neither declared above nor a dimension"),
    ("identity: dX = 0", "`dX` has no meaning here", "dX",
     "write `grad(X)` for the gradient of the loss, or use a `gradient` or `differential` claim"),
    ("gradient: 'dX[i, j] = X[i, k]'", "the index `k` is neither on the left side nor summed over", "k",
     "sum over it, `sum[k](…)`, or name it on the left"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("claim", "message", "place", "advice"), CLAIM_ERRORS, ids=[c[0] for c in CLAIM_ERRORS]
)
def test_what_means_nothing(claim, message, place, advice):
    op = operator(spec(claim=claim))
    with pytest.raises(UserError) as caught:
        type_claim(op, op.claims[0])
    (problem,) = caught.value.problems
    assert (problem.message, problem.span.text, problem.help) == (message, place, advice)


# --- assumptions ------------------------------------------------------------------------------------------


def test_when_sets_inputs_and_dimensions_for_one_claim_only():
    text = spec(claim="gradient: dX = dY @ W.T\n    when: {W: 'eye(m, r)', m: n, b: 0}\n  - gradient: dX = 0")
    op = operator(text)
    first, second = (type_claim(op, c) for c in op.claims)
    assert set(first.given) == {"W", "b"}
    assert str(first.program.types["X"]) == "[n, n]"
    assert not second.given
    assert str(second.program.types["X"]) == "[n, m]"


def test_when_overrides_a_given_value():
    inputs = "{X: [n], c: {shape: [], value: 2}}"
    claim = typed(inputs=inputs, forward="{Y: X * c}", claim="gradient: dX = dY * 3\n    when: {c: 3}")
    assert claim.given["c"].value == 3


def test_an_assumption_of_another_shape():
    assert refusal(claim="gradient: dX = 0\n    when: {W: 'ones(r, m)'}") == (
        "error: `W` has the shape [m, r], and this value [r, m]\n  --> s:6:16\n6 |     when: {W: 'ones(r, m)'}\n"
        "  |                ^^^^^^^^^^"
    )


def test_an_assumption_may_use_free_inputs_but_not_a_given_one():
    claim = typed(claim="gradient: dX = 0\n    when: {W: 'X.T @ ones(n, r)'}")
    assert set(claim.given) == {"W"}
    drawn = refusal(claim="gradient: dX = 0\n    when: {W: 'ones(m, 1) * b', b: '2 * W[0]'}")
    assert drawn.splitlines()[0] == "error: `b` is unknown"


def test_an_assumed_dimension_must_not_be_circular():
    assert refusal(claim="gradient: dX = 0\n    when: {m: 2*n, n: m}").splitlines()[0] in {
        "error: the dimension `m` is defined by itself", "error: the dimension `n` is defined by itself"
    }  # fmt: skip


def test_fixed_names_are_kept():
    claim = typed(claim="differential: dY = dX @ W\n    fixed: [W, b]")
    assert claim.fixed == {"W", "b"}


def test_an_expectation_needs_something_random():
    assert refusal(claim="expectation: E(X) = X").endswith(
        "error: no input is random, so that there is nothing to take an expectation over\n"
        "  --> s:5:18\n"
        "5 |   - expectation: E(X) = X\n"
        "  |                  ^^^^^^^^\n"
        "   = help: give an input a law: `u: {shape: [n], random: normal(0, 1)}`"
    )
