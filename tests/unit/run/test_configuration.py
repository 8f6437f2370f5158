"""Where settings come from, and what is said of those that cannot be meant."""

import subprocess
import sys
from pathlib import Path

import pytest

from gradcheck_cli.run.configuration import MAX_BYTES, Configuration, configuration
from gradcheck_cli.run.setting_rules import SETTINGS
from gradcheck_cli.text import draw


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "notes" / "deep").mkdir(parents=True)
    return tmp_path


def read(folder, text, environ=None, **given):
    (folder / "pyproject.toml").write_text(text)
    return configuration(folder, environ or {}, {k.replace("_", "-"): v for k, v in given.items()})


def said(folder, text, environ=None, **given):
    return "\n".join(draw(p) for p in read(folder, text, environ, **given).problems)


EVERYTHING = """\
[tool.gradcheck]
paths = ["specs", "notes/post.md"]
sources = "docs"
draws = 3
seed = 7
device = "cuda:1"
oracle = "autograd"
diagnose = "off"
allow-code = ["specs/listings"]
select = ["GC001", "GC002"]
ignore = ["GC002"]
baseline = "known.json"
"""


def test_everything(tree):
    assert read(tree, EVERYTHING) == Configuration(
        (tree / "specs", tree / "notes/post.md"),
        tree / "docs",
        3,
        7,
        "cuda:1",
        "autograd",
        "off",
        False,
        (tree / "specs/listings",),
        ("GC001", "GC002"),
        ("GC002",),
        tree / "known.json",
    )
    keys = [line.partition(" ")[0] for line in EVERYTHING.splitlines()[1:]]
    assert keys == list(SETTINGS)


@pytest.mark.parametrize(
    "text", ["", "[tool.other]\ndraws = 1\n", "[tool.gradcheck]\n", "tool = 1\n", "[project]\n"]
)
def test_nothing(tree, text):
    assert read(tree, text) == Configuration()


def test_command_line_over_environment_over_file_over_default(tree):
    text = "[tool.gradcheck]\ndraws = 2\n"
    assert configuration(tree, {}).draws == 5
    assert read(tree, text).draws == 2
    assert read(tree, text, {"GRADCHECK_DRAWS": "3"}).draws == 3
    assert read(tree, text, {"GRADCHECK_DRAWS": "3"}, draws=4).draws == 4


def test_codes_of_the_command_line_replace_those_of_the_file(tree):
    text = '[tool.gradcheck]\nignore = ["GC006"]\n'
    assert read(tree, text, ignore=["GC001, GC003", "GC004"]).ignore == ("GC001", "GC003", "GC004")


def test_environment(tree):
    found = configuration(
        tree,
        {
            "GRADCHECK_PATHS": "a:b/c",
            "GRADCHECK_SEED": "12",
            "GRADCHECK_DEVICE": "cuda",
            "GRADCHECK_SELECT": "GC001, GC006",
            "GRADCHECK_ALLOW_CODE": "Yes",
            "GRADCHECK_BASELINE": "../known.json",
            "GRADCHECK_DRAWS": "",
            "GRADCHECK_CACHE_DIR": "elsewhere",
        },
    )
    assert found == Configuration(
        paths=(tree / "a", tree / "b/c"),
        seed=12,
        device="cuda",
        allow_code=True,
        select=("GC001", "GC006"),
        baseline=tree / "../known.json",
    )


def test_nearest_file_wins_and_its_paths_are_relative_to_it(tree):
    (tree / "notes" / "pyproject.toml").write_text('[tool.gradcheck]\npaths = ["x"]\n')
    (tree / "pyproject.toml").write_text("[tool.gradcheck]\ndraws = 2\n")
    assert configuration(tree / "notes" / "deep", {}) == Configuration((tree / "notes/x",))


@pytest.mark.parametrize(
    "text", ["allow-code = true\n", "allow-code = false\n", "allow_code = true\n", "allow-code = 1\n"]
)
def test_no_file_allows_code(tree, text):
    found = read(tree, f"[tool.gradcheck]\n{text}")
    assert not found.allow_code
    assert found.problems


