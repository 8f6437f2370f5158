"""`gradcheck draft` as a shell sees it, and what `gradcheck check` says of the result."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

GRADCHECK = str(Path(sys.executable).with_name("gradcheck"))

POST = r"""# Softmax

With \(\mathbf x \in \mathbb R^n\) and \(\mathbf y = \text{softmax}(\mathbf x)\) we have

$$d\mathbf y = \text{diag}(\mathbf y)\, d\mathbf x - \mathbf y (\mathbf y^\top d\mathbf x)$$

$$\frac{\partial L}{\partial \mathbf x} = \mathbf y \odot (\mathbf g - \mathbf g \odot \mathbf y)$$
"""


def call(folder, *args):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
    return subprocess.run(
        [GRADCHECK, *args],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "post.md").write_text(POST)
    return tmp_path


def test_the_draft_is_judged_as_it_stands(folder):
    done = call(folder, "draft", "post.md", "--output", "post.yaml")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == (
        "1 operator, 1 input (1 stated, 0 assumed), 1 line of forward, 2 claims (1 differential, 1 gradient)\n"
        "written to post.yaml; next: gradcheck check post.yaml\n"
    )
    judged = call(
        folder, "check", "post.yaml", "--oracle", "differences", "--diagnose", "off", "--format", "json"
    )
    claims = json.loads(judged.stdout)["claims"]
    assert [(c["id"], c["verdict"], c["document_line"]) for c in claims] == [
        ("differential-y", "holds", 5),
        ("dx", "wrong", 7),
    ]


def test_the_spec_goes_to_stdout_and_the_summary_to_stderr(folder):
    done = call(folder, "draft", "post.md")
    assert done.returncode == 0
    assert done.stdout.startswith(
        "# Drafted from post.md by `gradcheck draft`; read it against the writeup.\n"
    )
    assert "1 operator" not in done.stdout


def test_a_file_is_not_overwritten_unasked(folder):
    (folder / "post.yaml").write_text("mine")
    done = call(folder, "draft", "post.md", "-o", "post.yaml")
    assert (done.returncode, (folder / "post.yaml").read_text()) == (2, "mine")
    assert done.stderr == (
        "error: post.yaml exists already\n   = help: give another name, or `--force` to overwrite it\n"
    )
    assert call(folder, "draft", "post.md", "-o", "post.yaml", "--force").returncode == 0
    assert (folder / "post.yaml").read_text().startswith("# Drafted")


def test_nothing_to_judge(folder):
    (folder / "empty.md").write_text("# Nothing\n\nBut $x = 1$.\n")
    done = call(folder, "draft", "empty.md", "-o", "empty.yaml")
    assert (done.returncode, done.stdout, (folder / "empty.yaml").exists()) == (1, "", False)
    assert done.stderr == (
        "nothing to judge: 1 formula read, and none of them claims anything about a computation given here\n"
    )


def test_a_writeup_that_is_not_there(folder):
    done = call(folder, "draft", "missing.md")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: this document cannot be read\n  --> missing.md\n   = No such file or directory\n"
    )


def test_numbers_are_not_loaded(folder):
    code = (
        "import sys; from gradcheck_cli.run.drafting.report import draft_file; from pathlib import Path;"
        "draft_file(Path('post.md')); print([m for m in ('torch', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
