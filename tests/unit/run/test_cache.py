"""The cache keeps values, and whatever happens to its file costs a value at most."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gradcheck_cli.run import cache as module
from gradcheck_cli.run.cache import LARGEST, NAME, Cache, files, folder, remove

KEY, OTHER = b"k" * 20, b"o" * 20


@pytest.fixture
def where(tmp_path):
    return str(tmp_path / "cache")


def kept(where, values):
    cache = Cache(where)
    for key, value in values.items():
        cache.put(key, value)
    cache.close()


def got(where, key=KEY):
    cache = Cache(where)
    value = cache.get(key)
    cache.close()
    return value


def test_keeps_a_value_for_its_key_only(where):
    kept(where, {KEY: '{"π": 1}'})
    assert got(where) == '{"π": 1}'
    assert got(where, OTHER) is None


def test_a_new_value_is_there_at_once_and_replaces_the_old_one(where):
    kept(where, {KEY: "old"})
    cache = Cache(where)
    cache.put(KEY, "new")
    assert cache.get(KEY) == "new"
    cache.close()
    assert got(where) == "new"


def test_any_text_is_kept(where):
    kept(where, {KEY: "\ud800 \0 \U0001f600", OTHER: ""})
    assert got(where) == "\ud800 \0 \U0001f600"
    assert got(where, OTHER) == ""


def test_a_huge_value_is_not_kept(where):
    kept(where, {KEY: "x" * (LARGEST + 1)})
    assert got(where) is None


def test_nothing_is_made_before_it_is_needed(where):
    Cache(where).close()
    assert not Path(where).exists()


def change(where, *lines):
    with sqlite3.connect(Path(where, NAME)) as db:
        for line in lines:
            db.execute(line)
    db.close()


def test_a_value_of_another_key_is_none(where):
    kept(where, {KEY: "right", OTHER: "left"})
    change(where, "DELETE FROM kept WHERE key = CAST('oooooooooooooooooooo' AS BLOB)")
    change(where, "UPDATE kept SET key = CAST('oooooooooooooooooooo' AS BLOB)")
    assert (got(where, OTHER), got(where)) == (None, None)


@pytest.mark.parametrize("value", ["CAST('wrong' AS BLOB)", "'right'", "NULL", "7", "zeroblob(9999999)"])
def test_a_changed_value_is_none(where, value):
    kept(where, {KEY: "right"})
    change(where, f"UPDATE kept SET value = {value}")
    assert got(where) is None
    kept(where, {KEY: "again"})
    assert got(where) == "again"


@pytest.mark.parametrize(
    "lines",
    [
        ["DROP TABLE kept", "CREATE TABLE kept (key, value)"],
        ["CREATE TABLE more (a)"],
        [
            "DROP TABLE kept",
            "CREATE VIEW kept AS WITH RECURSIVE c(key) AS (SELECT 1 UNION ALL SELECT key + 1 FROM c)"
            " SELECT key, key AS value, key AS proof, key AS day FROM c",
        ],
        ["CREATE TRIGGER t AFTER INSERT ON kept BEGIN DELETE FROM kept; END"],
    ],
)
def test_another_layout_makes_way(where, lines):
    kept(where, {KEY: "old"})
    change(where, *lines)
    assert got(where) is None
    kept(where, {KEY: "new"})
    assert got(where) == "new"


@pytest.mark.parametrize("data", [b"", b"no database at all" * 100, b"SQLite format 3\0" + bytes(4096)])
def test_a_file_of_something_else_makes_way(where, data):
    Path(where).mkdir()
    Path(where, NAME).write_bytes(data)
    assert got(where) is None
    kept(where, {KEY: "new"})
    assert got(where) == "new"


def test_damage_anywhere_gives_the_value_or_none(where):
    values = {bytes([n]) * 20: f"value {n} " * 40 for n in range(120)}
    kept(where, values)
    whole = Path(where, NAME).read_bytes()
    dice = random.Random(7)
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(dice.choice([1, 20, 400])):
            data[dice.randrange(len(data))] = dice.randrange(256)
        cut = dice.choice([len(data), len(data), dice.randrange(len(data))])
        remove(where)
        Path(where, NAME).write_bytes(data[:cut])
        cache = Cache(where)
        assert all(cache.get(key) in {None, value} for key, value in values.items())
        cache.put(KEY, "new")
        cache.close()
        assert got(where) in {None, "new"}


def test_stays_within_its_limit_and_keeps_what_was_used_last(where, monkeypatch):
    cache = Cache(where, limit=200_000)
    for day in range(100):
        monkeypatch.setattr(module, "_today", lambda day=day: day)
        cache.put(bytes([day]) * 20, str(day) * 5000)
        cache.put(KEY, "used every day")
        cache.flush()
    cache.close()
    assert sum(size for _, size in files(where)) < 300_000
    assert got(where, bytes([99]) * 20) == "99" * 5000
    assert got(where, bytes([0]) * 20) is None
    assert got(where) == "used every day"


def test_reading_counts_as_use(where, monkeypatch):
    monkeypatch.setattr(module, "_today", lambda: 1)
    kept(where, {KEY: "a", OTHER: "b"})
    monkeypatch.setattr(module, "_today", lambda: 2)
    assert got(where) == "a"
    with sqlite3.connect(Path(where, NAME)) as db:
        assert dict(db.execute("SELECT key, day FROM kept")) == {KEY: 2, OTHER: 1}
    db.close()


def test_no_folder_no_cache(tmp_path):
    (tmp_path / "file").write_text("")
    for where in (str(tmp_path / "file"), str(tmp_path / "file" / "below"), "/dev/null/x", "a\0b"):
        kept(where, {KEY: "value"})
        assert got(where) is None


@pytest.mark.skipif(os.name == "nt" or not os.geteuid(), reason="root may write everywhere")
def test_a_folder_that_is_read_only(where):
    kept(where, {KEY: "value"})
    Path(where).chmod(0o500)
    kept(where, {OTHER: "value"})
    Path(where).chmod(0o700)
    assert got(where, OTHER) is None


def test_another_process_that_holds_the_file(where, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    kept(where, {KEY: "value"})
    db = sqlite3.connect(Path(where, NAME), isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    kept(where, {OTHER: "lost"})
    assert got(where) == "value"
    db.execute("COMMIT")
    db.close()
    assert got(where, OTHER) is None


FILL = """\
import resource, sys
from gradcheck_cli.run.cache import Cache
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
cache = Cache(sys.argv[1])
for n in range(300):
    cache.put(n.to_bytes(20, "big"), str(n) * 1000)
