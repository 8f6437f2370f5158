"""A run with remembered results gives the same bytes, and judges only what is new."""

import ast
import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

import gradcheck_cli
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.report import terminal
from gradcheck_cli.run import attempt, remembered
from gradcheck_cli.run.cache import Cache
from gradcheck_cli.run.jobs import Loaded, plan
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run
from gradcheck_cli.run.remembered import Remembered
from gradcheck_cli.spec.load import load

GOLDEN = Path(__file__).parents[2] / "golden"
OPTIONS = Options((Path(),), Settings("differences", 1), diagnose="off")
FORMATS = ("json", "junit", "sarif", "github", "markdown", "patch")

HEAD = """\
operator: o
inputs: {X: [m, n], W: [n, k]}
forward: {Z: X @ W, Y: tanh(Z)}
"""
CLAIMS = """\
claims:
  - id: a
    gradient: dZ = dY * (1 - Y**2)
  - gradient: dX = dZ @ W.T
  - id: c
    gradient: dW = X @ dZ
    correction: dW = X.T @ dZ
  - id: [d, e]
    gradient: dW = X.T @ dZ = (dZ.T @ X).T
"""


@pytest.fixture(autouse=True)
def tool(monkeypatch):
    """The tool may be edited while this runs."""
    monkeypatch.setattr(remembered, "surroundings", lambda: b"this version")


@pytest.fixture
def judged(monkeypatch):
    """The ids of the claims that were judged."""
    ids = []
    true = attempt.judged

    def counted(spec, operator, claim, settings):
        ids.append(claim.id)
        return true(spec, operator, claim, settings)

    monkeypatch.setattr(attempt, "judged", counted)
    return ids


def checked(folder, options=OPTIONS):
    with Remembered(Cache(), options) as memory:
        return run(options, folder, memories=[memory])


def reports(result):
    texts = [import_module(f"gradcheck_cli.report.{name}").render(result) for name in FORMATS]
    texts += [terminal.render(result, verbosity=v, unicode=True).plain for v in (-1, 0, 1)]
    return [*texts, *(terminal.explain(claim, unicode=True).plain for claim in result.claims)]


@pytest.mark.parametrize("name", ["awkward_text", "chain"])
def test_the_same_bytes_and_nothing_judged(name, judged):
    folder = GOLDEN / name
    plain = run(OPTIONS, folder)
    assert reports(checked(folder)) == reports(plain)
    judged.clear()
    assert reports(checked(folder)) == reports(plain)
    assert not {*judged} & {c.claim.id for c in plain.claims}  # what cannot be judged is tried again


def test_a_diagnosis_is_remembered(judged):
    folder, options = GOLDEN / "one_wrong", replace(OPTIONS, diagnose="quick")
    first = checked(folder, options)
    assert first.claims[0].diagnoses or first.claims[-1].diagnoses
    judged.clear()
    assert reports(checked(folder, options)) == reports(first)
    assert not judged


def write(folder, text):
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        ("dZ @ W.T", "dZ @ W.mT", ["s#2"]),
        ("    gradient: dW = X @ dZ", "    gradient: dW = 2 *  X @ dZ\n    note: n", ["c"]),
        ("  - id: c\n", "  - identity: Y = tanh(X @ W)\n  - id: c\n", ["s#3"]),
        ("  - id: a\n", "  - identity: Y = tanh(X @ W)\n  # more\n\n  - id: a\n", ["s#1"]),
        ("  - id: c\n", "  - id: renamed\n", ["renamed"]),
        ("id: [d, e]", "id: chain", ["chain"]),
        ("    correction: dW = X.T @ dZ\n", "    correction: dW = dZ.T @ X\n", ["c"]),
        ("@ dZ\n    correction", "@ dZ\n    expect: shape-mismatch\n    correction", ["c"]),
        ("claims:", "# a remark after the head\nclaims:", ["a", "s#2", "c", "d…e"]),
        ("Y: tanh(Z)", "Y: tanh(Z) + 0", ["a", "s#2", "c", "d…e"]),
        ("X: [m, n]", "X: {shape: [m, n], domain: positive}", ["a", "s#2", "c", "d…e"]),
    ],
)
def test_only_what_is_new_is_judged(tmp_path, judged, before, after, new):
    checked(write(tmp_path, HEAD + CLAIMS))
    assert judged == ["a", "s#2", "c", "d…e"]
    judged.clear()
    text = (HEAD + CLAIMS).replace(before, after)
    assert text != HEAD + CLAIMS
    result = checked(write(tmp_path, text))
    assert judged == new
    assert reports(result) == reports(run(OPTIONS, tmp_path))


