"""What a stored result rests on is noticed when it changes, and not when it does not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_cli.run.digest import configuration, content, digest, document, surroundings, tool
from gradcheck_cli.writeups.locate import find_document

parts = st.lists(st.text(max_size=4) | st.binary(max_size=4), max_size=4)


@given(parts, parts)
def test_parts_do_not_run_into_each_other(a, b):
    def data(words):
        return [w if isinstance(w, bytes) else w.encode("utf-8", "surrogatepass") for w in words]

    assert (digest(*a) == digest(*b)) == (data(a) == data(b))


def package(tmp_path, record=None):
    folder = tmp_path / "gradcheck_cli"
    (folder / "run").mkdir(parents=True)
    for file in ("__init__.py", "run/judge.py"):
        (folder / file).write_text("x = 1\n")
        os.utime(folder / file, ns=(10**18, 10**18))
    if record is not None:
        info = tmp_path / "gradcheck_cli-0.1.0.dist-info"
        info.mkdir()
        (info / "RECORD").write_text(record)
    return folder


RECORD = """\
../../bin/gradcheck,sha256={bin},1
gradcheck_cli/__init__.py,sha256=abc,1
gradcheck_cli/run/judge.py,sha256={judge},1
gradcheck_cli/run/__pycache__/judge.pyc,,
"""


def test_a_source_that_is_edited_is_another_tool(tmp_path):
    folder = package(tmp_path)
    before = tool(str(folder))
    assert tool(str(folder)) == before
    (folder / "run" / "judge.py").write_text("x = 2\n")
    after = tool(str(folder))
    assert after != before
    (folder / "run" / "new.py").write_text("")
    assert tool(str(folder)) not in {before, after}


def test_a_wheel_is_known_by_what_its_files_hold(tmp_path):
    (one, two, three) = (tmp_path / name for name in "abc")
    a = tool(str(package(one, RECORD.format(bin="here", judge="abc"))))
    b = package(two, RECORD.format(bin="there", judge="abc"))
    os.utime(b / "__init__.py")
    assert tool(str(b)) == a
    assert tool(str(package(three, RECORD.format(bin="here", judge="abd")))) != a


def test_metadata_of_an_editable_installation_say_nothing(tmp_path):
    folder = package(tmp_path, "gradcheck_cli/bundled_specs/README.md,sha256=abc,1\n")
    before = tool(str(folder))
    (folder / "run" / "judge.py").write_text("x = 2\n")
    assert tool(str(folder)) != before


def test_another_version_of_a_library(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    seen = {surroundings()}
    for name in ("torch-2.9.0.dist-info", "python_flint-0.8.0.dist-info", "PyYAML-6.0.2.dist-info"):
        (tmp_path / name).mkdir()
        seen.add(surroundings())
    (tmp_path / "torch-2.9.0.dist-info").rename(tmp_path / "torch-2.9.1.dist-info")
    seen.add(surroundings())
    assert len(seen) == 5
    (tmp_path / "torchvision-1.0.dist-info").mkdir()
    assert surroundings() in seen


def test_it_is_the_same_in_another_process():
    code = "from gradcheck_cli.run.digest import surroundings; print(surroundings().hex())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert done.stdout == surroundings().hex() + "\n"


@pytest.fixture
def documents(tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for file in ("in/post.md", "in/deep/post.md", "out.md"):
        (tmp_path / file).write_text(file)
    (tmp_path / "in" / "inside.md").symlink_to("deep/post.md")
    (tmp_path / "in" / "outside.md").symlink_to("../out.md")
    (tmp_path / "in" / "loop").symlink_to("loop")
    (tmp_path / "link").symlink_to("in")
    return tmp_path


@pytest.mark.parametrize("folder", ["in", "link", "nowhere"])
@pytest.mark.parametrize(
    "name",
    "post.md deep/post.md ./post.md deep//post.md deep/ deep gone.md inside.md outside.md loop ../out.md"
    " deep/../post.md /etc/hostname https://e.org/post.md a\0b . .. post.md/".split(" "),
)
def test_a_document_is_there_where_a_run_finds_it(documents, folder, name):
    found = find_document(name, [documents / folder])
    expected = digest(found.read_bytes()).hex() if found else ""
    assert document(str(documents / folder), name) == expected


def test_what_is_no_file_has_no_content(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "", "gone", "a\0b"):
        assert content(f"{tmp_path}/{name}") is None


def test_every_configuration_above(tmp_path):
    here = tmp_path / "a" / "b"
    here.mkdir(parents=True)
    seen = [configuration(str(here))]
    for file in (here.parent / "pyproject.toml", here / "pyproject.toml"):
        file.write_text("")
        seen.append(configuration(str(here)))
    (here.parent / "pyproject.toml").write_text("[tool.gradcheck]\n")
    seen.append(configuration(str(here)))
    (here / "pyproject.toml").unlink()
    seen.append(configuration(str(here)))
    assert len({tuple(s) for s in seen}) == len(seen)
    assert configuration(str(Path(here))) == seen[-1]
