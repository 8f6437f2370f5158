"""The sequential test of a mean: true claims raise no alarm, also under heavy tails; wrong ones of the stated size are found."""

import numpy as np
import pytest
import scipy.stats

from gradcheck_cli.evaluate.deadline import OutOfTime, limited
from gradcheck_cli.oracle import sequential
from gradcheck_cli.oracle.sequential import FIRST, Outcome, judge_mean

SMALL = 1 << 12


def rng(*seed):
    return np.random.default_rng(seed)


def normal(mean=0.0, sigma=1.0, shape=()):
    return lambda g, count: mean + sigma * g.standard_normal((count, *shape))


def outer(g, count):
    u = g.standard_normal((count, 3))
    return u[:, :, None] * u[:, None, :]


SKEWED = {
    # name: (sample, its true mean)
    "cube": (lambda g, c: g.standard_normal(c) ** 3, 0.0),
    "student with 3 degrees of freedom": (lambda g, c: g.standard_t(3, c), 0.0),
    "square": (lambda g, c: g.standard_normal(c) ** 2, 1.0),
    "sixth power": (lambda g, c: g.standard_normal(c) ** 6, 15.0),
    "eighth power": (lambda g, c: g.standard_normal(c) ** 8, 105.0),
    "product of five": (lambda g, c: np.prod(g.standard_normal((c, 5)), axis=1), 0.0),
    "lognormal": (lambda g, c: np.exp(g.standard_normal(c)), np.exp(0.5)),
    "wide lognormal": (lambda g, c: np.exp(2 * g.standard_normal(c)), np.exp(2.0)),
    "pareto of index 2.2": (lambda g, c: g.pareto(2.2, c), 1 / 1.2),
    "rare": (lambda g, c: (g.standard_normal(c) > 3) * 1.0, scipy.stats.norm.sf(3)),
    "very rare": (lambda g, c: (g.standard_normal(c) > 4) * 1.0, scipy.stats.norm.sf(4)),
    "rare and large": (lambda g, c: 1 + 50.0 * (g.random(c) < 1e-3), 1.05),
}


# True claims ------------------------------------------------------------------------------------------------


def test_right_claims_raise_no_alarm():
    found = [judge_mean(outer, np.eye(3), rng(1, i), most=SMALL) for i in range(2000)]
    assert {f.verdict for f in found} <= {"holds", "undecided"}


@pytest.mark.parametrize("name", SKEWED)
def test_heavy_and_skewed_tails_raise_no_alarm(name):
    sample, mean = SKEWED[name]
    verdicts = {judge_mean(sample, mean, rng(2, i), most=1 << 13).verdict for i in range(400)}
    assert "wrong" not in verdicts


@pytest.mark.parametrize("name", SKEWED)
def test_the_bar_alone_keeps_its_promise(name, monkeypatch):
    """Without the confirmation, and with a budget of 1 %: what is promised at 1e-9 cannot be seen in trials."""
    monkeypatch.setattr(sequential, "_confirmed", lambda found, fresh: True)
    sample, mean = SKEWED[name]
    alarms = sum(judge_mean(sample, mean, rng(3, i), 1e-2, 1 << 13).verdict == "wrong" for i in range(400))
    assert alarms <= 12  # binomial(400, 0.01): above 12 with a probability of 3e-4


def test_t_is_exact_for_normal_samples():
    """One look, no allowance for rare events: alarms come as often as the budget says."""
    alarms = 0
    for i in range(3000):
        batches = sequential._Batches(normal(), np.zeros(()), rng(4, i))
        batches.grow(FIRST)
        found = sequential._Look(batches, 0.05)
        alarms += abs(found.mean) > found.critical * found.error
    assert scipy.stats.binomtest(alarms, 3000, 0.1).pvalue > 1e-4


def test_the_whole_sample():
    found = judge_mean(outer, np.eye(3), rng(5))
    assert found.verdict == "holds"
    assert found.samples == sequential.MOST
    assert found.smallest < 0.05
    assert found.scale == 1
    assert found.reason == ""
    assert len(found.place) == 2
    assert found.mean == pytest.approx(float(found.place[0] == found.place[1]), abs=6 * found.error)
    assert found.deviation < 5


