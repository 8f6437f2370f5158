"""Names, indices and derivatives: what they mean in each kind of claim, and every message where they mean nothing."""

import pytest

from gradcheck_cli.lang import ast
from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.shapes.dims import Dim, show
from gradcheck_cli.shapes.infer import Local, Scope, is_bare, same_shape, sides_differ
from gradcheck_cli.shapes.mismatch import ShapeMismatch
from gradcheck_cli.shapes.typed import (
    Constant,
    Derivative,
    Given,
    Gradient,
    Loss,
    LossTangent,
    Position,
    Program,
    Reduce,
    Size,
    Special,
    Tabulate,
    Tangent,
    Type,
    TypedDefinition,
    Value,
    nodes,
    quantities,
)
from gradcheck_cli.text import Text, UserError, draw

N, M = Dim.of("n"), Dim.of("m")
DIMS = {"n": N, "m": M, "v": Dim.of("v")}
INPUTS = {
    "X": Type((N, M)),
    "W": Type((M, N)),
    "S": Type((N, N)),
    "b": Type((M,)),
    "c": Type(()),
    "y": Type((N,), "int"),
    "mask": Type((N, M), "bool"),
}


def parse(text):
    return parse_expression(Text.whole("f", text))


def program(**forward):
    types, lines, needs = dict(INPUTS), [], {name: frozenset({name}) for name in INPUTS}
    for name, text in forward.items():
        scope = Scope(types, DIMS)
        tree = scope.infer(parse(text))
        lines.append(TypedDefinition(name, tree, len(scope.indices)))
        types = types | {name: tree.type}
        needs[name] = frozenset({name}).union(*(needs[q.name] for q in quantities(tree)))
    real = {name for name, t in types.items() if t.dtype == "real" and name != "c"}
    return Program(INPUTS, frozenset(real), tuple(lines), (lines[-1].name,), False, DIMS, needs)


PROGRAM = program(Z="X + b", Y="tanh(Z)", O="Y @ W")


def scope(meaning="gradient", invents=False, **where):
    locals_ = {}
    for target, text in where.items():
        locals_[target] = Local(parse(text))
    return Scope(PROGRAM.types, DIMS, meaning, PROGRAM, locals_, invents=invents)


def infer(text, meaning="gradient", **where):
    return scope(meaning, **where).infer(parse(text))


def refusal(text, meaning="gradient", read=None, **where):
    with pytest.raises(UserError) as caught:
        (read or scope(meaning, **where)).infer(parse(text))
    (problem,) = caught.value.problems
    return draw(problem)


def message(text, caret, headline, advice=""):
    at = text.rindex(caret)
    drawn = f"error: {headline}\n  --> f:1:{at + 1}\n1 | {text}\n  | {' ' * at}{'^' * len(caret)}"
    return drawn + (f"\n   = help: {advice}" if advice else "")


# --- names ------------------------------------------------------------------------------------------------


def test_each_name_has_its_own_meaning():
    assert infer("X").quantity == Value("X")
    assert infer("Z").quantity == Value("Z")
    assert infer("dX").quantity == Gradient("X")
    assert infer("dO").quantity == Gradient("O")
    assert infer("grad(Z)").quantity == Gradient("Z")
    assert infer("L").quantity == Loss()
    assert isinstance(infer("n"), Size)
    assert isinstance(infer("pi"), Special)
    assert isinstance(infer("dL"), Constant)
    assert infer("dL").value == 1


