"""Every formula of a writeup is found where it stands, and nothing else is taken for one.

The documents are made by hand with marked positions: what is to be found stands
between ⟦ and ⟧, delimiters included, and the marks are taken out before reading.
"""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck_cli.text import Source
from gradcheck_cli.writeups.formulas import find_formulas
from gradcheck_cli.writeups.found import MAX_FORMULAS, FoundFormula, Kind
from gradcheck_cli.writeups.kinds import kind_of
from gradcheck_cli.writeups.locate import Writeup


def unmarked(marked: str) -> tuple[str, list[tuple[int, int]]]:
    """The document without the marks, and the stretches that they enclose."""
    text, spans, begun = "", [], 0
    for char in marked:
        if char == "⟦":
            begun = len(text)
        elif char == "⟧":
            spans.append((begun, len(text)))
        else:
            text += char
    return text, spans


def stretches(found: tuple[FoundFormula, ...]) -> list[tuple[int, int]]:
    return [(f.span.start, f.span.end) for f in found]


def check(marked: str, kind: Kind) -> tuple[FoundFormula, ...]:
    for ends in ("\n", "\r\n"):
        text, spans = unmarked(marked.replace("\n", ends))
        found = find_formulas(Source("doc", text), kind)
        assert [f.span.text for f in found] == [text[a:b] for a, b in spans]
        assert stretches(found) == spans
    return found


MARKDOWN = {
    "inline": "Let ⟦$x$⟧ and ⟦$y_1 = 2$⟧, or ⟦\\(z\\)⟧.",
    "display": "So\n\n⟦$$\na = b\n$$⟧\n\nand ⟦\\[c\n= d\\]⟧ and ⟦$$ e $$⟧.",
    "environment": "⟦\\begin{align}\na &= b \\\\\n\n&= c\n\\end{align}⟧ and ⟦\\begin{equation*}q\\end{equation*}⟧",
    "nested environment": "⟦\\begin{equation}\\begin{aligned}a\\end{aligned}\\end{equation}⟧ ⟦$$\\begin{aligned}b\\end{aligned}$$⟧",
    "prices": "It costs $5 and $6, or $5-$6, or 10$ and 20$; \\$3 and ⟦$x$⟧\\$. US$ 5, A$ 6.",
    "price and words": "From $5 for two apples to 7$, ⟦$2 x$⟧ and ⟦$10$⟧ remain.",
    "digit behind": "no $x$2 but ⟦$x$⟧.",
    "space inside": "no $ x$ and no $x $ either",
    "escaped": "\\$x$ ⟦$a\\$b$⟧ \\\\⟦$c$⟧",
    "text group": "⟦$a \\text{ if $x>0$ and $y$} b$⟧ but ⟦$c$⟧",
    "adjacent": "⟦$a$⟧⟦$b$⟧⟦\\(c\\)⟧⟦$$d$$⟧",
    "paragraph": "open $x and\n\nclose y$ then ⟦$z$⟧",
    "two lines": "⟦$x +\ny$⟧",
    "lost partner": "a $x with no end\n\n⟦$$ y $$⟧ and $$ w\n\n⟦\\(v\\)⟧ and \\[ u\n\n⟦$t$⟧",
    "unclosed environment": "\\begin{align} a\n\n⟦\\begin{align} b \\end{align}⟧ \\end{align} \\end{gather}",
    "code span": "`$x$` and ``a ` $y$ `` and ⟦$z$⟧ and `⟦$w$⟧",
    "fence": "```\n$x$\n```\n~~~~ python\n$y$\n~~~\n$z$\n~~~~\n⟦$w$⟧",
    "fence in list": "- item ⟦$a$⟧\n\n  ```\n  $x$\n  ```\n\n  ⟦$b$⟧\n",
    "unclosed fence": "⟦$a$⟧\n```\n$x$\n",
    "indented": "text\n\n    $x$\n\n\t$y$\n\n⟦$z$⟧",
    "no code in paragraph": "text\n    ⟦$x$⟧\n",
    "list is no code": "- a\n\n    ⟦$x$⟧\n\n1. b\n\n   ⟦$y$⟧\n\n         $z$\n",
    "comment": "<!-- $x$ --> ⟦$y$⟧ <!--\n\n$z$\n\n    -->\n⟦$w$⟧",
    "front matter": "---\ntitle: $x$\n---\n⟦$y$⟧",
    "toml front matter": "+++\ntitle = '$x$'\n+++\n⟦$y$⟧",
    "no front matter": "a\n\n---\n⟦$x$⟧\n---\n",
    "raw html": '<pre>\n$x$\n</pre> <code>$y$</code> <a href="?$b&c$d">⟦$z$⟧</a> <script>$q$</script>',
    "github": "⟦$`a_b`$⟧ and\n\n⟦```math\nc = d\n```⟧\n",
    "doubled": "⟦\\\\(a\\\\)⟧ and ⟦\\\\[ b \\\\\\\\ c \\\\]⟧",
    "footnotes": "as in \\[1\\] and \\[2, 3\\], \\[x\\] done",
    "reference": "by $\\eqref{eq:a}$, ⟦$x$⟧ and $$ $$ too",
    "chinese": "标量⟦$W_0$⟧，我们⟦\\(\\frac{a}{b}\\)⟧。",
    "table": "| a | b |\n|---|---|\n| ⟦$x$⟧ | ⟦$y$⟧ |",
    "heading": "# A ⟦$x$⟧ b\n",
}


