"""The published JSON Schema of a spec (draft 2020-12), written from the table that the loader reads by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradcheck_cli.spec.schema import OPERATOR, Either, Key, Keys, Leaf, ListOf, Named, Rule

Schema = dict[str, Any]


def json_schema() -> Schema:
    """The schema of one document, for editors and for other tools.

    What it refuses the loader refuses too. The loader refuses more: it reads the
    formulas and knows the names.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "gradcheck spec",
        "description": "An operator and claims about its derivatives.",
        **_json(OPERATOR),
    }


def _json(rule: Rule) -> Schema:
    writers: dict[type, Callable[[Any], Schema]] = {
        Leaf: lambda r: dict(r.json),
        ListOf: lambda r: {"type": "array", "items": _json(r.item)} | _least("minItems", r.least),
        Named: lambda r: (
            {"type": "object", "additionalProperties": _json(r.value)} | _least("minProperties", r.least)
        ),
        Either: _either,
        Keys: _keys,
    }
    return writers[type(rule)](rule)


def _least(key: str, least: int) -> Schema:
    return {key: least} if least else {}


def _either(rule: Either) -> Schema:
    options = [rule.scalar, rule.sequence, rule.mapping]
    return {"oneOf": [_json(option) for option in options if option is not None]}


def _keys(rule: Keys) -> Schema:
    schema: Schema = {
        "type": "object",
        "properties": {name: _key(key) for name, key in rule.keys.items()},
        "additionalProperties": False,
    }
    required = [name for name, key in rule.keys.items() if key.required]
    if required:
        schema["required"] = required
    if rule.one_of:
        schema["oneOf"] = [{"required": [name]} for name in rule.one_of]
    return schema


def _key(key: Key) -> Schema:
    """A key with what an editor shows beside it and offers for it."""
    schema = {"description": f"{key.description}\nFor example `{key.example}`.", **_json(key.rule)}
    return schema | ({"examples": list(key.words)} if key.words else {})