def test_in_a_differential_d_is_a_tangent():
    tree = infer("dZ", "differential")
    assert isinstance(tree.quantity, Tangent)
    assert tree.quantity.tree.quantity == Value("Z")
    assert infer("dL", "differential").quantity == LossTangent()
    assert infer("grad(Z)", "differential").quantity == Gradient("Z")
    twice = infer("dZ * dZ", "differential")
    assert len(quantities(twice)) == 1


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("dX", "[n, m]"), ("dO", "[n, n]"), ("L", "[]"), ("d(X @ W)", "[n, n]"), ("D(Y, Z)", "[n, m]"), ("D(O, Z)", "[n, n, n, m]"),
        ("D(sum(Y), b)", "[m]"), ("D(Y, b)", "[n, m, m]"), ("jacobian(Y, Z)", "[n, m, n, m]"), ("jacobian(L_, b)", "[m]"),
        ("D(sum[i](X[i, 0]), X)", "[n, m]"), ("D(Y[0], Z)", "[m, n, m]"),
    ],
)  # fmt: skip
def test_shapes_of_derivatives(text, shape):
    assert str(infer(text, L_="sum(O)").type) == shape


def test_the_nearest_meaning_wins():
    assert infer("pi", pi="X").quantity == Value("X")
    assert isinstance(infer("sum[n](b[n] * n)").body.args[1], Position)
    assert infer("L", L="b").quantity == Value("b")


def test_a_local_definition_is_one_node_however_often_it_is_used():
    tree = infer("g * g + g", g="dY * (1 - Y**2)")
    found = [
        n
        for n in nodes(tree)
        if getattr(n, "function", "") == "multiply" and n.node == parse("dY * (1 - Y**2)")
    ]
    assert len(found) == 1


D_NAMES = [
    ("dQ", "gradient", "dQ", "`dQ` is unknown: there is no `Q`", "`Q` is neither an input nor a line of `forward`"),
    ("dXX", "gradient", "dXX", "`dXX` is unknown: there is no `XX`", "did you mean `dX`?"),
    ("dmsk", "differential", "dmsk", "`dmsk` is unknown: there is no `msk`", "did you mean `dmask`?"),
    ("Xx", "gradient", "Xx", "`Xx` is unknown", "did you mean `X`?"),
    ("dX", "values", "dX", "`dX` has no meaning here", "write `grad(X)` for the gradient of the loss, or use a `gradient` or `differential` claim"),
    ("L", "values", "L", "`L` is unknown", "it is neither declared above nor a dimension"),
    ("dy", "gradient", "dy", "`y` has no gradient", "whole numbers, masks and inputs with a given `value` are constants"),
    ("dmask", "gradient", "dmask", "`mask` has no gradient", "whole numbers, masks and inputs with a given `value` are constants"),
    ("dc", "gradient", "dc", "`c` has no gradient", "whole numbers, masks and inputs with a given `value` are constants"),
    ("D(Y, c)", "gradient", "c", "`c` has no gradient", "whole numbers, masks and inputs with a given `value` are constants"),
    ("grad(YY)", "gradient", "YY", "an input or a line of `forward` is expected here", "did you mean `y`?"),
    ("grad(X @ W)", "gradient", "X @ W", "an input or a line of `forward` is expected here", "derivatives are taken by named quantities"),
    ("D(Y, 2)", "gradient", "2", "an input or a line of `forward` is expected here", "derivatives are taken by named quantities"),
    ("d(grad(X))", "gradient", "grad(X)", "`grad` has no meaning here", "derivatives stand in claims, and not inside one another"),
    ("D(dX, X)", "gradient", "dX", "`dX` has no meaning here", "write `grad(X)` for the gradient of the loss, or use a `gradient` or `differential` claim"),
    ("D(L, X)", "gradient", "L", "`L` is unknown", "it is neither declared above nor a dimension"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "meaning", "caret", "headline", "advice"), D_NAMES, ids=[d[0] for d in D_NAMES]
)
def test_names_without_a_meaning(text, meaning, caret, headline, advice):
    assert refusal(text, meaning) == message(text, caret, headline, advice)


