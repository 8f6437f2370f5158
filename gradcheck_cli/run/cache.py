"""The cache: text by key in one SQLite file of the user, which may fail or vanish at any time.

A failure costs time and never a run: what cannot be read is not there, what
cannot be written is not kept. Each value carries a check sum over its key too,
so that a damaged file gives no value rather than another one; and values are
read as data only (JSON), so that a file from a stranger runs no code.

This module is on the path of the pre-commit hook: it imports little.
"""

# pathlib and contextlib take longer to load than all the rest:
# ruff: noqa: PTH100, PTH103, PTH108, PTH111, PTH117, PTH118, SIM105

from __future__ import annotations

import os
import sqlite3
import sys
import time
from hashlib import blake2b

LIMIT = 64 << 20
"""Bytes on disk; beyond them the values that were not used for longest are dropped."""

LARGEST = 1 << 20
"""Characters of one value."""

NAME = "results-1.sqlite3"
"""The number is that of the layout: another one is another file."""

BATCH = 64
"""So many new values are written at once …"""

PAUSE = 2.0
"""… or those of so many seconds, so that a killed run loses little."""

PATIENCE = 0.5
"""Seconds to wait for another process that writes."""

MANY = 8
"""Attempts at most."""

DAY = 86_400
"""Seconds; when a value was last used is noted to the day, so that most runs only read."""

_COLUMNS = "(key BLOB PRIMARY KEY, value BLOB, proof BLOB, day INTEGER) WITHOUT ROWID"


def folder() -> str | None:
    """Where the cache is: GRADCHECK_CACHE_DIR, else where the system keeps caches; None without a home."""
    chosen = os.environ.get("GRADCHECK_CACHE_DIR")
    if chosen:
        return os.path.abspath(chosen)
    home = os.path.expanduser("~")
    if sys.platform == "darwin":
        base = os.path.join(home, "Library", "Caches")
    elif os.name == "nt":
        base = os.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    else:
        base = os.environ.get("XDG_CACHE_HOME", "")
        if not os.path.isabs(base):  # such a one is to be ignored
            base = os.path.join(home, ".cache")
    return os.path.join(base, "gradcheck") if os.path.isabs(base) else None


