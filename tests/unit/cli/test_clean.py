"""`gradcheck clean` removes the cache and nothing else."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gradcheck_cli.cli import clean as module
from gradcheck_cli.cli.main import app
from gradcheck_cli.run.cache import Cache


def clean(*options):
    return CliRunner().invoke(app, ["clean", *options])


@pytest.fixture
def filled(cache_folder):
    cache = Cache(str(cache_folder))
    for number in range(300):
        cache.put(bytes([number % 256]) * 20, "x" * 10_000)
    cache.close()
    (cache_folder / "notes.txt").write_text("mine")
    return cache_folder


def test_says_what_it_freed(filled):
    size = sum(f.stat().st_size for f in filled.iterdir()) - 4
    done = clean()
    assert (done.exit_code, done.stdout) == (0, f"freed {size / 2**20:.1f} MiB in {filled}\n")
    assert [f.name for f in filled.iterdir()] == ["notes.txt"]
    done = clean()
    assert (done.exit_code, done.stdout) == (0, "there is nothing to remove: no results are kept\n")


def test_dry_run_removes_nothing(filled):
    before = sorted(filled.iterdir())
    done = clean("--dry-run")
    assert done.exit_code == 0
    assert re.fullmatch(r"would free [0-9.]+ MiB in .*\n", done.stdout)
    assert sorted(filled.iterdir()) == before


def test_where_there_is_no_cache(monkeypatch, cache_folder):
    nothing = "there is nothing to remove: no results are kept\n"
    assert clean().stdout == nothing
    assert not cache_folder.exists()
    monkeypatch.delenv("GRADCHECK_CACHE_DIR")
    monkeypatch.setattr(module, "folder", lambda: None)
    assert clean().stdout == nothing


def test_older_layouts_and_what_is_left_behind_go_too(cache_folder):
    cache_folder.mkdir()
    for name in ("results-0.sqlite3", "results-1.sqlite3-wal", "results-1.sqlite3-shm"):
        (cache_folder / name).write_bytes(b"x" * 700)
    assert clean().stdout == f"freed 2.1 KiB in {cache_folder}\n"
    assert not [*cache_folder.iterdir()]


def test_what_cannot_be_removed_is_told(filled, monkeypatch):
    def refused(where):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(module, "remove", refused)
    done = clean()
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"error: the cache in {filled} cannot be removed: Permission denied\n"


def test_a_link_is_removed_and_not_what_it_leads_to(cache_folder, tmp_path):
    cache_folder.mkdir()
    (tmp_path / "precious").write_text("mine")
    Path(cache_folder / "results-1.sqlite3").symlink_to(tmp_path / "precious")
    assert clean().exit_code == 0
    assert (tmp_path / "precious").read_text() == "mine"