@pytest.mark.parametrize("marked", MARKDOWN.values(), ids=MARKDOWN)
def test_markdown(marked: str) -> None:
    check(marked, "markdown")


def test_what_a_markdown_formula_says() -> None:
    text = "# One #\n\nword $a$\n\nTwo\n===\n> so $$\n> b \\label{eq:b}\n> $$ {#eq-q}\n\n```\n# no\n```\n\\begin{align*}c\\end{align*}"
    a, b, c = find_formulas(Source("x.md", text))
    assert (a.text.value, a.display, a.heading, a.before, a.label) == ("a", "inline", "One", "word", None)
    assert (a.span.line, a.span.column, a.shown) == (3, 6, a.span)
    assert (b.text.value.split(), b.display, b.heading) == (["b", "\\label{eq:b}"], "display", "Two")
    assert b.labels == ("eq:b", "eq-q")
    assert ">" not in b.text.value
    assert (c.display, c.heading, c.before, c.text.value) == ("align*", "Two", "", "c")


def test_a_doubled_backslash_formula_is_read_as_markdown_leaves_it() -> None:
    (found,) = find_formulas(Source("x.md", r"\\[ x\_1 \\\\ y^\* \\]"))
    assert found.text.value == r"x_1 \\ y^*"
    assert found.text.span(0, 3).text == r"x\_1"


HTML = {
    "text": "<p>Let ⟦$x$⟧ and ⟦\\(y\\)⟧.</p><div>⟦\\[z\\]⟧</div>",
    "blank lines": "<p>⟦\\[a\n\n= b\\]⟧</p>",
    "blocks end": "<p>open $x</p><p>y$ and ⟦$z$⟧</p>",
    "entities": "<p>⟦$a &lt; b &amp; c$⟧ &dollar;5 ⟦\\(x&#39;\\)⟧</p>",
    "markup inside": "<p>⟦$a <em>b</em> c$⟧</p>",
    "code": "<pre>$x$</pre><code>$y$</code> <kbd>$w$</kbd>⟦$z$⟧",
    "unclosed code": "<p><code>$x$</p><p>⟦$y$⟧</p>",
    "comment": "<!-- $x$ --><p title='$y$'>⟦$z$⟧</p><!-- $w$",
    "scripts": "<script>$x$</script><style>$y$</style><textarea>$z$</textarea>⟦$w$⟧",
    "math script": '⟦<script type="math/tex">a < b</script>⟧ ⟦<script type="math/tex; mode=display">c</script>⟧',
    "annotation": '<math><mi>x</mi>⟦<annotation encoding="application/x-tex">x &lt; 1</annotation>⟧</math>',
    "katex": '<span class="katex"><math><mi>x</mi>⟦<annotation encoding="application/x-tex">x</annotation>⟧</math>'
    '<span class="katex-html"><span>$x$</span></span></span> ⟦$y$⟧',
    "less": "<p>⟦$a<b$⟧ and ⟦\\(c < d\\)⟧</p>",
}


