"""A device without memory for all rows of a draw gets them one by one, and the verdict is the same."""

import weakref

import pytest
import torch

from gradcheck_cli.compare.court import Court, joined
from gradcheck_cli.compare.judge import judge
from gradcheck_cli.compare.settings import Settings
from gradcheck_cli.evaluate.backend import is_exhausted
from gradcheck_cli.oracle.autograd import Autograd
from gradcheck_cli.spec.load import load_text
from gradcheck_cli.spec.typing import type_claim

OUT = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

CLAIMS = {
    "right": ("gradient: dx = y * (dy - sum(dy * y, axis=-1, keepdims=True))", "holds"),
    "wrong": ("gradient: dx = y * (dy - sum(dy * y))", "wrong"),
    "slightly": ("gradient: dx = y * (dy - sum(dy * y, axis=-1, keepdims=True)) * 1.000000001", "wrong"),
    "chain": ("gradient: dx = y * (dy - sum(dy * y, axis=-1, keepdims=True)) = dy", "wrong"),
    "identity": ("identity: sum(y) = n", "holds"),
    "constants": ("identity: n = n * 1", "holds"),
}


def judged(claim, **settings):
    text = f"operator: o\ninputs: {{x: [n, m]}}\nforward: {{y: softmax(x)}}\nclaims:\n  - {claim}\n"
    (operator,) = load_text("s", text).operators
    (one,) = operator.claims
    return judge(operator, one, type_claim(operator, one), Settings(draws=3, **settings))


@pytest.mark.parametrize("oracle", ["both", "autograd"])
@pytest.mark.parametrize("name", CLAIMS)
def test_the_verdict_is_the_same_row_by_row(name, oracle, monkeypatch):
    claim, verdict = CLAIMS[name]
    usual = judged(claim, oracle=oracle)
    tried = []
    quantities = Autograd.quantities

    def limited(self, wanted):
        tried.append(self.rows)
        if self.rows > 2:
            raise OUT
        return quantities(self, wanted)

    monkeypatch.setattr(Autograd, "quantities", limited)
    found = judged(claim, oracle=oracle)
    assert found[-1].verdict == usual[-1].verdict == verdict
    assert tried == [5, 2, 2, 2, 2] * 3
    for one, other in zip(found, usual, strict=True):
        for a, b in zip(one.sights, other.sights, strict=True):
            assert (a.verdict, a.sizes, a.place.index) == (b.verdict, b.sizes, b.place.index)
            assert a.error == pytest.approx(b.error)
            assert a.floor == pytest.approx(b.floor, rel=0.9)  # other noise, of the same size
            assert len(a.agreements) == len(b.agreements)


def test_what_the_first_attempt_held_is_gone_before_the_second(monkeypatch):
    held = []
    truth, by_rows = Court.truth, Court.by_rows

    def watched(self, backend, data, rng, count):
        values, noise = truth(self, backend, data, rng, count)
        held.extend(weakref.ref(v) for v in values.values())
        return values, noise

    def asked(self, *args):
        assert held
        assert all(ref() is None for ref in held)
        monkeypatch.setattr(Court, "truth", truth)
        return by_rows(self, *args)

    monkeypatch.setattr(Court, "truth", watched)
    monkeypatch.setattr(Court, "by_rows", asked)

    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")  # a new one: OUT would keep its frames

    monkeypatch.setattr(Court, "compare", full)
    assert judged(CLAIMS["right"][0])[0].verdict == "holds"


def test_memory_that_is_never_enough_comes_through(monkeypatch):
    monkeypatch.setattr(Autograd, "quantities", lambda *_: (_ for _ in ()).throw(OUT))
    with pytest.raises(torch.OutOfMemoryError):
        judged(CLAIMS["right"][0])


def test_other_errors_are_not_taken_for_it(monkeypatch):
    monkeypatch.setattr(Autograd, "quantities", lambda *_: (_ for _ in ()).throw(RuntimeError("a bug")))
    monkeypatch.setattr(Court, "by_rows", lambda *_: pytest.fail("rows one by one"))
    with pytest.raises(RuntimeError, match="a bug"):
        judged(CLAIMS["right"][0])


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), True),
        (OUT, True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (MemoryError("Unable to allocate 8.00 GiB for an array"), True),
        (
            RuntimeError("cusolver error: CUSOLVER_STATUS_INTERNAL_ERROR, when calling `cusolverDnCreate`"),
            True,
        ),
        (RuntimeError("the matrix is singular"), False),
        (ValueError("allocation"), False),
    ],
)
def test_how_libraries_say_that_memory_is_out(error, told):
    assert is_exhausted(error) == told


def test_rows_found_apart_are_joined_behind_one_first_row():
    parts = [torch.tensor([[0, 1], [k, k]]).numpy() for k in (1, 2, 3)]
    assert joined(parts).tolist() == [[0, 1], [1, 1], [2, 2], [3, 3]]
