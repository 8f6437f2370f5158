"""The child that runs one listing: it gives up what it can, runs the code, and sends back numbers.

What it gives up: files outside of an empty folder, processes, sockets, memory
and time. That holds off accidents and simple malice; it is no prison for code
that attacks the interpreter, which is why nothing runs without the user's word.
"""

from __future__ import annotations

import ast
import contextlib
import ctypes
import io
import os
import signal
import sys
from typing import Any

import numpy as np

from gradcheck_cli.evaluate.listing_calls import refuse_calls
from gradcheck_cli.evaluate.listing_frames import MAX_ANSWER, Arrays, pack, send

MAX_PRINT = 1 << 20
"""Characters that a listing may print."""

MAX_FILE = 16 << 20
"""Bytes of a file in its own folder."""

NAME = "<listing>"

DIES_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of Linux."""


def prctl(option: int, value: int) -> None:
    """Sets an attribute of this process, where there are such."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, int(value), 0, 0, 0)


def run(header: dict[str, Any], arrays: Arrays, folder: str, answer: int) -> None:
    """Never returns: the answer is sent through a pipe, and the process ends."""
    prctl(DIES_WITH_PARENT, signal.SIGKILL)
    os.setsid()
    os.chdir(folder)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    _limit(header)
    refuse_calls()
    out = _Bounded()
    sys.stdout = sys.stderr = out
    sys.dont_write_bytecode = True
    sys.argv = [NAME]
    _guard(os.path.realpath(folder))
    try:
        frame = _answer(header, arrays, out)
    except BaseException as error:  # noqa: BLE001  whatever a listing may raise
        frame = _failure(error)
    if len(frame) > MAX_ANSWER:
        frame = pack({"ok": False, "error": "the result is too large", "kind": "", "line": None})
    send(answer, frame)
    os._exit(0)


class _Bounded(io.StringIO):
    """What is printed, up to a limit."""

    def write(self, text: str) -> int:
        if self.tell() + len(text) > MAX_PRINT:
            raise RuntimeError(f"it prints more than {MAX_PRINT:,} characters")
        return super().write(text)


def _limit(header: dict[str, Any]) -> None:
    """Gives up time, memory, files and processes, as far as the platform knows how."""
    import resource  # noqa: PLC0415  not everywhere

    memory = header["memory"]
    with contextlib.suppress(OSError, ValueError), open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
        memory += int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    seconds = int(header["seconds"]) + 2
    for name, value in (
        ("RLIMIT_CPU", seconds),
        ("RLIMIT_AS", memory),
        ("RLIMIT_FSIZE", MAX_FILE),
        ("RLIMIT_NOFILE", 64),
        ("RLIMIT_NPROC", 0),
        ("RLIMIT_CORE", 0),
    ):
        which = getattr(resource, name, None)
        if which is not None:
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(which, (value, value))


_DENIED = {
    "os.fork": "start processes",
    "os.forkpty": "start processes",
    "os.posix_spawn": "start processes",
    "os.spawn": "start processes",
    "os.exec": "start processes",
    "os.system": "start processes",
    "pty.spawn": "start processes",
    "subprocess.Popen": "start processes",
    "os.kill": "send signals",
    "os.killpg": "send signals",
    "signal.pthread_kill": "send signals",
    "ctypes.dlopen": "load libraries",
    "ctypes.dlsym": "load libraries",
}
_CHANGES = {
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.chmod", "os.chown", "os.link", "os.symlink",
    "os.truncate", "os.utime", "os.setxattr", "os.removexattr",
}  # fmt: skip
_TWO = {"os.rename", "os.link", "os.symlink"}
_READABLE = ("/dev/null", "/dev/urandom", "/proc/self", "/sys/devices/system/cpu", "/usr/share/zoneinfo")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def _guard(folder: str) -> None:
    """Refuses in words what a listing has no need of."""
    inside = (folder + os.sep,)
    places = {sys.prefix, sys.base_prefix, *filter(os.path.isdir, sys.path)}
    readable = (*inside, *_READABLE, *(os.path.realpath(p) + os.sep for p in places if p))

    def whole(path: object) -> str:
        text = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
        return os.path.realpath(text)

    def watch(event: str, args: tuple[Any, ...]) -> None:
        what = _DENIED.get(event)
        if event.startswith("socket."):
            what = "use the network"
        elif event in _CHANGES:
            paths = args[:2] if event in _TWO else args[:1]
            if not all(whole(path).startswith(inside) for path in paths):
                what = "change files"
        elif event == "open" and not isinstance(args[0], int):
            mode, flags = args[1] or "", args[2] or 0
            writes = any(c in mode for c in "wax+") or bool(flags & _WRITES)
            path = whole(args[0])
            if writes and not path.startswith((*inside, os.devnull)):
                what = "write files outside of its own folder"
            elif not writes and not path.startswith(readable):
                what = "read files outside of its own folder"
        if what is not None:
            raise PermissionError(f"a listing may not {what}")

    sys.addaudithook(watch)


