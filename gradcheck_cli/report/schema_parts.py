"""What the schemas of the JSON reports are put together from."""

from __future__ import annotations

from typing import Any

from gradcheck_cli.spec.model import VERDICTS

Schema = dict[str, Any]


def record(description: str, **properties: Schema) -> Schema:
    """An object that has exactly these keys."""
    return {
        "description": description,
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def list_of(description: str, items: Schema) -> Schema:
    """An array whose items are all alike."""
    return {"description": description, "type": "array", "items": items}


def text(description: str) -> Schema:
    """A string."""
    return {"description": description, "type": "string"}


def count(description: str) -> Schema:
    """A whole number from 0."""
    return {"description": description, "type": "integer", "minimum": 0}


def line(description: str) -> Schema:
    """The number of a line or column, from 1."""
    return {"description": description, "type": "integer", "minimum": 1}


def truth(description: str) -> Schema:
    """True or false."""
    return {"description": description, "type": "boolean"}


def verdict(description: str) -> Schema:
    """One of the verdicts."""
    return {"description": description, "enum": list(VERDICTS)}


def number(description: str) -> Schema:
    """A number; JSON has no word for those that are not finite."""
    return {"description": description, "anyOf": [{"type": "number"}, {"enum": ["inf", "-inf", "nan"]}]}


def or_null(schema: Schema) -> Schema:
    """The same, or null; the description stays outside."""
    inner = {key: value for key, value in schema.items() if key != "description"}
    return {"description": schema["description"], "anyOf": [inner, {"type": "null"}]}
