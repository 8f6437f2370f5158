"""Whether a report is still one, whatever texts of strangers stand in it: one check for each format.

Each says what is wrong, in words; nothing if the reader of that format sees
texts and nothing else: no markup, no command, no control character.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib import import_module

from gradcheck_cli.report.result import RunResult

FORMATS = ("text", "json", "junit", "sarif", "github", "markdown", "html", "patch")
ACTIVE = frozenset(
    {"script", "iframe", "object", "embed", "form", "base", "img", "image", "use", "video", "audio"}
)
"""Elements that do or fetch something; the pages have none of them."""
_CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_COMMAND = re.compile(r"::(?:error|warning|notice)(?: [^\r\n]*)?::[^\r\n]*|gradcheck: [^\r\n]*")


def rendered(result: RunResult, name: str) -> str:
    """The report of a run in a format."""
    if name == "text":
        return import_module("gradcheck_cli.report.terminal").render(result, verbosity=1, width=110).plain
    return import_module(f"gradcheck_cli.report.{name}").render(result)


def faults(name: str, report: str) -> list[str]:
    """What is wrong with a report."""
    checks = {"json": _json, "sarif": _json, "junit": _xml, "github": _github, "html": _html, "text": _text}
    return [f"{name}: {fault}" for fault in checks.get(name, _nothing)(report)]


def _nothing(report: str) -> Iterator[str]:
    yield from ()


def _text(report: str) -> Iterator[str]:
    found = _CONTROL.search(report)
    if found is not None:
        yield f"a control character, {found[0]!r}, behind {report[max(0, found.start() - 40) : found.start()]!r}"


def _json(report: str) -> Iterator[str]:
    try:
        json.loads(report)
    except ValueError as error:
        yield str(error)


def _xml(report: str) -> Iterator[str]:
    try:
        tree = ET.fromstring(report.encode("utf-8", "surrogatepass"))
    except (ET.ParseError, UnicodeError) as error:
        yield str(error)
        return
    tags = {element.tag for element in tree.iter()}
    known = {"testsuites", "testsuite", "testcase", "failure", "error", "skipped", "properties", "property"}
    yield from sorted(tags - known - {"system-out", "system-err"})


def _github(report: str) -> Iterator[str]:
    for line in report.removesuffix("\n").split("\n"):
        if _COMMAND.fullmatch(line) is None:
            yield f"not one command a line: {line!r}"
    yield from _text(report)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ACTIVE:
            self.wrong.append(f"<{tag}>")
        for key, value in attrs:
            target = "".join((value or "").split()).lower()
            if key.startswith("on") or (key in {"href", "src", "action", "xlink:href"} and _leaves(target)):
                self.wrong.append(f"<{tag} {key}={value!r}>")


def _leaves(target: str) -> bool:
    return bool(target) and not target.startswith(("#", "https://"))


def _html(report: str) -> Iterator[str]:
    page = _Page()
    page.feed(report)
    page.close()
    yield from page.wrong
    yield from _text(report)