@pytest.mark.parametrize(
    "where", [{"g": "g + 1"}, {"g": "h", "h": "2 * g"}, {"g": "h", "h": "k_", "k_": "sum[i](g[i])"}]
)
def test_a_definition_by_itself(where):
    with pytest.raises(UserError) as caught:
        infer("g", **where)
    assert caught.value.problems[0].message == "`g` is defined by itself"
    assert caught.value.problems[0].span.text == "g"


# --- index notation ---------------------------------------------------------------------------------------


def test_an_index_runs_over_the_dimension_that_it_stands_at():
    tree = infer("sum[i, j](X[i, j] * W[j, i])")
    assert isinstance(tree, Reduce)
    assert [(i.name, i.dim) for i in tree.indices] == [("i", N), ("j", M)]
    assert tree.type.shape == ()
    assert show(infer("sum[i](X[i])").type.shape) == "[m]"
    assert show(infer("sum[j](X[:, j])").type.shape) == "[n]"


def test_free_indices_are_made_on_the_left_and_known_on_the_right():
    one = scope(invents=True)
    assert one.infer(parse("dX[i, j]")).type.shape == ()
    one.invents = False
    one.infer(parse("sum[k](S[i, k]) * W[j, i]"))
    assert [(i.name, i.dim) for i in one.indices] == [("i", N), ("j", M), ("k", N)]
    assert refusal("X[i, k]", read=one) == message(
        "X[i, k]",
        "k",
        "the index `k` is neither on the left side nor summed over",
        "sum over it, `sum[k](…)`, or name it on the left",
    )


def test_a_free_index_that_is_first_met_inside_a_sum_stays():
    one = scope(invents=True)
    one.infer(parse("sum[k](X[k, j])"))
    one.invents = False
    assert one.infer(parse("b[j]")).type.shape == ()
    assert "k" not in one.bound


def test_an_inner_index_hides_an_outer_one_and_gives_it_back():
    tree = infer("sum[i](b[i] * sum[i](S[i, 0]) * b[i])")
    (outer,) = tree.indices
    inner = next(n for n in nodes(tree.body) if isinstance(n, Reduce)).indices[0]
    assert (outer.dim, inner.dim) == (M, N)
    assert outer is not inner
    assert outer.position != inner.position


def test_a_definition_does_not_see_the_indices_around_it():
    assert refusal("sum[i](g * b[i])", g="b[i]").startswith(
        "error: the index `i` is neither on the left side nor summed over"
    )


def test_an_index_named_like_a_dimension_hides_it():
    assert refusal("sum[n](b[n - 1] * b[n])") == message(
        "sum[n](b[n - 1] * b[n])", "n - 1", "an index that is calculated may leave the array",
        "use `roll`, a slice, or an array of whole numbers",
    )  # fmt: skip


INDEX_ERRORS = [
    ("X[i, 0]", "i", "the index `i` is neither on the left side nor summed over", "sum over it, `sum[i](…)`, or name it on the left"),
    ("sum[i](X[0, 0])", "i", "the index `i` has no range", "it has to stand in brackets somewhere: `x[i]`"),
    ("sum[i](i)", "i", "the index `i` has no range", "it has to stand in brackets somewhere: `x[i]`"),
    ("sum[i](X[i, i])", "i", "the index `i` runs over n and over m", ""),
    ("sum[i](X[i + 1, 0] * X[i, 0])", "i + 1", "an index that is calculated may leave the array", "use `roll`, a slice, or an array of whole numbers"),
    ("sum[i](X[i, 0]) + X[i, 0]", "i", "the index `i` is neither on the left side nor summed over", "sum over it, `sum[i](…)`, or name it on the left"),
    ("sum[i](X[X[i, 0], 0])", "X[X[i, 0], 0]", "`gather` needs whole numbers as indices", "declare them with `domain: index(n)`, or use `arange(n)`"),
    ("sum[i](d(Z[i]))", "i", "the index `i` is neither on the left side nor summed over", "sum over it, `sum[i](…)`, or name it on the left"),
    ("sum[i](b[i] * d(i * Z))", "i", "the index `i` cannot be used inside a derivative", "take it outside: `d(exp(x))[i]`, not `d(exp(x[i]))`"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "caret", "headline", "advice"), INDEX_ERRORS, ids=[e[0] for e in INDEX_ERRORS]
)
def test_indices_that_cannot_be(text, caret, headline, advice):
    with pytest.raises(UserError) as caught:
        infer(text)
    (problem,) = caught.value.problems
    assert (problem.span.text, problem.message, problem.help) == (caret, headline, advice)


