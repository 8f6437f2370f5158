"""What is said of the power of a claim, of weak ones and of unstable formulas, letter by letter."""

from dataclasses import replace

from gradcheck_cli.report import json, terminal
from gradcheck_cli.report.result import InstabilityResult, PowerResult, RunResult, WeaknessResult
from gradcheck_cli.report.trust import power_lines, power_summary, trust_lines, weak_summary

from .conftest import results

POWER = PowerResult(0, 2e-13, 8e-15, 17, 15, ("-dY @ W.T",), ("dY * W",), True)
UNSTABLE = InstabilityResult(0, "overflows", "x = -800", float("nan"), "3.67e-348", "sigmoid(x)")
WEAK = WeaknessResult(0, "both sides are the same formula")


def told():
    (first, *_) = results()
    return replace(first, power=(POWER,), unstable=(UNSTABLE,), weak=(WEAK,))


def test_everything_about_one_link():
    claim = told()
    assert list(trust_lines(claim, claim.links[0])) == [
        "weakly tested: both sides are the same formula",
        "power: an error of 2e-13 in any one element, or 8e-15 everywhere, would have been found;"
        " 15 of 17 changed formulas are found",
        "  holds as well: -dY @ W.T",
        "  undecided: dY * W",
        "right, but unstable: overflows at x = -800 (gives nan, the true value is 3.67e-348);"
        " stable: sigmoid(x)",
    ]


def test_power_without_some_of_its_figures():
    one = replace(POWER, everywhere=None, changed=1, found=1, survivors=(), undecided=())
    assert list(power_lines(one)) == [
        "power: an error of 2e-13 in any one element would have been found; 1 of 1 changed formula is found"
    ]
    none = replace(one, element=None, changed=0, found=0)
    assert list(power_lines(none)) == []
    short = replace(POWER, element=None, everywhere=None, complete=False, undecided=())
    short = replace(short, survivors=tuple(f"f{n}" for n in range(7)))
    assert list(power_lines(short)) == [
        "power: 15 of 17 changed formulas are found (there was no time for more)",
        *(f"  holds as well: f{n}" for n in range(5)),
        "  … and 2 more",
    ]


def test_the_summary_of_a_run():
    strong = replace(told(), weak=(), power=(POWER,))
    assert list(power_summary(RunResult((strong, told())))) == [
        "2 links hold; 30 of 34 changed formulas are found, 2 hold as well, 2 are undecided",
        "  holds as well: right  -dY @ W.T",
    ]
    assert list(power_summary(RunResult(results()))) == []


def test_a_claim_that_says_little_is_told_unasked():
    run = RunResult((told(),))
    (line,) = weak_summary(run)
    assert line == "weakly tested: right: both sides are the same formula"
    assert line in terminal.render(run).plain
    assert "weakly tested" not in terminal.render(run, verbosity=-1).plain


def test_verbose_and_explain_show_it_and_the_plain_report_does_not():
    sentence = "right, but unstable: overflows"
    run = RunResult((replace(told(), power=()),))
    assert sentence not in terminal.render(run).plain
    assert sentence in terminal.render(run, verbosity=1).plain
    assert sentence in terminal.explain(run.claims[0]).plain


def test_json_has_it_all():
    claim = json.document(RunResult((told(),)))["claims"][0]
    assert claim["unstable"] == [
        {
            "link": "right",
            "trouble": "overflows",
            "at": "x = -800",
            "gives": "nan",
            "true": "3.67e-348",
            "stable": "sigmoid(x)",
        }
    ]
    assert claim["weak"] == [{"link": "right", "reason": "both sides are the same formula"}]
    assert claim["power"] == [
        {
            "link": "right",
            "element": 2e-13,
            "everywhere": 8e-15,
            "changed": 17,
            "found": 15,
            "survivors": ["-dY @ W.T"],
            "undecided": ["dY * W"],
            "complete": True,
        }
    ]
