"""A campaign of damaged writeups against the readers of documents, the audit, the patch and the draft.

The seeds are made of the audited specs: prose, the formulas as they are
printed, and the spec in a fenced block, as Markdown, HTML, LaTeX,
reStructuredText, a notebook and plain text. Whatever is done to them, formulas
and blocks have places inside the document; one case in fifty is audited and
drafted as well, and then every report must still be one.

    python tests/fuzz/documents.py --count 1000000 --seed 1
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from damage import INJECTIONS, STRANGE, Outcome, campaign, command, damaged, untold
from reports import FORMATS, faults, rendered

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.report import audit_html, audit_json, audit_text
from gradcheck_cli.run.audit import Request, audit
from gradcheck_cli.run.drafting.draft import draft
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run
from gradcheck_cli.spec.load import load, load_sources
from gradcheck_cli.spec.prose import NONE
from gradcheck_cli.text import Source
from gradcheck_cli.writeups.fences import find_specs
from gradcheck_cli.writeups.formulas import find_formulas, find_macros

sys.path.pop(0)

SPECS = Path(__file__).parent.parent.parent / "specs"

SLOW = 20.0
"""Seconds of CPU that no document may take, audited or not."""

EVERY = 50
"""One case of so many is audited, judged and drafted."""

FRAGMENTS = (
    *(
        "$",
        "$$",
        r"\(",
        r"\)",
        r"\[",
        r"\]",
        r"\begin{align}",
        r"\end{align}",
        r"\begin{equation*}",
        "\\\\",
        "&",
        "%",
        "`",
    ),
    *(
        "```gradcheck\n",
        "\n```\n",
        "~~~\n",
        "````",
        "<!-- gradcheck\n",
        "-->",
        "<!--",
        "    ",
        "> ",
        "- ",
        "# ",
        "---\n",
    ),
    *(
        "<pre class=gradcheck>",
        "</pre>",
        "<script type='text/gradcheck'>",
        "</script>",
        "<code>",
        "&#x24;",
        "&lt;",
        "&amp",
    ),
    *(
        "<p",
        ">",
        "<style>",
        "<a href='",
        "<![CDATA[",
        "<?",
        "% gradcheck\n",
        "% ",
        r"\begin{gradcheck}",
        r"\iffalse",
        r"\fi",
    ),
    *(
        r"\newcommand{\x}[1]{#1#1}",
        r"\x{\x{\x{a}}}",
        r"\def\a{\a\a}",
        r"\a",
        r"\verb|",
        r"\begin{verbatim}",
        r"\label{a}",
    ),
    *(
        ".. gradcheck::\n\n   ",
        ".. math::\n\n   ",
        ":math:`",
        "``",
        "::\n\n",
        "====\n",
        '"cell_type"',
        '"source": [',
        "\\n",
        '",',
    ),
    *(
        r"\ref{a}",
        "$5 and $6",
        r"\frac{\partial L}{\partial X}",
        r"\mathbb{R}^{n\times m}",
        r"\text{where } ",
        r"\tag{1}",
        "}",
    ),
    *(
        "operator: x\n",
        "claims:\n",
        "gradient: $above$",
        r"gradient: \ref{a}",
        "\n\n",
        "[",
        "]",
        "{",
        "(",
        "\x0c",
        "\u3000",
    ),
)


def _markdown(prose: list[str], formulas: list[str], spec: str) -> str:
    body = "\n\n".join(f"{words}\n\n$${formula}$$" for words, formula in zip(prose, formulas, strict=True))
    return f"# {prose[0]}\n\nLet $x$ be given.\n\n{body}\n\n```gradcheck\n{spec}\n```\n\nThe end.\n"


def _html(prose: list[str], formulas: list[str], spec: str) -> str:
    body = "".join(
        f"<p>{escape(words)} \\[{escape(formula)}\\]</p>\n"
        for words, formula in zip(prose, formulas, strict=True)
    )
    return f"<html><body><h1>{escape(prose[0])}</h1>\n{body}<pre class='gradcheck'>\n{escape(spec)}\n</pre></body></html>\n"


def _tex(prose: list[str], formulas: list[str], spec: str) -> str:
    body = "\n\n".join(
        f"{words}\n\\begin{{equation}}\n{formula}\n\\end{{equation}}"
        for words, formula in zip(prose, formulas, strict=True)
    )
    block = "".join(f"% {line}\n" for line in spec.split("\n"))
    return f"\\documentclass{{article}}\\begin{{document}}\n\\section{{{prose[0]}}}\n{body}\n\n% gradcheck:\n{block}\n\\end{{document}}\n"


def _rst(prose: list[str], formulas: list[str], spec: str) -> str:
    body = "\n\n".join(
        f"{words}\n\n.. math::\n\n   " + formula.replace("\n", "\n   ")
        for words, formula in zip(prose, formulas, strict=True)
    )
    return f"Title\n=====\n\n{body}\n\n.. gradcheck::\n\n   " + spec.replace("\n", "\n   ") + "\n"


def _notebook(prose: list[str], formulas: list[str], spec: str) -> str:
    cells = [f"{words}\n\n$${formula}$$" for words, formula in zip(prose, formulas, strict=True)]
    made = [
        {"cell_type": "markdown", "metadata": {}, "source": cell.splitlines(keepends=True)} for cell in cells
    ]
    made.append({"cell_type": "raw", "metadata": {}, "source": f"%%gradcheck\n{spec}"})
    return json.dumps({"cells": made, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}, indent=1)


KINDS: Mapping[str, Callable[[list[str], list[str], str], str]] = {
    "md": _markdown,
    "html": _html,
    "tex": _tex,
    "rst": _rst,
    "ipynb": _notebook,
    "txt": _markdown,
}


@lru_cache
def seeds() -> tuple[str, ...]:
    """The writeups, each behind the name of its kind and a NUL."""
    found = []
    for path in sorted(SPECS.rglob("*.yaml")):
        for operator in load(path).operators[:2]:
            claims = [c for c in operator.claims if c.quote or "\\" in c.formula.text.value][:4]
            if not claims:
                continue
            prose = [c.note or operator.name for c in claims]
            formulas = [(c.quote or c.formula.text.value).strip("$ \n") for c in claims]
            head, _, rest = path.read_text(encoding="utf-8").partition("\nclaims:\n")
            spec = f"{head}\nclaims:\n" + "\n  - ".join(rest.split("\n  - ")[:3])
            spec = spec.replace("\nsource:\n", "\nsauce:\n") if len(found) % 12 == 0 else spec
            found += [f"{kind}\0{make(prose, formulas, spec)}" for kind, make in KINDS.items()]
    return tuple(found)


def case(rng: random.Random) -> str:
    """A damaged writeup."""
    kind, _, text = rng.choice(seeds()).partition("\0")
    text = damaged(text, FRAGMENTS, seeds(), rng)
    if rng.random() < 0.05:
        text = text.replace("\n", rng.choice(("\r", "\r\n", "\n\n")))
    if rng.random() < 0.1:
        text = text.replace("X", rng.choice((*INJECTIONS, *STRANGE)))
    if rng.random() < 0.05:  # another kind of document than its name says
        kind = rng.choice(sorted(KINDS))
    return f"{kind}\0{text}"


def attempt(text: str, number: int) -> tuple[bool, list[str]]:
    """Whether a formula or a block was found, and what is wrong with what is said about them."""
    kind, _, text = text.partition("\0")
    document = Source(f"post.{kind}", text)
    formulas, blocks = find_formulas(document), find_specs(document)
    find_macros(document)
    spans = [f.span for f in formulas] + [b.span for b in blocks]
    wrong = [
        f"a place outside of the document: {s}"
        for s in spans
        if not 0 <= s.start <= s.end <= len(s.source.text)
    ]
    for block in blocks:
        spec = load_sources(block.source.name, [(block.source, NONE)])
        wrong += [fault for fault in map(untold, spec.problems) if fault]
    if number % EVERY == 0:
        wrong += audited(kind, text)
    return bool(formulas or blocks), wrong


def audited(kind: str, text: str) -> list[str]:
    """What is wrong with the reports of an audit, a check and a draft of the text."""
    wrong = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / f"<i>a&b%0A::error::x.{kind}"
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        options = Options((), Settings("differences", 1), diagnose="off")
        found = audit(Request((file,), (file,)), options, folder, lambda o: run(o, folder))
        wrong += [f"crash: {crash.error}\n{crash.traceback}" for crash in found.result.crashes]
        wrong += faults("html", audit_html.render(found))
        wrong += faults("json", audit_json.render(found))
        wrong += faults("text", audit_text.render(found, verbosity=1, width=110).plain)
        checked = run(Options((file,), Settings("differences", 1), diagnose="off"), folder)
        wrong += [fault for fault in map(untold, checked.problems) if fault]
        for form in FORMATS:
            wrong += faults(form, rendered(checked, form))
    proposed = draft(Source(f"post.{kind}", text), f"post.{kind}", seconds=10)
    if proposed.operators:
        wrong += [
            f"the draft: {p.message}"
            for p in load_sources("d", [(Source("d", proposed.text), NONE)]).problems
        ][:1]
    return wrong


def documents(count: int, seed: int) -> Iterator[Outcome]:
    """The campaign."""
    return campaign(count, seed, case, attempt, SLOW)


if __name__ == "__main__":
    command(__doc__, "documents", documents)
