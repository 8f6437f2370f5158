"""Which files a run is about: given, found, or bundled."""

import os
from pathlib import Path

import pytest

from gradcheck_cli.run import discover as module
from gradcheck_cli.run.discover import bundled, discover
from gradcheck_cli.text import draw


@pytest.fixture
def tree(tmp_path):
    """A folder as people have them."""
    for name in (
        "specs/b.yaml", "specs/a.yml", "specs/C.YAML", "specs/deep/er/d.yaml", "specs/notes.txt",
        "specs/.hidden.yaml", "specs/.git/e.yaml", "specs/yaml", "other/f.yaml", "other/odd.spec",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "specs" / "folder.yaml").mkdir()
    return tmp_path


def names(found, root):
    return [f.relative_to(root).as_posix() for f in found.files]


def said(found, root):
    return "\n".join(draw(p) for p in found.problems).replace(f"{root}/", "")


IN_SPECS = ["specs/C.YAML", "specs/a.yml", "specs/b.yaml", "specs/deep/er/d.yaml"]


@pytest.mark.parametrize(
    ("paths", "files"),
    [
        (["specs"], IN_SPECS),
        (["other/odd.spec"], ["other/odd.spec"]),
        (["specs/.hidden.yaml"], ["specs/.hidden.yaml"]),
        (["specs/.git"], ["specs/.git/e.yaml"]),
        (["other", "specs/b.yaml"], ["other/f.yaml", "specs/b.yaml"]),
        (
            ["specs/b.yaml", "specs", "specs/b.yaml"],
            ["specs/b.yaml", *(f for f in IN_SPECS if f != "specs/b.yaml")],
        ),
        (["gone.yaml"], ["gone.yaml"]),
        ([], IN_SPECS),
    ],
)
def test_files(tree, paths, files):
    found = discover(tuple(map(Path, paths)), tree)
    assert names(found, tree) == files
    assert not found.problems
    assert not found.bundled


def test_absolute_paths_are_taken_as_they_are(tree):
    assert discover((tree / "other",), Path("/")).files == (tree / "other" / "f.yaml",)


def test_folder_without_specs(tree):
    (tree / "empty").mkdir()
    found = discover((Path("empty"), Path("other/f.yaml")), tree)
    assert names(found, tree) == ["other/f.yaml"]
    assert said(found, tree) == (
        "error: there are no specs in this folder\n"
        "  --> empty\n"
        "   = help: a spec is a file that ends in `.yaml` or `.yml`"
    )


def test_loop_of_links_ends(tree):
    (tree / "specs" / "deep" / "loop").symlink_to(tree / "specs")
    (tree / "specs" / "me.yaml").symlink_to("me.yaml")
    (tree / "specs" / "linked.yaml").symlink_to(tree / "other" / "f.yaml")
    assert names(discover((Path("specs"),), tree), tree) == [*IN_SPECS[:3], "specs/deep/er/d.yaml", "specs/linked.yaml", "specs/me.yaml"]  # fmt: skip


def test_folder_that_is_a_link_is_entered(tree):
    (tree / "linked").symlink_to("other")
    assert names(discover((Path("linked"),), tree), tree) == ["linked/f.yaml"]


def test_unreadable_folder(tree, monkeypatch):
    real = os.scandir

    def scandir(path):  # as root, permissions do not hold
        if Path(path).name == "deep":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = discover((Path("specs"), Path("other")), tree)
    assert names(found, tree) == ["other/f.yaml"]
    assert said(found, tree) == "error: this folder cannot be read: Permission denied\n  --> specs/deep"


def test_paths_of_a_configuration_are_named_from_here(tree):
    (tree / "empty").mkdir()
    found = discover((tree / "empty", tree / "other"), tree)
    assert names(found, tree) == ["other/f.yaml"]
    assert [p.file for p in found.problems] == ["empty"]


def test_no_specs_anywhere_gives_the_bundled_ones(tmp_path):
    found = discover((), tmp_path)
    assert found.bundled
    assert not found.problems
    assert len(found.files) > 20
    assert all(f.is_relative_to(bundled()) for f in found.files)


def test_bundled_specs_of_a_wheel(tmp_path, monkeypatch):
    (tmp_path / "bundled_specs").mkdir()
    monkeypatch.setattr(module.resources, "files", lambda _: tmp_path)
    assert bundled() == tmp_path / "bundled_specs"
