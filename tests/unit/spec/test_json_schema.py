"""The schema that editors use accepts every spec there is, and what it refuses the loader refuses too."""

import copy
import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from gradcheck_cli.spec.json_schema import json_schema
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.schema import CLAIM, INPUT, OPERATOR
from gradcheck_cli.spec.yaml_tree import Mapping, Scalar, parse
from gradcheck_cli.text import Source

ROOT = Path(__file__).parents[3]
SPECS = sorted((ROOT / "specs").rglob("*.yaml"))
SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def data(node):
    """A tree as an editor sees it, which reads YAML 1.2 as the loader does."""
    if isinstance(node, Mapping):
        return {key.value: data(value) for key, value in node.entries}
    if isinstance(node, Scalar):
        plain = {"null": lambda _: None, "boolean": lambda v: v.lower() == "true", "number": float}
        return plain.get(node.kind, str)(node.value)
    return [data(item) for item in node.items]


def documents(name, text):
    return [data(document) for document in parse(Source(name, text)).documents]


def test_the_published_file_is_the_schema_of_today():
    published = (ROOT / "specs" / "gradcheck.schema.json").read_text(encoding="utf-8")
    assert published == json.dumps(SCHEMA, indent=2, ensure_ascii=False) + "\n", (
        "gradcheck schema > specs/gradcheck.schema.json"
    )
    VALIDATOR.check_schema(SCHEMA)


@pytest.mark.parametrize("file", SPECS, ids=lambda f: f.relative_to(ROOT / "specs").as_posix())
def test_every_spec_is_accepted(file):
    found = documents(file.name, file.read_text(encoding="utf-8"))
    assert found
    for document in found:
        VALIDATOR.validate(document)


def test_the_examples_of_the_readme_are_accepted():
    blocks = (ROOT / "README.md").read_text(encoding="utf-8").split("```yaml\n")[1:]
    specs = [b.partition("```")[0] for b in blocks if b.startswith("operator:")]
    assert len(specs) >= 3
    for text in specs:
        (document,) = documents("README.md", text)
        VALIDATOR.validate(document)


def mutants(document):
    """The spec with an unknown key, without a needed one, or with something of the wrong sort, at every level."""

    def edited(change, *path):
        mutant = copy.deepcopy(document)
        place = mutant
        for step in path:
            place = place[step]
        change(place)
        return mutant

    def put(key, value):
        return lambda place: place.__setitem__(key, value)

    claims = range(len(document["claims"]))
    for path in [(), *(("claims", n) for n in claims)]:
        yield edited(put("gradiant", "dX = dY"), *path)
        yield edited(put(" note", "x"), *path)
    for key, rule in OPERATOR.keys.items():
        yield edited(put(key, None))
        yield edited(put(key, [[]]))
        if rule.required:
            yield edited(lambda place, key=key: place.pop(key))
    for key in CLAIM.keys:
        yield edited(put(key, None), "claims", 0)
        yield edited(put(key, [[]]), "claims", 0)
    for key in INPUT.keys:
        yield edited(put("extra", {"shape": ["n"], key: None}), "inputs")
        yield edited(put("extra", {"shape": ["n"], f"{key}s": 1}), "inputs")
    yield edited(put("expect", "fails"), "claims", 0)
    yield edited(put("identity", "1 = 1"), "claims", 0)
    yield edited(put("inputs", {}))
    yield edited(put("claims", []))
    yield edited(put("vectors", "columns"))


def test_mutants_are_refused_by_both():
    count = 0
    for text in (
        "operator: o\ninputs: {X: [n]}\nforward: {Y: X * 2}\nclaims:\n  - {id: a, gradient: dX = 2 * dY}\n",
        (ROOT / "specs" / "002_attention_bias").glob("*.yaml").__next__().read_text(encoding="utf-8"),
    ):
        document = documents("spec", text)[0]
        assert not load_text("spec.yaml", yaml.safe_dump(document, sort_keys=False)).problems
        for mutant in mutants(document):
            written = yaml.safe_dump(mutant, sort_keys=False)
            assert not VALIDATOR.is_valid(mutant), written
            assert load_text("spec.yaml", written).problems, written
            count += 1
    assert count > 130


def test_an_editor_can_complete():
    assert set(SCHEMA["properties"]) == set(OPERATOR.keys)
    inputs = SCHEMA["properties"]["inputs"]["additionalProperties"]["oneOf"][-1]["properties"]
    assert {"positive", "index(n)", "range(-1, 1)"} <= set(inputs["domain"]["examples"])
    assert inputs["random"]["examples"] == ["normal(0, 1)", "uniform(0, 1)", "rademacher"]
    for word in inputs["domain"]["examples"]:
        spec = f"operator: o\ninputs: {{X: {{shape: [n, n], domain: '{word}'}}}}\nforward: {{Y: X * 2}}\nclaims: [{{identity: Y = 2 * X}}]\n"
        assert load_text("spec.yaml", spec).problems == (), word
