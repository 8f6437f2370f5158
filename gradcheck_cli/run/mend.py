"""Writes the verified corrections of a run into the files that they are about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gradcheck_cli.report.patch import edits, patched
from gradcheck_cli.report.result import RunResult
from gradcheck_cli.run.files import put, regular
from gradcheck_cli.text import Problem

_BOM = "\ufeff"


@dataclass(frozen=True)
class Mended:
    """What was written: files with the number of their formulas; and what could not be."""

    files: tuple[tuple[str, int], ...]
    problems: tuple[Problem, ...] = ()


def mend(result: RunResult, cwd: Path) -> Mended:
    """Makes the edits of a run. A file that has changed since it was read stays as it is.

    Each file is written whole beside itself and then put in place, so that it
    is never half written; line ends and a byte order mark stay.
    """
    files: list[tuple[str, int]] = []
    problems: list[Problem] = []
    for name, changes in edits(result).items():
        file = cwd / name
        try:
            text = regular(file).read_bytes().decode("utf-8")
            mark = _BOM if text.startswith(_BOM) else ""
            ends = text.count("\r\n") if text.count("\r\n") == text.count("\n") else 0
            read = changes[0].source.text
            body = text.removeprefix(_BOM)
            if body == read:
                written = patched(read, changes)
            elif ends and body.replace("\r\n", "\n") == read:
                written = patched(read, changes).replace("\n", "\r\n")
            else:
                problems.append(Problem("this file has changed meanwhile and was left alone", file=name))
                continue
            put(file, (mark + written).encode("utf-8"))
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            problems.append(Problem(f"this file cannot be written: {reason}", file=name))
        else:
            files.append((name, len(changes)))
    return Mended(tuple(files), tuple(problems))
