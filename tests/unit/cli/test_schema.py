"""`gradcheck schema` prints, compares, and loads nothing that is slow."""

import json
import subprocess
import sys

import jsonschema
import pytest
from typer.testing import CliRunner

from gradcheck_cli.cli.main import app
from gradcheck_cli.report.audit_schema import schema as audit_schema
from gradcheck_cli.report.json_schema import schema as report_schema
from gradcheck_cli.spec.json_schema import json_schema


def invoke(*args):
    return CliRunner().invoke(app, ["schema", *map(str, args)])


@pytest.mark.parametrize(("args", "made"), [((), json_schema), (("spec",), json_schema), (("report",), report_schema), (("audit",), audit_schema)])  # fmt: skip
def test_printed(args, made):
    done = invoke(*args)
    assert (done.exit_code, done.stderr) == (0, "")
    assert json.loads(done.stdout) == made()
    jsonschema.Draft202012Validator.check_schema(made())


def test_checked(tmp_path):
    file = tmp_path / "s.json"
    file.write_text(invoke().stdout, encoding="utf-8")
    done = invoke("--check", file)
    assert (done.exit_code, done.output) == (0, "")
    done = invoke("report", "--check", file)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == (
        f"error: {file} is not the schema of this version\n"
        f"   = help: write it again: `gradcheck schema report > {file}`\n"
    )


def test_checked_against_nothing(tmp_path):
    done = invoke("--check", tmp_path / "gone")
    assert (done.exit_code, done.stderr) == (
        2,
        f"error: {tmp_path}/gone cannot be read: No such file or directory\n",
    )
    (tmp_path / "bytes").write_bytes(b"\xff")
    done = invoke("--check", tmp_path / "bytes")
    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: {tmp_path}/bytes cannot be read: ")


def test_neither_torch_nor_numpy_is_loaded():
    code = (
        "import sys\n"
        "from gradcheck_cli.cli.main import app\n"
        "for args in (['--help'], ['check', '--help'], ['schema'], ['schema', 'report']):\n"
        "    app(args, standalone_mode=False)\n"
        "print({'torch', 'numpy', 'scipy'} & set(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "set()\n"
