r"""Reads one symbol with its accents, marks and indices: `W_0`, `\hat{\mathbf x}_i`, `x^{(t)}`, `I_n`."""

from __future__ import annotations

from gradcheck_cli.lang.ast import (
    Expr,
    Name,
    Noted,
)
from gradcheck_cli.lang.functions import FUNCTIONS
from gradcheck_cli.lang.latex_cursor import Cursor
from gradcheck_cli.lang.latex_symbols import ACCENTS, GREEK, LOSSES
from gradcheck_cli.lang.latex_tokens import Token
from gradcheck_cli.text import UserError

PRIMES = frozenset({"'", r"\prime"})


def is_symbol(token: Token) -> bool:
    """Whether a name may begin here."""
    return (
        token.kind in {"word", "text"}
        or token.text in GREEK
        or token.text in ACCENTS
        or token.text == r"\ell"
    )


def read_id(p: Cursor) -> tuple[str, bool]:
    """The name at the cursor, and whether it is declared (or a function that `notation` names)."""
    noted = p.symbols.noted(p.tokens, p.position)
    if noted is not None:
        name, count = noted
        p.position += count
        if name not in p.symbols.names and name not in FUNCTIONS:
            raise p.refuse(
                f"`notation` reads this as `{name}`, which is not declared",
                p.tokens[p.position - count].start,
            )
        return name, True
    token = p.advance()
    if token.text in ACCENTS and token.kind == "command":
        base = _accented(p, ACCENTS[token.text])
    elif token.kind == "command":
        base = GREEK.get(token.text, (token.text[1:],))
    else:
        base = (token.text.replace("-", "_").replace(" ", "_"),)
    found = _extended(p, base)
    if found is not None:
        if token.kind == "word" and found == token.text and p.symbols.is_product(found):
            letters = " ".join(found)
            raise p.refuse(
                f"`{found}` may be the name `{found}` or the product `{letters}`",
                token.start,
                rf"write `\text{{{found}}}` for the name, `{letters}` for the product",
            )
        return found, True
    return base[0], False


def _accented(p: Cursor, accent: str) -> tuple[str, ...]:
    grouped = p.accept("{")
    p.deeper()
    inside, _ = read_id(p)
    p.open -= 1
    if grouped:
        if p.token.text == "_":
            label = _label(p, p.position + 1)
            if label is not None:
                inside += f"_{label[0]}"
                p.position = label[1]
        if not p.accept("}"):
            raise p.unexpected("`}`", "an accent stands over one name; name what it means in `notation`")
    base = [inside] if inside not in GREEK else list(GREEK[inside])
    head, _, tail = inside.partition("_")
    return (*(f"{b}_{accent}" for b in base), f"{accent}_{inside}", f"{head}_{accent}_{tail}")


def _extended(p: Cursor, base: tuple[str, ...]) -> str | None:
    """The longest declared name out of a base and the marks behind it, which are taken with it."""
    best = p.symbols.declared(base)
    end = at = p.position
    for _ in range(2):
        mark = _mark(p, at)
        if mark is None:
            break
        label, at = mark
        base = tuple(f"{b}_{label}" for b in base)
        found = p.symbols.declared(base)
        if found is not None:
            best, end = found, at
    p.position = end
    return best


def _mark(p: Cursor, at: int) -> tuple[str, int] | None:
    """An index, a `(i)` above, a star or a prime, as the end of a name; and the position behind it."""
    text = p.tokens[at].text
    if text in PRIMES:
        return "prime", at + 1
    if text == "_":
        return _label(p, at + 1)
    if text == "^" and p.tokens[at + 1].text == "*":
        return "star", at + 2
    if text == "^" and p.tokens[at + 1].text in PRIMES:
        return "prime", at + 2
    if text == "^" and p.tokens[at + 1].text == "{" and p.tokens[min(at + 2, len(p.tokens) - 1)].text == "(":
        return _label(p, at + 1)
    return None


def _label(p: Cursor, at: int) -> tuple[str, int] | None:
    """The text of a group that is nothing but letters and digits."""
    token = p.tokens[at]
    if token.text != "{":
        plain = _plain(token)
        return (plain, at + 1) if plain else None
    parts: list[str] = []
    for position in range(at + 1, min(at + 12, len(p.tokens))):
        inner = p.tokens[position]
        if inner.text == "}":
            return ("".join(parts), position + 1) if parts else None
        if inner.text in {"(", ")"}:
            continue
        plain = "_" if inner.text == "," else _plain(inner)
        if not plain:
            return None
        parts.append(plain)
    return None


def _plain(token: Token) -> str:
    if (
        token.kind in {"word", "number", "text"}
        and token.text.replace("-", "_").replace(" ", "_").isidentifier()
    ):
        return token.text.replace("-", "_").replace(" ", "_")
    if token.kind == "number" and token.text.isdigit():
        return token.text
    return token.text[1:] if token.text in GREEK else ""


def symbol(p: Cursor) -> Expr | None:
    """The declared name at the cursor as an expression; None (and no step) where it is not declared."""
    start = p.position
    place = p.token.start
    name, known = read_id(p)
    if not known or name not in p.symbols.names:
        p.position = start
        return None
    if name in p.symbols.dims and f"{name}_" in p.bound:
        name += "_"  # under `\sum_t` the letter is the index, whatever size has its name
    found = Name(name, span=p.span(place))
    if p.token.text == "(" and name in p.symbols.needs:
        of = _arguments(p, name)
        if of:
            return Noted(found, f"`{name}({', '.join(of)})` is read as `{name}`", span=p.span(place))
    return found


def _arguments(p: Cursor, name: str) -> list[str]:
    """The names in brackets behind `f`, if `f` depends on each of them; else nothing is taken."""
    start = p.position
    found: list[str] = []
    p.advance()
    try:
        while is_symbol(p.token) and not (found and p.before.text != ","):
            found.append(read_id(p)[0])
            p.accept(",", ";")
    except UserError:
        found = []
    if not found or p.token.text != ")" or not all(p.symbols.depends(name, f) for f in found):
        p.position = start
        return []
    p.advance()
    return found


def is_loss(p: Cursor) -> bool:
    r"""Whether `L`, `\mathcal L` or `\ell` stands here and is not a declared name."""
    token = p.token
    if token.kind == "command":
        return token.text == r"\ell" and not p.symbols.declared(("ell", "ℓ"))
    return token.kind in {"word", "text"} and token.text in LOSSES and token.text not in p.symbols.names
