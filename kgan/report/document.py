"""A page as one file: style, script and pictures are in it, and it is forbidden to ask for anything else."""

import string
from pathlib import Path

from kgan.report.markup import Html, element, joined

PAGE = Path(__file__).parent / "page"


def document(title: str, *parts: str) -> str:
    """Returns the whole HTML document.

    Args:
        title: Of the browser's tab.
        *parts: What is on the page.
    """
    read = {name: (PAGE / f"report.{name}").read_text() for name in ("html", "css", "js")}
    return string.Template(read["html"]).substitute(
        title=element("title", title),
        style=element("style", Html(read["css"])),
        body=joined(parts),
        script=element("script", Html(read["js"])),
    )
