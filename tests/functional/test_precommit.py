"""The hooks of `.pre-commit-hooks.yaml` in a repository with good and bad files, through pre-commit itself."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}

GOOD = """\
operator: o
inputs: {X: [n]}
forward: {Y: X * 2}
claims:
  - {id: right, gradient: dX = 2 * dY}
"""
BAD = GOOD.replace("dX = 2", "dX = 3")


def test_every_hook_is_there_twice_and_alone():
    assert sorted(HOOKS) == [
        "gradcheck",
        "gradcheck-system",
        "gradcheck-writeups",
        "gradcheck-writeups-system",
    ]
    for name, hook in HOOKS.items():
        assert hook["entry"] == "gradcheck-hook"
        assert hook["require_serial"] is True
        assert hook["language"] == ("system" if name.endswith("-system") else "python")
        twin = HOOKS[name.removesuffix("-system")]
        assert {**hook, "id": 0, "language": 0, "description": 0} == {
            **twin,
            "id": 0,
            "language": 0,
            "description": 0,
        }


def fenced(spec):
    return f"# A note\n\n```gradcheck\n{spec}```\n"


@pytest.fixture
def repository(tmp_path):
    """A repository of its own, with both kinds of files, and the hooks as local ones."""
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "good.yaml").write_text(GOOD)
    (tmp_path / "good.md").write_text(fenced(GOOD))
    (tmp_path / "plain.md").write_text("# Nothing\n")
    (tmp_path / "other.yaml").write_text("no: spec\n")
    local = [
        {**HOOKS[name], "args": ["--oracle", "differences", "--draws", "1", "--diagnose", "off"]}
        for name in ("gradcheck-system", "gradcheck-writeups-system")
    ]
    config = {"repos": [{"repo": "local", "hooks": local}]}
    (tmp_path / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    return tmp_path


def call(folder, *words):
    bin_ = Path(sys.executable).parent
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "PRE_COMMIT"))}
    return subprocess.run(
        words,
        cwd=folder,
        env={**kept, "PATH": f"{bin_}{os.pathsep}{kept['PATH']}", "PRE_COMMIT_HOME": str(folder.parent / "home"),
             "GIT_CONFIG_GLOBAL": os.devnull, "PRE_COMMIT_COLOR": "never", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )  # fmt: skip


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.skipif(importlib.util.find_spec("pre_commit") is None, reason="needs pre-commit")
def test_through_pre_commit(repository):
    run = (sys.executable, "-m", "pre_commit", "run", "--all-files")
    call(repository, "git", "init", "-q")
    call(repository, "git", "add", ".")
    done = call(repository, *run)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Passed") == 2
    (repository / "specs" / "bad.yaml").write_text(BAD)
    (repository / "bad.md").write_text(fenced(BAD))
    call(repository, "git", "add", ".")
    done = call(repository, *run)
    assert done.returncode == 1
    assert done.stdout.count("Failed") == 2
    assert "--> specs/bad.yaml:5:" in done.stdout
    assert "--> bad.md:8:" in done.stdout
    assert "good" not in done.stdout
    assert "modified by this hook" not in done.stdout
    assert call(repository, "git", "status", "--porcelain", "--untracked-files").stdout.count("A  ") == 7


def test_the_entry_by_itself(repository):
    """What pre-commit calls, where there is no pre-commit."""
    entry = HOOKS["gradcheck-system"]["entry"]
    options = ("--oracle", "differences", "--draws", "1", "--diagnose", "off")
    (repository / "specs" / "bad.yaml").write_text(BAD)
    before = sorted(repository.rglob("*"))
    for _ in range(2):
        done = call(repository, entry, *options, "specs/good.yaml", "good.md", "plain.md")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = call(repository, entry, *options, "specs/good.yaml", "specs/bad.yaml")
    assert (done.returncode, done.stderr) == (1, "")
    assert "--> specs/bad.yaml:5:" in done.stdout
    assert sorted(repository.rglob("*")) == before
