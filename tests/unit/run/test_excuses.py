"""Which specs may run their listings, and what is said of those that may not."""

from pathlib import Path

import pytest

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.run.excuses import NOT_LISTED, excused
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run

SPEC = """\
operator: o
inputs: {X: [n]}
forward: {Y: X * 2}
listing: |
  def twice(x):
      return 2 * x
claims:
  - {id: listed, code: twice(X) = Y}
"""


@pytest.fixture
def folder(tmp_path):
    for name in ("mine", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.yaml").write_text(SPEC.replace("listed", name))
    (tmp_path / "link").symlink_to(tmp_path / "other")
    return tmp_path


def reasons(folder, allowed, code_in, paths=("mine", "other")):
    settings = Settings("differences", draws=1, allow_code=allowed)
    options = Options(tuple(map(Path, paths)), settings, diagnose="off", code_in=code_in)
    result = excused(run(options, folder), options, folder)
    return {c.claim.id: c.links[0].judgement.reason if c.skipped else c.verdict for c in result.claims}


def test_nobody_allows_anything(folder):
    assert reasons(folder, False, None) == dict.fromkeys(("mine", "other"), "needs --allow-code")
    assert reasons(folder, False, (folder / "mine",)) == dict.fromkeys(
        ("mine", "other"), "needs --allow-code"
    )


def test_only_the_listed_specs_run(folder):
    for listed in (folder / "mine", folder / "mine" / "mine.yaml"):
        assert reasons(folder, True, (listed,)) == {"mine": "holds", "other": NOT_LISTED}


def test_a_link_is_what_it_leads_to(folder):
    assert reasons(folder, True, (folder / "link",), ("other/other.yaml",)) == {"other": "holds"}
    assert reasons(folder, True, (folder / "mine",), ("link/other.yaml",)) == {"other": NOT_LISTED}
