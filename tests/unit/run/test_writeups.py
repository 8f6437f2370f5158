"""Writeups with specs in them, from the file to the verdict, with the writeup's own lines."""

from pathlib import Path

import pytest

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.report import terminal
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run

SPEC = """operator: square
inputs: {x: [n]}
forward: {y: x * x}
claims:
  - gradient: $\\frac{\\partial L}{\\partial x} = 2 x \\odot \\frac{\\partial L}{\\partial y}$
  - gradient: dx = dy
"""

WRITEUPS = {
    "post.md": f"# Post\n\nSo $\\frac{{\\partial L}}{{\\partial x}} = 2 x \\odot \\frac{{\\partial L}}{{\\partial y}}$.\n\n```gradcheck\n{SPEC}```\n",
    "post.html": f'<p>Post</p>\n\n\n\n<pre class="gradcheck">\n{SPEC}</pre>\n',
    "post.rst": "Post\n====\n\n.. gradcheck::\n\n" + "".join(f"   {line}\n" for line in SPEC.splitlines()),
}


def checked(folder: Path, name: str, text: str):
    (folder / name).write_text(text)
    return run(Options((Path(name),), Settings("differences", draws=2)), folder)


@pytest.mark.parametrize("name", WRITEUPS)
def test_a_writeup_tests_itself(tmp_path, name):
    result = checked(tmp_path, name, WRITEUPS[name])
    assert not result.problems
    assert [c.verdict for c in result.claims] == ["holds", "wrong"]
    assert [c.claim.id for c in result.claims] == ["post#1", "post#2"]
    line = WRITEUPS[name].split("dx = dy")[0].count("\n") + 1
    assert f"  --> {name}:{line}:" in terminal.render(result).plain
    assert result.claims[0].place is not None


def test_several_blocks_are_numbered_through(tmp_path):
    block = f"```gradcheck\n{SPEC}```\n"
    result = checked(tmp_path, "post.md", block + "and\n" + block.replace("square", "again"))
    assert [c.claim.id for c in result.claims] == ["post#1", "post#2", "post#3", "post#4"]


def test_a_writeup_without_a_spec(tmp_path):
    result = checked(tmp_path, "post.md", "# Post\n")
    assert terminal.render(result).plain == (
        "error: this writeup holds no spec\n  --> post.md\n"
        "   = help: a block of code with the info word `gradcheck` holds a spec: ```gradcheck\n\n"
        "✗ 1 problem in the specs\n"
    )


def test_a_message_points_into_the_writeup(tmp_path):
    result = checked(tmp_path, "post.md", WRITEUPS["post.md"].replace("forward", "foward"))
    assert "  --> post.md:8:1\n8 | foward: {y: x * x}\n  | ^^^^^^\n   = help: did you mean `forward`?" in (
        terminal.render(result).plain
    )
