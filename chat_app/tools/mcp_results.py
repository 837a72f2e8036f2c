"""What an MCP server answers, as neutral values: its tools, and what came of a call.

https://modelcontextprotocol.io/specification/2025-11-25/server/tools, as read from mcp_types 2.3. Text is for the model
and, in the call's thought, for the visitor; pictures and recordings are shown, and of everything that the model cannot
get as text it is told in a line that it is there. Links are told, never followed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from mcp_types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
    Tool,
)

from chat_app.conversation.messages import Audio, File, Image
from chat_app.conversation.tools import ToolOutput
from chat_app.tools.pictures import media_of

_LONGEST_DESCRIPTION: Final = 4_000
_MOST_MEDIA: Final = 20


@dataclass(frozen=True, slots=True)
class Listed:
    """A tool as its server lists it."""

    name: str
    description: str
    parameters: Mapping[str, Any]


def listed(tool: Tool) -> Listed:
    """The tool with what a model needs to know."""
    schema = dict(tool.input_schema)
    if schema.get("type") != "object":
        schema = {"type": "object", "properties": {}}
    description = tool.description or tool.title or (tool.annotations.title if tool.annotations else "") or tool.name
    return Listed(tool.name, description[:_LONGEST_DESCRIPTION], schema)


def output_of(result: CallToolResult) -> ToolOutput:
    """What came of a call, whole: it is cut elsewhere."""
    texts: list[str] = []
    media: list[Image | Audio | File] = []
    for block in result.content:
        text, shown = _of_block(block)
        texts.append(text)
        media += shown
    if result.structured_content is not None and not _says_it(result.content):
        texts.append(json.dumps(result.structured_content, ensure_ascii=False))
    if len(media) > _MOST_MEDIA:
        texts.append(f"[{len(media) - _MOST_MEDIA} more pictures, recordings or files are not shown]")
    text = "\n\n".join(text for text in texts if text)
    nothing = "It failed and did not say why." if result.is_error else "Done; there is no text in the result."
    return ToolOutput(text or nothing, tuple(media[:_MOST_MEDIA]), failed=result.is_error)


def _says_it(content: Iterable[ContentBlock]) -> bool:
    """Whether there is text, which by the specification says what the structured content says."""
    return any(isinstance(block, TextContent) and block.text.strip() for block in content)


def _of_block(block: ContentBlock) -> tuple[str, list[Image | Audio | File]]:  # noqa: PLR0911 -- one for each kind
    match block:
        case TextContent():
            return block.text, []
        case ImageContent():
            return _of_bytes("picture", block.data, block.mime_type, "")
        case AudioContent():
            return _of_bytes("recording", block.data, block.mime_type, "")
        case EmbeddedResource(resource=TextResourceContents() as resource):
            name = _name_of(resource.uri)
            file = File(name, resource.mime_type or "text/plain", resource.text)
            return f"[file {name}]\n{resource.text}", [file]
        case EmbeddedResource(resource=BlobResourceContents() as resource):
            return _of_bytes("file", resource.blob, resource.mime_type or "", _name_of(resource.uri))
        case ResourceLink():
            about = f": {block.description}" if block.description else ""
            return f"[link to {block.title or block.name}: {block.uri}]{about}", []
    return "", []


def _of_bytes(kind: str, data: str, mime_type: str, name: str) -> tuple[str, list[Image | Audio | File]]:
    called = " ".join(word for word in (kind, name, f"({mime_type})" if mime_type else "") if word)
    media = media_of(data, name)
    if media is None:
        return f"[{called}: {len(data) * 3 // 4} bytes that can neither be shown nor read]", []
    return f"[{called}: shown to the user]", [media]


def _name_of(uri: str) -> str:
    return urlsplit(uri).path.rstrip("/").rpartition("/")[2] or "resource"
