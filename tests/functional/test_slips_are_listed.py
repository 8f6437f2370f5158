"""The table of slips in `specs/README.md` is the one that the tool has."""

from __future__ import annotations

import re
from pathlib import Path

from gradcheck_cli.diagnose.slips import SLIPS

README = Path(__file__).parent.parent.parent / "specs" / "README.md"


def test_every_slip_is_listed_with_its_title() -> None:
    rows = re.findall(r"^\| `(GC1\d\d)` \| (.*) \|$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert dict(rows) == {code: slip.title for code, slip in SLIPS.items()}