@pytest.mark.parametrize("marked", HTML.values(), ids=HTML)
def test_html(marked: str) -> None:
    check(marked, "html")


def test_what_an_html_formula_says() -> None:
    text = (
        '<h2 id="a">The <em>gradient</em> &amp; co</h2>\n<p>here $a &lt; b$</p>'
        '<math display="block" alttext="c &lt; d"><mi>c</mi></math>'
        '<script type="math/tex; mode=display">e \\label{eq:e}</script>'
    )
    a, c, e = find_formulas(Source("x.html", text))
    assert (a.text.value, a.heading, a.before, a.span.line) == ("a < b", "The gradient & co", "here", 2)
    assert a.text.span(2, 3).start == text.index("&lt;")
    assert (c.text.value, c.display) == ("c < d", "display")
    assert (e.text.value, e.display, e.label) == ("e \\label{eq:e}", "display", "eq:e")


TEX = {
    "dollars": "cost \\$5: ⟦$x$⟧, ⟦$ y $⟧2 and ⟦$$z$$⟧ ⟦\\(a\\)⟧ ⟦\\[b\\]⟧",
    "environments": "⟦\\begin{align*}a\\\\[5pt] b\\end{align*}⟧ ⟦\\begin{gather}c\\end{gather}⟧ \\begin{tabular}{c}⟦$d$⟧\\end{tabular}",
    "comments": "% $x$\n⟦$y$⟧ 50\\% ⟦$z$⟧ % $w\n⟦\\begin{align}\n% a\nb\n\\end{align}⟧",
    "verbatim": "\\begin{verbatim}\n$x$\n\\end{verbatim}\\verb|$y$| \\begin{lstlisting}[a]\n$z$ % \n\\end{lstlisting}⟦$w$⟧",
    "end": "⟦$x$⟧\\end{document} $y$",
    "definitions": "\\newcommand{\\R}{$\\mathbb R$}\\def\\a#1{$#1$}⟦$\\R$⟧",
    "own delimiters": "\\def\\be{\\begin{equation}}\\newcommand{\\ee}{\\end{equation}}\n⟦\\be x \\ee⟧ and ⟦\\be y\\ee⟧ \\best",
    "two lines": "⟦$a\n+ b$⟧ $c\n\nd ⟦$e$⟧",
    "iffalse": "\\iffalse $x$ \\fi ⟦$y$⟧",
    "urls": "\\url{a$b} ⟦$c$⟧",
}


@pytest.mark.parametrize("marked", TEX.values(), ids=TEX)
def test_tex(marked: str) -> None:
    check(marked, "tex")


def test_what_a_tex_formula_says() -> None:
    text = "\\section{Intro}\nwe get\n\\begin{align}\n a % no\n \\label{eq:a} \\\\ b \\label{eq:b}\n\\end{align}\n\\subsection*{Next {one}} $c$"
    a, c = find_formulas(Source("x.tex", text))
    assert (a.display, a.labels, a.heading, a.span.line) == ("align", ("eq:a", "eq:b"), "Intro", 3)
    assert "no" not in a.text.value
    assert c.heading == "Next {one}"


RST = {
    "role": "the ⟦:math:`a_b`⟧ and ⟦`c`:math:⟧ but ``:math:`d` `` and :code:`e` $f$",
    "directive": "So\n\n⟦.. math::\n\n   a = b⟧\n\n   ⟦c = d⟧\n\nand\n\n⟦.. math:: e⟧\n",
    "literal": "code::\n\n   :math:`x`\n\n⟦:math:`y`⟧\n\n.. code-block:: rst\n\n   :math:`z`\n\n.. comment :math:`w`\n\n.. note::\n\n   ⟦:math:`v`⟧\n",
}


@pytest.mark.parametrize("marked", RST.values(), ids=RST)
def test_rst(marked: str) -> None:
    check(marked, "rst")


