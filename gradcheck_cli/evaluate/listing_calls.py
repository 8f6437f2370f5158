"""What the kernel refuses to a listing whatever it does to the interpreter: processes, sockets, signals.

A seccomp filter, on the systems that have one; elsewhere the limits and the audit hook stand alone.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys

_SECCOMP, _FILTER = 22, 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
_OTHER_TABLE = 0x40000000
"""Where the numbers of the x32 table begin."""

_MACHINES = {
    # the architecture as the kernel tells it, and the numbers of: clone, clone3, fork, vfork, execve,
    # execveat, socket, socketpair, kill, ptrace, process_vm_writev
    "x86_64": (0xC000003E, (56, 435, 57, 58, 59, 322, 41, 53, 62, 101, 311)),
    "aarch64": (0xC00000B7, (220, 435, 221, 281, 198, 199, 129, 117, 271)),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def refuse_calls() -> bool:
    """Installs the filter, for good; whether there is one here."""
    machine = _MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None:
        return False
    architecture, numbers = machine
    steps = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
        (_AT_LEAST, len(numbers) + 1, 0, _OTHER_TABLE),
        *((_EQUAL, len(numbers) - n, 0, number) for n, number in enumerate(numbers)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERROR),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = _Program(len(steps), ctypes.cast(code, ctypes.c_void_p))
    return not ctypes.CDLL(None).prctl(_SECCOMP, _FILTER, ctypes.byref(program), 0, 0)
