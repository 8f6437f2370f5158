"""Listings in a run: found in their document, skipped without the user's word, and told about."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gradcheck_cli.cli.main import app
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.evaluate import listing
from gradcheck_cli.report import json, terminal
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run
from gradcheck_cli.text import draw

SPEC = """\
operator: o
source: post.txt
inputs: {X: [n]}
forward: {Y: X * 2}
listing: {document: post.txt, lines: [3, 5], begins: 'def back(g):'}
claims:
  - {id: back, code: back(dY) = dX}
  - {id: dX, gradient: dX = 2 * dY}
"""

POST = "A post\n\n    def back(g):\n        return 2 * g\n    print(back(2))\nend\n"
QUICK = ["--oracle", "differences", "--draws", "1"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("GRADCHECK_ALLOW_CODE", raising=False)
    (tmp_path / "s.yaml").write_text(SPEC)
    (tmp_path / "post.txt").write_text(POST)
    yield tmp_path
    listing.close()


def check(folder, *, allow=True, **more):
    settings = Settings("differences", draws=1, allow_code=allow)
    return run(Options((Path("s.yaml"),), settings, **more), folder)


def verdicts(result):
    return {c.claim.id: c.verdict for c in result.claims}


def test_with_the_users_word(folder):
    result = check(folder)
    assert verdicts(result) == {"back": "holds", "dX": "holds"}
    assert result.status == 0


def test_without(folder):
    result = check(folder, allow=False)
    assert verdicts(result) == {"back": "skipped", "dX": "holds"}
    assert (result.status, result.unexpected, result.known_errors) == (0, (), ())
    assert [c.claim.id for c in result.skipped] == ["back"]
    shown = terminal.render(result, verbosity=1, unicode=True).plain
    assert shown == (
        "s.yaml\n"
        "  - back  back(dY) = dX\n"
        "  ✓ dX  dX = 2 * dY  (errors from 3e-13 would be seen)\n"
        "\n"
        "1 claim skipped: needs --allow-code\n"
        "✓ 2 claims: 1 holds, 1 skipped\n"
    ).replace("3e-13", shown.partition("errors from ")[2][:5])
    data = json.document(result)
    assert data["summary"]["verdicts"]["skipped"] == 1
    (claim,) = [c for c in data["claims"] if c["id"] == "back"]
    assert (claim["verdict"], claim["ok"], claim["finding"]) == ("skipped", True, None)
    assert claim["links"][0]["reason"] == "needs --allow-code"
    assert "needs --allow-code" in terminal.explain(result.claims[0]).plain


@pytest.mark.parametrize("expect", ["wrong", "undecided"])
def test_a_skipped_claim_is_never_unexpected(folder, expect):
    text = SPEC.replace("= dX}", f"= dX, expect: {expect}, correction: back(dY) = 2 * dX}}", 1)
    (folder / "s.yaml").write_text(text)
    result = check(folder, allow=False)
    assert (verdicts(result)["back"], result.status) == ("skipped", 0)
    assert check(folder).status == 1  # it holds, and the correction does not


def test_errors_name_the_line_of_the_document(folder):
    (folder / "post.txt").write_text(POST.replace("2 * g", "2 * h"))
    result = check(folder)
    assert (
        result.claims[0].links[0].judgement.reason
        == "NameError: name 'h' is not defined (line 4 of post.txt)"
    )
    assert result.status == 1


DRIFT = [
    (
        POST.replace("\n\n", "\nmore\nand more\n\n"),
        """\
error: the listing no longer stands in lines 3 to 5 of post.txt
  --> s.yaml:5:10
5 | listing: {document: post.txt, lines: [3, 5], begins: 'def back(g):'}
  |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   = help: its first line, `def back(g):`, is line 5 now""",
    ),
    (
        POST.replace("back", "forth"),
        """\
error: the listing no longer stands in lines 3 to 5 of post.txt
  --> s.yaml:5:10
5 | listing: {document: post.txt, lines: [3, 5], begins: 'def back(g):'}
  |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   = help: its first line, `def back(g):`, is not there any more""",
    ),
]


@pytest.mark.parametrize(("post", "message"), DRIFT, ids=["moved", "gone"])
@pytest.mark.parametrize("allow", [True, False])
def test_drift(folder, post, message, allow):
    (folder / "post.txt").write_text(post)
    result = check(folder, allow=allow)
    assert "\n".join(draw(p) for p in result.problems) == message
    assert (verdicts(result), result.status) == ({"dX": "holds"}, 2)


def test_a_document_that_is_not_there(folder):
    (folder / "post.txt").unlink()
    result = check(folder)
    assert verdicts(result)["back"] == "skipped"
    assert result.claims[0].links[0].judgement.reason == (
        "the document with the listing, `post.txt`, is neither beside the spec nor in --sources"
    )
    assert result.status == 0
    other = folder / "other"
    other.mkdir()
    (other / "post.txt").write_text(POST)
    assert verdicts(check(folder, sources=other))["back"] == "holds"


def test_a_document_outside_is_not_read(folder):
    (folder / "s.yaml").write_text(SPEC.replace("document: post.txt", "document: /etc/hostname"))
    assert verdicts(check(folder))["back"] == "skipped"


def invoke(*args, **env):
    return CliRunner().invoke(app, ["check", "s.yaml", *QUICK, *args], env=env)


def test_the_option_and_the_environment():
    assert invoke().stdout == "1 claim skipped: needs --allow-code\n✓ 2 claims: 1 holds, 1 skipped\n"
    assert invoke("--allow-code").stdout == "✓ 2 claims: 2 hold\n"
    assert invoke(GRADCHECK_ALLOW_CODE="1").stdout == "✓ 2 claims: 2 hold\n"
    assert "1 skipped" in invoke(GRADCHECK_ALLOW_CODE="0").stdout
    done = CliRunner().invoke(app, ["explain", "back", "s.yaml", *QUICK, "--allow-code"])
    assert "✓ holds back(dY) = dX" in done.stdout


def test_neither_a_spec_nor_a_project_allows_it(folder):
    """Both may be a stranger's: only the command line and the user's own environment count."""
    (folder / "pyproject.toml").write_text("[tool.gradcheck]\nallow-code = true\n")
    done = CliRunner().invoke(app, ["check", *QUICK])
    assert (done.exit_code, "2 hold" in done.stdout) == (2, False)
    assert "this file cannot allow code to run" in done.stdout
    (folder / "pyproject.toml").write_text('[tool.gradcheck]\nallow-code = ["."]\n')
    limited = CliRunner().invoke(app, ["check", "s.yaml", *QUICK]).stdout
    assert "1 holds, 1 skipped" in limited  # it limits, and allows nothing
    (folder / "s.yaml").write_text("allow-code: true\n" + SPEC)
    assert "unknown key `allow-code`" in invoke().stdout


def test_skipped_beside_findings(folder):
    (folder / "s.yaml").write_text(SPEC.replace("2 * dY", "3 * dY"))
    done = invoke("-q")
    assert done.exit_code == 1
    assert done.stdout.endswith(
        "1 claim skipped: needs --allow-code\n✗ 1 claim of 2 not as expected; 1 skipped\n"
    )
