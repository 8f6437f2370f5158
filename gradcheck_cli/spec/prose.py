r"""What a writeup lends to the specs about it: its formulas, by label or by place, and its macros.

A claim may refer to a formula instead of repeating it: `gradient: above` is the
nearest equation before the block that the spec stands in, `gradient: \eqref{eq:dS}`
the formula that carries this label.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gradcheck_cli.text import Problem, Span, Text, UserError, nearest

ABOVE = "above"
_LABEL = re.compile(r"\$?\\(?:eq)?ref\{([^{}]{1,200})\}\$?")


def _as_it_is(text: Text) -> Text:
    return text


def _none() -> Mapping[str, Text]:
    return {}


@dataclass(frozen=True, eq=False)
class Prose:
    """The writeup of a spec, as far as its formulas go; by default there is none."""

    name: str | None = None
    """What the writeup is called; None if the spec names none."""
    found: bool = False
    """Whether it could be read."""
    inside: bool = False
    """Whether the spec stands in it."""
    above: Text | None = None
    """The nearest equation before the spec, in LaTeX between its delimiters."""
    labelled: Callable[[], Mapping[str, Text]] = field(default=_none)
    """Its formulas by label."""
    expand: Callable[[Text], Text] = field(default=_as_it_is)
    """Puts its macros into a formula; the places stay those of what was written."""

    def referred(self, text: Text) -> Text | None:
        """The formula that a claim refers to; None if it says one itself. Raises UserError."""
        if text.value == ABOVE:
            return self._above(text.all)
        label = _LABEL.fullmatch(text.value)
        return self._labelled(label[1].strip(), text.all) if label else None

    def refers(self, text: Text) -> bool:
        """Whether a claim refers to a formula instead of saying one."""
        return text.value == ABOVE or _LABEL.fullmatch(text.value) is not None

    def _above(self, place: Span) -> Text:
        if not self.inside:
            message = "`above` is the formula above a block in a writeup, and this spec is a file of its own"
            advice = r"write the formula here, or refer to its label in the document: `\eqref{eq:dX}`"
            raise UserError(Problem(message, place, help=advice))
        if self.above is None:
            message = f"no equation stands above this block in {self.name}"
            advice = "write the formula here, or move the block below it"
            raise UserError(Problem(message, place, help=advice))
        return self.above

    def _labelled(self, label: str, place: Span) -> Text:
        if self.name is None:
            message = "a label is looked up in the document of the operator, and this one names none"
            raise UserError(Problem(message, place, help="name it: `source: {document: post.md}`"))
        if not self.found:
            message = f"the document {self.name} was not found, so that its labels are not known"
            advice = "put it beside the spec, or name its folder by `--sources`"
            raise UserError(Problem(message, place, help=advice))
        formulas = self.labelled()
        if label not in formulas:
            other = nearest(label, formulas)
            advice = f"did you mean `{other}`?" if other else rf"label it there: `\label{{{label}}}`"
            raise UserError(Problem(f"no formula of {self.name} has the label `{label}`", place, help=advice))
        return formulas[label]


NONE = Prose()
"""No writeup at all."""
