"""What a stored result rests on besides the spec: the tool, its libraries, the machine, the files it read.

Everything here is looked at without importing it, since the pre-commit hook
asks before anything else is loaded.
"""

# pathlib takes longer to load than all the rest:
# ruff: noqa: PTH100, PTH113, PTH118, PTH120, PTH123, PTH208

from __future__ import annotations

import os
import sys
from hashlib import blake2b

SIZE = 20
"""Bytes of a digest."""

LIBRARIES = ("numpy", "python_flint", "pyyaml", "scipy", "torch")
"""Distributions that a verdict or its figures may depend on, as their metadata folders are called."""

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def digest(*parts: bytes | str) -> bytes:
    """One digest of several texts, which cannot run into each other."""
    found = blake2b(digest_size=SIZE)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        found.update(b"%d:" % len(data))
        found.update(data)
    return found.digest()


def surroundings() -> bytes:
    """The digest of all that is the same for every file of a run."""
    system = (
        "\n".join(os.uname()[::4]) if hasattr(os, "uname") else os.environ.get("PROCESSOR_IDENTIFIER", "")
    )
    return digest(tool(PACKAGE), *_libraries(), sys.version, sys.platform, system)


def tool(package: str) -> bytes:
    """The digest of the tool's own source, so that what it said before a change is not said again.

    An installed wheel lists the digests of its files; a folder that is worked
    in has the times and sizes of its files.
    """
    parent, name = os.path.split(package)
    listed = []
    for entry in sorted(_entries(parent)):
        if entry.startswith(f"{name}-") and entry.endswith(".dist-info"):
            record = content(os.path.join(parent, entry, "RECORD")) or b""
            listed += [row for row in record.splitlines() if row.startswith(name.encode() + b"/")]
    wanted = name.encode() + b"/__init__.py,sha256="
    if any(row.startswith(wanted) for row in listed):
        return digest(*sorted(row for row in listed if b".py,sha256=" in row))
    return digest(*_stamps(package))


def _stamps(folder: str) -> list[str]:
    """Name, time and size of every module in a folder and below."""
    found: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda e: e.name):
                if entry.name.endswith(".py"):
                    about = entry.stat()
                    found.append(f"{entry.name} {about.st_mtime_ns} {about.st_size}")
                elif entry.is_dir() and entry.name != "__pycache__":
                    found += [entry.name, *_stamps(entry.path)]
    except OSError:
        pass
    return found


def _libraries() -> list[str]:
    """The metadata folders of the libraries, whose names hold the versions, in the order of the path."""
    found = []
    for folder in sys.path:
        for entry in sorted(_entries(folder or ".")):
            name, _, version = entry.partition("-")
            if version and name.lower() in LIBRARIES and entry.endswith((".dist-info", ".egg-info")):
                found.append(entry)
    return found


def _entries(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except (OSError, ValueError):
        return []


def content(file: str) -> bytes | None:
    """The bytes of a regular file; None for what is no file or cannot be read."""
    try:
        if not os.path.isfile(file):
            return None
        with open(file, "rb") as stream:
            return stream.read()
    except (OSError, ValueError):
        return None


def document(folder: str, name: str) -> str:
    """The state of a document that is looked up in a folder: the digest of its bytes, "" if it is not there.

    What counts as being there is the rule of `writeups.locate.find_document`.
    """
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if not parts or ".." in parts or name.startswith("/") or "://" in name or "\0" in name:
        return ""
    home = os.path.realpath(folder)
    file = os.path.realpath(os.path.join(home, *parts))
    inside = file.startswith(home.rstrip(os.sep) + os.sep)
    data = content(file) if inside else None
    return "" if data is None else digest(data).hex()


def configuration(folder: str) -> list[str]:
    """The digest of each pyproject.toml in a folder and above, with how far above it stands."""
    found = []
    here, above = "", os.path.abspath(folder)
    height = 0
    while above != here:
        here, above = above, os.path.dirname(above)
        data = content(os.path.join(here, "pyproject.toml"))
        if data is not None:
            found.append(f"{height} {digest(data).hex()}")
        height += 1
    return found