def test_a_zero_target_is_seen_relative_to_the_samples():
    found = judge_mean(normal(0, 1e-3, (2,)), np.zeros(2), rng(6))
    assert found.verdict == "holds"
    assert found.scale == pytest.approx(1e-3, rel=0.02)
    assert judge_mean(normal(1e-4, 1e-3, (2,)), np.zeros(2), rng(6)).verdict == "wrong"


def test_what_never_varies():
    constant = lambda g, c: np.full((c, 2), 2.0)  # noqa: E731
    assert judge_mean(constant, np.full(2, 2.0), rng(7), most=FIRST).verdict == "holds"
    assert judge_mean(constant, np.full(2, 2.0) * (1 + 1e-15), rng(7), most=FIRST).verdict == "holds"
    assert judge_mean(constant, np.array([2.0, 3.0]), rng(7)).verdict == "wrong"
    zero = lambda g, c: np.zeros(c)  # noqa: E731
    assert judge_mean(zero, 0.0, rng(7), most=FIRST).verdict == "holds"
    assert judge_mean(zero, 1.0, rng(7)).verdict == "wrong"


def test_structural_zeros_do_not_spoil_the_precision():
    diagonal = lambda g, c: 1e-6 * g.standard_normal((c, 3, 1)) ** 2 * np.eye(3)  # noqa: E731
    assert judge_mean(diagonal, 1e-6 * np.eye(3), rng(8)).verdict == "holds"
    found = judge_mean(diagonal, 1e-6 * np.ones((3, 3)), rng(8))
    assert found.verdict == "undecided"  # a value of 1 with a probability of 1e-6 cannot be excluded
    diagonal = lambda g, c: g.standard_normal((c, 3, 1)) ** 2 * np.eye(3)  # noqa: E731
    found = judge_mean(diagonal, np.ones((3, 3)), rng(8))
    assert found.verdict == "wrong"
    assert found.place[0] != found.place[1]


def test_an_event_that_was_never_seen_is_not_called_wrong():
    sample = lambda g, c: (g.standard_normal(c) > 5.5) * 1.0  # noqa: E731
    found = judge_mean(sample, scipy.stats.norm.sf(5.5), rng(9))
    assert found.verdict == "undecided"
    assert found.reason.startswith("not enough precision: only deviations above ")


# Wrong claims -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [0.9, 1.1, -1.0, 2.0])
def test_an_error_of_a_tenth_is_found(factor):
    for i in range(20):
        found = judge_mean(outer, factor * np.eye(3), rng(10, i))
        assert found.verdict == "wrong"
        assert found.place[0] == found.place[1]
        assert found.mean == pytest.approx(1, abs=6 * found.error)
        assert found.deviation > 5


def test_one_wrong_element_is_found_and_named():
    target = np.eye(3)
    target[0, 2] = 0.1
    found = judge_mean(outer, target, rng(11))
    assert found.verdict == "wrong"
    assert found.place == (0, 2)


def test_nothing_is_judged_by_samples_that_all_agree_while_more_may_come():
    sample = lambda g, c: 1 + 50.0 * (g.random(c) < 1e-3)  # noqa: E731
    first = [np.ptp(sample(rng(24, i), FIRST)) for i in range(20)]
    assert 0.0 in first  # such an event is often not among the first ones
    assert all(judge_mean(sample, 1.05, rng(24, i)).verdict != "wrong" for i in range(20))


@pytest.mark.parametrize("later", [0.0, -5.0])
def test_an_alarm_needs_a_fresh_sample_to_confirm_it(later):
    """The first samples are off, all later ones are right, or off to the other side."""
    state = {"drawn": 0}

    def sample(g, count):
        state["drawn"] += count
        return g.standard_normal(count) + (5.0 if state["drawn"] <= FIRST else later)

    assert judge_mean(sample, 0.0, rng(25), most=FIRST).verdict == "undecided"
    assert state["drawn"] == 2 * FIRST


def test_large_errors_are_found_early():
    assert judge_mean(normal(1), 3.0, rng(12)).samples == FIRST