class Cache:
    """Values by key. No method raises for a file or folder that is not as it should be."""

    def __init__(self, where: str | None = None, *, limit: int = LIMIT) -> None:
        self.where = where or folder()
        self.limit = limit
        self._db: sqlite3.Connection | None = None
        self._opened = False
        self._new: dict[bytes, str] = {}
        self._used: list[bytes] = []
        self._written = time.monotonic()

    def get(self, key: bytes) -> str | None:
        """The value of a key, if it is there and whole."""
        if key in self._new:
            return self._new[key]
        db = self._open()
        if db is None:
            return None
        try:
            row = db.execute(
                "SELECT value, proof, day FROM kept WHERE key = ? AND length(value) <= ?", (key, 4 * LARGEST)
            ).fetchone()
        except sqlite3.Error as error:
            if not _busy(error):
                self._failed(error)
            return None
        if row is None or not isinstance(row[0], bytes) or row[1] != _proof(key, row[0]):
            return None
        if row[2] != _today():
            self._used.append(key)
        return row[0].decode("utf-8", "surrogatepass")  # as it was written, since the proof is right

    def put(self, key: bytes, value: str) -> None:
        """Keeps a value, soon."""
        if len(value) > LARGEST:
            return
        self._new[key] = value
        if len(self._new) >= BATCH or time.monotonic() > self._written + PAUSE:
            self.flush()

    def flush(self) -> None:
        """Writes what is new, in one transaction."""
        new, used = self._new, self._used
        self._new, self._used, self._written = {}, [], time.monotonic()
        db = self._open() if new or used else None
        if db is None:
            return
        day = _today()
        encoded = [(key, value.encode("utf-8", "surrogatepass")) for key, value in new.items()]
        rows = [(key, value, _proof(key, value), day) for key, value in encoded]
        try:
            with db:
                db.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?)", rows)
                db.executemany("UPDATE kept SET day = ? WHERE key = ?", [(day, key) for key in used])
            self._bound(db)
        except sqlite3.Error as error:
            if _busy(error) and len(new) < MANY * BATCH:
                self._new, self._used = {**new, **self._new}, used  # next time
            else:
                self._failed(error)

    def close(self) -> None:
        """Writes what is new and lets the file go."""
        self.flush()
        self._drop()

    def _bound(self, db: sqlite3.Connection) -> None:
        """Drops a quarter of the values, the longest unused first, while the file is too large."""
        for _ in range(MANY):
            size, pages, free = (
                int(db.execute(f"PRAGMA {name}").fetchone()[0])
                for name in ("page_size", "page_count", "freelist_count")
            )
            if size * (pages - free) > self.limit:
                with db:
                    db.execute(
                        "DELETE FROM kept WHERE key IN (SELECT key FROM kept ORDER BY day, key"
                        " LIMIT (SELECT count(*) / 4 + 1 FROM kept))"
                    )
            elif size * pages > self.limit:
                db.execute("PRAGMA incremental_vacuum").fetchall()
            else:
                return

    def _open(self) -> sqlite3.Connection | None:
        """The connection, made when it is first needed."""
        if not self._opened:
            self._opened = True
            if self.where is not None:
                try:
                    os.makedirs(self.where, mode=0o700, exist_ok=True)
                    self._db = self._connected(self.where)
                except (OSError, ValueError):  # ValueError: a NUL in the name
                    self._db = None
        return self._db

    def _connected(self, where: str) -> sqlite3.Connection | None:
        """A connection to a file of our layout; one that is damaged makes way for a new one."""
        file = os.path.join(where, NAME)
        for attempt in range(MANY):
            db = None
            try:
                db = sqlite3.connect(file, timeout=PATIENCE)
                holds = db.execute("SELECT sql FROM sqlite_master").fetchall()
                if not holds:
                    for line in ("auto_vacuum = 2", "journal_mode = WAL", "journal_size_limit = 4194304"):
                        db.execute(f"PRAGMA {line}").fetchall()
                    with db:
                        db.execute(f"CREATE TABLE IF NOT EXISTS kept {_COLUMNS}")
                elif holds != [(f"CREATE TABLE kept {_COLUMNS}",)]:  # a view, say, whose reading never ends
                    raise sqlite3.DatabaseError("another layout")
            except sqlite3.Error as error:
                _close(db)
                if _damaged(error):
                    remove(where)
                elif _busy(error):  # somebody else makes it
                    time.sleep(0.01 * attempt)
                else:  # read-only, full
                    return None
            else:
                return db
        return None

    def _failed(self, error: Exception) -> None:
        """After a failure there is no cache in this run; a damaged file goes."""
        self._drop()
        if _damaged(error):
            try:
                remove(self.where)
            except OSError:
                pass

    def _drop(self) -> None:
        _close(self._db)
        self._db = None


def remove(where: str | None) -> int:
    """Removes the files of the cache; gives the bytes freed. Raises OSError for what cannot be removed.

    A run that goes on meanwhile keeps the file that it has open.
    """
    freed = 0
    for path, size in files(where):
        try:
            os.unlink(path)
        except FileNotFoundError:
            continue
        freed += size
    return freed


def files(where: str | None) -> list[tuple[str, int]]:
    """The files of the cache, of older layouts too, with their bytes."""
    try:
        with os.scandir(where or "") as entries:
            return sorted(
                (entry.path, entry.stat(follow_symlinks=False).st_size)
                for entry in entries
                if entry.name.startswith("results-") and ".sqlite3" in entry.name
            )
    except OSError:
        return []


def _damaged(error: Exception) -> bool:
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)


def _busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _close(db: sqlite3.Connection | None) -> None:
    try:
        if db is not None:
            db.close()
    except sqlite3.Error:
        pass


def _proof(key: bytes, value: bytes) -> bytes:
    return blake2b(value, key=key[:64], digest_size=16).digest()


def _today() -> int:
    return int(time.time()) // DAY
