"""HTML as text: what is put into it is escaped, once."""

import html
import json
from collections.abc import Iterable, Sequence
from typing import Any

VOID = {"br", "img", "input", "meta"}


class Html(str):
    """Text that is markup already, and so is not escaped again."""

    __slots__ = ()


def element(tag: str, *children: str, **attributes: Any) -> Html:
    """Returns an element.

    Args:
        tag: Its name.
        *children: What is in it; all but `Html` is escaped.
        **attributes: By name, `class_` for class, an underscore for a hyphen; None and False are left out, True stands
            for the bare name.
    """
    words = [tag]
    for name, value in attributes.items():
        name = name.rstrip("_").replace("_", "-")
        if value is True:
            words.append(name)
        elif value is not None and value is not False:
            words.append(f'{name}="{html.escape(str(value))}"')
    start = Html(f"<{' '.join(words)}>")
    return start if tag in VOID else joined([start, *children, Html(f"</{tag}>")])


def joined(parts: Iterable[str]) -> Html:
    """Returns parts one after the other; all but `Html` is escaped."""
    return Html("".join(part if isinstance(part, Html) else html.escape(part, quote=False) for part in parts))


def table(head: Sequence[str], rows: Iterable[Sequence[str]], class_: str | None = None) -> Html:
    """Returns a table that scrolls by itself where it is too wide; the first cell of a row is its heading."""
    header = element("tr", *(element("th", cell, scope="col") for cell in head))
    body = [
        element("tr", element("th", first, scope="row"), *(element("td", cell) for cell in others))
        for first, *others in rows
    ]
    content = element("table", element("thead", header), element("tbody", *body), class_=class_)
    return element("div", content, class_="scroll", tabindex="0", role="region", aria_label=head[0] or "table")


def data(content: Any) -> Html:
    """Returns a script element that holds JSON; NaN and infinity must be None by now."""
    text = json.dumps(content, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return element("script", Html(text), type="application/json")


def section(title: str, *children: str) -> Html:
    """Returns a section with its heading."""
    return element("section", element("h2", title), *children)


def note(*children: str) -> Html:
    """Returns a paragraph in small print."""
    return element("p", *children, class_="note")


def capital(text: str) -> str:
    """Returns text that begins with a capital."""
    return text[:1].upper() + text[1:]