cache.close()
print("done")
"""


@pytest.mark.skipif(os.name == "nt", reason="POSIX limits")
@pytest.mark.parametrize("room", [0, 5_000, 100_000])
def test_a_full_disk(where, room):
    kept(where, {KEY: "from before"})
    done = subprocess.run(
        [sys.executable, "-c", FILL, where, str(room)], capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
    assert got(where) in {"from before", None}
    kept(where, {KEY: "after"})
    assert got(where) == "after"


WRITE = """\
import sys
from gradcheck_cli.run.cache import Cache
cache = Cache(sys.argv[1])
for n in range(int(sys.argv[3])):
    cache.put(f"{sys.argv[2]}{n:019}".encode(), f"{sys.argv[2]} {n}")
    cache.flush()
cache.close()
"""


def writer(where, name, count):
    return subprocess.Popen([sys.executable, "-c", WRITE, where, name, str(count)])


def test_several_runs_at_once(where):
    runs = [writer(where, name, 150) for name in "abc"]
    assert [run.wait(30) for run in runs] == [0, 0, 0]
    cache = Cache(where)
    found = [cache.get(f"{name}{n:019}".encode()) for name in "abc" for n in range(150)]
    cache.close()
    assert found == [f"{name} {n}" for name in "abc" for n in range(150)]


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_run_that_is_killed(where):
    kept(where, {KEY: "from before"})
    run = writer(where, "a", 10**6)
    time.sleep(0.4)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert got(where) == "from before"
    kept(where, {OTHER: "after"})
    assert got(where, OTHER) == "after"


def test_removed_while_a_run_goes_on(where):
    cache = Cache(where)
    cache.put(KEY, "value")
    cache.flush()
    assert remove(where) > 0
    cache.put(OTHER, "value")
    cache.close()
    kept(where, {KEY: "new"})
    assert got(where) == "new"


def test_where_it_is(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("GRADCHECK_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert folder() == str(tmp_path / ".cache" / "gradcheck")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert folder() == str(tmp_path / "Library" / "Caches" / "gradcheck")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert folder() == str(tmp_path / "x" / "gradcheck")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # which the standard says to ignore
    assert folder() == str(tmp_path / ".cache" / "gradcheck")
    monkeypatch.setenv("GRADCHECK_CACHE_DIR", str(tmp_path / "y"))
    assert folder() == str(tmp_path / "y")
