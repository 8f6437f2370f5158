"""Runs that nobody had to compute: claims read from a small spec, with verdicts given to them.

Reports are tested on these, so that a report does not change because judging does.
"""

from dataclasses import replace
from itertools import pairwise

import pytest

from gradcheck_cli.compare.verdict import Judgement, Place, Sight
from gradcheck_cli.oracle.agreement import Agreement
from gradcheck_cli.report.result import ClaimResult, CorrectionResult, Crash, LinkResult, RunResult
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.text import Problem, Source, Span, Text

SPEC = """\
operator: linear
source: {document: post.md}
inputs: {X: [n, m], W: [m, k]}
forward: {Y: X @ W}
claims:
  - {id: right, gradient: dX = dY @ W.T}
  - id: factor
    gradient: dX = 2 * dY @ W.T
    correction: dX = dY @ W.T
  - {id: layout, gradient: dX = dY @ W}
  - {id: singular, gradient: dX = dY @ W.T @ inv(W @ W.T * 0)}
  - id: special
    gradient: dX = dY @ W.T * W[0, 0]
  - {id: surprise, gradient: dW = X.T @ dY, expect: wrong}
  - id: mistaken
    gradient: dW = 3 * X.T @ dY
    expect: wrong
    correction: dW = 2 * X.T @ dY
  - {id: moved, gradient: dW = X.T @ dY, quote: '$dW = X^\\top dY$'}
  - id: [step-1, step-2]
    gradient: $\\frac{\\partial L}{\\partial W} = X^\\top \\frac{\\partial L}{\\partial Y} = X \\frac{\\partial L}{\\partial Y}$
  - id: known
    gradient: dW = X @ dY
    expect: wrong
    note: as it was printed
    correction: dW = X.T @ dY
  - {id: listed, gradient: dW = X.T @ dY}
"""

WORST = Sight(
    "wrong",
    {"n": 5, "m": 3},
    1.0,
    error=1.0,
    floor=4e-11,
    share=1.0,
    place=Place("2, 0", 0.25, 0.5),
    agreements=(Agreement("dX", 1.0, 1.0, 1e-13, True),),
)
JUDGED = {
    "factor": Judgement("wrong", "", (WORST,)),
    "layout": Judgement("shape-mismatch", "`@` cannot combine [n, k] with [m, k]"),
    "singular": Judgement("undecided", "`inv` failed: the matrix is singular"),
    "special": Judgement("conditional", "", condition="`W[0, 0]` is 1"),
    "mistaken": Judgement("wrong", "", (replace(WORST, share=0.25, agreements=()),)),
    "step-2": Judgement("shape-mismatch", "no product fits [n, m] and [n, k]"),
    "known": Judgement("wrong", "", (replace(WORST, error=12.0),)),
    "listed": Judgement("skipped", "needs --allow-code"),
}
POST = Source("post.md", "# A post\n\nThe layer is $Y = XW$, so $dX = 2\\, dY\\, W^\\top$.\n")
PRETTY = {"step-1": ("∂L/∂W", "Xᵀ ∂L/∂Y"), "step-2": ("Xᵀ ∂L/∂Y", "X ∂L/∂Y")}


def results(name="specs/a.yaml", text=SPEC, judged=JUDGED):
    """The claims of a spec as they would come from the pipeline."""
    spec = load_text(name, text)
    assert not spec.problems, [p.message for p in spec.problems]
    return tuple(
        _result(operator, claim, name, judged) for operator in spec.operators for claim in operator.claims
    )


def _result(operator, claim, name, judged):
    sides = claim.formula.equation.sides
    n = len(sides) - 1
    ids = claim.ids if len(claim.ids) == n else tuple(f"{claim.ids[0]}.{i + 1}" for i in range(n))
    shown = [" ".join(side.span.text.split()) for side in sides]
    each = claim.expect if len(claim.expect) > 1 else (None,) * n
    links = tuple(
        LinkResult(
            id_, *pair, sides[i + 1].span, judged.get(id_, Judgement("holds")), each[i], PRETTY.get(id_)
        )
        for i, (id_, pair) in enumerate(zip(ids, pairwise(shown), strict=True))
    )
    correction = None
    if claim.correction is not None:
        right = tuple(" ".join(s.span.text.split()) for s in claim.correction.equation.sides)
        correction = CorrectionResult(right, "wrong" if claim.id == "mistaken" else "holds")
    found = ClaimResult(operator, claim, name, 7, links, correction)
    if claim.id == "factor":
        start = POST.text.index("dX")
        found = replace(found, place=POST.span(start, POST.text.index("$.\n")))
    return replace(found, drifted=claim.id == "moved")


