"""Sizes that become equal, and steps that are taken back."""

import pytest

from gradcheck_cli.run.drafting.unify import ClashError, Sizes


def test_what_is_made_equal_shares_its_name():
    sizes = Sizes()
    one, two = sizes.fresh(), sizes.fresh()
    sizes.equal(one, two)
    sizes.equal(two, sizes.named("n"))
    assert sizes.name(one) == sizes.name(two) == "n"


def test_two_names_are_two_sizes():
    sizes = Sizes()
    with pytest.raises(ClashError, match="n and m"):
        sizes.equal(sizes.named("n"), sizes.named("m"))


def test_a_name_is_one_size():
    sizes = Sizes()
    assert sizes.named("n") == sizes.named("n")
    sizes.equal(sizes.named("n"), sizes.named("n"))


def test_steps_are_taken_back():
    sizes = Sizes()
    one, two, three = (sizes.fresh() for _ in range(3))
    sizes.equal(one, two)
    mark = sizes.mark()
    sizes.equal(two, three)
    sizes.equal(one, sizes.named("n"))
    sizes.undo(mark)
    assert sizes.find(one) == sizes.find(two) != sizes.find(three)
    assert sizes.name(one) is None
