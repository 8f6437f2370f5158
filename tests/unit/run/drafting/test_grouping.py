"""Which statements make an operator."""

from gradcheck_cli.run.drafting import roles
from gradcheck_cli.run.drafting.grouping import MAX_CLAIMS, group
from gradcheck_cli.run.drafting.habits import habits
from gradcheck_cli.run.drafting.operators import prune
from gradcheck_cli.run.drafting.statements import read
from gradcheck_cli.text import Source


def grouped(text):
    """For each operator its lines in order, and how many claims it has; and what is left."""
    document = read(Source("a.md", text))
    ways = habits(document)
    found, rest = group([roles.read(s, ways) for s in document.statements], ways)
    rest += prune(found)
    return [([line.name for line in o.ordered()], len(o.claims)) for o in found], [
        r.statement.latex for r in rest
    ]


def test_a_line_comes_after_those_that_it_uses():
    assert grouped(r"$y = a / s$, where $s = \|x\|$. $\nabla_x L = \nabla_y L$") == ([(["s", "y"], 1)], [])


def test_a_later_form_with_another_intermediate_is_an_operator_of_its_own():
    text = r"""
$W = W_0 + AB$, $Y = XW$, $Y = X W_0 + X A B = X W_0 + Z B$ with $Z = XA$.

$\nabla_A L = \nabla_W L B^\top$ and $\nabla_A L = X^\top \nabla_Z L$
"""
    assert grouped(text) == ([(["W", "Y"], 1), (["Z", "Y"], 2)], [])


def test_a_definition_without_a_claim_is_left():
    text = "# One\n$Y = XW$\n\n# Two\n$p = \\sin(s)$, $\\nabla_s L = \\cos(s) \\nabla_p L$\n"
    assert grouped(text) == ([(["p"], 1)], ["Y = XW"])


def test_a_line_that_no_claim_needs_is_left():
    text = r"$Y = XW$, $Y^\top = W^\top X^\top$, $Z = YV$"
    assert grouped(text) == ([(["Y"], 1)], ["Z = YV"])


def test_an_identity_about_nothing_computed_stands_alone():
    found, _ = grouped(r"$Y = XW$, $\nabla_W L = X^\top \nabla_Y L$, $tr(AB) = tr(BA)$")
    assert found == [(["Y"], 1), (["out"], 1)]


def test_recursions_and_updates_are_no_definitions():
    text = r"$x = x + 1$, $W_{t+1} = W_t - \eta \nabla_{W_t} L$"
    assert grouped(text) == ([], ["x = x + 1", r"W_{t+1} = W_t - \eta \nabla_{W_t} L"])


def test_circles_are_cut():
    found, rest = grouped(r"$a = b + 1$, $b = a - 1$, $\nabla_b L = \nabla_a L$")
    assert found == [(["a"], 1)]
    assert rest == ["b = a - 1"]


def test_the_number_of_claims_is_bounded():
    text = "$Y = XW$\n\n" + "".join(
        f"$\\nabla_W L = X^\\top \\nabla_Y L + {i}$\n\n" for i in range(MAX_CLAIMS + 5)
    )
    found, rest = grouped(text)
    assert found == [(["Y"], MAX_CLAIMS)]
    assert len(rest) == 5
