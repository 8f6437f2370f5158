"""Listings in their own process: numbers come back, and whatever a listing does, a sentence at worst."""

import platform
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gradcheck_cli.evaluate import listing
from gradcheck_cli.evaluate.listing import ListingFailed, Request, close, run
from gradcheck_cli.evaluate.listing_calls import _MACHINES
from gradcheck_cli.evaluate.listing_frames import pack, unpack


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(listing, "SECONDS", 5.0)
    monkeypatch.setattr(listing, "MEMORY", 256 << 20)


@pytest.fixture(autouse=True, scope="module")
def ended():
    yield
    close()


def ask(code, expression="1", *, whole=True, first=1, **more):
    return run(Request(code, first, expression, whole, **more))


def number(code, expression, **more):
    (array,) = ask(code, expression, **more).arrays
    return array


def refusal(code, expression="1", **more):
    with pytest.raises(ListingFailed) as caught:
        ask(code, expression, **more)
    return str(caught.value), caught.value.line


# --- what comes back -----------------------------------------------------------------------------------------


def test_numbers_of_every_sort():
    code = "import numpy as np\nx = np.arange(6.0).reshape(2, 3)"
    assert number(code, "x").tolist() == [[0, 1, 2], [3, 4, 5]]
    assert number(code, "x[0].tolist()").dtype == np.float64
    assert number(code, "x.shape").tolist() == [2, 3]
    assert number(code, "[1, 2]").dtype == np.int64
    assert number(code, "bool(x.any())").dtype == np.bool_
    assert number(code, "3").shape == ()
    assert number(code, "float('inf')") == np.inf
    assert ask(code, "x.astype(np.float32)").bits == 24
    assert ask(code, "x").bits == 53


def test_tensors():
    code = "import torch\ntorch.manual_seed(0)\nx = torch.ones(2, 3, requires_grad=True)\n(x * 2).sum().backward()"
    assert number(code, "x.grad").tolist() == [[2, 2, 2], [2, 2, 2]]
    assert ask(code, "x").bits == 24
    assert ask(code, "x.double()").bits == 53
    assert ask(code, "x.bfloat16()").bits == 8
    assert number(code, "[x[0], x[1]]").shape == (2, 3)
    assert number(code, "x.shape").tolist() == [2, 3]
    half = ask("import torch\ndef f(x): return x / torch.tensor(3, dtype=torch.float32).sqrt()", "f(x)", whole=False, arrays={"x": np.ones(2)})  # fmt: skip
    assert half.arrays[0].dtype == np.float64
    assert half.bits == 24  # although the result is float64, a part of it was float32


def test_several_values():
    found = ask("def f(): return 1.0, [2.0, 3.0]", "f()", count=2)
    assert [a.tolist() for a in found.arrays] == [1.0, [2.0, 3.0]]
    assert refusal("", "(1, 2)", count=3) == ("the listing gives 2 values, and the claim names 3", None)
    assert refusal("", "7", count=3) == ("the listing gives one value, and the claim names 3", None)


def test_text_and_what_was_printed():
    code = "print('a', 1)\nprint('done')"
    assert ask(code, "printed[1]").text == "done"
    assert number(code, "len(printed)") == 2


def test_only_definitions_are_run():
    code = """\
import math
n, m = 2, -3
eps = 1e-5
x = math.sqrt(2)
print("loud")
def f(a): return a * n
class C: k = 7
if True:
    y = 1
f(1)[0]
"""
    assert number(code, "f(a) + C.k + m", whole=False, sizes={"a": 5}) == 14
    assert number(code, "len(printed)", whole=False) == 0
    assert refusal(code, "x", whole=False) == ("NameError: name 'x' is not defined", None)


def test_our_names_do_not_reach_into_the_listing():
    code = "def f(): return 1\ndef g(): return f()"
    assert number(code, "g() + f", whole=False, sizes={"f": 10}) == 11


def test_each_run_is_fresh():
    assert number("x = [1]", "x.append(2) or len(x)") == 2
    assert number("x = [1]", "x.append(2) or len(x)") == 2


