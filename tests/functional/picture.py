"""The picture of the README: `python tests/functional/picture.py` draws it anew.

It is the coloured report on the README's first spec, as a terminal shows it.
"""

from __future__ import annotations

import io
import os
import re
import tempfile
from pathlib import Path

from rich.console import CONSOLE_SVG_FORMAT, Console

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.report import terminal
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run

ROOT = Path(__file__).parent.parent.parent
PICTURE = ROOT / ".github" / "finding.svg"
WIDTH = 126
# nothing is fetched to show it: the fonts are those of the reader
_FORMAT = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


def drawn() -> str:
    """The picture as SVG."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    spec = re.findall(r"^```yaml\n(operator:.*?)^```$", readme, re.MULTILINE | re.DOTALL)[0]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "sigmoid.yaml").write_text(spec, encoding="utf-8")
        result = run(Options((Path("sigmoid.yaml"),), Settings()), Path(folder))
    console = Console(
        record=True,
        width=WIDTH,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
        markup=False,
        emoji=False,
    )
    console.print(terminal.render(result, width=WIDTH, unicode=True), end="")
    return console.export_svg(title="gradcheck check sigmoid.yaml", code_format=_FORMAT, unique_id="finding")


if __name__ == "__main__":
    os.chdir(ROOT)
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(drawn(), encoding="utf-8")
