"""`pytest --gradcheck` on a small repository of notes, as its author would run it."""

import json
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

# loaded here, since pytester forgets what is loaded first in a run, and NumPy cannot be loaded twice
import gradcheck_cli.pytest_plugin.items
import gradcheck_cli.report.terminal
import gradcheck_cli.run.attempt  # noqa: F401

pytest_plugins = ["pytester"]

SPEC = """\
operator: o
inputs: {X: [n]}
forward: {Y: X * 2}
claims:
  - {id: right, gradient: dX = 2 * dY}
  - {gradient: dX = 3 * dY}
  - {id: known, gradient: dX = dY, expect: wrong}
"""
POST = """\
# Squares

$$dX = X \\odot dY$$

```gradcheck
operator: square::root
inputs: {X: [n]}
forward: {Y: X**2}
claims:
  - {id: bad, gradient: dX = X * dY}
  - {id: good, gradient: dX = 2 * X * dY}
```
"""
CODE = """\
operator: c
inputs: {X: [n]}
forward: {Y: X * 2}
listing: |
  def twice(x):
      return 2 * x
claims:
  - {id: listed, code: twice(X) = Y}
"""


@pytest.fixture
def notes(pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("GRADCHECK_ORACLE", "differences")
    monkeypatch.setenv("GRADCHECK_DRAWS", "1")
    monkeypatch.setenv("GRADCHECK_DIAGNOSE", "off")
    files = {"specs/a.yaml": SPEC, "post.md": POST, "about.md": "gradcheck is a tool", "ci.yaml": "operator: a person\n"}  # fmt: skip
    for name, text in files.items():
        file = pytester.path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return pytester


def run(notes, *args):
    return notes.runpytest_inprocess("-p", "gradcheck_cli.pytest_plugin", "-p", "no:cacheprovider", *args)


def ids(result):
    return [line for line in result.outlines if "::" in line and not line.startswith(("FAILED", " "))]


def test_every_claim_is_a_test(notes):
    result = run(notes, "--gradcheck", "--collect-only", "-q")
    assert ids(result) == [
        "post.md::square:root::bad",
        "post.md::square:root::good",
        "specs/a.yaml::o::right",
        "specs/a.yaml::o::a#2",
        "specs/a.yaml::o::known",
    ]


def test_the_failure_is_the_finding(notes):
    result = run(notes, "--gradcheck", "-v")
    result.assert_outcomes(passed=3, failed=2)
    text = result.stdout.str()
    assert "specs/a.yaml::o::known PASSED" in text
    assert (
        "error[GC001] wrong: off by 50 %, in every element\n"
        "  --> post.md:10:30 (bad)\n"
        "10 |   - {id: bad, gradient: dX = X * dY}\n"
        "   |                              ^^^^^^\n"
    ) in text
    assert "Traceback" not in text
    assert "items.py" not in text


def test_nothing_happens_unasked(notes):
    result = run(notes, "-q")
    result.assert_outcomes()
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED


@pytest.mark.parametrize(
    ("args", "outcomes"),
    [
        (("-k", "good or right"), {"passed": 2, "deselected": 3}),
        (("-k", "square"), {"passed": 1, "failed": 1, "deselected": 3}),
        (("specs",), {"passed": 2, "failed": 1}),
        (("specs/a.yaml::o::a#2",), {"failed": 1}),
        (("post.md::square:root",), {"passed": 1, "failed": 1}),
        (("-x",), {"failed": 1}),
    ],
)
def test_selections_of_pytest(notes, args, outcomes):
    run(notes, "--gradcheck", *args).assert_outcomes(**outcomes)


def test_what_is_wrong_with_a_spec_fails(notes):
    (notes.path / "specs" / "b.yaml").write_text(SPEC.replace("3 * dY", "3 * dZ").replace("X * 2", "X ** "))
    result = run(notes, "--gradcheck", "specs/b.yaml", "-v")
    result.assert_outcomes(failed=1)
    assert "specs/b.yaml::problems FAILED" in result.stdout.str()
    assert "  --> specs/b.yaml:3:18\n3 | forward: {Y: X ** }\n" in result.stdout.str()


def test_code_is_skipped_unless_the_user_allows_it(notes, monkeypatch):
    (notes.path / "specs" / "a.yaml").write_text(CODE)
    result = run(notes, "--gradcheck", "specs", "-rs")
    result.assert_outcomes(skipped=1)
    assert "needs --allow-code" in result.stdout.str()
    monkeypatch.setenv("GRADCHECK_ALLOW_CODE", "1")
    run(notes, "--gradcheck", "specs").assert_outcomes(passed=1)


def test_configuration(notes):
    (notes.path / "tests").mkdir()
    (notes.path / "tests" / "test_mine.py").write_text("def test_mine(): pass\n")
    file = notes.path / "pyproject.toml"
    file.write_text('[tool.pytest.ini_options]\ntestpaths = ["tests"]\n')
    run(notes, "--gradcheck").assert_outcomes(passed=3, failed=1)
    file.write_text(file.read_text() + '[tool.gradcheck]\npaths = ["post.md"]\nignore = ["GC001"]\n')
    result = run(notes, "--gradcheck", "-rx")
    result.assert_outcomes(passed=2, xfailed=1)
    assert "post.md::square:root::bad - GC001 is ignored" in result.stdout.str()
    file.write_text("[tool.gradcheck]\ndraw = 3\n")
    result = run(notes, "--gradcheck")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "error: `[tool.gradcheck]` has no setting `draw`" in result.stderr.str()
    run(notes, "-q").assert_outcomes(passed=1)


def test_baseline(notes):
    entry = {"spec": "post.md", "operator": "square::root", "claim": "bad", "code": "GC001", "formula": "", "digest": "19b1850779874b5c"}  # fmt: skip
    (notes.path / "known.json").write_text(json.dumps({"version": 1, "findings": [entry]}))
    (notes.path / "pyproject.toml").write_text('[tool.gradcheck]\nbaseline = "known.json"\n')
    result = run(notes, "--gradcheck", "post.md", "-rx")
    result.assert_outcomes(passed=1, xfailed=1)
    assert "bad - GC001 is in the baseline" in result.stdout.str()


def test_sources(notes):
    (notes.path / "papers").mkdir()
    (notes.path / "papers" / "paper.txt").write_text("nothing")
    quoted = "  - {id: quoted, gradient: dX = 2 * dY, quote: 'dX = 2 dY'}\n"
    (notes.path / "specs" / "a.yaml").write_text(SPEC.partition("  - ")[0] + quoted + "source: paper.txt\n")
    run(notes, "--gradcheck", "specs").assert_outcomes(passed=1)
    result = run(notes, "--gradcheck", "specs", "--gradcheck-sources", "papers")
    result.assert_outcomes(failed=1)
    assert "error[GC006]" in result.stdout.str()
    result = run(notes, "--gradcheck", "--gradcheck-sources", "nowhere")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "`--gradcheck-sources nowhere` is not a folder" in result.stderr.str()


def test_several_processes(notes):
    pytest.importorskip("xdist")
    command = [sys.executable, "-m", "pytest", "-p", "gradcheck_cli.pytest_plugin", "-p", "xdist", "-n", "2", "--gradcheck", "-q"]  # fmt: skip
    done = subprocess.run(command, cwd=notes.path, capture_output=True, text=True, check=False)
    assert "2 failed, 3 passed" in done.stdout


def test_it_is_found_by_pytest_and_loads_nothing():
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    assert import_module(project["entry-points"]["pytest11"]["gradcheck"]).pytest_addoption
    code = "import sys, gradcheck_cli.pytest_plugin; print({'torch', 'numpy', 'yaml', 'rich', 'typer'} & set(sys.modules), [m for m in sys.modules if m.startswith('gradcheck_cli.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set() ['gradcheck_cli.pytest_plugin']\n"


def test_torch_waits_for_the_first_claim(notes):
    code = (
        "import sys, pytest\n"
        "pytest.main(['-p', 'gradcheck_cli.pytest_plugin', '--gradcheck', '--collect-only', '-q'])\n"
        "print('torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=notes.path, capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout.splitlines()[-1] == "False"
    assert "5 tests collected" in done.stdout
