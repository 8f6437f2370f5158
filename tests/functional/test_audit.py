"""A small repository of notes, one planted error in each: every report shows it at its line."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.report.pages import sound

SPEC = r"""operator: linear
inputs: {X: [n, m], W: [m, k]}
forward: {Y: X @ W}
claims:
  - id: NAME-dX
    gradient: \eqref{eq:dX}
  - id: NAME-dW
    gradient: above
"""

MARKDOWN = r"""# The layer

The layer is $Y = X W$, so

$$\frac{\partial L}{\partial X} = \frac{\partial L}{\partial Y} W^\top$$ {#eq:dX}

and

$$\frac{\partial L}{\partial W} = X \frac{\partial L}{\partial Y}$$

```gradcheck
SPEC```

Not judged: $W^\top = W$.
"""

TEX = r"""\documentclass{article}
\newcommand{\grad}[1]{\frac{\partial L}{\partial #1}}
\begin{document}
\section{The layer}
We have
\begin{equation}\label{eq:dX}
  \grad{X} = 2\, \grad{Y} W^\top
\end{equation}
and then $\grad{W} = X^\top \grad{Y}$.

% gradcheck
SPEC
\end{document}
"""


def cell(kind: str, text: str) -> dict[str, object]:
    return {"cell_type": kind, "metadata": {}, "source": text.splitlines(keepends=True)}


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("notes")
    (folder / "layer.md").write_text(MARKDOWN.replace("SPEC", SPEC.replace("NAME", "md")))
    commented = "".join(f"% {line}\n" for line in SPEC.replace("NAME", "tex").splitlines())
    (folder / "layer.tex").write_text(TEX.replace("SPEC\n", commented))
    before, _, _ = MARKDOWN.partition("```gradcheck")
    cells = [
        cell("markdown", "Some words, and $x$."),
        cell("markdown", before.replace(r"X \frac", r"-X^\top \frac")),
        cell("code", "%%gradcheck\n" + SPEC.replace("NAME", "nb")),
    ]
    (folder / "layer.ipynb").write_text(json.dumps({"nbformat": 4, "cells": cells}, indent=1))
    return folder


def gradcheck(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gradcheck_cli", *arguments]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GRADCHECK_")} | {
        "OMP_NUM_THREADS": "1"
    }
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.fixture(scope="module")
def audited(notes: Path) -> subprocess.CompletedProcess[str]:
    formats = [part for name in ("audit.html", "audit.json", "audit.txt") for part in ("--output", name)]
    return gradcheck(notes, "audit", ".", "--oracle", "differences", "--draws", "1", *formats)


def test_the_audit_fails_and_says_so_in_files_only(audited: subprocess.CompletedProcess[str]) -> None:
    assert (audited.returncode, audited.stdout, audited.stderr) == (1, "", "")


PLANTED = {"md-dW": ("layer.md", 9), "tex-dX": ("layer.tex", 6), "nb-dW": ("layer.ipynb", 9)}


def test_the_text_has_every_planted_error_at_its_line(audited: object, notes: Path) -> None:
    text = (notes / "audit.txt").read_text()
    found = re.findall(r"^  --> .* \(\S+\)\n  --> (\S+?)(:cell \d+)?:(\d+):\d+\n", text, re.MULTILINE)
    assert sorted((name, int(line)) for name, _, line in found) == [
        ("layer.ipynb", 9),
        ("layer.md", 9),
        ("layer.tex", 6),
    ]
    assert text.endswith(
        "writeup      formulas  claims  not true  definitions  not covered  not judgeable  coverage\n"
        "layer.ipynb         4       2         1            1            0              1     100 %\n"
        "layer.md            4       2         1            1            1              0      75 %\n"
        "layer.tex           2       2         1            0            0              0     100 %\n"
        "all                10       6         3            2            1              1      89 %\n"
        "\n"
        "✗ 3 claims of 6 not as expected\n"
    )


def test_the_json_has_every_planted_error_at_its_line(audited: object, notes: Path) -> None:
    found = json.loads((notes / "audit.json").read_text())
    wrong = {
        found["check"]["claims"][formula["claims"][0]]["id"]: (document["file"], formula["line"])
        for document in found["documents"]
        for formula in document["formulas"]
        if formula["verdict"] not in {None, "holds"}
    }
    assert wrong == PLANTED


def test_the_page_has_every_planted_error_beside_its_formula(audited: object, notes: Path) -> None:
    page = sound((notes / "audit.html").read_text())
    text = " ".join(page.text.split())
    assert [title for level, title in page.headings if level == 2] == [
        "Writeups",
        "layer.ipynb",
        "layer.md",
        "layer.tex",
        "All formulas",
    ]
    for part in (
        "∂L∂W=X∂L∂Y✗ shape-mismatch",
        "∂L∂W=−X⊤∂L∂Y✗ wrong",
        "∂L∂X=2∂L∂YW⊤✗ wrong",
        "Not judged: W⊤=W○ not covered.",
    ):
        assert part in text, part
    right = [part.partition("verified at")[0] for part in re.split(r"claimed\S+ right", text)[1:]]
    assert len(right) == 3
    plain = [r.replace("\ufe00", "").replace("ℒ", "L") for r in right]
    assert sorted(plain) == ["∂L∂W=X⊤∂L∂Y", "∂L∂W=X⊤∂L∂Y", "∂L∂X=∂L∂YW⊤"]


def test_a_check_finds_the_same(notes: Path) -> None:
    files = [file for file, _ in PLANTED.values()]
    done = gradcheck(
        notes,
        "check",
        *files,
        "--oracle",
        "differences",
        "--draws",
        "1",
        "--diagnose",
        "off",
        "--format",
        "sarif",
    )
    assert done.returncode == 1
    results = json.loads(done.stdout)["runs"][0]["results"]
    at = {}
    for result in results:
        location = result["locations"][0]["physicalLocation"]
        at[location["artifactLocation"]["uri"]] = location["region"]["startLine"]
    assert set(at) == set(files)
    assert (at["layer.md"], at["layer.tex"]) == (9, 7)
    line = (notes / "layer.ipynb").read_text().splitlines()[at["layer.ipynb"] - 1]
    assert r"= -X^\\top \\frac" in line


def test_usage(notes: Path) -> None:
    done = gradcheck(notes, "audit", "layer.md", "--specs", "nowhere")
    assert (done.returncode, done.stderr) == (2, "error: `--specs nowhere` does not exist\n")
    done = gradcheck(notes, "audit", "lost.md", "--oracle", "differences")
    assert (done.returncode, done.stdout) == (
        2,
        "error: this file does not exist\n  --> lost.md\n\n✗ 1 problem in the specs\n",
    )


BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))),
    None,
)


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")
@pytest.mark.parametrize("dark", [False, True])
def test_a_browser_draws_the_page_in_both_schemes(
    audited: object, notes: Path, tmp_path: Path, dark: bool
) -> None:
    picture = tmp_path / "page.png"
    done = subprocess.run(
        [
            *(
                str(BROWSER),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
            ),
            *(
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
            ),
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--blink-settings=preferredColorScheme={0 if dark else 1}",
            *("--window-size=900,700", f"--screenshot={picture}", (notes / "audit.html").as_uri()),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if not picture.is_file():
        pytest.skip(f"this Chromium draws nothing here: {done.stderr[-200:]}")
    for complaint in ("Content Security Policy", "Refused to", "Uncaught"):
        assert complaint not in done.stderr
    red, green, blue = _corner(picture)
    assert (max(red, green, blue) < 60) == dark, (red, green, blue)


def _corner(picture: Path) -> tuple[int, int, int]:
    """The colour of the first pixel of a PNG: whatever filter its row has, there is nothing before it."""
    import zlib

    data, at, packed = picture.read_bytes(), 8, b""
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"IDAT":
            packed += data[at + 8 : at + 8 + size]
        at += size + 12
    row = zlib.decompress(packed)
    return row[1], row[2], row[3]
