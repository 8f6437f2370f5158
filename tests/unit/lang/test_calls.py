"""Arguments meet parameters: every way of giving them, and every message where they do not fit."""

import pytest

from gradcheck_cli.lang.calls import bind
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.lang.plain import parse_expression
from gradcheck_cli.lang.printer import to_plain
from gradcheck_cli.text import Text, UserError, draw


def bound(text: str) -> dict[str, object]:
    found = bind(parse_expression(Text.whole("f", text)))

    def shown(value: object) -> object:
        return [to_plain(v) for v in value] if isinstance(value, tuple) else value and to_plain(value)

    return {name: shown(value) for name, value in found.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sum(x)", {"x": "x", "axis": None, "keepdims": None}),
        ("sum(x, 0, True)", {"x": "x", "axis": "0", "keepdims": "True"}),
        ("sum(x, keepdims=True, axis=(0, 1))", {"x": "x", "axis": "(0, 1)", "keepdims": "True"}),
        ("sum(axis=None, x=x)", {"x": "x", "axis": "None", "keepdims": None}),
        ("ones(n, m)", {"shape": ["n", "m"]}),
        ("ones((n, m))", {"shape": ["n", "m"]}),
        ("ones(shape=(n, m))", {"shape": ["n", "m"]}),
        ("ones(shape=n)", {"shape": ["n"]}),
        ("ones()", {"shape": []}),
        ("stack(a, b, axis=1)", {"arrays": ["a", "b"], "axis": "1"}),
        ("stack((a, b))", {"arrays": ["a", "b"], "axis": None}),
        ("reshape(x, n, -1)", {"x": "x", "shape": ["n", "-1"]}),
        ("reshape(x, shape=(n,))", {"x": "x", "shape": ["n"]}),
        ("transpose(x)", {"x": "x", "axes": []}),
        ("einsum('ij->i', a)", {"subscripts": "'ij->i'", "arrays": ["a"]}),
        ("where(c, y=a, x=b)", {"condition": "c", "x": "b", "y": "a"}),
    ],
)
def test_arguments(text, expected):
    assert bound(text) == expected


@pytest.mark.parametrize(
    ("text", "caret", "message", "advice"),
    [
        ("exp()", "exp()", "`exp` needs `x`", "it is called as `exp(x)`"),
        ("clip(x, 0)", "clip(x, 0)", "`clip` needs `high`", "it is called as `clip(x, low, high)`"),
        ("exp(x, y)", "y", "`exp` takes at most 1 argument", "it is called as `exp(x)`"),
        ("add(x, y, z, w)", "z", "`add` takes at most 2 arguments", "it is called as `add(x, y)`"),
        (
            "stack(axis=0)",
            "stack(axis=0)",
            "`stack` needs at least one array",
            "it is called as `stack(*arrays, axis=0)`",
        ),
        ("sum(x, axes=0)", "axes=0", "`sum` has no keyword `axes`", "did you mean `axis`?"),
        ("sum(x, dim=0)", "dim=0", "`sum` has no keyword `dim`", "did you mean `axis`?"),
        (
            "sum(x, keepdim=True)",
            "keepdim=True",
            "`sum` has no keyword `keepdim`",
            "did you mean `keepdims`?",
        ),
        ("var(x, ddof=1)", "ddof=1", "`var` has no keyword `ddof`", "did you mean `correction`?"),
        (
            "var(x, unbiased=True)",
            "unbiased=True",
            "`var` has no keyword `unbiased`",
            "did you mean `correction`?",
        ),
        (
            "one_hot(y, num_classes=v)",
            "num_classes=v",
            "`one_hot` has no keyword `num_classes`",
            "did you mean `n`?",
        ),
        ("softmax(x, axsi=-1)", "axsi=-1", "`softmax` has no keyword `axsi`", "did you mean `axis`?"),
        ("exp(x, dim=0)", "dim=0", "`exp` has no keyword `dim`", "it is called as `exp(x)`"),
        ("exp(x, x=1)", "x=1", "`x` is given twice", "it is called as `exp(x)`"),
        (
            "sum(x, axis=0, axis=1)",
            "axis=1",
            "`axis` is given twice",
            "it is called as `sum(x, axis=None, keepdims=False)`",
        ),
        ("ones(n, shape=m)", "shape=m", "`shape` is given twice", "it is called as `ones(*shape)`"),
    ],
)
def test_what_does_not_fit(text, caret, message, advice):
    with pytest.raises(UserError) as caught:
        bound(text)
    (problem,) = caught.value.problems
    at = text.rindex(caret)
    carets = " " * at + "^" * len(caret)
    assert draw(problem) == (
        f"error: {message}\n  --> f:1:{at + 1}\n1 | {text}\n  | {carets}\n   = help: {advice}"
    )


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda f: f.name)
def test_every_function_takes_its_own_signature(function):
    """One argument for each parameter, by position where it can stand there, else by keyword."""
    positional, keywords = [], []
    for parameter in function.parameters:
        given = f"'{parameter.name}'" if parameter.kind == "string" else f"v_{parameter.name}"
        (keywords if positional[-1:] == ["*"] or parameter.default else positional).append(
            f"{parameter.name}={given}" if parameter.default else given
        )
        if parameter.variadic:
            assert parameter is function.parameters[-1] or all(
                p.default is not None for p in function.parameters[function.parameters.index(parameter) + 1 :]
            )
    found = bound(f"{function.name}({', '.join(positional + keywords)})")
    assert list(found) == [p.name for p in function.parameters]
    assert None not in found.values()
