"""Reads a spec file: bytes → text → tree → operators, with every problem on the way collected.

Nothing that a file holds raises an exception. What could be read is returned
together with the problems of what could not.
"""

from __future__ import annotations

import pathlib
import stat
from collections.abc import Sequence
from dataclasses import replace

from gradcheck_cli.spec.build import FileReader, Lend
from gradcheck_cli.spec.model import Operator, SpecFile
from gradcheck_cli.spec.prose import NONE, Prose
from gradcheck_cli.spec.yaml_tree import MAX_PROBLEMS, Node, Scalar, parse
from gradcheck_cli.text import Problem, Source

MAX_BYTES = 2 * 1024 * 1024
"""How long a file may be. The longest spec of our sources has 20 KB."""

MAX_OPERATORS = 200
"""How many operators one file may hold."""

_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def load(path: pathlib.Path, name: str | None = None, lend: Lend | None = None) -> SpecFile:
    """The spec file at a path; `name` is what it is called in messages, `lend` reads documents for it."""
    shown = name if name is not None else path.as_posix()
    text = read_text(path, shown)
    if isinstance(text, Problem):
        return SpecFile(shown, None, problems=(text,))
    return load_text(shown, text, lend)


def read_text(path: pathlib.Path, name: str) -> str | Problem:
    """What a file holds, if it is text and not too long."""
    try:
        data = _read(path)
        text = _decode(data) if isinstance(data, bytes) else data
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        text = Problem("this file cannot be read", label=reason)
    return replace(text, file=name) if isinstance(text, Problem) else text


def load_text(name: str, text: str, lend: Lend | None = None) -> SpecFile:
    """The spec in a text; `name` stands for the file in messages."""
    text = text.removeprefix("\ufeff")
    failure = None
    if not text.strip():
        failure = Problem("this file is empty", help=_EXAMPLE, file=name)
    elif len(text) > MAX_BYTES:
        failure = _too_long(name)
    if failure is not None:
        return SpecFile(name, Source(name, text[:MAX_BYTES]), problems=(failure,))
    return load_sources(name, [(Source(name, text), NONE)], lend)


def load_sources(name: str, sources: Sequence[tuple[Source, Prose]], lend: Lend | None = None) -> SpecFile:
    """The operators of several texts of one file, such as the blocks of a writeup; numbers run through."""
    trees = [(parse(source), prose) for source, prose in sources]
    problems = [p for tree, _ in trees for p in tree.problems]
    documents = [(tree, node, prose) for tree, prose in trees for node in tree.documents]
    documents = [found for found in documents if not _is_null(found[1])]
    if not documents and not problems:
        failure = Problem("this file holds nothing but comments", help=_EXAMPLE, file=name)
        return SpecFile(name, sources[0][0], problems=(failure,))
    reader = FileReader(pathlib.PurePath(name).stem, lend)
    operators: list[Operator] = []
    for number, (tree, node, prose) in enumerate(documents):
        if number == MAX_OPERATORS:
            advice = "split it into several files"
            message = f"this file holds more than {MAX_OPERATORS} operators"
            reader.problems.append(Problem(message, node.span, help=advice))
            break
        operator = reader.read(node, tree.problems, prose)
        if operator is not None:
            operators.append(operator)
    return SpecFile(name, sources[0][0], tuple(operators), _in_order([*problems, *reader.problems], name))


_EXAMPLE = "a spec has the keys `operator`, `inputs`, `forward` and `claims`"


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.kind == "null" and not node.flawed


def _in_order(problems: list[Problem], name: str) -> tuple[Problem, ...]:
    """By place; beyond the limit one line says how many more there are."""
    ordered = sorted(problems, key=lambda p: p.span.start if p.span else 0)
    more = len(ordered) - MAX_PROBLEMS
    if more > 0:
        ordered = [*ordered[:MAX_PROBLEMS], Problem(f"{more:,} more problems are not shown", file=name)]
    return tuple(ordered)


def _too_long(name: str = "") -> Problem:
    return Problem(
        f"this file is longer than {MAX_BYTES // 1024**2} MiB", help="split it into several files", file=name
    )


def _read(path: pathlib.Path) -> bytes | Problem:
    """The bytes, unless there are too many: those are not even read. Raises OSError, ValueError."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return Problem("this file does not exist")
    if stat.S_ISDIR(found.st_mode):
        return Problem("this is a folder, not a file")
    if not stat.S_ISREG(found.st_mode):
        return Problem("this is not a regular file")
    if found.st_size > MAX_BYTES:
        return _too_long()
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)  # it may have grown meanwhile
    return _too_long() if len(data) > MAX_BYTES else data


def _decode(data: bytes) -> str | Problem:
    if data.startswith(_UTF16):
        return Problem("this file is written in UTF-16", help="save it as UTF-8")
    zero = data.find(b"\0")
    if zero >= 0:
        return Problem("this is a binary file", label=f"a NUL byte stands at offset {zero}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # with a mark at the beginning the decoder counts from behind it
        at = error.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)
        line = data.count(b"\n", 0, at) + 1
        place = f"byte 0x{data[at]:02x} at offset {at}, in line {line}"
        return Problem("this file is not written in UTF-8", label=place, help="save it as UTF-8")