@pytest.mark.parametrize(
    "name", ["normal", "cube", "student with 3 degrees of freedom", "square", "lognormal"]
)
def test_a_deviation_of_the_stated_size_is_found(name):
    sample, mean = SKEWED[name] if name != "normal" else (normal(1), 1.0)
    most, trials, found = 1 << 14, 400, 0
    for i in range(trials):
        said = judge_mean(sample, mean, rng(13, i), most=most)
        side = 1 if i % 2 else -1
        target = mean + side * said.smallest * said.scale
        found += judge_mean(sample, target, rng(14, i), most=most).verdict == "wrong"
    assert found > 0.99 * trials


def test_the_stated_size_is_not_much_too_large():
    """A third of it is hardly ever found: the alarm is at two thirds, the rest is for the power."""
    said = judge_mean(normal(1), 1.0, rng(15), most=1 << 14)
    found = sum(
        judge_mean(normal(1), 1 + said.smallest / 3, rng(16, i), most=1 << 14).verdict == "wrong"
        for i in range(100)
    )
    assert found < 5


# Everything else --------------------------------------------------------------------------------------------


def test_too_much_noise_is_undecided():
    found = judge_mean(normal(1, 100), 1.0, rng(17))
    assert found.verdict == "undecided"
    assert (
        found.reason
        == f"not enough precision: only deviations above {found.smallest:.2g} of the scale would have been seen"
    )
    assert judge_mean(normal(1, 100), 1.0, rng(17), resolution=1e3).verdict == "holds"


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e200])
def test_what_is_not_finite_is_undecided(bad):
    def sample(g, count):
        values = g.standard_normal((count, 2))
        values[-1, 0] = bad
        return values

    found = judge_mean(sample, np.zeros(2), rng(18))
    assert (found.verdict, found.reason) == ("undecided", "a sample is not finite")


def test_the_same_seed_gives_the_same_numbers():
    one, two = (judge_mean(outer, np.eye(3), rng(19), most=SMALL) for _ in range(2))
    assert [getattr(one, f) for f in Outcome.__dataclass_fields__] == [
        getattr(two, f) for f in Outcome.__dataclass_fields__
    ]


@pytest.mark.parametrize("limit", [1, 7, 64, 100, 1000])
def test_memory_is_bounded_and_does_not_change_the_batches(monkeypatch, limit):
    """Batch k is the mean of the same draws, however many are drawn at once."""

    def means(samples):
        counts = []
        state = {"at": 0}

        def sample(g, count):
            counts.append(count)
            state["at"] += count
            return np.arange(state["at"] - count, state["at"])[:, None] * np.ones(3)

        batches = sequential._Batches(sample, np.zeros(3), rng(20))
        looks = []
        for n in samples:
            batches.grow(n)
            looks.append(batches.means.copy())
        return counts, looks

    sizes = [FIRST << k for k in range(5)]
    _, expected = means(sizes)
    monkeypatch.setattr(sequential, "CHUNK_ELEMENTS", 3 * limit)
    counts, found = means(sizes)
    assert max(counts) <= limit
    assert sum(counts) == sizes[-1]
    for n, a, b in zip(sizes, expected, found, strict=True):
        assert len(a) >= 32
        assert n // len(a) >= 32
        assert np.array_equal(a[:, 0], np.arange(n).reshape(len(a), -1).mean(1))
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_no_elements_hold():
    assert judge_mean(normal(), np.zeros((0, 2)), rng(21)).verdict == "holds"


def test_what_cannot_be_asked():
    with pytest.raises(ValueError, match="too few"):
        judge_mean(normal(), 0.0, rng(22), most=FIRST - 1)
    with pytest.raises(ValueError, match="the target is not finite"):
        judge_mean(normal(), np.nan, rng(22))
    with pytest.raises(ValueError, match="the samples have the shape"):
        judge_mean(normal(), np.zeros(2), rng(22))


def test_the_deadline_is_honoured():
    with pytest.raises(OutOfTime), limited(0.0):
        judge_mean(normal(), 0.0, rng(23))
