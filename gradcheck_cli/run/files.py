"""Files read and written whole: what is read comes to an end, what is written is never half there."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path


def regular(file: Path) -> Path:
    """The file itself. Raises OSError if it is not there, or is a pipe or a device, which need not end."""
    mode = file.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # reading a folder raises by itself
        raise OSError(0, "it is not a regular file")
    return file


def put(file: Path, data: bytes) -> None:
    """Puts a file in the place of another, or makes it. Raises OSError, and then all is as it was.

    A link stays a link, and the rights of a file stay.
    """
    target = file.resolve()
    mode = target.stat().st_mode & 0o7777 if target.exists() else None
    temporary = target.with_name(f".{target.name[:40]}.{secrets.token_hex(8)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        if mode is not None:
            temporary.chmod(mode)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