def test_gathering_at_an_index_of_an_index():
    tree = infer("sum[i](X[y[i], 0] * y[i])")
    assert tree.type.shape == ()
    assert tree.indices[0].dim == N


def test_a_definition_with_indices_is_the_array_of_its_elements():
    one = scope()
    one.locals = {"P": Local(parse("X[i, j] * b[j]"), (ast.Name("i"), ast.Name("j")))}
    tree = one.infer(parse("P @ W"))
    assert show(tree.type.shape) == "[n, n]"
    assert isinstance(tree.args[0], Tabulate)
    assert show(tree.args[0].type.shape) == "[n, m]"


def test_indices_may_have_an_array_as_element():
    one = scope()
    one.locals = {"P": Local(parse("X[i] * 2"), (ast.Name("i"),))}
    assert show(one.infer(parse("P")).type.shape) == "[n, m]"


def test_a_definition_with_an_index_that_is_not_used():
    one = scope()
    one.locals = {"P": Local(parse("b[j]"), (ast.Name("i", span=Text.whole("f", "i").all), ast.Name("j")))}
    with pytest.raises(UserError) as caught:
        one.infer(parse("P"))
    assert caught.value.problems[0].message == "the index `i` has no range"


# --- results by number ------------------------------------------------------------------------------------


def test_the_results_of_one_decomposition_are_one_node():
    tree = infer("eigh(S)[1] @ diag(eigh(S)[0]) @ eigh(S)[1].T")
    assert show(tree.type.shape) == "[n, n]"
    wholes = {id(n) for n in nodes(tree) if getattr(n, "function", "") == "eigh"}
    assert len(wholes) == 1


# --- sides ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("dX", "X * 2", True),
        ("dX", "0", True),
        ("dX", "-1.5", True),
        ("dX", "pi", True),
        ("0", "dX", True),
        ("dX", "1/2", False),
        ("dX", "c", False),
        ("dX", "b", False),
        ("dX", "X[None]", False),
        ("db", "X", False),
        ("dX", "sum(X)", False),
        ("dX", "sum(X, axis=0, keepdims=True)", False),
        ("dX", "X.T", False),
        ("dX", "n", False),
        ("dX", "--1", False),
    ],
)
def test_sides_must_have_one_shape_but_for_a_bare_number(left, right, same):
    assert same_shape(infer(left), infer(right)) is same


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("0", True),
        ("-2", True),
        ("pi", True),
        ("-inf", True),
        ("1 + 1", False),
        ("n", False),
        ("c", False),
        ("True", False),
    ],
)
def test_what_a_bare_number_is(text, bare):
    assert is_bare(infer(text)) is bare


def test_sides_that_differ_are_named_in_symbols_at_the_right_one():
    error = sides_differ(infer("dX"), infer("W * 2"))
    assert isinstance(error, ShapeMismatch)
    assert draw(error.problems[0]) == message(
        "W * 2", "W * 2", "the left side is [n, m], the right side [m, n]"
    )
    assert (error.left, error.right) == ((N, M), (M, N))


def test_a_derivative_knows_what_it_is_of():
    tree = infer("D(sum[i](X[i, 0]) * b, X)")
    assert isinstance(tree, Given)
    assert isinstance(tree.quantity, Derivative)
    assert (tree.quantity.name, tree.quantity.elementwise, tree.quantity.indices) == ("X", False, 1)