def test_what_an_rst_formula_says() -> None:
    text = "Title\n=====\n\n.. math::\n   :label: eq-1\n   :nowrap:\n\n   \\begin{align}\n   a\n\n   b\n   \\end{align}\n\nthe :math:`c`"
    a, c = find_formulas(Source("x.rst", text))
    assert (a.label, a.display, a.heading) == ("eq-1", "display", "Title")
    assert a.text.value.startswith("\\begin{align}")
    assert a.text.value.endswith("\\end{align}")
    assert (c.text.value, c.before) == ("c", "the")


PLAIN = {
    "delimiters": "Let ⟦$x$⟧ be\n    ⟦\\[y\\]⟧then ⟦\\(z\\)⟧⟦\\(w\\)⟧",
    "bare environment": "so\n⟦\\begin{equation}a\\end{equation}⟧\nand ⟦$b$⟧",
    "letters before": "x=1L=2⟦\\mathcal{L} = - \\frac{1}{N} \\sum_{t=1}^{N} \\log p(y_t \\mid x_{<t})⟧",
    "symbol before": "P[0.4]⟦P \\approx \\begin{bmatrix} 0.4 & 0.2 \\\\ 1 & 2 \\end{bmatrix}⟧\n",
    "text before": "Y=[1]⟦\\text{One-hot: } \\quad Y_{\\text{a}} = \\begin{bmatrix} 0 \\end{bmatrix}⟧ and so it goes",
    "paths": "C:\\Users\\text and \\n stay",
}


@pytest.mark.parametrize("marked", PLAIN.values(), ids=PLAIN)
def test_plain(marked: str) -> None:
    check(marked, "plain")


def test_kinds_go_by_the_suffix() -> None:
    assert [kind_of(n) for n in ("a.MD", "b.htm", "c.tex", "d.rst", "e.ipynb", "f.txt", "g", "h.py")] == [
        "markdown", "html", "tex", "rst", "notebook", "plain", "plain", "plain",
    ]  # fmt: skip


# pieces of which documents are built: what they are, and whether they are formulas
PIECES = {
    "markdown": [("$x_1$", 1), ("\\(a\\)", 1), ("\\[b\\]", 1), ("$$c$$", 1), ("\\begin{align}d\\end{align}", 1), ("`$e$`", 0), ("\\$5", 0), ("<!-- $f$ -->", 0), ("$5 and $6 ", 0), ("word", 0), ("中文", 0), ("**b**", 0)],
    "html": [("$x_1$", 1), ("\\(a\\)", 1), ("\\[b\\]", 1), ("<code>$e$</code>", 0), ("<!-- $f$ -->", 0), ("&lt;", 0), ("<em>word</em>", 0), ("$5 and $6 ", 0)],
    "tex": [("$x_1$", 1), ("\\(a\\)", 1), ("\\[b\\]", 1), ("$$c$$", 1), ("\\begin{align}d\\end{align}", 1), ("\\verb|$e$|", 0), ("\\$5", 0), ("% $f$\n", 0), ("\\emph{word}", 0)],
    "rst": [(":math:`a`", 1), ("``:math:`b```", 0), ("word", 0), ("$c$", 0)],
    "plain": [("$x_1$", 1), ("\\(a\\)", 1), ("\\[b\\]", 1), ("$$c$$", 1), ("\\$5", 0), ("word", 0), ("中文", 0)],
}  # fmt: skip


@pytest.mark.parametrize("kind", PIECES)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_document_of_known_pieces_gives_back_the_formulas_at_their_places(
    kind: Kind, data: st.DataObject
) -> None:
    chosen = data.draw(st.lists(st.sampled_from(PIECES[kind]), max_size=12))
    gap = st.sampled_from([" ", " and ", "\n\n", " ,\n"])
    text, spans = "", []
    for piece, is_formula in chosen:
        text += data.draw(gap)
        if is_formula:
            spans.append((len(text), len(text) + len(piece)))
        text += piece
    found = find_formulas(Source("doc", text), kind)
    assert stretches(found) == spans
    for formula in found:
        assert [text[p] for p in formula.text.places[:-1]] == list(formula.text.value)


