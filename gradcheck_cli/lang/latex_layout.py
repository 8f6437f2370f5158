r"""Takes LaTeX apart into its equations: wrappers, environments, rows, fonts and side remarks go.

`\begin{align} a &= b \\ &= c \end{align}` is the one equation `a = b = c`;
rows and commas that begin something new separate equations; memberships
(`A \in \mathbb R^{n \times r}`) and comments on shapes (`\quad ([n, d])`) are not equations.
"""

from __future__ import annotations

from dataclasses import replace

from gradcheck_cli.lang.latex_tokens import Token
from gradcheck_cli.text import Problem, Text, UserError

FONTS = frozenset(
    rf"\{name}"
    for name in [
        "mathbf",
        "boldsymbol",
        "bm",
        "pmb",
        "mathit",
        "mathcal",
        "mathscr",
        "mathfrak",
        "mathbb",
        "mathbbm",
        "mathds",
        "vec",
        "bf",
        "rm",
    ]
)
MATRICES = frozenset({"matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "smallmatrix", "array"})
_INNER = MATRICES | {"cases", "dcases", "rcases"}
_OUTER = frozenset(
    [
        "equation",
        "align",
        "aligned",
        "alignat",
        "alignedat",
        "gather",
        "gathered",
        "split",
        "eqnarray",
        "multline",
        "flalign",
        "displaymath",
        "math",
        "subequations",
    ]
)
_WRAPPERS = frozenset({"$", r"\(", r"\)", r"\[", r"\]"})
_UNITS = frozenset({"pt", "em", "ex", "mm", "cm", "px", "in"})
_ARROWS = frozenset(
    rf"\{name}"
    for name in [
        "implies",
        "Rightarrow",
        "Longrightarrow",
        "iff",
        "Leftrightarrow",
        "quad",
        "therefore",
        "because",
        "land",
    ]
)
_CONTINUES = frozenset({"=", "+", "-", r"\cdot", r"\times", r"\odot", r"\approx", r"\equiv"})
_OPENING = frozenset({"(", "[", "{", r"\{", r"\langle", "begin"})
_CLOSING = frozenset({")", "]", "}", r"\}", r"\rangle", "end-of"})


def problem(text: Text, token: Token, message: str, hint: str = "") -> UserError:
    """An error at a token."""
    return UserError(Problem(message, text.span(token.start, token.end), help=hint))


def chunks(text: Text, found: list[Token], *, members: bool = False) -> list[list[Token]]:
    r"""The token lists of the equations of a display, each with an `end` behind it.

    `X \in \mathbb R^n` beside an equation is a remark, unless `members` are what is asked for.
    """
    return _split(_fonts(_environments(text, found)), members)


def canonical(found: list[Token]) -> list[Token]:
    """The tokens of a symbol, such as a key of `notation`, as they stand in an equation."""
    return _fonts(found)[:-1]


def _environments(text: Text, found: list[Token]) -> list[Token]:
    """Without `$`, `align` and the like; rows are `\\\\` and cells `&` only inside cases and matrices."""
    kept: list[Token] = []
    open_: list[tuple[str, Token]] = []
    at = 0
    while at < len(found):
        token = found[at]
        at += 1
        inner = bool(open_) and open_[-1][0] in _INNER
        if token.text in {r"\begin", r"\end"} and token.kind == "command":
            name, at = _environment(text, found, at, token)
            place = replace(token, end=found[at - 1].end)
            if token.text == r"\begin":
                open_.append((name, place))
                if name in {"array", "alignat", "alignedat"} and found[at].text == "{":
                    at = _behind(found, at)
            elif not open_ or open_[-1][0] != name:
                wanted = rf"`\end{{{open_[-1][0]}}}`" if open_ else r"no `\end`"
                raise problem(text, place, rf"expected {wanted} here, not `\end{{{name}}}`")
            else:
                open_.pop()
            if name in _INNER:
                kind = "begin" if token.text == r"\begin" else "end-of"
                kept.append(replace(place, kind=kind, text=kind, font=name))
        elif token.text == r"\\":
            kept.append(replace(token, kind="row" if inner else "break"))
            at = _behind_skip(found, at)
        elif token.text == "&" and not inner:
            continue
        elif token.text not in _WRAPPERS:
            kept.append(token)
        elif any(t.text not in _WRAPPERS and t.kind != "end" for t in kept[-1:]) and found[at].kind != "end":
            kept.append(replace(token, kind="break"))
    if open_:
        raise problem(
            text, open_[-1][1], rf"this environment is never closed: expected `\end{{{open_[-1][0]}}}`"
        )
    return kept


def _environment(text: Text, found: list[Token], at: int, token: Token) -> tuple[str, int]:
    name, start = "", at
    while found[at].kind != "end" and found[at].text != "}":
        name += found[at].text
        at += 1
    name = name.removeprefix("{").removesuffix("*")
    if found[start].text != "{" or name not in _INNER | _OUTER:
        known = r"`align`, `aligned`, `equation`, `gather`, `cases` and the matrices are read"
        raise problem(text, token, f"the environment `{name[:30]}` cannot be read here", known)
    return name, at + 1


def _behind(found: list[Token], at: int) -> int:
    while found[at].kind != "end" and found[at].text != "}":
        at += 1
    return at + 1


def _behind_skip(found: list[Token], at: int) -> int:
    """Behind the `[5pt]` of a `\\\\[5pt]`."""
    skip = [t.text for t in found[at : at + 4]]
    fits = len(skip) == 4 and skip[0] == "[" and skip[2] in _UNITS and skip[3] == "]"
    return at + 4 if fits else at


def _fonts(found: list[Token]) -> list[Token]:
    r"""Without font commands, and without braces around a single sign: `\mathbf{x}_{t}` is `x_t`."""
    kept: list[Token] = []
    groups: list[tuple[bool, str, int, int]] = []
    """For every open brace: whether it sets a font, the font around it, where it began, what stood before."""
    font, pending = "", ""
    start = 0
    for token in found:
        if token.text in FONTS and token.kind == "command":
            start = start if pending else token.start
            pending = token.text
        elif token.text == "{":
            groups.append((bool(pending), font, start, len(kept)))
            if pending:
                font, pending = pending, ""
            else:
                kept.append(token)
        elif token.text == "}" and groups:
            sets, font, begun, count = groups.pop()
            if not sets:
                _close(kept, token)
            elif len(kept) == count + 1 and _is_single(kept[-1]):
                kept.append(replace(kept.pop(), start=begun, end=token.end))
        else:
            set_ = _set_in(token, pending or font)
            kept.append(replace(set_, start=start) if pending and _is_single(token) else set_)
            pending = ""
    return kept


def _set_in(token: Token, font: str) -> Token:
    if not font:
        return token
    if token.kind == "number" and token.text in {"0", "1"}:
        return replace(token, kind="command", text=r"\ones" if token.text == "1" else r"\zeros")
    return replace(token, font=font) if token.kind in {"word", "command"} else token


def _close(kept: list[Token], token: Token) -> None:
    if kept and kept[-1].text == "{":
        kept.pop()
    elif len(kept) > 1 and kept[-2].text == "{" and _is_single(kept[-1]):
        kept.append(replace(kept.pop(), gap=kept.pop().gap))
    else:
        kept.append(token)


def _is_single(token: Token) -> bool:
    return not (token.kind == "word" and len(token.text) > 1) and token.text not in {"}", "{"}


def _split(found: list[Token], members: bool) -> list[list[Token]]:
    """The stretches between separators that hold an equation, or the only one there is."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for at, token in enumerate(found[:-1]):
        depth += (token.text in _OPENING or token.kind in _OPENING) - (token.text in _CLOSING)
        following = found[at + 1]
        if token.kind == "break":
            if following.text not in _CONTINUES and following.kind not in {"break", "end"}:
                parts.append([])
        elif depth == 0 and (token.text in {",", ";"} or token.text in _ARROWS):
            parts.append([])
        elif token.text == "." and following.kind in {"end", "break"}:
            continue
        else:
            parts[-1].append(token)
    end = found[-1]
    trimmed = [_trim(part) for part in parts]
    kept = [p for p in trimmed if p and not _is_remark(p, members)] or [p for p in trimmed if p][:1]
    closed = [[*p, replace(end, start=p[-1].end, end=p[-1].end)] for p in kept]
    return closed or [[end]]


def _trim(part: list[Token]) -> list[Token]:
    """Without a comment on the shapes at its end, or a title in front."""
    while (
        len(part) > 1
        and part[0].kind == "text"
        and part[0].text in {"and", "or", "so", "thus", "hence", "then"}
    ):
        part = part[1:]
    while len(part) > 1 and part[0].kind == "text" and part[0].text.endswith(":"):
        part = part[1:]
    for at, token in enumerate(part):
        bracket = token.text == "(" and at + 1 < len(part) and part[at + 1].text == "["
        words = token.kind == "text" and " " in token.text
        if at and token.gap and (bracket or words or token.text == "("):
            return part[:at]
    while len(part) > 1 and part[-1].kind == "text" and " " in part[-1].text:
        part = part[:-1]
    return part


def _is_remark(part: list[Token], members: bool) -> bool:
    """A membership, a distribution, a comment on shapes, or words."""
    texts = {t.text for t in part}
    if part[0].kind == "text" and part[0].text in {"where", "with", "for", "if", "when", "since", "because"}:
        return True
    if members and r"\in" in texts:
        return False
    if "=" not in texts and ({r"\in", r"\sim", r"\to"} & texts or len(part) == 1):
        return True
    return all(t.kind == "text" for t in part) or (
        part[0].text == "(" and part[1:2] != [] and part[1].text == "["
    )
