"""Jobs over any Executor: chunks, second tries, and an end to waiting."""

from collections import Counter
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.run.jobs import Loaded, plan
from gradcheck_cli.run.options import Options
from gradcheck_cli.run.pipeline import run
from gradcheck_cli.run.spread import Stopped, Venue, spread
from gradcheck_cli.run.workers import Died
from gradcheck_cli.spec.load import load_text

OPTIONS = Options(settings=Settings("differences", draws=1))
CLAIMS = 12


def spec(number):
    claims = "".join(f"  - {{id: c{n}, gradient: dX = 2 * dY}}\n" for n in range(number))
    return f"operator: o\ninputs: {{X: [3]}}\nforward: {{Y: X * 2}}\nclaims:\n{claims}"


@pytest.fixture
def jobs(tmp_path):
    return list(
        enumerate(plan([Loaded(tmp_path / "s", load_text("s", spec(CLAIMS)))], OPTIONS, tmp_path).jobs)
    )


class Flaky(Executor):
    """Calls at once; loses its process at the claims of `deadly`, as often as that says."""

    def __init__(self, deadly, error=Died):
        self.deadly, self.error, self.calls = Counter(deadly), error, []

    def submit(self, fn, /, *args, **kwargs):
        jobs, options = args
        future = Future()
        names = [job.claim.id for job in jobs]
        self.calls.append((names, options.diagnose))
        for name in names:
            if self.deadly[name]:
                self.deadly[name] -= 1
                future.set_exception(self.error("the process that judged this claim died (signal 9)"))
                return future
        future.set_result(fn(*args))
        return future


def collect(venue, jobs, options=OPTIONS):
    return list(spread(venue, jobs, options, lambda job: None))


def verdicts(found):
    return {number: outcome.result.verdict for number, outcome in found if outcome.result}


def test_any_executor_will_do(jobs):
    with ThreadPoolExecutor(3) as pool:
        found = collect(Venue(pool, 6, 60.0, chunk=0.01, pickled=True), jobs)
    assert sorted(number for number, _ in found) == list(range(CLAIMS))
    assert verdicts(found) == dict.fromkeys(range(CLAIMS), "holds")


def test_chunks_grow_to_what_is_worth_a_call(jobs):
    pool = Flaky({})
    collect(Venue(pool, 1, None, chunk=1000.0), jobs)
    assert [len(names) for names, _ in pool.calls] == [1, CLAIMS - 1]


def test_of_a_chunk_that_is_lost_each_claim_is_judged_by_itself(jobs):
    pool = Flaky({"c5": 1})
    found = collect(Venue(pool, 1, None, chunk=1000.0), jobs)
    assert [len(names) for names, _ in pool.calls] == [1, CLAIMS - 1] + [1] * (CLAIMS - 1)
    assert verdicts(found) == dict.fromkeys(range(CLAIMS), "holds")
    assert not any(outcome.crash for _, outcome in found)


def test_a_claim_that_kills_twice_gets_its_verdict_without_a_diagnosis(jobs):
    pool = Flaky({"c5": 2})
    found = dict(collect(Venue(pool, 2, None), jobs))
    assert sorted(found) == list(range(CLAIMS))
    assert [diagnose for names, diagnose in pool.calls if names == ["c5"]] == ["quick", "quick", "off"]
    assert verdicts(found.items()) == dict.fromkeys(range(CLAIMS), "holds")
    assert found[5].crash.error == "the process that judged this claim died (signal 9)"
    assert found[5].lasting is None
    assert [number for number, outcome in found.items() if outcome.crash] == [5]


def test_a_claim_that_always_kills_is_a_crash_and_the_others_are_judged(jobs):
    pool = Flaky({"c5": 99})
    found = dict(collect(Venue(pool, 2, None), jobs))
    assert found[5].result is None
    assert (found[5].crash.id, found[5].crash.span.line) == ("c5", 10)
    assert sorted(verdicts(found.items())) == [n for n in range(CLAIMS) if n != 5]
    assert sum(names == ["c5"] for names, _ in pool.calls) == 3


def test_another_error_is_not_tried_again(jobs):
    pool = Flaky({"c5": 1}, ValueError)
    found = dict(collect(Venue(pool, 2, None), jobs))
    assert found[5].crash.error == "ValueError: the process that judged this claim died (signal 9)"


@pytest.mark.parametrize("error", [BrokenExecutor, ImportError])
def test_an_executor_that_is_gone_stops_the_run_after_what_came_back(jobs, error):
    found = []
    with pytest.raises(Stopped):
        found.extend(spread(Venue(Flaky({"c5": 1}, error), 1, None), jobs, OPTIONS, lambda job: None))
    assert sorted(verdicts(found)) == [0, 1, 2, 3, 4]


class Silent(Executor):
    def submit(self, fn, /, *args, **kwargs):
        return Future()


def test_nobody_waits_for_ever(jobs):
    with pytest.raises(Stopped, match=r"^nothing came back for 0\.05 s$"):
        collect(Venue(Silent(), 2, 0.05), jobs)


class Interrupted(Executor):
    """Somebody presses Ctrl-C while it is at work."""

    def __init__(self):
        self.count = 0

    def submit(self, fn, /, *args, **kwargs):
        self.count += 1
        future = Future()
        if self.count <= 3:
            future.set_result(fn(*args))
        return future


def test_an_interrupt_keeps_what_came_back(jobs):
    found = []

    def begins(job):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        found.extend(spread(Venue(Interrupted(), 5, None), jobs, OPTIONS, begins))
    assert sorted(verdicts(found)) == [0, 1, 2]


def test_shards_are_a_partition(tmp_path):
    (tmp_path / "s.yaml").write_text(spec(10))
    parts = [
        [c.claim.id for c in run(Options((Path(),), OPTIONS.settings, shard=(n, 3)), tmp_path).claims]
        for n in (1, 2, 3)
    ]
    assert parts == [["c0", "c3", "c6", "c9"], ["c1", "c4", "c7"], ["c2", "c5", "c8"]]
    empty = run(Options((Path(),), OPTIONS.settings, keyword="c0", shard=(2, 2)), tmp_path)
    assert (empty.claims, empty.unmatched, empty.status) == ((), None, 0)
