"""The published JSON Schema accepts and rejects the same documents as the loader's own check."""

import jsonschema
import pytest
import yaml

from gradcheck_cli.spec.json_schema import json_schema
from gradcheck_cli.spec.model import KINDS
from gradcheck_cli.spec.schema import CLAIM, INPUT, LISTING, OPERATOR, SOURCE
from gradcheck_cli.spec.structure import check
from gradcheck_cli.spec.yaml_tree import parse
from gradcheck_cli.text import Source

BASE = {
    "operator": "o",
    "inputs": {
        "X": ["n", 2],
        "s": "scalar",
        "u": {"shape": [], "domain": "unit", "away_from": 0, "value": 1},
    },
    "forward": {"Y": "X", "Z": 3},
    "claims": [{"gradient": "dX = dY", "id": "a"}],
}

ANY = [
    "text",
    3,
    2.5,
    True,
    None,
    [],
    ["a"],
    [1, 2],
    [None],
    {},
    {"a": "b"},
    {"a": 1},
    {"a": None},
    {"a": []},
]


def edited(path, value):
    def put(node, path):
        if not path:
            return value
        head, *rest = path
        if isinstance(node, list):
            return [put(v, rest) if i == head else v for i, v in enumerate(node)]
        return {**node, head: put(node.get(head, {}), rest)}

    return put(BASE, path)


PATHS = (
    [()]
    + [(key,) for key in [*OPERATOR.keys, "other"]]
    + [("inputs", "X"), ("inputs", "X", 0), ("forward", "Y"), ("claims", 0)]
    + [("inputs", "u", key) for key in [*INPUT.keys, "other"]]
    + [("source", key) for key in [*SOURCE.keys, "other"]]
    + [("listing",)]
    + [("listing", key) for key in [*LISTING.keys, "other"]]
    + [("claims", 0, key) for key in [*CLAIM.keys, "other"]]
)


def corpus():
    yield BASE
    for key in BASE:
        yield {k: v for k, v in BASE.items() if k != key}
    for path in PATHS:
        for value in [
            *ANY,
            "holds",
            ["wrong", "holds"],
            {"document": "a"},
            {"document": "a", "lines": [1, 2]},
            "scalar",
        ]:
            yield edited(path, value)


def test_the_schema_and_the_check_agree():
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    accepted = refused = 0
    for document in corpus():
        text = yaml.safe_dump(document, sort_keys=False)
        tree = parse(Source("f", text))
        assert tree.problems == ()
        problems = check(tree.documents[0])
        claims = document.get("claims") if isinstance(document, dict) else None
        # «exactly one kind» is said by the reader of claims, which knows better words for it
        kinds = (
            [sum(k in c for k in KINDS) for c in claims if isinstance(c, dict)]
            if isinstance(claims, list)
            else []
        )
        ours = not problems and all(n == 1 for n in kinds)
        assert ours == validator.is_valid(document), (text, [p.message for p in problems])
        accepted += ours
        refused += not ours
    assert accepted > 100
    assert refused > 500


def test_every_key_is_described_and_its_example_is_read():
    for table in (OPERATOR, INPUT, CLAIM, SOURCE, LISTING):
        for name, key in table.keys.items():
            assert key.description.endswith("."), name
            assert list(yaml.safe_load(key.example)) == [name]
    schema = json_schema()
    claim = schema["properties"]["claims"]["items"]
    assert claim["properties"]["id"]["description"] == (
        "A word for the claim, or for a chain a list with one for each link.\nFor example `id: dX`."
    )
    assert claim["oneOf"] == [{"required": [kind]} for kind in KINDS]
    assert schema["required"] == ["operator", "inputs", "forward", "claims"]


@pytest.mark.parametrize("name", list(CLAIM.keys))
def test_the_kinds_of_claims_are_those_of_the_model(name):
    assert (name in KINDS) == (name in CLAIM.one_of)