# --- what goes wrong -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "expression", "message", "line"),
    [
        ("x = 1\ny = x / 0", "1", "ZeroDivisionError: division by zero", 11),
        ("def f(a):\n  return a['b']\n", "f(3)", "TypeError: 'int' object is not subscriptable", 11),
        ("x = 1", "y", "NameError: name 'y' is not defined", None),
        ("x = (", "1", "SyntaxError: '(' was never closed", 10),
        ("x = 1", "x +", "SyntaxError: invalid syntax", None),
        ("x = 1", "None", "the expression gives `None`", None),
        ("x = 1", "1j", "the expression gives `complex`, which is no array of real numbers", None),
        ("x = 1", "{1: 2}", "the expression gives `dict`, which is no array of real numbers", None),
        ("x = 1", "[[1], [1, 2]]", "ValueError: setting an array element with a sequence. The requested array has an inhomogeneous shape after 1 dimensions. The detected shape was (2,) + inhomogeneous part.", None),
        ("import nothing_like_it", "1", "ModuleNotFoundError: No module named 'nothing_like_it'", 10),
        ("assert 1 == 2, 'one\\ntwo'", "1", "AssertionError: one", 10),
        ("exit()", "1", "it ends the program", 10),
        ("raise KeyboardInterrupt", "1", "KeyboardInterrupt", 10),
        ("class E(Exception):\n  def __str__(self): raise E\nraise E", "1", "E", 12),
        ("def f(): f()\nf()", "1", "RecursionError: maximum recursion depth exceeded", 10),
        ("x = 'a' * 400_000_000", "1", "MemoryError", 10),
        ("print('x' * 2_000_000)", "1", "RuntimeError: it prints more than 1,048,576 characters", 10),
        ("while True: print('x' * 1000)", "1", "RuntimeError: it prints more than 1,048,576 characters", 10),
        ("import numpy", "numpy.zeros(5_000_000)", "the expression gives 5,000,000 numbers; at most 4,194,304 are taken", None),
        ("x" * 300_000, "1", "the listing has 300,000 characters; at most 200,000 are run", None),
    ],
)  # fmt: skip
def test_exceptions_are_told_with_the_line_of_the_document(code, expression, message, line):
    assert refusal(code, expression, first=10) == (message, line)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import os; os._exit(3)", "the listing ends the process (status 3)"),
        ("import os; os.close(3); os._exit(0)", "the listing ends the process (status 0)"),
        ("import faulthandler; faulthandler._sigsegv()", "the listing crashes (SIGSEGV)"),
        ("import os\nfor fd in range(3, 60):\n  try: os.write(fd, b'garbage ' * 9)\n  except OSError: pass\nos._exit(0)", "what the listing sent back cannot be read"),
        ("import os\nfor fd in range(3, 60):\n  try: os.write(fd, b'\\0' * 7 + b'\\3abc')\n  except OSError: pass\nos._exit(0)", "what the listing sent back cannot be read"),
        ("import os; os.fork()", "PermissionError: a listing may not start processes"),
        ("while True:\n  import os; os.fork()", "PermissionError: a listing may not start processes"),
        ("import os; os.system('true')", "PermissionError: a listing may not start processes"),
        ("import subprocess; subprocess.run(['true'])", "PermissionError: a listing may not start processes"),
        ("import os; os.execv('/bin/true', ['true'])", "PermissionError: a listing may not start processes"),
        ("import multiprocessing as m; m.Process(target=print).start()", "PermissionError: a listing may not start processes"),
        ("import os; os.kill(os.getppid(), 9)", "PermissionError: a listing may not send signals"),
        ("import socket; socket.socket()", "PermissionError: a listing may not use the network"),
        ("import urllib.request as u; u.urlopen('http://localhost:9')", "URLError: <urlopen error a listing may not use the network>"),
        ("import ctypes; ctypes.CDLL(None).fork()", "PermissionError: a listing may not load libraries"),
        ("import ctypes; ctypes.pythonapi.fork()", "PermissionError: a listing may not load libraries"),
    ],
)  # fmt: skip
def test_hostile(code, message):
    assert refusal(code)[0] == message
    assert number("", "1") == 1  # and the next one is served


def test_the_kernel_refuses_what_the_interpreter_lets_pass():
    """Ways round the audit hook; a filter is there on Linux, on the usual machines."""
    if sys.platform != "linux" or platform.machine() not in _MACHINES:
        pytest.skip("no filter here")
    start = (
        "import _posixsubprocess as p, os\n"
        "r, w = os.pipe()\n"
        "pid = p.fork_exec([b'/bin/true'], [b'/bin/true'], True, (w,), None, None, -1, -1, -1, -1, -1, -1, r, w,"
        " False, False, -1, None, None, None, -1, None, False)\n"
    )
    assert refusal(start)[0].startswith(("PermissionError: [Errno 1]", "TypeError"))
    assert "TypeError" not in refusal(start)[0] or sys.version_info[:2] != (3, 11)
    assert refusal("import threading; threading.Thread(target=print).start()")[0] == "RuntimeError: can't start new thread"  # fmt: skip
    assert refusal("import _socket; _socket.socket()")[0].startswith("PermissionError: ")


def test_endless_ones_are_stopped(monkeypatch):
    monkeypatch.setattr(listing, "SECONDS", 0.3)
    for code in (
        "while True: pass",
        "import time\nwhile True: time.sleep(9)",
        "try:\n  while True: pass\nexcept BaseException: pass",
        "import signal\nfor s in (2, 15, 24): signal.signal(s, signal.SIG_IGN)\nwhile True: pass",
        "def f():\n  try: f()\n  finally: f()\nf()",
    ):
        begun = time.monotonic()
        assert refusal(code)[0] == "the listing takes longer than 0.3 s"
        assert time.monotonic() - begun < 3
    assert number("", "1") == 1