def test_a_file_limits_the_code_that_the_user_allows(tree):
    text = '[tool.gradcheck]\nallow-code = ["specs"]\n'
    assert not read(tree, text).allow_code
    assert not read(tree, text, {"GRADCHECK_ALLOW_CODE": "0"}).allow_code
    assert read(tree, text, {"GRADCHECK_ALLOW_CODE": "1"}).code_in == (tree / "specs",)
    assert read(tree, text, allow_code=True).allow_code


ERRORS = {
    "unknown key": (
        "draw = 3\n",
        "error: `[tool.gradcheck]` has no setting `draw`\n"
        "  --> pyproject.toml:2:1\n2 | draw = 3\n  | ^^^^\n   = help: did you mean `draws`?",
    ),
    "odd key": (
        "zzz = 3\n",
        "error: `[tool.gradcheck]` has no setting `zzz`\n  --> pyproject.toml:2:1\n2 | zzz = 3\n  | ^^^\n"
        "   = help: it has `paths`, `sources`, `draws`, `seed`, `device`, `oracle`, `diagnose`, `allow-code`, "
        "`select`, `ignore`, `baseline`",
    ),
    "wrong type": (
        'paths = "specs"  # all\n',
        "error: `paths` must be a list of files and folders, not `specs`\n"
        '  --> pyproject.toml:2:9\n2 | paths = "specs"  # all\n  |         ^^^^^^^\n'
        '   = help: for example `paths = ["specs"]`',
    ),
    "out of range": (
        "draws=0\n",
        "error: `draws` must be a whole number from 1 to 10,000, not `0`\n"
        "  --> pyproject.toml:2:7\n2 | draws=0\n  |       ^\n   = help: for example `draws = 5`",
    ),
    "a truth is no number": (
        "seed = true\n",
        "error: `seed` must be a whole number from 0 to 9,223,372,036,854,775,807, not `true`\n"
        "  --> pyproject.toml:2:8\n2 | seed = true\n  |        ^^^^\n   = help: for example `seed = 7`",
    ),
    "another word": (
        "oracle = 'autogard'\n",
        "error: `oracle` must be `both`, `autograd`, `differences` or `exact`, not `autogard`\n"
        "  --> pyproject.toml:2:11\n2 | oracle = 'autogard'\n  |           ^^^^^^^^\n"
        "   = help: did you mean `autograd`?",
    ),
    "no such device": (
        'device = "gpu"\n',
        "error: `device` must be `cpu`, `cuda` or `cuda:1`, not `gpu`\n"
        '  --> pyproject.toml:2:10\n2 | device = "gpu"\n  |          ^^^^^\n   = help: for example `device = "cpu"`',
    ),
    "no such folder": (
        'sources = "doc"\n',
        'error: there is no folder `doc`\n  --> pyproject.toml:2:11\n2 | sources = "doc"\n  |           ^^^^^',
    ),
    "no such code": (
        'ignore = [\n  "GC006",\n  "GC01",\n]\n',
        'error: `GC01` is not the code of a finding\n  --> pyproject.toml:4:4\n4 |   "GC01",\n  |    ^^^^\n'
        "   = help: did you mean `GC001`?",
    ),
    "the name of a code": (
        'ignore = ["drift"]\n',
        "error: `drift` is not the code of a finding\n"
        '  --> pyproject.toml:2:12\n2 | ignore = ["drift"]\n  |            ^^^^^\n   = help: did you mean `GC006`?',
    ),
    "a slip": (
        'select = ["GC104"]\n',
        "error: `GC104` is a kind of slip, not of finding\n"
        '  --> pyproject.toml:2:12\n2 | select = ["GC104"]\n  |            ^^^^^\n'
        "   = help: a slip is what a finding may come from; the findings are "
        "`GC001`, `GC002`, `GC003`, `GC004`, `GC005`, `GC006`, `GC007`",
    ),
    "code for everybody": (
        "allow-code = true\n",
        "error: this file cannot allow code to run: then whoever checks a cloned repository would run it\n"
        "  --> pyproject.toml:2:14\n2 | allow-code = true\n  |              ^^^^\n"
        "   = help: give `--allow-code`, or set `GRADCHECK_ALLOW_CODE=1`; here stands to which specs that is"
        ' limited: `allow-code = ["specs/listings"]`',
    ),
    "a file of somebody else": (
        'baseline = "../.bashrc"\n',
        "error: the baseline `../.bashrc` lies outside of the folder of this file\n"
        '  --> pyproject.toml:2:12\n2 | baseline = "../.bashrc"\n  |            ^^^^^^^^^^^^',
    ),
    "a table within": (
        "[tool.gradcheck.sub]\nx = 1\n",
        "error: `[tool.gradcheck]` has no setting `sub`\n"
        "  --> pyproject.toml:1:7\n1 | [tool.gradcheck]\n  |       ^^^^^^^^^\n"
        "   = help: it has `paths`, `sources`, `draws`, `seed`, `device`, `oracle`, `diagnose`, `allow-code`, "
        "`select`, `ignore`, `baseline`",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors_in_the_table(tree, case):
    text, message = ERRORS[case]
    assert said(tree, "[tool.gradcheck]\n" + text) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[tool.gradcheck\n",
            "error: this configuration cannot be read: Expected ']' at the end of a table declaration\n"
            "  --> pyproject.toml:1:16\n1 | [tool.gradcheck\n  |                ^",
        ),
        (
            "[tool]\ngradcheck = 3\n",
            "error: `[tool.gradcheck]` is a table of settings\n  --> pyproject.toml:2:1\n2 | gradcheck = 3\n  | ^^^^^^^^^",
        ),
        ("x = " + "[" * 100_000, "error: this configuration cannot be read: it nests too deep\n  --> pyproject.toml"),
        ("x = " + "9" * 5000, "error: this configuration cannot be read: a number in it is too long\n  --> pyproject.toml"),
        ("#" * (MAX_BYTES + 1), "error: this configuration is longer than 1 MiB\n  --> pyproject.toml"),
    ],
    ids=["syntax", "no table", "deep", "number", "long"],
)  # fmt: skip
def test_files_that_cannot_be_read(tree, text, message):
    assert said(tree, text) == message


