"""The options of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

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
