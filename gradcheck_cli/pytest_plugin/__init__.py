"""`pytest --gradcheck`: every claim of the specs and writeups that pytest comes across is a test.

Installed with the tool, this is loaded by every pytest run. Without `--gradcheck`
it must do nothing and load nothing, so that whatever is heavy stands in `items`.
(PYTEST_DONT_REWRITE: there are no assertions here to explain.)
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gradcheck_cli.pytest_plugin.items import GradcheckFile

SPECS = (".yaml", ".yml")
WRITEUPS = (".md", ".markdown", ".html", ".htm", ".tex", ".rst", ".ipynb", ".txt")
MAX_BYTES = 2 * 1024 * 1024

_OPERATOR = re.compile(rb"^operator[ \t]*:", re.MULTILINE)
_OTHER = re.compile(rb"^(?:inputs|forward|claims)[ \t]*:", re.MULTILINE)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options; all other settings come from `[tool.gradcheck]` and the environment."""
    group = parser.getgroup("gradcheck", "claimed gradients (gradcheck)")
    group.addoption(
        "--gradcheck", action="store_true", help="Judge every claim of the gradcheck specs and writeups."
    )
    group.addoption("--gradcheck-sources", metavar="DIR", help="Folder of the documents that the specs name.")


def pytest_configure(config: pytest.Config) -> None:
    """Reads the settings, and adds the configured specs where no paths were given."""
    if not config.getoption("--gradcheck"):
        return
    from gradcheck_cli.pytest_plugin.items import OPTIONS, read_options  # noqa: PLC0415

    options = config.stash[OPTIONS] = read_options(config)
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        usual = config.invocation_params.dir / "specs"
        config.args += map(str, options.paths or ([usual] if usual.is_dir() else []))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> GradcheckFile | None:
    """A file that looks like a spec, or like a writeup with one."""
    if not parent.config.getoption("--gradcheck") or not _promising(file_path):
        return None
    from gradcheck_cli.pytest_plugin.items import GradcheckFile  # noqa: PLC0415

    return GradcheckFile.from_parent(parent, path=file_path)


def _promising(file: Path) -> bool:
    """Whether it is worth reading the file as a spec or writeup."""
    suffix = file.suffix.lower()
    if suffix not in SPECS and suffix not in WRITEUPS:
        return False
    try:
        if file.stat().st_size > MAX_BYTES:
            return False
        data = file.read_bytes()
    except OSError:
        return False
    if suffix in WRITEUPS:
        return b"gradcheck" in data
    return _OPERATOR.search(data) is not None and _OTHER.search(data) is not None
