"""The picture of the README shows what the tool says today."""

from __future__ import annotations

import html
import re

from tests.functional.picture import PICTURE, drawn


def words(svg: str) -> list[str]:
    """The lines of the picture; the last digits of figures depend on the processor."""
    lines = re.findall(r"<text[^>]*>(.*?)</text>", svg, re.DOTALL)
    return [re.sub(r"-?\d+\.\d{4,}|\d(\.\d)?e-\d\d", "#", html.unescape(line)) for line in lines]


def test_the_picture_is_the_report() -> None:
    shown = words(PICTURE.read_text(encoding="utf-8"))
    assert shown == words(drawn())
    assert any("likely\xa0slip\xa0GC104" in line for line in shown)
