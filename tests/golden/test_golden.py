"""Whole reports, verbatim: every folder here holds specs and the reports on them.

The folder is the working directory of the run. Measured figures are masked,
since their last digits depend on the processor: `#` stands for a number with
four or more decimals or with an exponent. To write the files anew after a
change that was meant: `GRADCHECK_GOLDEN=write pytest tests/golden`, then read
the difference.
"""

import os
import re
from pathlib import Path

import pytest

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.report import json, terminal
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run

HERE = Path(__file__).parent
FOLDERS = sorted(p.name for p in HERE.iterdir() if p.is_dir() and not p.name.startswith("_"))

_MEASURED = re.compile(r"-?\d+\.\d{4,}(e[-+]\d+)?|-?\d(\.\d+)?e[-+]\d+")
_VERSION = re.compile(r'("(gradcheck|numpy|torch)": )"[^"]*"')


def masked(text):
    return _VERSION.sub(r'\1"#"', _MEASURED.sub("#", text))


@pytest.fixture(scope="module", params=FOLDERS)
def case(request):
    folder = HERE / request.param
    return folder, run(Options((Path(),), Settings(draws=2)), folder)


def explained(result):
    return "".join(terminal.explain(c, unicode=True).plain + "-" * 20 + "\n" for c in result.claims)


REPORTS = {
    "check.txt": lambda r: terminal.render(r, width=100, unicode=True).plain,
    "quiet.txt": lambda r: terminal.render(r, verbosity=-1, width=100, unicode=True).plain,
    "verbose.txt": lambda r: terminal.render(r, verbosity=1, width=60, unicode=True).plain,
    "explain.txt": explained,
    "check.json": json.render,
}


@pytest.mark.parametrize("name", REPORTS)
def test_report(case, name):
    folder, result = case
    found = masked(REPORTS[name](result))
    file = folder / "reports" / name
    if os.environ.get("GRADCHECK_GOLDEN") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(found, encoding="utf-8")
    assert found == file.read_text(encoding="utf-8")