SIGNS = ["$", "$$", "\\(", "\\)", "\\[", "\\]", "\\begin{align}", "\\end{align}", "\\begin{aligned}", "\\end{aligned}",
         "`", "```", "~~~\n", "\n", "\n\n", "\r\n", "<!--", "-->", "<pre>", "</pre>", "<code>", "<math>", "<a b='", "&lt;", "&", "{", "}",
         "\\text{", "\\", "%", "\0", "\ud800", "\u2028", ":math:`", ".. math::\n", "    ", "\t", "> ", "- ", "x", "5", "中", "# ", "---\n", "\\def\\a{", "}",
         "<script type='math/tex'>", "</script>", '"', '{"cells":[{"cell_type":"markdown","source":["', '"]}]}', "\\u12", "\\verb|", "```gradcheck\n"]  # fmt: skip


@pytest.mark.parametrize("kind", ["markdown", "html", "tex", "rst", "plain", "notebook"])
@given(signs=st.lists(st.sampled_from(SIGNS), max_size=60))
@settings(max_examples=150, deadline=None)
def test_nothing_breaks_it_and_places_are_true(kind: Kind, signs: list[str]) -> None:
    text = "".join(signs)
    behind = 0
    for formula in find_formulas(Source("doc", text), kind):
        assert behind <= formula.span.start <= formula.span.end <= len(text)
        behind = formula.span.start
        assert len(formula.text.places) == len(formula.text.value) + 1
        assert formula.text.value.strip()
        assert all(formula.span.start <= p < formula.span.end for p in formula.text.places[:-1])


STORMS = ["$", "$ ", "$a ", "\\(\\[", "\\begin{align}", "\\begin{aligned}", "{$", "$\\text{", "`", "`a``b", "<!--", "<a =\"",
          "<a ", "&", "<math alttext='", "\\def\\a{", "> ", "- ", "\0", ":math:`", "    ", "\n", '"\\', "[", "\\frac "]  # fmt: skip


@pytest.mark.parametrize("kind", ["markdown", "html", "tex", "rst", "plain", "notebook"])
def test_storms_take_linear_time(kind: Kind) -> None:
    for storm in STORMS:
        document = Source("doc", storm * (40_000 // len(storm)))
        begun = time.process_time()
        find_formulas(document, kind)
        assert time.process_time() - begun < 2, storm  # quadratic ones would take minutes


def test_the_number_of_formulas_is_bounded() -> None:
    assert len(find_formulas(Source("x.md", "$x$ " * (MAX_FORMULAS + 10)))) == MAX_FORMULAS


def test_a_quote_is_located_inside_its_formula() -> None:
    text = "We have \\[dX = dY\\, W^\\top, \\quad dW = X^\\top dY\\] and $dW = X^\\top dY$."
    document = Source("x.md", text)
    formulas = find_formulas(document)
    for place in Writeup(document).places("dW = X^\\top dY"):
        assert any(f.span.start < place.start and place.end < f.span.end for f in formulas)


def test_a_notebook_gives_cell_and_line_and_the_offset_in_its_json() -> None:
    cells = [
        {"cell_type": "code", "source": ["print('$x$')"], "outputs": [{"source": "$o$"}]},
        {"source": ["# Tïtle\n", 'a "q" $\\frac{a}{b}$\n', "and $c\td$ 𝟏 $e$"], "cell_type": "markdown"},
        {"cell_type": "markdown", "source": "$$\nf\n$$"},
    ]
    for indent, ascii_ in ((None, True), (1, False)):
        text = json.dumps({"metadata": {"cells": "$m$"}, "cells": cells}, indent=indent, ensure_ascii=ascii_)
        found = find_formulas(Source("n.ipynb", text))
        assert [f.text.value for f in found] == ["\\frac{a}{b}", "c\td", "e", "f"]
        assert [f.cell for f in found] == [2, 2, 2, 3]
        assert [(f.shown.line, f.shown.column) for f in found] == [(2, 7), (3, 5), (3, 13), (1, 1)]
        assert found[0].span.text == "$\\\\frac{a}{b}$"
        assert found[1].span.text == "$c\\td$"
        assert found[0].shown.source.name == "n.ipynb:cell 2"
        assert found[0].heading == "Tïtle"


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 10_000, '{"cells": 3}', '{"cells": [{"source": 1}]}', '"', "null"]
)
def test_what_is_no_notebook_holds_no_formula(text: str) -> None:
    assert find_formulas(Source("n.ipynb", text)) == ()
