"""Processes that judge: an Executor of which a process that dies or hangs loses the one call it was at.

`ProcessPoolExecutor` gives up all calls under way when one process dies, and
cannot tell whose fault it was. Here each process has one call at a time and a
pipe of its own, so that a death is put down to the right call, with its signal,
and only that process is replaced. Processes are forked from a server that has
imported torch once; they end with the pool, or with the program that had it.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import pickle
import signal
import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from threading import Lock, Thread
from time import monotonic
from typing import Any

from gradcheck_cli.spec.model import Operator
from gradcheck_cli.text import Source

SHARED = (Source, Operator)
"""What many calls have in common is sent to each process once."""

STARTS = 3
"""How often a server of processes that was killed is started again for one process."""

GRACE = 1.0
"""Seconds that a process has to put its things in order."""


class Died(Exception):  # noqa: N818  it is an outcome
    """The process that made a call ended, or was ended, before it answered."""


@dataclass(eq=False)
class _Call:
    """A call that waits or is under way."""

    future: Future[Any]
    what: tuple[Callable[..., Any], tuple[Any, ...]]


@dataclass(eq=False)
class _Worker:
    """A process, our end of its pipe, and the call it is at."""

    process: Any
    pipe: Connection
    call: _Call | None = None
    end: float = float("inf")
    """When the call has taken too long."""
    sent: dict[int, Any] = field(default_factory=dict)
    """The shared objects that the process has, by identity; kept alive here, so that none is reused."""


class Workers(Executor):
    """At most `count` processes, each started when there is something to do.

    `seconds` is how long one call may take. The thread that looks after the
    processes ends in `shutdown`.
    """

    def __init__(self, count: int, seconds: float, preload: tuple[str, ...] = ()) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["__main__", __name__, *preload])
        self._count, self._seconds = count, seconds
        self._calls: deque[_Call] = deque()
        self._closed = self._abandoned = self._woken = False
        self._lock = Lock()
        """Of the three flags, and of the decision to take another call."""
        self._awake, self._wake = self._context.Pipe(duplex=False)
        self._workers: list[_Worker] = []
        """The thread's own."""
        self._thread = Thread(target=self._serve, name="gradcheck-workers", daemon=True)
        self._thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Calls a function of a module with arguments that can be pickled, in some process."""
        assert not kwargs
        call = _Call(Future(), (fn, args))
        with self._lock:
            if self._closed:
                raise BrokenExecutor("these workers were shut down")
            self._calls.append(call)
            self._nudge()
        return call.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends the processes: with `cancel_futures` at once, else when all calls are answered."""
        with self._lock:
            self._closed = True
            self._abandoned |= cancel_futures
            self._nudge()
        if wait:
            self._thread.join()

    def _nudge(self) -> None:
        if not self._woken and self._thread.is_alive():
            self._woken = True
            self._wake.send_bytes(b"-")

    def _serve(self) -> None:
        """Hands out calls and takes answers, until the pool is closed and nothing is left to do."""
        why = "these workers were shut down"
        try:
            while self._goes_on():
                self._hand_out()
                end = min((worker.end for worker in self._workers), default=float("inf"))
                patience = None if end == float("inf") else max(0.0, end - monotonic())
                watched = [handle for w in self._workers for handle in (w.pipe, w.process.sentinel)]
                ready = set(wait([self._awake, *watched], patience))
                if self._awake in ready:
                    with self._lock:
                        self._awake.recv_bytes()
                        self._woken = False
                for worker in list(self._workers):
                    if worker.pipe in ready or worker.process.sentinel in ready:
                        self._take(worker)
                    elif worker.end <= monotonic():
                        self._bury(worker, f"was ended after {self._seconds:g} s")
        except OSError as error:
            why = f"no process can be started: {error.strerror or error}"
        finally:
            with self._lock:
                self._closed = True
            for worker in list(self._workers):
                self._bury(worker, "was ended")
            for call in self._calls:
                if call.future.set_running_or_notify_cancel():
                    call.future.set_exception(BrokenExecutor(why))
            self._calls.clear()
            self._awake.close()
            self._wake.close()

    def _goes_on(self) -> bool:
        with self._lock:
            at_work = self._calls or any(worker.call for worker in self._workers)
            return not self._abandoned and (not self._closed or bool(at_work))

    def _hand_out(self) -> None:
        """Gives the waiting calls to processes that are free, and starts some while there may be more."""
        while self._calls:
            worker = next((w for w in self._workers if w.call is None), None)
            if worker is None and len(self._workers) < self._count:
                try:
                    worker = self._started()
                except OSError:  # no more of them: those that there are do the work
                    if not self._workers:
                        raise
            if worker is None:
                return
            call = self._calls.popleft()
            if call.future.set_running_or_notify_cancel():
                self._send(worker, call)

    def _started(self) -> _Worker:
        """A new process. Raises OSError if there can be no more."""
        for _ in range(STARTS):
            ours, theirs = self._context.Pipe()
            process = self._context.Process(target=_work, args=(theirs,), daemon=True)
            try:
                process.start()
            except EOFError:  # the server was killed; the next process starts another one
                ours.close()
                continue
            finally:
                theirs.close()
            worker = _Worker(process, ours)
            self._workers.append(worker)
            return worker
        raise OSError(0, "the server of processes ends by itself")

    def _send(self, worker: _Worker, call: _Call) -> None:
        worker.call, worker.end = call, monotonic() + self._seconds
        try:
            for part in _packed(call.what, worker.sent):
                worker.pipe.send_bytes(part)
        except OSError:
            pass  # it died while it was idle: its sentinel tells
        except Exception as error:  # noqa: BLE001  what cannot be pickled is the caller's affair
            self._answer(worker, error=error)
            self._bury(worker, "")  # it may have a part of the call

    def _take(self, worker: _Worker) -> None:
        """The answer of a process, or its death."""
        try:
            if worker.pipe.poll():
                value, error = worker.pipe.recv()
                self._answer(worker, value, error)
                return
        except (EOFError, OSError, pickle.UnpicklingError):
            pass
        worker.process.join(GRACE)
        self._bury(worker, _manner(worker.process.exitcode))

    def _bury(self, worker: _Worker, manner: str) -> None:
        """Ends a process, and its call with it."""
        self._workers.remove(worker)
        worker.pipe.close()
        if worker.call is not None:
            worker.process.terminate()
        worker.process.join(GRACE)  # it leaves by itself, unless it is deep in some other code
        worker.process.kill()
        worker.process.join()
        worker.process.close()
        self._answer(worker, error=Died(f"the process that judged this claim {manner}"))

    def _answer(self, worker: _Worker, value: Any = None, error: BaseException | None = None) -> None:
        call, worker.call, worker.end = worker.call, None, float("inf")
        if call is not None and error is not None:
            call.future.set_exception(error)
        elif call is not None:
            call.future.set_result(value)


