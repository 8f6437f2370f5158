"""The options of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from gradcheck_cli.compare.settings import Settings


@dataclass(frozen=True)
class Options:
    """What to check and how."""

    paths: tuple[Path, ...] = ()
    settings: Settings = field(default_factory=Settings)
    sources: Path | None = None
    """Where the documents are that the specs name, besides the folders of the specs."""
    keyword: str | None = None
    """Only claims whose id, operator, file or text contains this (`-k`)."""
    diagnose: Literal["off", "quick", "full"] = "quick"
    """How hard to look for the slip behind a wrong claim, and for the right formula."""
    known_too: bool = False
    """Whether the errors that the specs expect are diagnosed as well."""
