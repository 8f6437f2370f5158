"""What is read comes to an end, and what is written is whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gradcheck_cli.run.files import put, regular


def test_only_files_that_end_are_read(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    (tmp_path / "link").symlink_to(file)
    os.mkfifo(tmp_path / "pipe")
    assert regular(file) == file
    assert regular(tmp_path / "link").read_text() == "x"
    for odd in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(OSError, match="it is not a regular file"):
            regular(odd)
    with pytest.raises(FileNotFoundError):
        regular(tmp_path / "gone")
    with pytest.raises(IsADirectoryError):
        regular(tmp_path).read_bytes()


def test_a_new_file_has_the_usual_rights(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    put(tmp_path / "new", b"x")
    assert (tmp_path / "new").read_bytes() == b"x"
    assert (tmp_path / "new").stat().st_mode == plain.stat().st_mode


def test_an_old_file_keeps_its_rights_and_a_link_stays_one(tmp_path: Path) -> None:
    file = tmp_path / ("long name " * 25)
    file.write_text("old")
    file.chmod(0o640)
    (tmp_path / "link").symlink_to(file.name)
    put(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert file.read_bytes() == b"new"
    assert file.stat().st_mode & 0o7777 == 0o640
    assert len(list(tmp_path.iterdir())) == 2


def test_what_cannot_be_written_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left on device"):
        put(file, b"new")
    assert [(f.name, f.read_text()) for f in tmp_path.iterdir()] == [("file", "old")]