def _manner(code: int | None) -> str:
    """How a process died, in words."""
    if code is None:
        return "closed its pipe"
    return f"died (signal {-code})" if code < 0 else f"ended (status {code})"


def _packed(what: Any, sent: dict[int, Any]) -> list[bytes]:
    """The messages that bring a call to a process which has the `sent` objects; those it gains are noted.

    The last message begins with `!`; those before it bring one shared object each.
    """
    parts: list[bytes] = []

    class Pickler(pickle.Pickler):
        def __init__(self, out: io.BytesIO, whole: object = None) -> None:
            super().__init__(out, pickle.HIGHEST_PROTOCOL)
            self.whole = whole

        def persistent_id(self, obj: object) -> int | None:
            if obj is self.whole or not isinstance(obj, SHARED):
                return None
            if id(obj) not in sent:
                body = _pickled(obj, obj)
                sent[id(obj)] = obj
                parts.append(b"+" + id(obj).to_bytes(8, "big") + body)
            return id(obj)

    def _pickled(value: object, whole: object = None) -> bytes:
        out = io.BytesIO()
        Pickler(out, whole).dump(value)
        return out.getvalue()

    parts.append(b"!" + _pickled(what))
    return parts


def _work(pipe: Connection) -> None:
    """The life of a process: calls in, answers out, until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program, which then ends us
    signal.signal(signal.SIGTERM, lambda *_: _leave())
    shared: dict[int, Any] = {}

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, pid: int) -> object:
            return shared[pid]

    while True:
        try:
            part = pipe.recv_bytes()
        except (EOFError, OSError):
            break
        if part[:1] == b"+":
            shared[int.from_bytes(part[1:9], "big")] = Unpickler(io.BytesIO(part[9:])).load()
            continue
        try:
            function, args = Unpickler(io.BytesIO(part[1:])).load()
            answer: tuple[object, Exception | None] = function(*args), None
        except Exception as error:  # noqa: BLE001  it is told to whoever asked
            answer = None, error
        try:
            pipe.send(answer)
        except OSError:
            break
    _leave()


def _leave() -> None:
    """Ends what the modules in this process started; multiprocessing does not."""
    listing = sys.modules.get("gradcheck_cli.evaluate.listing")
    if listing is not None:
        listing.close()
    os._exit(0)