def test_a_stop_does_not_wait_for_a_thread(monkeypatch):
    monkeypatch.setattr(listing, "SECONDS", 1.0)
    code = "import threading, time\nt = threading.Thread(target=time.sleep, args=(60,))\nt.start()"
    try:
        assert number(code, "1") == 1
    except ListingFailed as failure:  # where the platform forbids threads
        assert "can't start new thread" in str(failure)


def test_files_stay_in_a_folder_that_goes_away(tmp_path):
    place = tmp_path / "there"
    place.write_text("x")
    inside = "open('a.txt', 'w').write('x' * 10)\nimport os\nos.mkdir('b')\nos.remove('a.txt')"
    folder = ask(inside + "\nx = os.getcwd()", "x").text
    assert not Path(folder).exists()
    what = {
        f"open({str(place)!r}, 'w')": "write files outside of its own folder",
        f"open({str(place)!r}, 'a')": "write files outside of its own folder",
        f"import os; os.open({str(place)!r}, os.O_RDWR)": "write files outside of its own folder",
        f"open({str(place)!r})": "read files outside of its own folder",
        f"import os; os.remove({str(place)!r})": "change files",
        f"import os; os.rename({str(place)!r}, 'a')": "change files",
        f"import os; os.symlink({str(place)!r}, 'a'); open('a', 'w')": "change files",
        f"open('a', 'w'); import os; os.rename('a', {str(place)!r})": "change files",
        f"import shutil; shutil.rmtree({str(tmp_path)!r})": "read files outside of its own folder",
    }
    for code, refused in what.items():
        assert refusal(code)[0] == f"PermissionError: a listing may not {refused}", code
    assert place.read_text() == "x"
    flood = "f = open('a', 'wb')\nwhile True: f.write(b'x' * 1_000_000)"
    assert refusal(flood) == ("OSError: [Errno 27] File too large", 2)


def test_the_environment_is_bare(monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hidden")
    close()
    assert number("import os", "'SECRET_TOKEN' in os.environ") == False  # noqa: E712
    assert number("import sys", "len(sys.stdin.read())") == 0
    assert number("import sys, os", "'' in sys.path or os.getcwd() in sys.path") == False  # noqa: E712


def test_nothing_is_left_behind():
    code = "import os; os.setsid() if os.getpgid(0) != os.getpid() else None"
    assert number(code, "1") == 1
    (host,) = listing._hosts
    folder, process = host.folder.name, host.process
    assert list(Path(folder).iterdir()) == []
    close()
    assert process.poll() is not None
    assert not Path(folder).exists()
    assert number("", "2") == 2  # it starts again by itself


def test_a_killed_process_is_told_and_started_again():
    assert number("", "1") == 1
    listing._hosts[0].process.kill()
    assert refusal("")[0] == "the process that runs listings has ended"
    assert number("", "1") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such a signal")
def test_it_ends_with_its_master():
    """Even when that is killed while a listing runs."""
    script = """\
import os, signal, threading, time
from pathlib import Path
from gradcheck_cli.evaluate import listing
listing.run(listing.Request("", 1, "1", True))
endless = listing.Request("import time\\ntime.sleep(60)", 1, "1", True)
threading.Thread(target=listing.run, args=(endless,), daemon=True).start()
pid = listing._hosts[0].process.pid
below = Path(f"/proc/{pid}/task/{pid}/children")
while not below.read_text():
    time.sleep(0.01)
time.sleep(0.1)
print(pid, below.read_text(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    root = Path(listing.__file__).parent.parent.parent
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True)
    pids = [int(word) for word in done.stdout.split()]
    assert len(pids) == 2, done.stderr
    for _ in range(200):
        if not any(map(runs, pids)):
            return
        time.sleep(0.02)
    raise AssertionError("it still runs")


def runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except (FileNotFoundError, ProcessLookupError):
        return False


# --- frames ----------------------------------------------------------------------------------------------------


def test_frames_are_read_back():
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.array(True), "c": np.zeros((0, 2), dtype=np.int64)}
    header, found = unpack(pack({"k": 1}, arrays)[8:])
    assert header["k"] == 1
    assert {n: (a.tolist(), a.dtype) for n, a in found.items()} == {n: (a.tolist(), a.dtype) for n, a in arrays.items()}  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0\0\0\2{}",
        b"\0\0\0\2[]",
        b"\xff\xff\xff\xff{}",
        b"\0\0\0\4null",
        b"\0\1\0\0" + b"[" * 65536,
        pack({}, {"a": np.ones(3)})[8:-1],
        pack({"arrays": 3})[8:].replace(b"[]", b"42"),
        pack({}, {"a": np.ones(3)})[8:].replace(b"float64", b"objects"),
        pack({}, {"a": np.ones(3)})[8:].replace(b"[3]", b"9e9"),
        pack({}, {"a": np.ones(3)})[8:].replace(b"[3]", b"[-]"),
    ],
)
def test_anything_else_is_no_frame(body):
    with pytest.raises(ValueError, match="not a frame"):
        unpack(body)
