"""One tool as a model is offered it: the name it has in the protocol, who runs it, and how much of a result is told.

Names of the protocol are letters, digits, `_` and `-`, 64 at most (OpenAI's rule, the strictest); a server's may be
anything. Whatever text comes from outside is made such that it can be sent. Of two that would become the same, the
second is told apart by a hash of where it comes from, so that a later turn finds it by the name that an earlier one
used.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from chat_app.conversation.messages import File
from chat_app.conversation.plain_text import in_plain_text, plain_text
from chat_app.conversation.tools import Approval, Tool, ToolOutput

LONGEST_NAME: Final = 64
BYTES_PER_TOKEN: Final = 4
_HASH_CHARACTERS: Final = 8
_NOT_ALLOWED: Final = re.compile(r"[^A-Za-z0-9_-]")

Run: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[ToolOutput]]


@dataclass(frozen=True, slots=True)
class Offer:
    """A tool that can be called now."""

    listed: str
    """What presets call it: `files.read_file`, `show_plot`."""
    name: str
    """What the model calls it."""
    description: str
    parameters: Mapping[str, Any]
    approval: Approval
    run: Run
    """Makes the call. Raises `ToolError`."""

    @property
    def tool(self) -> Tool:
        """What the model is told."""
        return Tool(self.name, plain_text(self.description), in_plain_text(self.parameters), self.approval)


def protocol_name(listed: str) -> str:
    """The name in the protocol of what presets call `listed`: `files__read_file` for `files.read_file`."""
    server, dot, tool = listed.partition(".")
    name = _NOT_ALLOWED.sub("_", f"{server}__{tool}" if dot else server)
    return name if len(name) <= LONGEST_NAME else _hashed(name, listed)


def by_name(offers: Iterable[Offer]) -> dict[str, Offer]:
    """The offers by their names, each of which is made unique; the first keeps its own."""
    named: dict[str, Offer] = {}
    for offer in offers:
        name = offer.name if offer.name not in named else _hashed(offer.name, offer.listed)
        named[name] = replace(offer, name=name)
    return named


def cut(output: ToolOutput, tokens: int) -> ToolOutput:
    """The output with no text longer than `tokens`; where some is left out, the model is told."""
    output = in_plain_text(output)
    files = tuple(_cut_file(part, tokens) if isinstance(part, File) else part for part in output.media)
    text, left_out = _head(output.text, tokens)
    if left_out:
        whole = len(output.text.encode())
        text += (
            f"\n\n[The result was cut here: it has {whole} bytes, and the last {left_out} of them are left out."
            " Ask for a smaller part to see the rest.]"
        )
    return replace(output, text=text, media=files)


def _cut_file(file: File, tokens: int) -> File:
    text, left_out = _head(file.text, tokens)
    return replace(file, text=text, cut=f"The last {left_out} bytes are left out.") if left_out else file


def _head(text: str, tokens: int) -> tuple[str, int]:
    content = text.encode()
    most = tokens * BYTES_PER_TOKEN
    if len(content) <= most:
        return text, 0
    head = content[:most].decode(errors="ignore")
    return head, len(content) - len(head.encode())


def _hashed(name: str, listed: str) -> str:
    digest = hashlib.sha256(listed.encode()).hexdigest()[:_HASH_CHARACTERS]
    return f"{name[: LONGEST_NAME - _HASH_CHARACTERS - 1]}_{digest}"
