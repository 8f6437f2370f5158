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
        "   = help: a block of code with the info word `gradcheck` holds a spec: ```gradcheck;"
        " or have one proposed: gradcheck draft post.md\n\n"
        "✗ 1 problem in the specs\n"
    )


def test_a_message_points_into_the_writeup(tmp_path):
    result = checked(tmp_path, "post.md", WRITEUPS["post.md"].replace("forward", "foward"))
    assert "  --> post.md:8:1\n8 | foward: {y: x * x}\n  | ^^^^^^\n   = help: did you mean `forward`?" in (
        terminal.render(result).plain
    )


LAYER = r"""# A layer

$$
\newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}}
\newcommand{\grad}[1]{\pd{L}{#1}}
$$

It is $Y = X W$, so that

$$\grad{X} = \grad{Y} W^\top$$ {#eq:dX}

and, for the weights $W$ of $n$ rows,

$$\grad{W} = X \grad{Y} \label{eq:dW}$$

where $W$ is a matrix.

```gradcheck
operator: linear
inputs: {X: [n, m], W: [m, k]}
forward: {Y: X @ W}
claims:
CLAIMS```
"""


def layer(folder: Path, *claims: str):
    text = LAYER.replace("CLAIMS", "".join(f"  - {claim}\n" for claim in claims))
    return checked(folder, "post.md", text)


def test_above_is_the_nearest_equation_and_its_errors_stand_in_the_prose(tmp_path):
    result = layer(tmp_path, "gradient: above")
    assert not result.problems
    (claim,) = result.claims
    assert claim.verdict == "shape-mismatch"
    assert (claim.place.line, claim.place.text) == (14, r"\grad{W} = X \grad{Y} \label{eq:dW}")
    assert (
        "  --> post.md:14:14 (post#1)\n  --> post.md:14:3\n"
        "14 | $$\\grad{W} = X \\grad{Y} \\label{eq:dW}$$\n   |              ^\n"
    ) in terminal.render(result).plain


@pytest.mark.parametrize(
    "label", [r"\eqref{eq:dX}", r"\ref{eq:dX}", r"$\eqref{eq:dX}$", r"'\eqref{ eq:dX }'"]
)
def test_a_label_is_the_formula_that_carries_it(tmp_path, label):
    result = layer(tmp_path, f"gradient: {label}")
    assert not result.problems
    assert [(c.verdict, c.place.line) for c in result.claims] == [("holds", 10)]


def test_macros_of_the_writeup_are_known_to_its_specs(tmp_path):
    result = layer(
        tmp_path,
        r"gradient: $\grad{X} = \grad{Y} W^\top$",
        r"{gradient: above, correction: '$\grad W = X^\top \grad Y$'}",
    )
    assert not result.problems
    right, mended = result.claims
    assert (right.verdict, mended.verdict, mended.correction.verdict) == ("holds", "shape-mismatch", "holds")
    assert right.claim.formula.text.value == r"$\grad{X} = \grad{Y} W^\top$"


def test_an_error_inside_of_a_macro_points_to_what_was_written(tmp_path):
    result = layer(tmp_path, r"gradient: $\grad{X} = \grad{Y} W^\top + \grad{Q}$")
    (problem,) = result.problems
    assert (problem.span.line, problem.span.text) == (23, "Q")


@pytest.mark.parametrize(
    ("claim", "message", "advice"),
    [
        (r"gradient: \eqref{eq:dx}", "no formula of post.md has the label `eq:dx`", "did you mean `eq:dX`?"),
        (
            r"gradient: \eqref{nothing like it}",
            "no formula of post.md has the label `nothing like it`",
            r"label it there: `\label{nothing like it}`",
        ),
    ],
)
def test_labels_that_are_not_there(tmp_path, claim, message, advice):
    (problem,) = layer(tmp_path, claim).problems
    assert (problem.message, problem.help) == (message, advice)
    assert (problem.span.line, problem.span.text) == (23, claim.removeprefix("gradient: "))


def test_nothing_stands_above(tmp_path):
    text = "# Post\n\nOf $x$:\n\n```gradcheck\n" + SPEC.replace("dx = dy", "above") + "```\n\n$y = x$\n"
    (problem,) = checked(tmp_path, "post.md", text).problems
    assert (problem.message, problem.help) == (
        "no equation stands above this block in post.md",
        "write the formula here, or move the block below it",
    )


def test_what_is_wrong_with_a_formula_above_costs_one_claim_only(tmp_path):
    text = WRITEUPS["post.md"].replace("So $", r"So $\Foo = ").replace("gradient: dx = dy", "gradient: above")
    result = checked(tmp_path, "post.md", text)
    assert [c.verdict for c in result.claims] == ["holds"]
    (problem,) = result.problems
    assert (problem.span.line, problem.span.text) == (3, r"\Foo")


def test_a_spec_of_its_own_knows_labels_and_macros_of_its_document(tmp_path):
    (tmp_path / "post.md").write_text(LAYER.replace("CLAIMS", "  - gradient: above\n"))
    spec = "operator: linear\nsource: post.md\ninputs: {X: [n, m], W: [m, k]}\nforward: {Y: X @ W}\nclaims:\n"
    good = spec + "  - gradient: \\eqref{eq:dX}\n  - {gradient: '$\\grad{W} = X^\\top \\grad{Y}$', id: own}\n"
    result = checked(tmp_path, "a.yaml", good)
    assert not result.problems
    assert [c.verdict for c in result.claims] == ["holds", "holds"]
    assert result.claims[0].place.line == 10

    (problem,) = checked(tmp_path, "a.yaml", spec + "  - gradient: above\n").problems
    assert (problem.message, problem.help) == (
        "`above` is the formula above a block in a writeup, and this spec is a file of its own",
        "write the formula here, or refer to its label in the document: `\\eqref{eq:dX}`",
    )
    label = "  - gradient: \\eqref{eq:dX}\n"
    (problem,) = checked(tmp_path, "a.yaml", spec.replace("post.md", "lost.md") + label).problems
    assert (problem.message, problem.help) == (
        "the document lost.md was not found, so that its labels are not known",
        "put it beside the spec, or name its folder by `--sources`",
    )
    (problem,) = checked(tmp_path, "a.yaml", spec.replace("source: post.md\n", "") + label).problems
    assert (problem.message, problem.help) == (
        "a label is looked up in the document of the operator, and this one names none",
        "name it: `source: {document: post.md}`",
    )
