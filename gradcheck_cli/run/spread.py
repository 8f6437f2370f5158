"""Jobs spread over an Executor: in chunks, again where a process was lost, and never waiting for ever."""

from __future__ import annotations

import pickle
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from dataclasses import dataclass, replace
from threading import Lock
from time import monotonic
from typing import TypeAlias

from gradcheck_cli.run.attempt import Judged, attempt, crash
from gradcheck_cli.run.jobs import Job
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.stored import Json, Outcome, Unfit, dump_outcome, restore_outcome

DEATHS = ("Died", "KilledWorker")
"""The errors of executors that tell of a lost process (the other one is dask's, which may not be there)."""

DOWN = (BrokenExecutor, CancelledError, ImportError, AttributeError)
"""The errors after which nothing more can be expected: the executor is gone, or gradcheck is not there."""

MAX_CHUNK = 64

Numbered: TypeAlias = tuple[int, Job]


class Stopped(Exception):  # noqa: N818  it is an outcome
    """The executor judges no more; the message says why."""


@dataclass(frozen=True)
class Venue:
    """Where jobs are judged."""

    executor: Executor
    width: int
    """How many calls are under way at once."""
    patience: float | None
    """Seconds after which something must have come back; None: the executor sees to that."""
    chunk: float = 0.0
    """Seconds that one call should take at least; 0: one claim a call."""
    tries: int = 2
    """How often a process may be lost to a claim."""
    pickled: bool = False
    """Whether the executor is to see bytes instead of data."""

    def submit(self, jobs: tuple[Job, ...], options: Options) -> Future[list[tuple[Json, float]]]:
        """Has the jobs judged."""
        if self.pickled:
            return self.executor.submit(_work_pickled, pickle.dumps((jobs, options)))
        return self.executor.submit(work, jobs, options)


def spread(venue: Venue, jobs: Iterable[Numbered], options: Options, begins: Callable[[Job], None]) -> Judged:
    """Judges the jobs; `begins` is told whenever something came back, with a job that is under way.

    A chunk that is lost is judged again claim by claim. What was lost too often
    is judged without a diagnosis, so that its verdict is there if it can be
    had, and counts as a crash. Raises Stopped where the executor does not go
    on; an interrupt comes through after what had come back.
    """
    return _Spread(venue, jobs, options, begins).run()


class _Spread:
    """The state of a spread: what waits, what is under way, what was lost how often."""

    def __init__(
        self, venue: Venue, jobs: Iterable[Numbered], options: Options, begins: Callable[[Job], None]
    ) -> None:
        self.venue, self.begins = venue, begins
        # what judging looks at, and nothing else
        self.options = Options(diagnose=options.diagnose, known_too=options.known_too)
        self.waiting = deque(jobs)
        self.again: deque[Numbered] = deque()
        self.flying: dict[Future[list[tuple[Json, float]]], tuple[Numbered, ...]] = {}
        self.losses: Counter[int] = Counter()
        self.last_words: dict[int, str] = {}
        """Of claims that were lost too often: how."""
        self.seconds = self.judged = 0.0

    def run(self) -> Judged:
        try:
            while self.waiting or self.again or self.flying:
                while len(self.flying) < self.venue.width and (self.waiting or self.again):
                    self.submit()
                self.begins(next(iter(self.flying.values()))[0][1])
                done, _ = wait(self.flying, self.venue.patience, FIRST_COMPLETED)
                if not done:
                    raise Stopped(f"nothing came back for {self.venue.patience:g} s")
                for future in [future for future in self.flying if future in done]:
                    yield from self.landed(future)
        except KeyboardInterrupt:
            for future in [future for future in self.flying if future.done() and not future.cancelled()]:
                if future.exception() is None:
                    yield from self.landed(future)
            raise
        finally:
            for future in self.flying:
                future.cancel()

    def submit(self) -> None:
        """The next chunk: one suspect by itself, or as many claims as take long enough."""
        chunk: tuple[Numbered, ...]
        if self.again:
            chunk = (self.again.popleft(),)
        else:
            each = self.seconds / self.judged if self.judged else self.venue.chunk
            size = min(MAX_CHUNK, max(1, round(self.venue.chunk / each))) if each else 1
            chunk = tuple(self.waiting.popleft() for _ in range(min(size, len(self.waiting))))
        bare = chunk[0][0] in self.last_words
        options = replace(self.options, diagnose="off") if bare else self.options
        try:
            self.flying[self.venue.submit(tuple(job for _, job in chunk), options)] = chunk
        except (BrokenExecutor, RuntimeError) as error:
            raise Stopped(str(error)) from error

    def landed(self, future: Future[list[tuple[Json, float]]]) -> Judged:
        """What became of a chunk."""
        chunk = self.flying.pop(future)
        try:
            values = future.result()
        except DOWN as error:
            raise Stopped(str(error) or type(error).__name__) from error
        except Exception as error:  # noqa: BLE001  whatever an executor comes up with
            yield from self.lost(chunk, error)
            return
        for (number, job), (value, seconds) in zip(chunk, values, strict=True):
            self.seconds += seconds
            self.judged += 1
            try:
                outcome = restore_outcome(value, job)
            except Unfit as error:
                outcome = Outcome(crash=crash(job, f"what came back cannot be read: {error}"))
            if number in self.last_words:
                outcome = replace(outcome, crash=crash(job, self.last_words[number]))
            yield number, outcome

    def lost(self, chunk: tuple[Numbered, ...], error: Exception) -> Judged:
        """Has lost claims judged again; gives up those that were lost too often."""
        died = type(error).__name__ in DEATHS
        for number, job in chunk:
            self.losses[number] += 1
            words = _words(error)
            if number in self.last_words:
                yield number, Outcome(crash=crash(job, self.last_words[number]))
            elif len(chunk) > 1 or (died and self.losses[number] < self.venue.tries):
                self.again.append((number, job))
            elif died and self.options.diagnose != "off":
                self.last_words[number] = words
                self.again.append((number, job))
            else:
                yield number, Outcome(crash=crash(job, words))


def _words(error: Exception) -> str:
    """What a person is told of a loss."""
    match type(error).__name__:
        case "Died":
            return str(error)
        case "KilledWorker":
            return "the process that judged this claim died, on several workers one after the other"
        case name:
            return f"{name}: {error}"


_one_at_a_time = Lock()
"""A process judges one claim at a time, whatever threads its executor has."""


def work(jobs: tuple[Job, ...], options: Options) -> list[tuple[Json, float]]:
    """Judges jobs, in the process of a worker: outcomes as JSON values, and the seconds of each."""
    found: list[tuple[Json, float]] = []
    for job in jobs:
        with _one_at_a_time:
            if "torch" in sys.modules:
                sys.modules["torch"].set_num_threads(1)
            start = monotonic()
            *_, outcome = attempt(job, options)
            try:
                value = dump_outcome(outcome, job)
            except Unfit as error:
                value = dump_outcome(Outcome(crash=crash(job, f"this result cannot be sent: {error}")), job)
            found.append((value, monotonic() - start))
    return found


def _work_pickled(call: bytes) -> list[tuple[Json, float]]:
    """The same for an executor that looks into its arguments, which takes long."""
    jobs, options = pickle.loads(call)  # noqa: S301  from our own process
    return work(jobs, options)
