"""The files that a page loads beside its document: the ES modules below `static/` and their style.

They are read once, at the start. Their folder's name is made of what is in them, so that a browser may keep them for
good and still has the new ones after an update; they name each other relatively and so stay in one folder. `page.js`
and `page.css` are not among them: the one is written into the document, the other is given to Gradio.

They are served without the lines that are only comment, which are a quarter of them compressed (25 of 102 KB). A page
loads the modules as one (`joined.py`) and the styles as one: 65 requests fewer, and 18 KB. Each is there by itself as
well, for whoever looks for a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable

from chat_app.ui.joined import PATH as SCRIPT
from chat_app.ui.joined import joined

STYLE = "page/page.css"
_ELSEWHERE = "page.css"
_BACKTICK = re.compile(r"(?<!\\)`")


@dataclass(frozen=True, slots=True)
class PageFiles:
    """Files of text, and where they are served."""

    folder: str
    """The path of their folder behind the root path: `/static/` and 12 hexadecimal digits."""
    contents: Mapping[str, bytes]
    """What is in them, without comments, by their path in the folder: `history/main.mjs`."""


def read_files(static: Traversable | None = None) -> PageFiles:
    """Every `.mjs` and `.css` below `static`, which is ours unless it is named."""
    contents = dict(sorted(_found(static or files("chat_app.ui") / "static", "")))
    modules = {path: content.decode() for path, content in contents.items() if path.endswith(".mjs")}
    styles = [content for path, content in contents.items() if path.endswith(".css")]
    contents |= {SCRIPT: joined(modules).encode(), STYLE: b"\n".join(styles)}
    digest = sha256()
    for path, content in contents.items():
        digest.update(f"{path} {len(content)}\n".encode() + content)
    return PageFiles(f"/static/{digest.hexdigest()[:12]}", contents)


def elements(loaded: PageFiles, root_path: str) -> str:
    """What loads them in a document's head.

    The addresses begin with `root_path`, since the document may have been asked with or without a slash at its end.
    """
    folder = escape(f"{root_path}{loaded.folder}")
    style = f'<link rel="stylesheet" href="{folder}/{STYLE}">'
    return f'{style}\n<script type="module" src="{folder}/{SCRIPT}"></script>'


def _found(folder: Traversable, above: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        path = f"{above}{entry.name}"
        if entry.is_dir():
            yield from _found(entry, f"{path}/")
        elif entry.name.endswith((".mjs", ".css")) and path != _ELSEWHERE:
            yield path, without_comments(entry.read_text(encoding="utf-8")).encode()


def without_comments(text: str) -> str:
    """A script or style without the lines that hold nothing but a comment, which are left empty.

    Inside a template literal, which may have such lines too, nothing is changed. Comments behind code stay.
    """
    lines = text.split("\n")
    in_literal = in_comment = False
    for number, line in enumerate(lines):
        start, code = line.lstrip(), line
        if in_comment or (not in_literal and start.startswith("/*")):
            _, closed, code = line.partition("*/")
            in_comment = not closed
        elif not in_literal and start.startswith("//"):
            code = ""
        if len(_BACKTICK.findall(code)) % 2:
            in_literal = not in_literal
        lines[number] = code if code == line else code.rstrip()
    if in_literal or in_comment:
        raise ValueError("A comment or a template literal is not closed: a comment behind code has an odd backtick.")
    return "\n".join(lines)