def jobs_of(folder, options):
    file = folder / "s.yaml"
    return plan([Loaded(file, load(file))], options, folder).jobs


def test_other_options_other_results(tmp_path):
    checked(write(tmp_path, HEAD + CLAIMS))
    for options, known in (
        (OPTIONS, True),
        (replace(OPTIONS, keyword="a", jobs=2, ignore=("GC001",)), True),
        (replace(OPTIONS, settings=Settings("differences", 2)), False),
        (replace(OPTIONS, settings=Settings("both", 1)), False),
        (replace(OPTIONS, settings=Settings("differences", 1, seed=3)), False),
        (replace(OPTIONS, settings=Settings("differences", 1, allow_code=True)), False),
        (replace(OPTIONS, diagnose="quick"), False),
        (replace(OPTIONS, known_too=True), False),
        (replace(OPTIONS, power=True), False),
    ):
        with Remembered(Cache(), options) as memory:
            assert {memory.get(job) is not None for job in jobs_of(tmp_path, options)} == {known}


def test_another_tool_other_results(tmp_path, judged, monkeypatch):
    checked(write(tmp_path, HEAD + CLAIMS))
    monkeypatch.setattr(remembered, "surroundings", lambda: b"another version")
    judged.clear()
    checked(tmp_path)
    assert len(judged) == 4


LATEX = r"""operator: o
inputs: {A: [n, k], B: [k, m]}
forward: {Y: A @ B}
claims:
  - id: a
    gradient: '$\frac{\partial L}{\partial A} = B^\top \frac{\partial L}{\partial Y}$'
    correction: dA = dY @ B.T
  - id: b
    gradient: '$\frac{\partial L}{\partial \mathbf B} = \mathbf A^\top \frac{\partial L}{\partial \mathbf Y}$'
"""


def test_the_letters_of_the_other_claims(tmp_path, judged):
    """A correction is spelled as the other claims are, so that they count."""
    text = LATEX.replace("B^\\top ", "")  # where B stands in the other claim only
    checked(write(tmp_path, text))
    judged.clear()
    for other in (r"\boldsymbol B", "B"):
        result = checked(write(tmp_path, text.replace(r"\mathbf B", other)))
        assert judged == ["a", "b"]
        assert reports(result) == reports(run(OPTIONS, tmp_path))
        judged.clear()
    checked(write(tmp_path, text.replace(r"\mathbf B", "B") + "    note: n\n"))
    assert judged == ["b"]


DOCUMENT = (
    "Text.\n\n$dY = 3 dX$ and $\\frac{\\partial L}{\\partial X} = 2 \\frac{\\partial L}{\\partial Y}$\n"
)
QUOTED = """\
operator: o
source: {document: post.md}
inputs: {X: [n]}
forward: {Y: X * 2}
claims:
  - id: a
    gradient: '$\\frac{\\partial L}{\\partial X} = 2 \\frac{\\partial L}{\\partial Y}$'
"""


def test_the_place_in_the_document_is_looked_up_anew(tmp_path, judged):
    (tmp_path / "post.md").write_text(DOCUMENT)
    before = checked(write(tmp_path, QUOTED))
    (tmp_path / "post.md").write_text("One more line.\n" + DOCUMENT)
    after = checked(tmp_path)
    assert (before.claims[0].place.line, after.claims[0].place.line) == (3, 4)
    (tmp_path / "post.md").write_text("Nothing.\n")
    assert checked(tmp_path).claims[0].drifted
    assert judged == ["a"]


