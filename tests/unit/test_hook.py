"""The hook: silent where all is known, and whatever a verdict rests on makes it look again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradcheck_cli import hook
from gradcheck_cli.run import writeups

QUICK = ["--oracle", "differences", "--draws", "1", "--diagnose", "off"]
GOOD = """\
operator: o
inputs: {X: [n]}
forward: {Y: X * 2}
claims:
  - {id: right, gradient: dX = 2 * dY}
"""
BAD = GOOD.replace("dX = 2", "dX = 3")
QUOTED = """\
operator: o
source: {document: post.md}
inputs: {X: [n]}
forward: {Y: X * 2}
claims:
  - gradient: dX = 2 * dY
    quote: dX = 2 dY
"""
FINDING = "error[GC001] wrong: "


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(hook, "surroundings", lambda: b"this version")  # it may be edited meanwhile
    for name in [name for name in os.environ if name.startswith("GRADCHECK_") and "CACHE" not in name]:
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def handed(monkeypatch):
    """What was handed over to `check`, each time."""
    calls = []
    true = hook._handed_over
    monkeypatch.setattr(
        hook, "_handed_over", lambda words, after: (calls.append(words), true(words, after))[1]
    )
    return calls


def write(name, text):
    file = Path(name)
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return name


def fenced(spec):
    return f"# A note\n\n```gradcheck\n{spec}```\n"


def test_green_is_silent_and_then_known(handed, capfd):
    files = [write("a.yaml", GOOD), write("notes/post.md", fenced(GOOD)), write("plain.md", "Nothing.\n")]
    assert hook.run([*QUICK, *files]) == 0
    assert handed == [[*QUICK, "--", *files[:2]]]
    assert hook.run([*QUICK, *files]) == 0
    assert len(handed) == 1
    assert capfd.readouterr() == ("", "")


def test_red_is_told_every_time_and_green_beside_it_is_known(handed, capfd):
    files = [write("good.yaml", GOOD), write("bad.yaml", BAD)]
    for _ in range(2):
        assert hook.run([*QUICK, *files]) == 1
        out, err = capfd.readouterr()
        assert out.startswith(FINDING)
        assert out.endswith("\n✗ 1 claim of 2 not as expected\n")
        assert err == ""
    assert hook.run([*QUICK, "good.yaml"]) == 0
    assert len(handed) == 2


def test_a_bad_writeup_is_told_with_its_line(capfd):
    assert hook.run([*QUICK, write("post.md", fenced(BAD))]) == 1
    assert "--> post.md:8:" in capfd.readouterr().out


@pytest.mark.parametrize(
    "text", ["", "Nothing here.\n", "We use gradcheck.\n", "```python\ngradcheck(f)\n```\n"]
)
def test_a_writeup_without_a_spec_is_nobodys_business(handed, capfd, text):
    for _ in range(2):
        assert hook.run([*QUICK, write("post.md", text)]) == 0
    assert handed == []
    assert capfd.readouterr() == ("", "")


def test_no_files():
    assert hook.run([]) == 0


def test_what_cannot_be_read_is_told(capfd):
    assert hook.run([*QUICK, "gone.yaml"]) == 2
    assert (
        capfd.readouterr().out
        == "error: this file does not exist\n  --> gone.yaml\n\n✗ 1 problem in the specs\n"
    )
    assert hook.run([*QUICK, write("empty.yaml", "")]) == 2
    assert capfd.readouterr().out.startswith("error: this file is empty\n")
    Path("folder.md").mkdir()
    assert hook.run([*QUICK, "folder.md"]) == 2


def test_options_that_it_does_not_know_are_left_to_check(handed, capfd):
    write("a.yaml", GOOD)
    for _ in range(2):
        assert hook.run([*QUICK, "--format", "json", "a.yaml"]) == 0
    assert len(handed) == 2
    assert hook.run(["--nonsense", "a.yaml"]) == 2
    assert "No such option: --nonsense" in capfd.readouterr().err


def test_a_file_that_looks_like_an_option(handed):
    write("--draws", GOOD)
    for _ in range(2):
        assert hook.run([*QUICK, "--", "--draws"]) == 0
    assert len(handed) == 1


def changed(name, text):
    return lambda: write(name, text) and []


@pytest.mark.parametrize(
    "change",
    [
        changed("a.yaml", GOOD + "# a remark\n"),
        changed("pyproject.toml", "[tool.gradcheck]\ndraws = 2\n"),
        changed("pyproject.toml", "[project]\nname = 'n'\n"),
        lambda: os.environ.update(GRADCHECK_SEED="7") or [],
        lambda: ["--seed", "7"],
        lambda: ["--seed=7"],
        lambda: ["--no-cache"],
    ],
)
def test_whatever_a_verdict_rests_on(handed, monkeypatch, change):
    monkeypatch.setenv("GRADCHECK_SEED", "6")
    write("a.yaml", GOOD)
    assert [hook.run([*QUICK, "a.yaml"]) for _ in range(2)] == [0, 0]
    assert len(handed) == 1
    assert hook.run([*QUICK, *change(), "a.yaml"]) == 0
    assert len(handed) == 2


def test_another_tool(handed, monkeypatch):
    write("a.yaml", GOOD)
    hook.run([*QUICK, "a.yaml"])
    monkeypatch.setattr(hook, "surroundings", lambda: b"another version")
    hook.run([*QUICK, "a.yaml"])
    assert len(handed) == 2


@pytest.mark.parametrize("where", ["specs", "docs"])
def test_a_document_that_changes(handed, capfd, where):
    write("specs/a.yaml", QUOTED)
    options = [*QUICK, "--sources", "docs"] if where == "docs" else QUICK
    document = write(f"{where}/post.md", "First $dX = 2 dY$.\n")
    assert [hook.run([*options, "specs/a.yaml"]) for _ in range(2)] == [0, 0]
    assert len(handed) == 1
    write(document, "Now $dX = 3 dY$.\n")
    assert hook.run([*options, "specs/a.yaml"]) == 1
    assert capfd.readouterr().out.startswith("error[GC006] drift: ")


def test_a_document_that_appears(handed, capfd):
    write("specs/a.yaml", QUOTED)
    assert [hook.run([*QUICK, "specs/a.yaml"]) for _ in range(2)] == [0, 0]
    assert len(handed) == 1
    write("specs/post.md", "Now $dX = 3 dY$.\n")
    assert hook.run([*QUICK, "specs/a.yaml"]) == 1


def test_a_baseline_that_changes(handed, capfd):
    write("a.yaml", BAD)
    options = [*QUICK, "--baseline", "known.json"]
    assert hook._handed_over([*options, "--update-baseline", "a.yaml"], None) == 0
    capfd.readouterr()
    assert [hook.run([*options, "a.yaml"]) for _ in range(2)] == [0, 0]
    assert (len(handed), capfd.readouterr()) == (2, ("", ""))
    Path("known.json").unlink()
    assert hook.run([*options, "a.yaml"]) != 0


def test_a_file_that_changes_while_it_is_judged(handed, monkeypatch):
    """What was hashed before is not what was judged."""
    write("a.yaml", GOOD)
    true = hook._Verdicts.__call__

    def meanwhile(self, options, result):
        write("a.yaml", GOOD)
        true(self, options, result)

    monkeypatch.setattr(hook._Verdicts, "__call__", meanwhile)
    assert [hook.run([*QUICK, "a.yaml"]) for _ in range(2)] == [0, 0]
    assert len(handed) == 2


def test_listings_are_run_every_time(handed):
    write("a.yaml", GOOD.partition("claims")[0] + "listing: 'f = 1'\nclaims: [{code: f = 1}]\n")
    for _ in range(2):
        assert hook.run([*QUICK, "a.yaml"]) == 0  # skipped, as is known the second time
    assert len(handed) == 1
    for _ in range(2):
        assert hook.run([*QUICK, "--allow-code", "a.yaml"]) == 0
    assert len(handed) == 3


def test_what_is_kept_is_not_believed_blindly(handed, monkeypatch):
    write("a.yaml", GOOD)
    for value in ("", "{}", "7", '[["a"]]', '[["a", 1, "b"]]', "[" * 100_000, "nonsense"):
        monkeypatch.setattr(hook.Cache, "get", lambda self, key, value=value: value)
        handed.clear()
        assert hook.run([*QUICK, "a.yaml"]) == 0
        assert (value, len(handed)) == (value, 1)


def test_the_suffixes_are_those_of_check():
    assert hook.WRITEUPS == writeups.SUFFIXES


HEAVY = {"yaml", "typer", "rich", "numpy", "torch", "scipy", "click", "pathlib", "json", "typing"}
ASK = f"""\
import sys
from gradcheck_cli.hook import run
print(run(sys.argv[1:]), sorted({HEAVY!r} & set(sys.modules)))
"""


def ask(*words):
    done = subprocess.run([sys.executable, "-S", "-c", ASK, *words], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})  # fmt: skip
    return done.stdout + done.stderr


def test_nothing_is_loaded_where_all_is_known():
    files = [write(f"s{n}.yaml", GOOD.replace("operator: o", f"operator: o{n}")) for n in range(3)]
    files.append(write("plain.md", "Nothing.\n"))
    for _ in range(4):  # the tool may be edited meanwhile
        told = ask(*QUICK, *files)
        if told == "0 []\n":
            break
    assert told == "0 []\n"
