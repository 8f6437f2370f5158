"""The README is true: its specs are run, and the outputs that it shows are those that come out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from gradcheck_cli.cli.main import app

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def sessions() -> list[tuple[str, str, str]]:
    """(file name, spec, shown output) of each spec that the README checks."""
    found = []
    specs = [text for kind, text in BLOCKS if kind == "yaml" and text.startswith("operator:")]
    consoles = [text for kind, text in BLOCKS if kind == "console"]
    for spec, console in zip(specs, consoles, strict=True):
        command, _, output = console.partition("\n")
        match = re.fullmatch(r"\$ gradcheck check (\S+\.yaml)", command)
        assert match, command
        found.append((match.group(1), spec, output))
    return found


def rough(text: str) -> str:
    """Error bars have one digit, which may differ between processors; everything else is compared as it is."""
    return re.sub(r"\d(\.\d)?e-\d\d", "#e-##", text)


@pytest.mark.parametrize("session", sessions(), ids=lambda s: s[0])
def test_shown_output_is_what_comes_out(
    session: tuple[str, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, spec, shown = session
    (tmp_path / name).write_text(spec, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "110")
    result = CliRunner().invoke(app, ["check", name])
    assert rough(result.stdout) == rough(shown)


def test_shell_commands_set_up_run_and_test() -> None:
    commands = [text.strip() for kind, text in BLOCKS if kind == "sh"]
    setup = "python3 -m venv .venv && .venv/bin/pip install --editable '.[dev]' && "
    assert commands == [
        setup + ".venv/bin/gradcheck check",
        setup + ".venv/bin/python -m pytest -n 2 --dist loadscope",
    ]
    assert commands[1].rsplit("/", 1)[1] in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_number_of_bundled_claims_is_the_one_told() -> None:
    claims = 0
    for path in (ROOT / "specs").rglob("*.yaml"):
        claims += sum(len(d["claims"]) for d in yaml.safe_load_all(path.read_text(encoding="utf-8")) if d)
    assert f"for {claims} claims" in README


def test_options_of_the_command_line_are_told() -> None:
    usage = CliRunner().invoke(app, ["check", "--help"], env={"COLUMNS": "200"}).stdout
    for option in re.findall(r"--[a-z]+", usage):
        if option != "--help":
            assert option in README, option


def test_pre_commit_hooks_exist() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert {h["id"] for h in hooks} == {
        f"gradcheck{kind}{how}" for kind in ("", "-writeups") for how in ("", "-system")
    }
    for hook in hooks:
        assert f"`{hook['id']}`" in README or f"id: {hook['id']}" in README
        assert hook["require_serial"] is True
