"""An MkDocs hook: code in the docs is the source's own, found by its name, so that no quotation goes stale.

A line `# quote: kgan/adversarial.py Adversarial.train_step` in a page becomes that method, decorators and docstring
included. A name that is no longer there stops the build.
"""

import ast
import re
import textwrap
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
QUOTE = re.compile(r"^# quote: (\S+\.py) (\S+)$", flags=re.MULTILINE)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Returns a page with its quotations filled in; MkDocs calls it."""
    return QUOTE.sub(lambda found: f"# {found[1]}\n{source(found[1], found[2])}", markdown)


def source(file: str, name: str) -> str:
    """Returns the text of a class or function of a file of this repository.

    Args:
        file: From the repository's root.
        name: As in `Class.method`.

    Raises:
        ValueError: If there is no such thing in the file.
    """
    text = (ROOT / file).read_text(encoding="utf-8")
    node: Any = ast.parse(text)
    for part in name.split("."):
        found = [child for child in node.body if getattr(child, "name", None) == part]
        if not found:
            raise ValueError(f"{file} has no {name}; name what the page is to quote as it is called now.")
        node = found[-1]
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return textwrap.dedent("\n".join(text.splitlines()[first - 1 : node.end_lineno]))
