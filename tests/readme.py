"""What README.md tells its readers to run: the code of its fences, cut into the pieces that are run one by one.

Holds no opinion about them; `test_readme.py` and `browser/test_readme_javascript.py` run each in the form it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
SERVED_AT = "http://127.0.0.1:7860"
"""Where the snippets expect the page; tests put the address of theirs there."""
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"\s+# .*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Piece:
    """Something to run: a program in a language, or a command."""

    kind: str
    """The language; of shell commands the program: `make`, `docker`, `chat-app`, `curl`."""
    code: str


def pieces(text: str) -> Iterator[Piece]:
    """All pieces of `text`, which is Markdown, in their order.

    A shell fence is one piece when its lines share a variable, else each of its commands is one: continued lines
    joined, comments left out.
    """
    for language, code in _FENCE.findall(text):
        if language != "sh":
            yield Piece(language, code)
        elif "$(" in code:
            yield Piece(code.partition("$(")[2].split()[0], code)
        else:
            for line in _COMMENT.sub("", code.replace("\\\n", " ")).splitlines():
                yield Piece(line.split()[0].rpartition("/")[2], " ".join(line.split()))


def of_kind(kind: str) -> list[str]:
    """The code of README.md's pieces of one kind."""
    return [piece.code for piece in pieces(README.read_text(encoding="utf-8")) if piece.kind == kind]


def asking(code: str, base_url: str) -> str:
    """A snippet that asks the page at `base_url` instead of where README.md expects it."""
    assert SERVED_AT in code, f"The snippet does not ask {SERVED_AT}."
    return code.replace(SERVED_AT, base_url)