def _answer(header: dict[str, Any], arrays: Arrays, out: _Bounded) -> bytes:
    """Runs the listing, then the expression."""
    code = "\n" * (header["first"] - 1) + header["code"]
    space: dict[str, Any] = {"__name__": "__main__", "__builtins__": __builtins__}
    tree = ast.parse(code, NAME)
    if not header["whole"]:
        tree.body = [line for line in tree.body if _defines(line)]
    exec(compile(tree, NAME, "exec"), space)  # noqa: S102  this is what the user allowed
    names = {**space, **_brought(header, arrays), "printed": out.getvalue().splitlines()}
    bits = [53]
    with _watched(bits) if header["torch"] and not header["whole"] else contextlib.nullcontext():
        value = eval(compile(header["expression"].strip(), "<claim>", "eval"), names)  # noqa: S307
    count = header["count"]
    if count > 1:
        if not isinstance(value, (tuple, list)) or len(value) != count:
            given = f"{len(value)} values" if isinstance(value, (tuple, list)) else "one value"
            raise _Unfit(f"the listing gives {given}, and the claim names {count}")
        values = list(value)
    else:
        if isinstance(value, (tuple, list)) and len(value) == 1 and _is_array(value[0]):
            value = value[0]
        values = [value]
    if count == 1 and isinstance(values[0], str):
        return pack({"ok": True, "text": values[0][:10_000], "bits": 53})
    found = {str(n): _numbers(v, bits) for n, v in enumerate(values)}
    return pack({"ok": True, "bits": bits[0]}, found)


class _Unfit(Exception):  # noqa: N818
    """The value is of another sort than the claim says."""


def _defines(line: ast.stmt) -> bool:
    """Whether a statement is an import, a definition, or a constant."""
    if isinstance(line, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return True
    simple = (ast.Constant, ast.Tuple, ast.List, ast.UnaryOp, ast.BinOp, ast.operator, ast.unaryop, ast.Load)
    return isinstance(line, (ast.Assign, ast.AnnAssign)) and all(
        isinstance(n, simple) for n in (ast.walk(line.value) if line.value else ())
    )


def _brought(header: dict[str, Any], arrays: Arrays) -> dict[str, Any]:
    """Our quantities: sizes as whole numbers, arrays as tensors where the listing knows torch."""
    torch = sys.modules.get("torch") if header["torch"] else None
    found: dict[str, Any] = dict(header["sizes"])
    for name, array in arrays.items():
        found[name] = torch.from_numpy(array) if torch is not None else array
    return found


def _watched(bits: list[int]) -> Any:
    """Notices the coarsest precision that any function of torch works in."""
    torch = sys.modules["torch"]

    class Watch(torch.overrides.TorchFunctionMode):  # type: ignore[misc, name-defined]
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            value = func(*args, **(kwargs or {}))
            for one in value if isinstance(value, (tuple, list)) else (value,):
                if isinstance(one, torch.Tensor) and one.is_floating_point():
                    bits[0] = min(bits[0], _bits(one.dtype))
            return value

    return Watch()


def _bits(dtype: Any) -> int:
    name = str(dtype).rpartition(".")[2]
    return {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}.get(name, 4)


def _is_array(value: Any) -> bool:
    return hasattr(value, "shape") and hasattr(value, "dtype")


def _numbers(value: Any, bits: list[int]) -> Any:
    """The value as an array of float64, int64 or bool. Raises _Unfit for what is none."""
    torch = sys.modules.get("torch")
    if isinstance(value, (tuple, list)) and len({tuple(v.shape) for v in value if _is_array(v)}) > 1:
        raise _Unfit(f"the listing gives {len(value)} arrays, and the claim names one")
    if torch is not None and isinstance(value, (tuple, list)) and any(map(torch.is_tensor, value)):
        value = torch.stack([torch.as_tensor(v) for v in value])
    if torch is not None and torch.is_tensor(value):
        value = value.detach().cpu()
        if value.is_floating_point():
            bits[0] = min(bits[0], _bits(value.dtype))
            value = value.double()
        value = value.resolve_conj().resolve_neg().numpy()
    if value is None:
        raise _Unfit("the expression gives `None`")
    found = np.asarray(value)
    if found.dtype.kind == "f" and found.dtype != np.float64:
        bits[0] = min(bits[0], _bits(found.dtype.name))
    kind = {"b": np.bool_, "i": np.int64, "u": np.int64, "f": np.float64}.get(found.dtype.kind)
    if kind is None:
        raise _Unfit(f"the expression gives `{type(value).__name__}`, which is no array of real numbers")
    if found.size > MAX_ANSWER // 16:
        raise _Unfit(f"the expression gives {found.size:,} numbers; at most {MAX_ANSWER // 16:,} are taken")
    return found.astype(kind)


def _failure(error: BaseException) -> bytes:
    """An exception in words, with the line of the listing in which it arose."""
    if isinstance(error, _Unfit):
        return pack({"ok": False, "error": str(error), "kind": "unfit", "line": None})
    line, file = None, ""
    step = error.__traceback__
    while step is not None:
        file = step.tb_frame.f_code.co_filename
        if file == NAME:
            line = step.tb_lineno
        step = step.tb_next
    if isinstance(error, SyntaxError) and error.filename == NAME:
        line = error.lineno
    kind = type(error).__name__
    said = error.msg if isinstance(error, SyntaxError) else _told(error)
    text = f"{kind}: {said}" if said else kind
    if isinstance(error, SystemExit):
        text = "it ends the program"
    if kind == "AssertionError" and file != NAME and "testing" not in file:
        kind = ""  # an assertion of some library, not one of the listing's own claims
    return pack({"ok": False, "error": text[:300], "kind": kind, "line": line})


def _told(error: BaseException) -> str:
    try:
        lines = str(error).strip().splitlines()
    except BaseException:  # noqa: BLE001  its own `__str__` is foreign code too
        return ""
    return lines[0] if lines else ""
