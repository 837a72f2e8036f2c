"""How the values of a turn come from Gradio's queue to the function that answers."""

from __future__ import annotations

from typing import Any, cast

import anyio.to_thread
import gradio as gr
import pytest

from chat_app.config import ChatConfig, PresetConfig
from chat_app.config_sources.words_file import texts_of
from chat_app.ui.interface import ChatPage
from chat_app.ui.service import Service
from chat_app.ui.words import Words


async def test_the_values_of_a_turn_are_put_to_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gradio has one for each value of an event; what is no turn is refused as in any other event."""
    page = ChatPage(ChatConfig(), cast("Service", None), [PresetConfig()], words=Words(texts_of("en")))
    [turn, *_] = [each for each in page.fns.values() if each.fn == page._answer]  # noqa: SLF001 -- the turn
    threads: list[object] = []

    async def counted(function: Any, *_: Any, **__: Any) -> None:
        threads.append(function)

    monkeypatch.setattr(anyio.to_thread, "run_sync", counted)
    posted = [{"turn": "1", "messages": [{"role": "user", "content": "Hi"}]}, "Plain", None]
    assert await page.preprocess_data(turn, posted, None) == posted
    assert not threads
    for refused in (posted[:2], [{"secret": 1}, "Plain", None]):
        with pytest.raises(gr.Error, match="not the values"):
            await page.preprocess_data(turn, refused, None)