def test_not_text(tree):
    (tree / "pyproject.toml").write_bytes(b"\xff")
    (problem,) = configuration(tree, {}).problems
    assert draw(problem) == "error: this configuration cannot be read: it is not UTF-8\n  --> pyproject.toml"


def test_a_file_further_up_is_named_whole(tree):
    (tree / "pyproject.toml").write_text("[tool.gradcheck]\ndraws = 0\n")
    (problem,) = configuration(tree / "docs", {}).problems
    assert problem.where == f"{tree.as_posix()}/pyproject.toml:2:9"


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        (
            {"GRADCHECK_DRAWS": "many"},
            "error: `GRADCHECK_DRAWS` must be a whole number from 1 to 10,000, not `many`\n"
            "   = help: for example `GRADCHECK_DRAWS=5`",
        ),
        ({"GRADCHECK_ALLOW_CODE": "maybe"}, "error: `GRADCHECK_ALLOW_CODE` must be `1` or `0`, not `maybe`"),
        ({"GRADCHECK_IGNORE": "GC06"}, "error: `GC06` is not the code of a finding\n   = help: did you mean `GC006`?"),
        ({"GRADCHECK_SOURCES": "nowhere"}, "error: there is no folder `nowhere`"),
    ],
)  # fmt: skip
def test_errors_in_the_environment(tree, environ, message):
    assert said(tree, "", environ) == message


def test_errors_on_the_command_line(tree):
    assert said(tree, "", ignore=["GC06"]) == (
        "error: `--ignore`: `GC06` is not the code of a finding\n   = help: did you mean `GC006`?"
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[tool]\ngradcheck.draws = 0\n", (2, 19)),
        ("tool.gradcheck.draws = 0\n", (1, 24)),
        ("[tool]\ngradcheck = {seed = 1, draws = 0}\n", (2, 32)),
        ("[ tool . gradcheck ]\n'draws' = 0\n", (2, 11)),
        ("[tool.other]\ndraws = 1\n[tool.gradcheck]\n  draws = 0\n", (4, 11)),
        ('x = """\n[tool.gradcheck]\n"""\n[tool.gradcheck]\ndraws = 0', (5, 9)),
    ],
)
def test_the_place_is_found_however_it_is_written(tree, text, place):
    (problem,) = read(tree, text).problems
    assert (problem.span.line, problem.span.column) == place


def test_neither_numpy_nor_yaml_is_loaded():
    code = "import sys, gradcheck_cli.run.configuration; print({'numpy', 'torch', 'yaml', 'rich'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_relative_to_any_folder():
    assert configuration(Path("/"), {}) == Configuration()