def test_a_claim_that_moves_to_another_file(tmp_path, judged):
    """A writeup may quote a spec: the result is the same, its places are where it stands now."""
    checked(write(tmp_path, HEAD + CLAIMS))
    judged.clear()
    (tmp_path / "s.yaml").unlink()
    block = "".join(f"   {line}\n" for line in (HEAD + CLAIMS).splitlines())
    (tmp_path / "post.md").write_text(f"# Title\n\n- item\n\n   ```gradcheck\n{block}   ```\n")
    options = replace(OPTIONS, paths=(Path("post.md"),))
    result = checked(tmp_path, options)
    assert reports(result) == reports(run(options, tmp_path))


STRANGE = ["null", '{"seed": 1}', "nonsense", "[" * 100_000]


@pytest.mark.parametrize("value", STRANGE, ids=lambda v: v[:9])
def test_a_value_that_is_no_result(tmp_path, judged, value, monkeypatch):
    write(tmp_path, HEAD + "claims: [{id: a, gradient: dZ = dY * (1 - Y**2)}]\n")
    monkeypatch.setattr(Cache, "get", lambda self, key: value)
    assert checked(tmp_path).claims[0].verdict == "holds"
    assert judged == ["a"]


def test_a_value_that_is_damaged(tmp_path, monkeypatch):
    """What comes back is a result of this claim, or none."""
    values = []
    put = Cache.put
    monkeypatch.setattr(Cache, "put", lambda self, k, v: (values.append(v), put(self, k, v)))
    checked(write(tmp_path, HEAD + "claims: [{id: a, gradient: dZ = dY * (1 - Y**2)}]\n"))
    (job,) = jobs_of(tmp_path, OPTIONS)
    (value,) = map(json.loads, values)
    with Remembered(Cache(), OPTIONS) as memory:
        assert memory.get(job).links[0].id == "a"
        for field in value:
            for other in (None, [], {}, 1, "x", [["@0", "x", 5, 9]], ["@9", "dX", 0, 1], -1, 1e400):
                damaged = json.dumps({**value, field: other})
                monkeypatch.setattr(Cache, "get", lambda self, key, damaged=damaged: damaged)
                found = memory.get(job)
                assert found is None or found.claim is job.claim


@pytest.mark.parametrize(
    ("verdict", "expected", "kept"),
    [("wrong", "wrong", True), ("wrong", "holds", False), ("undecided", "undecided", False)],
)
def test_what_a_time_limit_cut_short(tmp_path, judged, monkeypatch, verdict, expected, kept):
    true = attempt.judged

    def hurried(spec, operator, claim, settings):
        result = true(spec, operator, claim, settings)
        judgement = replace(result.links[0].judgement, verdict=verdict)
        return replace(result, links=(replace(result.links[0], judgement=judgement),), cut_short=True)

    monkeypatch.setattr(attempt, "judged", hurried)
    claim = f"claims: [{{id: a, gradient: dW = X.T @ dZ, expect: {expected}}}]\n"
    options = replace(OPTIONS, diagnose="off")
    checked(write(tmp_path, HEAD + claim), options)
    checked(tmp_path, options)
    assert judged == (["a"] if kept else ["a", "a"])


def test_claims_about_code_are_always_judged(tmp_path, judged):
    text = HEAD + "listing: 'f = lambda x: x'\nclaims: [{id: a, code: f(X) = X}]\n"
    checked(write(tmp_path, text))
    checked(tmp_path)
    assert judged == ["a", "a"]


def test_only_the_notation_looks_at_the_other_claims():
    """What a judgement reads of an operator is in its key; this is where another claim could slip in."""
    readers = set()
    root = Path(gradcheck_cli.__file__).parent
    for storey in ("evaluate", "oracle", "compare", "diagnose", "run"):
        for file in (root / storey).glob("**/*.py"):
            nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if any(
                isinstance(n, ast.Attribute) and n.attr == "claims" and "operator" in ast.unparse(n.value)
                for n in nodes
            ):
                readers.add(file.name)
    assert {r for r in readers if not r.startswith("audit")} == {"notation.py", "jobs.py", "remembered.py"}
