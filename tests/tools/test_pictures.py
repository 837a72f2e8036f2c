"""Pictures and recordings from outside."""

from __future__ import annotations

from base64 import b64encode

import pytest

from chat_app.conversation.messages import Audio, Image
from chat_app.tools.pictures import LARGEST_BYTES, media_of, picture_of
from tests.tools.mcp_server import PNG, WAV


def _base64(content: bytes) -> str:
    return b64encode(content).decode()


def test_what_it_is_stands_in_the_first_bytes() -> None:
    """Not in what it is called."""
    assert media_of(_base64(PNG), "a.png") == Image("image/png", _base64(PNG), "a.png")
    assert media_of(_base64(WAV)) == Audio("audio/wav", _base64(WAV))
    assert picture_of(f"data:image/jpeg;base64,{_base64(PNG)}") == Image("image/png", _base64(PNG))
    assert picture_of(f"data:audio/wav;base64,{_base64(WAV)}") is None


@pytest.mark.parametrize(
    "data",
    ["", "no base64!", _base64(b"<svg onload=alert(1)>"), _base64(b"MZ\x90"), "A" * (LARGEST_BYTES * 2)],
    ids=["nothing", "text", "svg", "program", "huge"],
)
def test_what_is_neither_picture_nor_recording_is_refused(data: str) -> None:
    """And what is too large for the page."""
    assert media_of(data) is None


@pytest.mark.parametrize("url", ["https://a/b.png", "data:image/png,abc", "javascript:1", ""])
def test_only_data_urls_are_pictures(url: str) -> None:
    """Nothing is loaded."""
    assert picture_of(url) is None
