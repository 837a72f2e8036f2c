"""What an MCP server answers, as neutral values."""

from __future__ import annotations

from base64 import b64encode

from mcp_types import (
    BlobResourceContents,
    CallToolResult,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
    Tool,
)

from chat_app.conversation.messages import File, Image
from chat_app.tools.mcp_results import listed, output_of
from tests.tools.mcp_server import PNG

PICTURE = b64encode(PNG).decode()


def test_all_kinds_of_content_are_told_and_shown() -> None:
    """In their order; links are told and not followed."""
    text = TextResourceContents(uri="file:///notes/today.md", mime_type="text/markdown", text="# Today")
    blob = BlobResourceContents(uri="file:///a.bin", mime_type="application/pdf", blob="AAEC")
    picture = BlobResourceContents(uri="https://x/b.png", blob=PICTURE)
    output = output_of(
        CallToolResult(
            content=[
                TextContent(text="Look:"),
                *(EmbeddedResource(resource=one) for one in (text, blob, picture)),
                ResourceLink(name="manual", uri="https://example.org/manual", description="All."),
            ]
        )
    )
    assert output.text.split("\n\n") == [
        "Look:",
        "[file today.md]\n# Today",
        "[file a.bin (application/pdf): 3 bytes that can neither be shown nor read]",
        "[file b.png: shown to the user]",
        "[link to manual: https://example.org/manual]: All.",
    ]
    assert output.media == (File("today.md", "text/markdown", "# Today"), Image("image/png", PICTURE, "b.png"))


def test_a_picture_that_is_none_is_not_shown() -> None:
    """Whatever type the server gives it."""
    output = output_of(CallToolResult(content=[ImageContent(data="PHN2Zz4=", mime_type="image/png")]))
    assert (output.media, output.text) == ((), "[picture (image/png): 6 bytes that can neither be shown nor read]")


def test_only_so_many_pictures_are_shown() -> None:
    """The model is told of the others."""
    output = output_of(CallToolResult(content=[ImageContent(data=PICTURE, mime_type="image/png")] * 25))
    assert len(output.media) == 20
    assert output.text.endswith("[5 more pictures, recordings or files are not shown]")


def test_structured_content_is_told_once() -> None:
    """Where there is text, that says it already."""
    words = [TextContent(text="21 degrees")]
    assert output_of(CallToolResult(content=[], structured_content={"degrees": 21})).text == '{"degrees": 21}'
    assert output_of(CallToolResult(content=words, structured_content={"degrees": 21})).text == "21 degrees"


def test_a_result_without_anything_is_told_too() -> None:
    """Models that get an empty text call again."""
    assert output_of(CallToolResult(content=[])).text == "Done; there is no text in the result."
    failed = output_of(CallToolResult(content=[], is_error=True))
    assert (failed.failed, failed.text) == (True, "It failed and did not say why.")


def test_a_tool_always_has_a_description_and_a_schema_of_an_object() -> None:
    """Endpoints refuse a request with anything else."""
    assert listed(Tool(name="a", title="Title", input_schema={"type": "object"})).description == "Title"
    tool = listed(Tool(name="a", description="x" * 9000, input_schema={}))
    assert (len(tool.description), tool.parameters) == (4000, {"type": "object", "properties": {}})
