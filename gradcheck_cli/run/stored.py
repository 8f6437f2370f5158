"""Results as plain JSON values and back: for other processes, for files, for a cache.

The codec follows the annotations of the result types: a value is written and
read as what its field is declared to be, so that nothing else can come back
(no pickle, no names of classes in the data), new fields are carried without
further ado, and whatever does not fit the types of today is `Unfit`, which a
reader takes for "not stored".

The operator, the claim and where it stands are not stored; they come from the
job, and places in their texts are stored as offsets.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from fractions import Fraction
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

from gradcheck_cli.report.result import ClaimResult, Crash
from gradcheck_cli.run.jobs import Job, sources_of
from gradcheck_cli.text import Problem, Source, Span

Json: TypeAlias = Any
"""What `json.loads` gives."""

KNOWN = ("operator", "claim", "spec", "place", "document_file", "drifted")
"""What a result has from its job."""

_FLOATS = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


class Unfit(ValueError):  # noqa: N818  it is an outcome
    """A value that cannot be stored, or a stored one that is not what it should be."""


@dataclass(frozen=True)
class Outcome:
    """What became of one claim: a result, or why there is none; a failed diagnosis leaves both."""

    result: ClaimResult | None = None
    problems: tuple[Problem, ...] = ()
    crash: Crash | None = None
    complete: bool = True
    """Whether all was done that the options ask for."""

    @property
    def lasting(self) -> ClaimResult | None:
        """The result, where another run would come to the same."""
        return self.result if self.complete and self.crash is None and not self.problems else None


def dump(result: ClaimResult) -> Json:
    """The result as a JSON value (strict JSON: no NaN). Raises Unfit for what no report can hold."""
    return _codec(ClaimResult).write(result, sources_of(result.operator, result.claim))


def restore(value: object, job: Job) -> ClaimResult:
    """The result of a job from what `dump` gave. Raises Unfit for anything else."""
    result = _codec(ClaimResult).read(value, job)
    assert isinstance(result, ClaimResult)
    return result


def dump_outcome(outcome: Outcome, job: Job) -> Json:
    """The same for an outcome."""
    return _codec(Outcome).write(outcome, job.sources)


def restore_outcome(value: object, job: Job) -> Outcome:
    """The outcome of a job from what `dump_outcome` gave. Raises Unfit for anything else."""
    outcome = _codec(Outcome).read(value, job)
    assert isinstance(outcome, Outcome)
    return outcome


Sources = tuple[Source, ...]


@dataclass(frozen=True)
class _Codec:
    """How values of one type are written and read."""

    write: Callable[[Any, Sources], Json]
    read: Callable[[Any, Job], Any]


@cache
def _codec(hint: Any) -> _Codec:
    """The codec of an annotation."""
    origin, inside = get_origin(hint), get_args(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if origin is Literal:
        return _one_of(inside)
    if origin in {Union, UnionType}:
        return _either([_codec(each) for each in inside])
    if origin is tuple:
        return _row(inside)
    if origin is not None and issubclass(origin, Mapping) and len(inside) == 2:
        return _table(_codec(inside[0]), _codec(inside[1]))
    if is_dataclass(hint) and isinstance(hint, type):
        return _record(hint)
    raise Unfit(f"{hint} cannot be stored")


def _exactly(kind: type) -> _Codec:
    def write(value: Any, _: Sources) -> Json:
        if type(value) is not kind:
            raise Unfit(f"{type(value).__name__} instead of {kind.__name__}")
        return value

    return _Codec(write, lambda value, _: write(value, ()))


def _float() -> _Codec:
    def write(value: Any, _: Sources) -> Json:
        if not isinstance(value, float):
            return _PLAIN[int].write(value, ())  # a whole number where a float may stand stays one
        number = float(value)  # NumPy's are floats, too
        return number if math.isfinite(number) else str(number)

    def read(value: Any, _: Job) -> float:
        if type(value) is str and value in _FLOATS:
            return _FLOATS[value]
        if type(value) not in {int, float} or not math.isfinite(value):
            raise Unfit(f"{value!r} instead of a number")
        number: float = value
        return number

    return _Codec(write, read)


def _fraction() -> _Codec:
    def write(value: Any, _: Sources) -> Json:
        if not isinstance(value, Fraction):
            raise Unfit(f"{type(value).__name__} instead of Fraction")
        return [value.numerator, value.denominator]

    def read(value: Any, _: Job) -> Fraction:
        match value:
            case [int(over), int(under)] if under > 0:
                return Fraction(over, under)
        raise Unfit(f"{value!r} instead of a fraction")

    return _Codec(write, read)


def _span() -> _Codec:
    """A place: `[number of the text, start, end]`; a text that the job does not have comes along."""

    def write(value: Any, sources: Sources) -> Json:
        if not isinstance(value, Span):
            raise Unfit(f"{type(value).__name__} instead of a place")
        for number, source in enumerate(sources):
            if value.source is source:
                return [number, value.start, value.end]
        if type(value.source) is not Source:
            raise Unfit("a place in a text that is unknown")
        return [value.source.name, value.source.text, value.start, value.end]

    def read(value: Any, job: Job) -> Span:
        sources = job.sources
        match value:
            case [int(number), int(start), int(end)] if 0 <= number < len(sources):
                source = sources[number]
            case [str(name), str(text), int(start), int(end)]:
                source = Source(name, text)
            case _:
                raise Unfit(f"{value!r} instead of a place")
        if not 0 <= start <= end <= len(source.text):
            raise Unfit("a place outside of its text")
        return Span(source, start, end)

    return _Codec(write, read)


_PLAIN: dict[Any, _Codec] = {
    NoneType: _exactly(NoneType),
    bool: _exactly(bool),
    int: _exactly(int),
    str: _exactly(str),
    float: _float(),
    Fraction: _fraction(),
    Span: _span(),
}


def _one_of(allowed: tuple[Any, ...]) -> _Codec:
    def write(value: Any, _: Sources) -> Json:
        if value not in allowed:
            raise Unfit(f"{value!r} instead of one of {allowed}")
        return value

    def read(value: Any, _: Job) -> Any:
        if not isinstance(value, str):
            raise Unfit(f"{value!r} instead of one of {allowed}")
        return write(value, ())

    return _Codec(write, read)


def _either(codecs: list[_Codec]) -> _Codec:
    """The first alternative that fits."""

    def write(value: Any, sources: Sources) -> Json:
        return _first((codec.write for codec in codecs), value, sources)

    def read(value: Any, job: Job) -> Any:
        return _first((codec.read for codec in codecs), value, job)

    return _Codec(write, read)


def _first(attempts: Iterable[Callable[[Any, Any], Any]], value: Any, where: Any) -> Any:
    failures = []
    for attempt in attempts:
        try:
            return attempt(value, where)
        except Unfit as failure:
            failures.append(str(failure))
    raise Unfit("; ".join(failures))


def _row(inside: tuple[Any, ...]) -> _Codec:
    """A tuple, of a known length or with `...`."""
    endless = len(inside) == 2 and inside[1] is Ellipsis
    codecs = [_codec(each) for each in (inside[:1] if endless else inside)]

    def paired(values: Any) -> Iterable[tuple[_Codec, Any]]:
        if not endless and len(values) != len(codecs):
            raise Unfit(f"{len(values)} values instead of {len(codecs)}")
        return zip(codecs * len(values) if endless else codecs, values, strict=True)

    def write(value: Any, sources: Sources) -> Json:
        if type(value) is not tuple:
            raise Unfit(f"{type(value).__name__} instead of a tuple")
        return [codec.write(one, sources) for codec, one in paired(value)]

    def read(value: Any, job: Job) -> Any:
        if type(value) is not list:
            raise Unfit(f"{type(value).__name__} instead of a list")
        return tuple([codec.read(one, job) for codec, one in paired(value)])

    return _Codec(write, read)


def _table(keys: _Codec, values: _Codec) -> _Codec:
    """A mapping, as pairs, so that keys need not be strings and the order stays."""

    def write(value: Any, sources: Sources) -> Json:
        if not isinstance(value, Mapping):
            raise Unfit(f"{type(value).__name__} instead of a mapping")
        return [[keys.write(k, sources), values.write(v, sources)] for k, v in value.items()]

    def read(value: Any, job: Job) -> dict[Any, Any]:
        if type(value) is not list or any(type(pair) is not list or len(pair) != 2 for pair in value):
            raise Unfit(f"{value!r} instead of a mapping")
        return {keys.read(k, job): values.read(v, job) for k, v in value}

    return _Codec(write, read)


def _record(kind: type) -> _Codec:
    """A dataclass, by the names of its fields; all of them must be there, and no others."""
    hints = get_type_hints(kind)
    names = [f.name for f in fields(kind) if f.init and not (kind is ClaimResult and f.name in KNOWN)]
    codecs = {name: _codec(hints[name]) for name in names}

    def write(value: Any, sources: Sources) -> Json:
        if type(value) is not kind:
            raise Unfit(f"{type(value).__name__} instead of {kind.__name__}")
        return {name: codec.write(getattr(value, name), sources) for name, codec in codecs.items()}

    def read(value: Any, job: Job) -> Any:
        if type(value) is not dict or value.keys() != codecs.keys():
            raise Unfit(f"this is no {kind.__name__}")
        known = {name: getattr(job, name) for name in KNOWN} if kind is ClaimResult else {}
        return kind(**known, **{name: codec.read(value[name], job) for name, codec in codecs.items()})

    return _Codec(write, read)
