"""Results of claims kept between runs: by the content of a claim and of its operator, and by the options.

What stands in the spec around a claim is no part of its key, so that the others
keep their results when one is edited. Places are therefore kept relative to
the texts that are in the key: the claim, its formulas, the head of its operator.

Not kept is what another run might answer differently: what a time limit left
undecided, a search for a slip that it ended early, and claims about code, since
a listing may ask for the time, for random numbers, or for other modules.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from typing import Any

from gradcheck_cli.lang.ast import Name, walk
from gradcheck_cli.lang.latex import is_latex
from gradcheck_cli.report.result import ClaimResult
from gradcheck_cli.run.cache import Cache
from gradcheck_cli.run.digest import digest, surroundings
from gradcheck_cli.run.jobs import Job
from gradcheck_cli.run.judged import link_ids
from gradcheck_cli.run.notation import fonts_of
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.stored import KNOWN, Unfit, dump, restore
from gradcheck_cli.spec.model import Operator
from gradcheck_cli.text import Source, Span, Text

Anchors = tuple[Span, ...]


class Remembered:
    """The results of earlier runs with the same options."""

    def __init__(self, cache: Cache, options: Options) -> None:
        self.cache = cache
        self.recipe = digest("claim", surroundings(), options.recipe)
        self._heads: dict[int, tuple[Operator, bytes, bytes]] = {}

    def __enter__(self) -> Remembered:
        return self

    def __exit__(self, *_: object) -> None:
        self.cache.close()

    def get(self, job: Job) -> ClaimResult | None:
        """The result of a claim, if the same claim was judged before."""
        key = self._key(job)
        kept = self.cache.get(key) if key is not None else None
        if kept is None:
            return None
        try:
            found = restore(json.loads(kept), job)
            result: ClaimResult = _moved(found, _Places(job).back)
        except (ValueError, RecursionError):  # Unfit is one; a stored value of another shape
            return None
        ids = link_ids(job.claim, len(result.links))
        return replace(
            result, links=tuple(replace(link, id=id_) for link, id_ in zip(result.links, ids, strict=True))
        )

    def put(self, job: Job, result: ClaimResult) -> None:
        """Keeps a result, if any other run would come to the same."""
        key = self._key(job)
        complete = result.as_expected and decided(result) and not result.power
        early = result.cut_short and not complete
        if key is None or early or result.excuse:
            return
        try:
            value = dump(_moved(result, _Places(job).there))
        except (Unfit, RecursionError):
            return
        self.cache.put(key, json.dumps(value, separators=(",", ":"), allow_nan=False))

    def _key(self, job: Job) -> bytes | None:
        """The digest of all that the result depends on; None if that cannot be told."""
        operator, claim = job.operator, job.claim
        if claim.kind == "code":
            return None
        own = tuple(getattr(claim, f.name) for f in fields(claim) if f.name not in {"ids", "quote", "note"})
        try:
            if id(operator) not in self._heads:
                self._heads[id(operator)] = (operator, *_head(operator))
            _, head, letters = self._heads[id(operator)]
            words = _words((len(claim.ids), *own))
        except (TypeError, RecursionError):
            return None
        texts = [anchor.text for anchor in _anchors(job)]
        spelling = letters if is_latex(claim.formula.text) else b""
        return digest(self.recipe, repr(job.settings), head, spelling, str(len(texts)), *texts, *words)


def decided(result: ClaimResult) -> bool:
    """Whether nothing about a claim is undecided."""
    corrected = () if result.correction is None else (result.correction.verdict,)
    return "undecided" not in {*corrected, *(link.verdict for link in result.links)}


def _head(operator: Operator) -> tuple[bytes, bytes]:
    """The digests of an operator without its claims, and of how their LaTeX spells the names.

    A correction is printed in the letters of the other claims where the claim
    itself lacks them (`run.notation`).
    """
    head = tuple(getattr(operator, f.name) for f in fields(operator) if f.name != "claims")
    spelled: dict[str, None] = {}
    for claim in operator.claims:
        text = claim.formula.text
        fonts = fonts_of(text) if is_latex(text) else {}
        for node in walk(claim.formula.equation) if is_latex(text) else ():
            if isinstance(node, Name) and node.span:
                font = [fonts.get(at) for at in range(node.span.start, node.span.end)]
                spelled[f"{node.id} {node.span.text} {font}"] = None
    return digest(*_words(head)), digest(*spelled)


def _words(value: object) -> list[str]:
    """A value word by word, places left out."""
    words: list[str] = []
    _spell(value, words.append)
    return words


def _spell(value: object, say: Callable[[str], None]) -> None:
    match value:
        case Span() | Source():
            say("@")
        case str() | int() | float() | Fraction() | None:
            say(f"{type(value).__name__} {value}")
        case Text():
            say(value.value)
        case tuple():
            say(f"({len(value)}")
            for each in value:
                _spell(each, say)
        case Mapping():
            _spell(tuple(value.items()), say)
        case _ if is_dataclass(value):
            say(type(value).__name__)
            for field in fields(value):
                _spell(getattr(value, field.name), say)
        case _:
            raise TypeError(f"{type(value).__name__} is nothing that a spec consists of")


def _anchors(job: Job) -> Anchors:
    """The texts that places are kept relative to; all of them are in the key."""
    operator, claim = job.operator, job.claim
    found = [claim.span, claim.formula.text.all]
    if claim.correction is not None:
        found.append(claim.correction.text.all)
    first = min((c.span.start for c in operator.claims), default=operator.span.end)
    if operator.span.source is claim.span.source and first > operator.span.start:
        found.append(Span(operator.span.source, operator.span.start, first))
    return tuple(found)


class _Places:
    """Moves places of a spec to the texts they are relative to, and back."""

    def __init__(self, job: Job) -> None:
        self.anchors = _anchors(job)
        self.texts = [Source(f"@{n}", anchor.text) for n, anchor in enumerate(self.anchors)]

    def there(self, span: Span) -> Span:
        """Raises Unfit for a place in a text that is not in the key."""
        for anchor, text in zip(self.anchors, self.texts, strict=True):
            if span.source is anchor.source and anchor.start <= span.start and span.end <= anchor.end:
                return Span(text, span.start - anchor.start, span.end - anchor.start)
        if span.source.name == "suggestion" and len(span.source.text) == span.end - span.start:
            return span
        raise Unfit("a place outside of the claim and the head of its operator")

    def back(self, span: Span) -> Span:
        """Raises Unfit for what `there` would not have given."""
        number = span.source.name.removeprefix("@")
        if number == span.source.name:
            return span
        if not number.isdigit() or int(number) >= len(self.anchors):
            raise Unfit(f"there is no text {number}")
        anchor = self.anchors[int(number)]
        return Span(anchor.source, anchor.start + span.start, anchor.start + span.end)


def _moved(value: Any, move: Callable[[Span], Span]) -> Any:
    """The same data with other places, but for what a result has from its job."""
    match value:
        case Span():
            return move(value)
        case tuple():
            return tuple([_moved(each, move) for each in value])
        case _ if is_dataclass(value) and not isinstance(value, type):
            known = KNOWN if isinstance(value, ClaimResult) else ()
            names = [f.name for f in fields(value) if f.init and f.name not in known]
            new = {name: _moved(getattr(value, name), move) for name in names}
            return replace(value, **new)
        case Mapping():
            return {key: _moved(each, move) for key, each in value.items()}
    return value
