"""The pool of processes: a process that dies or hangs loses the one call it was at, and nothing outlives the pool."""

import os
import signal
import threading
import time
from concurrent.futures import BrokenExecutor, CancelledError

import pytest

from gradcheck_cli.run.workers import Died, Workers
from gradcheck_cli.text import Source, Span

GENEROUS = 60.0


@pytest.fixture
def workers():
    pool = Workers(2, GENEROUS)
    yield pool
    pool.shutdown(cancel_futures=True)
    assert "gradcheck-workers" not in {thread.name for thread in threading.enumerate()}


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_answers_and_errors(workers):
    calls = [workers.submit(divmod, number, 7) for number in range(40)]
    assert [call.result(GENEROUS) for call in calls] == [divmod(number, 7) for number in range(40)]
    with pytest.raises(ZeroDivisionError):
        workers.submit(divmod, 1, 0).result(GENEROUS)


@pytest.mark.parametrize(
    ("function", "argument", "message"),
    [
        (signal.raise_signal, signal.SIGKILL, "the process that judged this claim died (signal 9)"),
        (signal.raise_signal, signal.SIGSEGV, "the process that judged this claim died (signal 11)"),
        (os._exit, 3, "the process that judged this claim ended (status 3)"),
    ],
)
def test_a_death_loses_one_call(workers, function, argument, message):
    before = [workers.submit(time.sleep, 0.01) for _ in range(4)]
    fatal = workers.submit(function, argument)
    after = [workers.submit(pow, 2, number) for number in range(10)]
    with pytest.raises(Died) as raised:
        fatal.result(GENEROUS)
    assert str(raised.value) == message
    assert [call.result(GENEROUS) for call in after] == [2**number for number in range(10)]
    assert [call.result(GENEROUS) for call in before] == [None] * 4


def test_a_process_that_hangs_is_ended():
    pool = Workers(1, 1.0)
    hangs, after = pool.submit(time.sleep, 100), pool.submit(pow, 2, 3)
    with pytest.raises(Died) as raised:
        hangs.result(GENEROUS)
    assert str(raised.value) == "the process that judged this claim was ended after 1 s"
    assert after.result(GENEROUS) == 8
    pool.shutdown()


def test_a_process_killed_while_idle_is_replaced(workers):
    """At most the call is lost that was on its way to it."""
    for _ in range(3):
        os.kill(workers.submit(os.getpid).result(GENEROUS), signal.SIGKILL)
        calls = [workers.submit(pow, 2, 3) for _ in range(3)]
        assert sorted([call.exception(GENEROUS) is None for call in calls])[1:] == [True, True]


def test_an_interrupt_of_the_group_does_not_reach_the_processes(workers):
    pid = workers.submit(os.getpid).result(GENEROUS)
    os.kill(pid, signal.SIGINT)
    assert workers.submit(pow, 2, 3).result(GENEROUS) == 8
    assert alive(pid)


def test_closing_waits_for_what_was_asked():
    pool = Workers(2, GENEROUS)
    calls = [pool.submit(pow, 2, number) for number in range(20)]
    pool.shutdown()
    assert [call.result(0) for call in calls] == [2**number for number in range(20)]
    with pytest.raises(BrokenExecutor, match="these workers were shut down"):
        pool.submit(pow, 2, 3)
    pool.shutdown()


def test_giving_up_ends_what_is_under_way_at_once():
    pool = Workers(1, GENEROUS)
    pid = pool.submit(os.getpid).result(GENEROUS)
    under_way, waiting = pool.submit(time.sleep, 100), pool.submit(pow, 2, 3)
    while not under_way.running():
        time.sleep(0.01)
    pool.shutdown(cancel_futures=True)
    with pytest.raises(Died, match="was ended"):
        under_way.result(0)
    with pytest.raises((BrokenExecutor, CancelledError)):
        waiting.result(0)
    assert not alive(pid)


def test_what_cannot_be_sent_is_the_error_of_its_call(workers):
    with pytest.raises(Exception, match="pickle"):
        workers.submit(print, lambda: None).result(GENEROUS)
    assert workers.submit(pow, 2, 3).result(GENEROUS) == 8


def test_a_text_that_calls_share_is_sent_once_and_stays_one():
    pool = Workers(1, GENEROUS)
    source = Source("a", "x" * 3_000_000)
    answers = [
        pool.submit(Span.to, Span(source, n, n + 1), Span(source, n, n + 5)).result(GENEROUS)
        for n in range(2)
    ]
    assert [(span.start, span.end, span.source.text == source.text) for span in answers] == [
        (0, 5, True),
        (1, 6, True),
    ]
    pool.shutdown()


def test_no_process_is_started_for_nothing():
    pool = Workers(2, GENEROUS)
    pool.shutdown()
    assert pool._workers == []
