"""The report as workflow commands of GitHub: an annotation at every line that needs somebody.

A step shows ten annotations of each kind, so the worst comes first, and the
line of the writeup is a warning of its own, not one of the ten errors. Known
errors need nobody and are not annotated.
"""

from __future__ import annotations

from gradcheck_cli.report.findings import (
    Region,
    cut,
    document_path,
    one_line,
    place,
    region,
    right,
    sentences,
    shown_id,
    skips,
    summary,
    troubles,
    worst_first,
)
from gradcheck_cli.report.result import ClaimResult, Crash, RunResult
from gradcheck_cli.report.rules import RULES
from gradcheck_cli.report.words import finding_message
from gradcheck_cli.text import Problem, plain

SHOWN = 10
"""How many annotations of a kind GitHub shows for a step."""

LONGEST = 4_000
"""GitHub cuts messages at 4,096 characters."""


def render(result: RunResult) -> str:
    """One command a line; the last line is for the reader of the log."""
    lines = [_crash(c) for c in result.crashes]
    lines += [_problem(p) for p in troubles(result)]
    for claim in worst_first(result.unexpected):
        lines += _claim(claim)
    lines += [_command("notice", sentence, title="gradcheck") for sentence in skips(result)]
    errors = sum(line.startswith("::error") for line in lines)
    more = f" (GitHub shows {SHOWN} of {errors:,} annotations; all are in this log)" if errors > SHOWN else ""
    return "".join(f"{line}\n" for line in (*lines, f"gradcheck: {summary(result)}{more}"))


def _claim(c: ClaimResult) -> list[str]:
    """The annotation in the spec, and that in the writeup where its line is known."""
    assert c.code is not None
    title = f"{c.code} {RULES[c.code][0]}: {shown_id(c)}"
    said = _lines(*sentences(c))
    found = [_command("error", said, c.spec, region(place(c)), title)]
    path = document_path(c)
    if path is not None and c.place is not None and path != c.spec:
        correction = right(c)
        said = _lines(finding_message(c), f"right: {correction}" if correction else "", f"claim: {c.spec}")
        found.append(_command("warning", said, path, region(c.place), title))
    return found


def _problem(problem: Problem) -> str:
    said = _lines(problem.message, problem.label, f"help: {problem.help}" if problem.help else "")
    if problem.span is None:
        return _command("error", said, problem.file, title="gradcheck: problem in a spec")
    where = region(problem.span)
    return _command("error", said, problem.span.source.name, where, "gradcheck: problem in a spec")


def _crash(crash: Crash) -> str:
    said = _lines(crash.error, "this is a fault of gradcheck, not of the claim; please report it")
    return _command("error", said, crash.spec, region(crash.span), f"gradcheck: internal error: {crash.id}")


def _lines(*said: str) -> str:
    """The sentences one under another."""
    return cut("\n".join(one_line(s) for s in said if s.strip()), LONGEST)


def _command(kind: str, message: str, file: str = "", at: Region | None = None, title: str = "") -> str:
    """`::error file=…,line=…,title=…::message`, in one line whatever the texts hold."""
    properties: dict[str, str | int] = {"file": plain(file)} if file else {}
    if at is not None and at.line == at.end_line:
        properties |= {"line": at.line, "col": at.column, "endLine": at.end_line, "endColumn": at.end_column}
    elif at is not None:  # columns are refused where the lines differ
        properties |= {"line": at.line, "endLine": at.end_line}
    if title:
        properties["title"] = one_line(title, 200)
    message = message or title or kind  # a command without a message annotates nothing
    told = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{kind} {told}::{_data(message)}" if told else f"::{kind}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
