"""YAML as a tree in which everything knows its place, built so that no file can hurt.

PyYAML's event stream is read lazily by a loop with budgets: nothing recurses,
nothing is expanded, and nothing is constructed. Of YAML there remains what a
spec needs: mappings with words as keys, lists, and scalars. Anchors, aliases,
merge keys and tags are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

import yaml

from gradcheck_cli.spec.scalars import STYLES, Style, places
from gradcheck_cli.spec.yaml_errors import forbidden_characters, translate
from gradcheck_cli.text import Problem, Source, Span, Text

MAX_DEPTH = 40
"""How deep lists and mappings may nest. A spec nests five deep."""

MAX_EVENTS = 50_000
"""How many scalars, lists and mappings (begin and end) one file may hold."""

MAX_PROBLEMS = 200
"""How many problems of one file are told; a file with more is no spec."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NUMBER = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_NULL = {"", "~", "null", "Null", "NULL"}
_BOOLEAN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}

ScalarKind = Literal["null", "boolean", "number", "text"]


@dataclass(frozen=True, eq=False)
class Scalar:
    """A single value: what it says, how it was written, and where."""

    source: Source
    start: int
    end: int
    style: Style
    value: str
    flawed: bool = False
    """Already reported (an alias, a tag): say nothing more about it."""

    @property
    def span(self) -> Span:
        """The scalar as it was written, without the blank lines behind a block."""
        raw = self.source.text[self.start : self.end]
        return Span(self.source, self.start, self.start + len(raw.rstrip()))

    @property
    def raw(self) -> str:
        """The scalar as it was written, quotes included."""
        return self.source.text[self.start : self.end]

    @cached_property
    def text(self) -> Text:
        """The value with the place of each of its characters."""
        where = places(self.source.text, self.start, self.end, self.style, self.value)
        return Text(self.value, self.source, where)

    @cached_property
    def kind(self) -> ScalarKind:
        """What the core schema of YAML 1.2 takes the scalar for: `no` is text, `1e-6` a number."""
        if self.style != "plain":
            return "text"
        if self.value in _NULL:
            return "null"
        if self.value in _BOOLEAN:
            return "boolean"
        return "number" if _NUMBER.fullmatch(self.value) else "text"

    @property
    def truth(self) -> bool:
        """The value of a boolean."""
        return _BOOLEAN.get(self.value, False)


@dataclass(frozen=True, eq=False)
class Sequence:
    """A list."""

    span: Span
    items: tuple[Node, ...]
    flow: bool
    """Written with brackets."""
    flawed: bool = False


@dataclass(frozen=True, eq=False)
class Mapping:
    """Keys and values in the order of the file; of a duplicate key only the first stays."""

    span: Span
    entries: tuple[tuple[Scalar, Node], ...]
    flow: bool
    """Written with braces."""
    flawed: bool = False

    def key(self, name: str) -> Scalar | None:
        """The key itself, if it is there."""
        return next((key for key, _ in self.entries if key.value == name), None)

    def get(self, name: str) -> Node | None:
        """The value of a key, if it is there."""
        return next((value for key, value in self.entries if key.value == name), None)


Node: TypeAlias = Scalar | Sequence | Mapping


@dataclass(frozen=True)
class Tree:
    """The documents of a file that could be read, and what was wrong on the way."""

    documents: tuple[Node, ...]
    problems: tuple[Problem, ...]


def parse(source: Source) -> Tree:
    """Reads all documents of a YAML text; never raises for what the text holds."""
    problems = forbidden_characters(source)
    if problems:
        return Tree((), tuple(problems))
    builder = _Builder(source)
    try:
        for event in _events(source.text):
            if not builder.take(event):
                break
    except yaml.YAMLError as error:
        builder.problems.append(translate(error, source))
    return Tree(tuple(builder.documents), tuple(builder.problems))


def _events(text: str) -> Iterator[Any]:
    yield from yaml.parse(text, Loader=_LOADER)


@dataclass
class _Open:
    """A list or mapping whose end has not been reached."""

    start: int
    mapping: bool
    flow: bool
    children: list[Node] = field(default_factory=list)

    @property
    def expects_key(self) -> bool:
        return self.mapping and len(self.children) % 2 == 0


