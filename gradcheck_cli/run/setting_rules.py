"""What each setting may be, whatever it comes from: one table, and the rules that read a value."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradcheck_cli.report.rules import RULES
from gradcheck_cli.text import nearest

MAX_DRAWS = 10_000
MAX_SEED = 2**63 - 1


class UnfitError(Exception):
    """A value that is not what the setting takes. `word` is the offending part, `message` overrules."""

    def __init__(self, message: str = "", advice: str = "", word: str = "") -> None:
        super().__init__(message)
        self.message, self.advice, self.word = message, advice, word


@dataclass(frozen=True)
class Setting:
    """What one setting may be. `read` takes what TOML gives, and the folder that paths are relative to."""

    expected: str
    example: str
    read: Callable[[Any, Path], Any]
    parse: Callable[[str], Any] = str
    """Text of the environment into what TOML would give."""
    field: str = ""
    """Its name in `Configuration`, if another."""


def _need(fits: bool) -> None:
    if not fits:
        raise UnfitError


def _whole(low: int, high: int) -> Callable[[Any, Path], int]:
    def read(value: Any, _: Path) -> int:
        _need(isinstance(value, int) and not isinstance(value, bool) and low <= value <= high)
        return int(value)

    return read


def _word(*words: str) -> Callable[[Any, Path], str]:
    def read(value: Any, _: Path) -> str:
        if isinstance(value, str) and value not in words:
            other = nearest(value, words)
            raise UnfitError(advice=f"did you mean `{other}`?" if other else "", word=value)
        _need(isinstance(value, str))
        return str(value)

    return read


def _device(value: Any, _: Path) -> str:
    _need(isinstance(value, str) and re.fullmatch(r"cpu|cuda(:[0-9]{1,4})?", value) is not None)
    return str(value)


def read_path(value: Any, folder: Path) -> Path:
    """A path, relative to a folder. Raises UnfitError."""
    _need(isinstance(value, str) and value != "" and "\0" not in value)
    return Path(folder, value)


def _paths(value: Any, folder: Path) -> tuple[Path, ...]:
    _need(isinstance(value, list) and all(isinstance(v, str) and v and "\0" not in v for v in value))
    return tuple(folder / v for v in value)


def _folder(value: Any, folder: Path) -> Path:
    path = read_path(value, folder)
    if not path.is_dir():
        raise UnfitError(f"there is no folder `{value}`")
    return path


def _own_file(value: Any, folder: Path) -> Path:
    """A file that the tool may write: below the folder, since not the user but a repository names it."""
    path = read_path(value, folder)
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UnfitError(f"the baseline `{value}` lies outside of the folder of this file")
    return path


def _code_paths(value: Any, folder: Path) -> tuple[Path, ...]:
    if isinstance(value, bool):
        raise UnfitError(
            "this file cannot allow code to run: then whoever checks a cloned repository would run it",
            "give `--allow-code`, or set `GRADCHECK_ALLOW_CODE=1`; here stands to which specs that is"
            ' limited: `allow-code = ["specs/listings"]`',
        )
    return _paths(value, folder)


def _codes(value: Any, _: Path) -> tuple[str, ...]:
    _need(isinstance(value, list) and all(isinstance(v, str) for v in value))
    for code in value:
        if code in RULES:
            continue
        if re.fullmatch("GC1[0-9]{2}", code):
            advice = "a slip is what a finding may come from; the findings are " + listed(RULES)
            raise UnfitError(f"`{code}` is a kind of slip, not of finding", advice, code)
        other = next((c for c, (name, _) in RULES.items() if name == code), None) or nearest(code, RULES)
        advice = f"did you mean `{other}`?" if other else f"the codes are {listed(RULES)}"
        raise UnfitError(f"`{code}` is not the code of a finding", advice, code)
    return tuple(value)


def listed(words: Mapping[str, object]) -> str:
    """The keys of a table for a message."""
    return ", ".join(f"`{word}`" for word in words)


def _number(text: str) -> int | str:
    return int(text) if re.fullmatch("[-+]?[0-9]{1,30}", text.strip()) else text


def by_comma(text: str) -> list[str]:
    """`GC001, GC006` in parts."""
    return [word.strip() for word in text.split(",") if word.strip()]


def _by_path(text: str) -> list[str]:
    return [word for word in text.split(os.pathsep) if word]


SETTINGS: dict[str, Setting] = {
    "paths": Setting("a list of files and folders", '["specs"]', _paths, _by_path),
    "sources": Setting("a folder", '"docs"', _folder),
    "draws": Setting(f"a whole number from 1 to {MAX_DRAWS:,}", "5", _whole(1, MAX_DRAWS), _number),
    "seed": Setting(f"a whole number from 0 to {MAX_SEED:,}", "7", _whole(0, MAX_SEED), _number),
    "device": Setting("`cpu`, `cuda` or `cuda:1`", '"cpu"', _device),
    "oracle": Setting(
        "`both`, `autograd`, `differences` or `exact`",
        '"both"',
        _word("both", "autograd", "differences", "exact"),
    ),
    "diagnose": Setting("`off`, `quick` or `full`", '"quick"', _word("off", "quick", "full")),
    "allow-code": Setting("a list of specs and folders", '["specs/listings"]', _code_paths, field="code_in"),
    "select": Setting("a list of codes of findings", '["GC001"]', _codes, by_comma),
    "ignore": Setting("a list of codes of findings", '["GC006"]', _codes, by_comma),
    "baseline": Setting("a file", '"gradcheck-baseline.json"', _own_file),
}
