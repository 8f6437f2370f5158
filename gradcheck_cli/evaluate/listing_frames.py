"""What goes over the pipes to the process that runs listings: a header and arrays, never an object.

Whatever comes back was written by foreign code, so it is data with bounds: JSON, and
arrays of three kinds of numbers.
"""

from __future__ import annotations

import json
import os
import select
import struct
import time
from typing import Any

import numpy as np

MAX_ANSWER = 64 << 20
"""Bytes of one answer."""

_DTYPES = ("float64", "int64", "bool")

Arrays = dict[str, Any]


def pack(header: dict[str, Any], arrays: Arrays | None = None) -> bytes:
    """A header and arrays as bytes, with their length in front."""
    arrays = {name: np.ascontiguousarray(a).reshape(np.shape(a)) for name, a in (arrays or {}).items()}
    told = {**header, "arrays": [[n, a.dtype.name, list(a.shape)] for n, a in arrays.items()]}
    text = json.dumps(told).encode()
    body = struct.pack(">I", len(text)) + text + b"".join(a.tobytes() for a in arrays.values())
    return struct.pack(">Q", len(body)) + body


def unpack(body: bytes) -> tuple[dict[str, Any], Arrays]:
    """The same back. Raises ValueError for everything else."""
    try:
        (length,) = struct.unpack(">I", body[:4])
        header = json.loads(body[4 : 4 + length])
        arrays: Arrays = {}
        at = 4 + length
        for name, dtype, shape in header["arrays"]:
            if dtype not in _DTYPES or not all(isinstance(n, int) and n >= 0 for n in shape):
                raise ValueError(f"an array of {dtype}")
            count = 1
            for n in shape:
                count *= n
            size = count * np.dtype(dtype).itemsize
            if at + size > len(body):
                raise ValueError("too short")
            arrays[str(name)] = np.frombuffer(body, dtype, count, at).reshape(shape).copy()
            at += size
    except (ValueError, TypeError, KeyError, RecursionError, struct.error, OverflowError) as error:
        raise ValueError(f"not a frame: {error}") from None
    return header, arrays


def receive(fd: int, end: float, most: int = MAX_ANSWER) -> bytes | None:
    """The body of one frame; None if it does not come in time or the other end is closed.

    Raises ValueError if it is too long.
    """
    data = bytearray()
    need = 8
    while len(data) < need:
        ready, _, _ = select.select([fd], [], [], max(0.0, min(end - time.monotonic(), 3600.0)))
        if not ready:
            if time.monotonic() >= end:
                return None
            continue
        chunk = os.read(fd, min(1 << 20, need - len(data)))
        if not chunk:
            return None
        data += chunk
        if len(data) == need == 8:
            (length,) = struct.unpack(">Q", data)
            if length > most:
                raise ValueError("too long")
            need = 8 + length
    return bytes(data[8:])


def send(fd: int, frame: bytes) -> None:
    """All of a frame."""
    view = memoryview(frame)
    while view:
        view = view[os.write(fd, view) :]