class _Builder:
    """Takes one event after the other; the stack is a list, so depth costs nothing."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.documents: list[Node] = []
        self.problems: list[Problem] = []
        self.open: list[_Open] = []
        self.events = 0

    def report(self, message: str, start: int, end: int, advice: str) -> None:
        self.problems.append(Problem(message, self.source.span(start, end), help=advice))

    def take(self, event: Any) -> bool:
        """Returns False when a budget is spent and the rest of the file stays unread."""
        self.events += 1
        start, end = event.start_mark.index, event.end_mark.index
        if self.events > MAX_EVENTS:
            self.report(
                f"this file has more than {MAX_EVENTS:,} entries", start, end, "split it into several files"
            )
            return False
        if isinstance(event, yaml.AliasEvent):
            self.report(f"aliases (`*{event.anchor}`) are not read", start, end, self.alias_advice())
            self.add(Scalar(self.source, start, end, "plain", "", flawed=True))
        elif isinstance(event, yaml.ScalarEvent):
            flawed = self.decorated(event, start, end)
            self.add(Scalar(self.source, start, end, STYLES[event.style], event.value, flawed))
        elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            if len(self.open) >= MAX_DEPTH:
                self.report(
                    f"this file nests more than {MAX_DEPTH} deep",
                    start,
                    end,
                    "a spec nests five deep; is a bracket missing?",
                )
                return False
            self.decorated(event, start, end)
            self.open.append(_Open(start, isinstance(event, yaml.MappingStartEvent), bool(event.flow_style)))
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            self.add(self.close(end))
        return len(self.problems) < MAX_PROBLEMS

    def alias_advice(self) -> str:
        return "write the value out; a formula that begins with `*` needs quotes"

    def decorated(self, event: Any, start: int, end: int) -> bool:
        """Reports an anchor or a tag in front of a node."""
        raw = self.source.text[start:end] if isinstance(event, yaml.ScalarEvent) else self.source.text[start:]
        if event.anchor is not None:
            at = start + max(0, raw.find("&"))
            self.report(
                f"anchors (`&{event.anchor}`) are not read",
                at,
                at + 1 + len(event.anchor),
                "write the value out wherever it is used",
            )
        if event.tag is not None:
            at = start + max(0, raw.find("!"))
            word = re.match(r"!\S*", self.source.text[at:end]) or re.match(r"!\S*", self.source.text[at:])
            self.report(
                "tags (`!…`) are not read",
                at,
                at + (word.end() if word else 1),
                "leave it out; a formula that begins with `!` needs quotes",
            )
        return event.anchor is not None or event.tag is not None

    def add(self, node: Node) -> None:
        if not self.open:
            self.documents.append(node)
            return
        parent = self.open[-1]
        if parent.expects_key:
            node = self.as_key(node)
        parent.children.append(node)

    def as_key(self, node: Node) -> Scalar:
        if not isinstance(node, Scalar):
            kind = "a list" if isinstance(node, Sequence) else "a mapping"
            span = node.span
            self.report(
                f"a key must be a word, not {kind}", span.start, span.end, "quote it if it is meant as text"
            )
            return Scalar(self.source, span.start, span.end, "plain", "", flawed=True)
        if node.value == "<<" and node.style == "plain":
            self.report("merge keys (`<<`) are not read", node.start, node.end, "write the keys out")
            return Scalar(self.source, node.start, node.end, "plain", "", flawed=True)
        return node

    def close(self, end: int) -> Node:
        top = self.open.pop()
        if not top.flow:  # the mark of a block's end stands before the next token, maybe lines below
            end = top.children[-1].span.end if top.children else top.start
        span = self.source.span(top.start, max(top.start, end))
        if not top.mapping:
            return Sequence(span, tuple(top.children), top.flow)
        seen: dict[str, Scalar] = {}
        entries: list[tuple[Scalar, Node]] = []
        flawed = False
        for key, value in zip(top.children[::2], top.children[1::2], strict=True):
            if not isinstance(key, Scalar) or key.flawed:
                flawed = True
                continue
            first = seen.setdefault(key.value, key)
            if first is key:
                entries.append((key, value))
                continue
            flawed = True
            if len(self.problems) >= MAX_PROBLEMS:
                continue
            self.report(
                f"the key `{key.value}` stands here twice",
                key.start,
                key.span.end,
                f"the first one is in line {first.span.line}",
            )
        return Mapping(span, tuple(entries), top.flow, flawed)
