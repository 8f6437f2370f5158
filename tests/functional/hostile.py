"""Specs from strangers, as data: what each file holds, and what has to be said about it.

Every case names the exit status that it alone would give, the verdict of its
claim if it is judged, and the message if it is not. `{…}` stands for the file.
"""

from dataclasses import dataclass

ROW = "operator: o\ninputs:\n  X: {inputs}\n{more}forward:\n  Y: {forward}\nclaims:\n  - {claim}\n"


def spec(claim="gradient: dX = dY", forward="X * 1", inputs="[n]", more="") -> bytes:
    return ROW.format(claim=claim, forward=forward, inputs=inputs, more=more).encode()


@dataclass(frozen=True)
class Case:
    """One file and what is expected of it: a verdict, or a message that begins like this."""

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
    Case("latin1", spec(claim="gradient: dX = dY\n    note: caf\xe9").decode().encode("latin-1"), message="this file is not written in UTF-8"),
    Case("utf16", spec().decode().encode("utf-16"), message="this file is written in UTF-16"),
    Case("long", b"# " + b"x" * (50 * 1024 * 1024), message="this file is longer than 2 MiB"),
    Case("aliases", _bomb(), message="anchors (`&a0`) are not read"),
    Case("deep-yaml", b"[" * 100_000, message="this file nests more than 40 deep"),
    Case("deep-formula", spec("gradient: dX = " + "(" * 50_000 + "dY" + ")" * 50_000), message="x"),
    Case("deep-minus", spec("gradient: dX = " + "-" * 50_000 + "dY"), message="x"),
    Case("long-formula", spec("gradient: dX = " + " + ".join(["dY"] * 20_000)), message="x"),
    Case("power-tower", spec("gradient: dX = dY * 9**9**9"), message="x"),
    Case("power-tower-2", spec("gradient: dX = dY * (9**9)**9**9"), message="x"),
    Case("power-2", spec("gradient: dX = dY * 10**400"), message="x"),
    Case("digits", spec("gradient: dX = dY * 1" + "0" * 5000), message="x"),
    Case("exponent", spec("gradient: dX = dY * 1e999999999"), message="x"),
    Case("exponent-small", spec("gradient: dX = dY * 1e-999999999"), message="x"),
    Case("dims-huge", spec(more=f"dims:\n  n: {HUGE}\n"), message="x"),
    Case("dims-square", spec(inputs="[n, m, p]", more=f"dims:\n  n: m**12\n  m: p**12\n"), message="x"),
    Case("shape-huge", spec(inputs=f"[{HUGE}]"), message="x"),
    Case("shape-many", spec(inputs="[" + ", ".join(["2"] * 60) + "]"), message="x"),
    Case("rank-many-ones", spec(inputs="[" + ", ".join(["1"] * 60) + "]"), message="x"),
    Case("eye-huge", spec(f"gradient: dX = dY * sum(eye({HUGE}))"), message="x"),
    Case("ones-huge", spec(f"gradient: dX = dY * sum(ones({HUGE}, {HUGE}))"), message="x"),
    Case("tile-huge", spec(f"gradient: dX = sum(tile(dY, {HUGE}))*dY"), message="x"),
    Case("repeat-huge", spec(f"gradient: dX = sum(repeat(dY, {HUGE}))*dY"), message="x"),
    Case("reshape-huge", spec(f"gradient: dX = sum(reshape(dY, {HUGE}, {HUGE}))*dY"), message="x"),
    Case("broadcast-huge", spec(f"gradient: dX = sum(broadcast_to(dY, [{HUGE}, n]))*dY"), message="x"),
    Case("pad-huge", spec(f"gradient: dX = sum(pad(dY, {HUGE}))*dY"), message="x"),
    Case("pad-huge2", spec(f"gradient: dX = sum(pad(dY, [{HUGE}, {HUGE}]))*dY"), message="x"),
    Case("roll-huge", spec(f"gradient: dX = roll(dY, {HUGE})"), message="x"),
    Case("arange-huge", spec(f"gradient: dX = sum(arange({HUGE}))*dY"), message="x"),
    Case("onehot-huge", spec(f"gradient: dX = sum(one_hot(arange(3), {HUGE}))*dY"), message="x"),
    Case("forward-huge", spec(forward=f"X + sum(ones({HUGE}))"), message="x"),
    Case("index-domain-huge", spec(more=f"  t: {{shape: [n], domain: index({HUGE})}}\n"), message="x"),
    Case("index-domain-huge2", spec(more=f"  t: {{shape: [n], domain: index(v)}}\ndims:\n  v: {10**30}\n"), message="x"),
    Case("domain-range-huge", spec(inputs="{shape: [n], domain: 'range(-1e308, 1e308)'}"), message="x"),
    Case("domain-range-nan", spec(inputs="{shape: [n], domain: 'range(0, .inf)'}"), message="x"),
    Case("domain-range-1e999", spec(inputs="{shape: [n], domain: 'range(0, 1e999)'}"), message="x"),
    Case("value-1e999", spec(inputs="[n]", more="  t: {shape: [], value: 1e999}\n"), message="x"),
    Case("dunder", spec("gradient: dX = dY.__class__"), message="x"),
    Case("dunder-name", spec("gradient: dX = __import__('os')"), message="x"),
    Case("dunder-input", spec().replace(b"X: [n]", b"__class__: [n]"), message="x"),
    Case("nan", spec("gradient: dX = dY * nan"), message="x"),
    Case("inf", spec("gradient: dX = dY * inf"), verdict="?"),
    Case("inf-minus-inf", spec("identity: inf - inf = 0"), verdict="?"),
    Case("inf-inf", spec("identity: inf = inf"), verdict="?"),
    Case("zero-zero", spec("identity: 0/0 = 1"), verdict="?"),
    Case("overflow", spec("gradient: dX = dY", forward="exp(exp(X + 1000))"), verdict="undecided"),
    Case("log-negative", spec("gradient: dX = dY", forward="log(-X**2 - 1)"), verdict="undecided"),
    Case("singular", spec("gradient: dX = dY", inputs="[n, n]", forward="inv(X - X)"), verdict="undecided"),
    Case("singular-claim", spec("gradient: dX = inv(X * 0) @ dY", inputs="[n, n]"), verdict="undecided"),
    Case("zero-gradient", spec("gradient: dX = 0*X", forward="X * 0"), verdict="holds"),
    Case("zero-gradient-wrong", spec("gradient: dX = dY", forward="X * 0"), verdict="wrong"),
    Case("independent", spec("gradient: dX = zeros(n)", forward="ones(n)"), verdict="holds"),
    Case("independent2", spec("gradient: dZ = 0", forward="X", more="  Z: [n]\n"), verdict="holds"),
    Case("zero-size", spec(more="dims:\n  n: 0\n"), message="x"),
    Case("neg-size", spec(more="dims:\n  n: -3\n"), message="x"),
    Case("frac-size", spec(more="dims:\n  n: 1/2\n"), message="x"),
    Case("index-out", spec("gradient: dX = dY[1000] * dY"), message="x"),
    Case("many-indices", spec("gradient: dX = dY * sum[a,b,c,e,f,g,h,i,j,k](X[a]*X[b]*X[c]*X[e]*X[f]*X[g]*X[h]*X[i]*X[j]*X[k])"), message="x"),
    Case("literal-1e400", spec("gradient: dX = dY * 1e400"), verdict="?"),
    Case("literal-1e-400", spec("gradient: dX = dY * 1e-400"), verdict="?"),
    Case("range-1e400", spec(inputs="{shape: [n], domain: 'range(0, 1e400)'}"), message="x"),
    Case("away-1e400", spec(inputs="{shape: [n], away_from: 1e400}"), message="x"),
    Case("cumsum-bomb", spec("gradient: dX = " + "cumsum(" * 60 + "dY" + ", axis=0)" * 60), verdict="?"),
    Case("huge-axis", spec("gradient: dX = sum(dY, axis=99999999999999999999)"), message="x"),
    Case("huge-slice", spec("gradient: dX = dY[0:99999999999999999999]"), message="x"),
    Case("huge-index", spec("gradient: dX = dY[99999999999999999999]*dY"), message="x"),
    Case("int-pow", spec("gradient: dX = dY * n**n**n**n"), message="x"),
    Case("int-arith", spec("gradient: dX = dY * (arange(n) * 10**18 * 10**18)"), message="x"),
    Case("int-div0", spec("gradient: dX = dY / (n - n)"), message="x"),
    Case("int-literal", spec("gradient: dX = dY * 99999999999999999999999999999"), message="x"),
    Case("int-literal-idx", spec("gradient: dX = sum(arange(n) + 99999999999999999999999999999)*dY"), message="x"),
    Case("roll-huge2", spec("gradient: dX = roll(dY, 1000000000, axis=0)"), message="x"),
    Case("roll-huge3", spec("gradient: dX = roll(dY, 100000000000000000000000, axis=0)"), message="x"),
    Case("tril-huge", spec("gradient: dX = tril(dY, 100000000000000000000000)", inputs="[n, n]"), message="x"),
    Case("pad-huge3", spec(f"gradient: dX = sum(pad(dY, {HUGE}, 0))*dY"), message="x"),
    Case("dup-output", spec(more="output: [Y, Y]\n"), message="x"),
    Case("softmax-empty", spec("gradient: dX = sum(X[3:3]) * dY"), message="x"),
    Case("max-empty", spec("gradient: dX = max(X[3:3]) * dY"), message="x"),
    Case("lists", b"- a\n- b\n"),
    Case("number", b"42\n"),
    Case("nul-escape", spec('gradient: "dX = dY\\0"')),
    Case("control", spec("gradient: dX = dY \x1b[31m")),
    Case("bidi", spec("gradient: dX = dY \u202e")),
    Case("surrogate-escape", spec('gradient: "dX = \\ud800"')),
    Case("tab-tag", b"!!python/object/apply:os.system ['touch pwned']\n"),
    Case("many-docs", b"---\n" * 100_000),
    Case("many-claims", spec("gradient: dX = dY\n" + "  - gradient: dX = dY\n" * 20_000)),
    Case("many-inputs", spec(more="".join(f"  X{i}: [n{i}]\n" for i in range(2000)))),
    Case("chain-1000", spec("gradient: dX = " + " = ".join(["dY"] * 1000))),
    Case("det-singular", spec("identity: det(X) = 0", inputs="[n, n]", forward="X")),
    Case("cholesky-not-pd", spec("gradient: dX = cholesky(-X @ X.T)", inputs="[n, n]", forward="X")),
    Case("float-overflow-pow", spec("gradient: dX = dY * X ** 1e300")),
    Case("einsum-bomb", spec("identity: einsum('a,b,c,d,e,f,g,h->abcdefgh', X, X, X, X, X, X, X, X) = 0")),
    Case("outer-bomb", spec("identity: kron(kron(kron(kron(X[:,None],X[:,None]),kron(X[:,None],X[:,None])),kron(X[:,None],X[:,None])),kron(X[:,None],X[:,None])) = 0")),
)