def everything():
    """A run in which everything happened."""
    claims = results()
    spec = claims[0].claim.span.source
    return RunResult(
        claims,
        (
            Problem("`dz` is unknown: there is no `z`", spec.span(25, 31), "this", "is it `dY`?"),
            Problem("this file does not exist", file="specs/gone.yaml"),
            Problem("the moon is full"),
        ),
        (Crash("specs/a.yaml", "broken", claims[0].claim.span, "ValueError: bad: x", "Traceback\n  line 1"),),
        versions={"gradcheck": "1.2.3", "numpy": "2.0"},
        interrupted=3,
    )


def hostile(text):
    """A run in which every text is this one."""
    source = Source(text, text + "\n" + text)
    span, empty = Span(source, 0, len(text)), Span(source, len(text), len(text))
    found = []
    for number, c in enumerate(results()):
        operator = replace(c.operator, name=text, document=replace(c.operator.document, document=text))
        claim = replace(
            c.claim,
            ids=tuple(f"{text}{i or ''}" for i in range(len(c.claim.ids))),
            note=text,
            quote=text,
            formula=replace(c.claim.formula, text=Text.whole(text, text)),
        )
        links = tuple(
            replace(
                link,
                id=text,
                left=text,
                right=text,
                span=span if number % 2 else empty,
                pretty=(text, text) if number % 3 else None,
                judgement=replace(link.judgement, reason=text, condition=text),
            )
            for link in c.links
        )
        right = c.correction and replace(c.correction, sides=(text, text), reason=text, latex=text)
        found.append(
            replace(
                c,
                operator=operator,
                claim=claim,
                spec=f"specs/{text}",
                links=links,
                correction=right,
                place=span if number % 2 else None,
                remarks=(text,),
            )
        )
    problems = (
        Problem(text, span, text, text),
        Problem(text, empty, text, text),
        Problem(text, None, text, text, text),
    )
    crash = Crash(text, text, span, text, text)
    versions = {"gradcheck": text, text: text}
    return RunResult(tuple(found), problems, (crash,), versions=versions, unmatched=text, device=text)


HOSTILE = {
    "control": "a\x00b\x07c\x1b[31md\x7fe\x85f\x0cg\x0bh",
    "lines": "a\nb\r\nc\rd\u2028e\u2029f",
    "xml": "]]>--><!--<?x?>&amp;<![CDATA[<a b='c\"'>",
    "command": "::error file=x::y\n::stop-commands::z\n##[error]x%0A%25%3A,:]",
    "markdown": "| a | `` b ` c ``` d |\\| \\ **e** _f_ [g](http://h) ![i](j) ~~k~~ $l$ $`m`$ # n",
    "fence": "```\n````\n~~~\n</details>\n```",
    "html": "<script>alert(1)</script></code></details><img src=x onerror=y><!-- z",
    "mention": "@nobody #1 :smile: www.example.com http://example.com GH-1 a@b.c",
    "bidi": "a\u202eb\u2066c\u200bd\ufefff",
    "sarif": "{0} {{1}} [text](1) [x](http://y)",
    "surrogate": "a\ud800b\udc80c\ufffe\uffff",
    "wide": "数学 é 👩‍👩‍👧 \U0001f600",
    "long": "x" * 100_000,
    "ticks": "`",
    "pipe": "|",
    "empty": "",
    "blank": " \t ",
}


@pytest.fixture(scope="session")
def made():
    """The functions above."""

    class Made:
        SPEC = SPEC
        JUDGED = JUDGED
        HOSTILE = HOSTILE

    Made.results, Made.everything, Made.hostile = map(staticmethod, (results, everything, hostile))
    return Made


@pytest.fixture(params=HOSTILE)
def awkward(request):
    """A run made of one awkward text."""
    return hostile(HOSTILE[request.param])
