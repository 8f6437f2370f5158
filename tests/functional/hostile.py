"""Specs from strangers, as data: what each file holds, and what has to be said about it.

Every case names the verdict on its claim (and how its reason begins), or one of the
messages, where the claim cannot be judged.
"""

from dataclasses import dataclass

ROW = "operator: o\ninputs:\n  X: {inputs}\n{more}forward:\n  Y: {forward}\nclaims:\n  - {claim}\n"


def spec(claim="gradient: dX = dY", forward="X * 1", inputs="[n]", more="") -> bytes:
    return ROW.format(claim=claim, forward=forward, inputs=inputs, more=more).encode()


@dataclass(frozen=True)
class Case:
    """One file and what is expected of it."""

    name: str
    data: bytes
    verdict: str = ""
    message: str = ""
    reason: str = ""


def _bomb() -> bytes:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 9) + "]" for n in range(1, 10)]
    return "\n".join(rows).encode()


HUGE = 10**9

CASES = (
    Case("empty", b"", message="this file is empty"),
    Case("comments", b"# nothing\n", message="this file holds nothing but comments"),
    Case("binary", bytes(range(256)), message="this is a binary file"),
    Case(
        "latin1",
        spec(claim="gradient: dX = dY\n    note: caf\xe9").decode().encode("latin-1"),
        message="this file is not written in UTF-8",
    ),
    Case("utf16", spec().decode().encode("utf-16"), message="this file is written in UTF-16"),
    Case("long", b"# " + b"x" * (50 * 1024 * 1024), message="this file is longer than 2 MiB"),
    Case("aliases", _bomb(), message="anchors (`&a0`) are not read"),
    Case("deep-yaml", b"[" * 100_000, message="this file nests more than 40 deep"),
    Case(
        "deep-formula",
        spec("gradient: dX = " + "(" * 50_000 + "dY" + ")" * 50_000),
        message="this formula has 100,007 characters; at most 20,000 are read",
    ),
    Case(
        "deep-minus",
        spec("gradient: dX = " + "-" * 50_000 + "dY"),
        message="this formula has 50,007 characters; at most 20,000 are read",
    ),
    Case(
        "long-formula",
        spec("gradient: dX = " + " + ".join(["dY"] * 20_000)),
        message="this formula has 100,002 characters; at most 20,000 are read",
    ),
    Case(
        "power-tower",
        spec("gradient: dX = dY * 9**9**9"),
        verdict="undecided",
        reason="the right side is inf at [0]",
    ),
    Case("digits", spec("gradient: dX = dY * 1" + "0" * 5000), message="this number is too long to be meant"),
    Case("exponent", spec("gradient: dX = dY * 1e999999999"), message="this number is too long to be meant"),
    Case(
        "dims-huge",
        spec(more=f"dims:\n  n: {HUGE}\n"),
        message="this would hold 1,000,000,000 numbers at once, more than 3,355,443",
    ),
    Case(
        "dims-square",
        spec(inputs="[n, m, p]", more="dims:\n  n: m**12\n  m: p**12\n"),
        message="this is not a dimension",
    ),
    Case(
        "shape-huge",
        spec(inputs=f"[{HUGE}]"),
        message="this would hold 1,000,000,000 numbers at once, more than 3,355,443",
    ),
    Case(
        "shape-many",
        spec(inputs="[" + ", ".join(["2"] * 60) + "]"),
        message="this has 60 axes, those of the indices included; at most 20 are possible",
    ),
    Case(
        "rank-many-ones",
        spec(inputs="[" + ", ".join(["1"] * 60) + "]"),
        message="this has 60 axes, those of the indices included; at most 20 are possible",
    ),
    Case(
        "eye-huge",
        spec(f"gradient: dX = dY * sum(eye({HUGE}))"),
        message="this would hold 1,000,000,000,000,000,000 numbers at once, more than 3,355,443",
    ),
    Case(
        "ones-huge",
        spec(f"gradient: dX = dY * sum(ones({HUGE}, {HUGE}))"),
        message="this would hold 1,000,000,000,000,000,000 numbers at once, more than 3,355,443",
    ),
    Case(
        "tile-huge",
        spec(f"gradient: dX = sum(tile(dY, {HUGE}))*dY"),
        message="this would hold 2,000,000,000 numbers at once, more than 3,355,443",
    ),
    Case(
        "repeat-huge",
        spec(f"gradient: dX = sum(repeat(dY, {HUGE}))*dY"),
        message="this would hold 2,000,000,000 numbers at once, more than 3,355,443",
    ),
    Case(
        "reshape-huge",
        spec(f"gradient: dX = sum(reshape(dY, {HUGE}, {HUGE}))*dY"),
        verdict="shape-mismatch",
        reason="`reshape` cannot turn [n] into [1000000000, 1000000000]; the one has n elements, the other 1000000000000000000",
    ),
    Case(
        "arange-huge",
        spec(f"gradient: dX = sum(arange({HUGE}))*dY"),
        message="this would hold 1,000,000,000 numbers at once, more than 3,355,443",
    ),
    Case(
        "onehot-huge",
        spec(f"gradient: dX = sum(one_hot(arange(3), {HUGE}))*dY"),
        message="this would hold 3,000,000,000 numbers at once, more than 3,355,443",
    ),
    Case(
        "forward-huge",
        spec(forward=f"X + sum(ones({HUGE}))"),
        message="this would hold 1,000,000,000 numbers at once, more than 3,355,443",
    ),
    Case("index-domain-huge", spec(more=f"  t: {{shape: [n], domain: index({HUGE})}}\n"), verdict="holds"),
    Case(
        "index-domain-huge2",
        spec(more=f"  t: {{shape: [n], domain: index(v)}}\ndims:\n  v: {10**30}\n"),
        verdict="holds",
    ),
    Case(
        "domain-range-huge",
        spec(inputs="{shape: [n], domain: 'range(-1e308, 1e308)'}"),
        verdict="holds",
    ),
    Case(
        "domain-range-1e999",
        spec(inputs="{shape: [n], domain: 'range(0, 1e999)'}"),
        message="this number is too long to be meant",
    ),
    Case("dunder", spec("gradient: dX = dY.__class__"), message="`.__class__` is not part of the language"),
    Case("dunder-name", spec("gradient: dX = __import__('os')"), message="`__import__` is not a function"),
    Case("dunder-input", spec().replace(b"X: [n]", b"__class__: [n]"), message="`X` is unknown"),
    Case("nan", spec("gradient: dX = dY * nan"), message="`nan` is unknown"),
    Case("inf", spec("gradient: dX = dY * inf"), verdict="undecided", reason="the right side is inf at [0]"),
    Case(
        "inf-minus-inf", spec("identity: inf - inf = 0"), verdict="undecided", reason="the left side is nan"
    ),
    Case(
        "inf-inf",
        spec("identity: inf = inf"),
        verdict="undecided",
        reason="both sides are infinite everywhere",
    ),
    Case("zero-zero", spec("identity: 0/0 = 1"), verdict="undecided", reason="the left side is nan"),
    Case(
        "overflow",
        spec("gradient: dX = dY", forward="exp(exp(X + 1000))"),
        verdict="undecided",
        reason="a step of the differences leaves the domain of the forward",
    ),
    Case(
        "log-negative",
        spec("gradient: dX = dY", forward="log(-X**2 - 1)"),
        verdict="undecided",
        reason="a step of the differences leaves the domain of the forward",
    ),
    Case(
        "singular",
        spec("gradient: dX = dY", inputs="[n, n]", forward="inv(X - X)"),
        verdict="undecided",
        reason="`inv` failed: the matrix is singular",
    ),
    Case(
        "singular-claim",
        spec("gradient: dX = inv(X * 0) @ dY", inputs="[n, n]"),
        verdict="undecided",
        reason="`inv` failed: the matrix is singular",
    ),
    Case("zero-gradient", spec("gradient: dX = 0*X", forward="X * 0"), verdict="holds"),
    Case("zero-gradient-wrong", spec("gradient: dX = dY", forward="X * 0"), verdict="wrong"),
    Case("independent", spec("gradient: dX = zeros(n)", forward="ones(n)"), verdict="holds"),
    Case("zero-size", spec(more="dims:\n  n: 0\n"), message="a dimension is at least 1"),
    Case("neg-size", spec(more="dims:\n  n: -3\n"), message="this is not a dimension"),
    Case("frac-size", spec(more="dims:\n  n: 1/2\n"), message="a dimension cannot be 1/2"),
    Case("index-out", spec("gradient: dX = dY[1000] * dY"), message="an index is outside of its array"),
    Case(
        "many-indices",
        spec(
            "gradient: dX = dY * sum[a,b,c,e,f,g,h,i,j,k](X[a]*X[b]*X[c]*X[e]*X[f]*X[g]*X[h]*X[i]*X[j]*X[k])"
        ),
        verdict="wrong",
    ),
    Case(
        "einsum-loop",
        spec("gradient: dX = einsum('a,b,c,d,e,f->', X, X, X, X, X, X) * dY", inputs="[200]"),
        message="this would hold 64,000,000,000,000 numbers at once, more than 3,355,443",
    ),
    Case(
        "many-copies",
        spec("gradient: dX = dY" + " * X" * 90, inputs="[3000000]"),
        message="the whole formula would hold 552,000,001 numbers at once, more than 26,843,545",
    ),
    Case(
        "literal-1e400",
        spec("gradient: dX = dY * 1e400"),
        verdict="undecided",
        reason="the right side is -inf at [0]",
    ),
    Case(
        "range-1e400",
        spec(inputs="{shape: [n], domain: 'range(0, 1e400)'}"),
        verdict="undecided",
        reason="a step of the differences leaves the domain of the forward",
    ),
    Case("away-1e400", spec(inputs="{shape: [n], away_from: 1e400}"), verdict="holds"),
    Case("cumsum-bomb", spec("gradient: dX = " + "cumsum(" * 60 + "dY" + ", axis=0)" * 60), verdict="wrong"),
    Case(
        "huge-slice",
        spec("gradient: dX = dY[0:99999999999999999999]"),
        verdict="shape-mismatch",
        reason="the left side is [n], the right side [99999999999999999999]",
    ),
    Case(
        "huge-index",
        spec("gradient: dX = dY[99999999999999999999]*dY"),
        message="this whole number is too large",
    ),
    Case(
        "int-pow",
        spec("gradient: dX = dY * n**n**n**n"),
        verdict="undecided",
        reason="the right side is -inf at [0]",
    ),
    Case(
        "pad-huge3",
        spec(f"gradient: dX = sum(pad(dY, {HUGE}, 0))*dY"),
        message="this would hold 1,000,000,002 numbers at once, more than 3,355,443",
    ),
    Case("softmax-empty", spec("gradient: dX = sum(X[3:3]) * dY"), verdict="wrong"),
    Case(
        "max-empty",
        spec("gradient: dX = max(X[3:3]) * dY"),
        verdict="undecided",
        reason="`max` failed: there are no elements",
    ),
    Case("lists", b"- a\n- b\n", message="a spec must be a mapping, not a list"),
    Case("number", b"42\n", message="a spec must be a mapping, not a number"),
    Case(
        "nul-escape",
        spec('gradient: "dX = dY\\0"'),
        message="between double quotes YAML reads the backslash itself",
    ),
    Case(
        "control",
        spec("gradient: dX = dY \x1b[31m"),
        message="the character U+001B cannot stand in a YAML file",
    ),
    Case("bidi", spec("gradient: dX = dY \u202e"), message="`U+202E` cannot stand in a formula"),
    Case("surrogate-escape", spec('gradient: "dX = \\ud800"'), message="this escape is not a character"),
    Case("tab-tag", b"!!python/object/apply:os.system ['touch pwned']\n", message="tags (`!…`) are not read"),
    Case("many-docs", b"---\n" * 100_000, message="this file has more than 50,000 entries"),
    Case(
        "many-claims",
        spec("gradient: dX = dY\n" + "  - gradient: dX = dY\n" * 20_000),
        message="this file has more than 50,000 entries",
    ),
    Case("many-inputs", spec(more="".join(f"  X{i}: [n{i}]\n" for i in range(2000))), verdict="holds"),
    Case("chain-1000", spec("gradient: dX = " + " = ".join(["dY"] * 1000)), verdict="holds"),
    Case(
        "cholesky-not-pd",
        spec("gradient: dX = cholesky(-X @ X.T)", inputs="[n, n]", forward="X"),
        verdict="undecided",
        reason="`cholesky` failed: the matrix is not positive definite",
    ),
    Case("float-overflow-pow", spec("gradient: dX = dY * X ** 1e300"), verdict="wrong"),
    Case(
        "einsum-bomb",
        spec("identity: einsum('a,b,c,d,e,f,g,h->abcdefgh', X, X, X, X, X, X, X, X) = 0"),
        verdict="wrong",
    ),
    Case(
        "outer-bomb",
        spec(
            "identity: kron(kron(kron(kron(X[:,None],X[:,None]),kron(X[:,None],X[:,None])),kron(X[:,None],X[:,None])),kron(X[:,None],X[:,None])) = 0"
        ),
        verdict="wrong",
    ),
    Case(
        "latex-digits",
        spec("gradient: '$dX = dY \\cdot " + "7" * 9000 + "$'"),
        message="this number is too long to be meant",
    ),
    *(
        Case(
            f"printed-{number}",
            spec(f"value: Y[0] = {text}", inputs="{shape: [3], value: '[1, 2, 3]'}"),
            message="this number is too long to be meant",
        )
        for number, text in enumerate(("7 * 10**999999999", "7 * 10**-999999999", "7 * 10**301", "7e400"))
    ),
    Case(
        "power-of-dims",
        spec("cost: flops(X) < (n + 1)**999999"),
        message="not a dimension: n + 1 cannot be raised to the power 999999",
    ),
    Case(
        "power-as-index",
        spec("gradient: dX = dY * X[10**999999999]"),
        message="not a dimension: 10 cannot be raised to the power 999999999",
    ),
    Case("spaces", spec("gradient: 'dX =" + " " * 15_000 + "dY'"), verdict="holds"),
    Case("spaces-in-note", spec("gradient: dX = dY\n    note: 'a" + " " * 1_000_000 + "b'"), verdict="holds"),
    Case(
        "deep-where",
        spec(
            "gradient: dX = dY * a99\n    where:"
            + "".join(f"\n      a{n}: {f'a{n - 1} * X' if n else 'X'}" for n in range(100))
        ),
        verdict="wrong",
    ),
    Case("merge-keys", b"a: &a {b: 1}\n<<: *a\n" + spec(), message="anchors (`&a`) are not read"),
    Case("merge-key-alone", b"<<: {operator: x}\n" + spec(), message="merge keys (`<<`) are not read"),
    Case("one-long-scalar", spec("gradient: dX = dY\n    note: " + "x" * 1_900_000), verdict="holds"),
    Case("carriage-returns", spec().replace(b"\n", b"\r"), verdict="holds"),
    Case("zero-width", spec("gradient: dX = d\u200bY"), message="`U+200B` cannot stand in a formula"),
    Case(
        "combining", spec("gradient: dX = dY" + "\u0301" * 5000), message="`\u0301` cannot stand in a formula"
    ),
    Case("fullwidth", spec("gradient: dX \uff1d dY"), message="`\uff1d` cannot stand in a formula"),
)
