"""What a model that calls tools says to the scripted server's clients, and the app that these tests have.

Its tools are those of `tests/tools`: a real MCP server over standard input and output, Python functions, and one server
that is not there.
"""

from __future__ import annotations

import json
import sys
import wave
from base64 import b64encode
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.sync_api import Locator, expect

from tests.browser.chat_page import ChatPage
from tests.browser.moments import soon
from tests.browser.upstream import Reply, Upstream, chunk, event, stream

ROOT: Final = Path(__file__).parents[2]
ENVIRONMENT: Final = {"PYTHONPATH": str(ROOT)}
"""For the app, which runs elsewhere, to find the functions."""
_TEN_FRAMES: Final = "async () => { for (let at = 0; at < 10; at += 1) await new Promise(requestAnimationFrame); }"
SETTINGS: Final = f"""
endpoints: [{{{{name: scripted, base_url: "{{base_url}}", attempts: 1, input_modalities: {{{{"*": [image]}}}}}}}}]
tools:
  mcp_servers:
    - {{{{name: mcp, command: "{sys.executable}", args: ["{ROOT / "tests/tools/mcp_server.py"}"], approval: always,
        approvals: {{{{add: ask}}}}}}}}
    - {{{{name: gone, command: "{sys.executable}", args: ["-c", "raise SystemExit(3)"], approval: always}}}}
  functions:
    - function: tests.tools.sample_functions:weather
    - function: tests.tools.sample_functions:broken
presets:
  - name: Tools
    tools: [mcp, gone, weather, broken, show_plot, show_table, show_gallery, show_html, offer_replies]
chat: {{{{title: Chat, show_usage: true}}}}
"""
"""One preset with all of them; `add` is asked for."""
FIGURE: Final = {
    "data": [{"type": "bar", "x": ["Mon", "Tue", "Wed", "Thu"], "y": [3, 5, 2, 4], "name": "Visits"}],
    "layout": {"title": {"text": "Visits"}, "xaxis": {"title": {"text": "Day"}}},
}
FRAME: Final = (
    "<!doctype html><html lang='en'><head><title>Clock</title></head><body style='font: 1rem sans-serif'>"
    "<h1>Tick</h1><p id='by'></p><script>document.querySelector('#by').textContent = 'by script'</script></body></html>"
)
MARKUP: Final = "</code></pre><img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>"


def picture(colour: str = "tomato", size: tuple[int, int] = (320, 200)) -> str:
    """A picture of one colour, as a data URL."""
    made = BytesIO()
    Image.new("RGB", size, colour).save(made, "PNG")
    return f"data:image/png;base64,{b64encode(made.getvalue()).decode()}"


def wants(*wanted: tuple[str, Mapping[str, Any] | str], said: str = "", reasoning: Iterable[str] = ()) -> Reply:
    """A round: these tools are called, at the same time, each with these arguments (text is sent as it is).

    The arguments come in two pieces, as models write them.
    """
    steps = [chunk({"role": "assistant", "content": said})]
    steps += [chunk({"reasoning_content": piece}) for piece in reasoning]
    for index, (name, given) in enumerate(wanted):
        text = given if isinstance(given, str) else json.dumps(given)
        function = {"name": name, "arguments": text[:3]}
        steps.append(_piece({"index": index, "id": f"call_{name}_{index}", "type": "function", "function": function}))
        steps.append(_piece({"index": index, "function": {"arguments": text[3:]}}))
    steps.append(chunk({}, finish="tool_calls"))
    steps.append(event({"choices": [], "usage": {"prompt_tokens": 50, "completion_tokens": 9}}))
    return stream([*steps, b"data: [DONE]\n\n"])


def gives(delta: Mapping[str, Any]) -> Reply:
    """An answer that is this one delta."""
    return stream([chunk(delta), chunk({}, finish="stop"), b"data: [DONE]\n\n"])


def recording() -> str:
    """Half a second of silence, as base64."""
    made = BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(8000))
    return b64encode(made.getvalue()).decode()


def told(server: Upstream, turn: int = -1) -> list[str]:
    """What the model was told of its calls, in a request."""
    return [message["content"] for message in server.asked[turn].body["messages"] if message["role"] == "tool"]


def called(server: Upstream, turn: int = -1) -> list[tuple[str, str]]:
    """The calls that a request sends back to the model."""
    messages = server.asked[turn].body["messages"]
    functions = [call["function"] for message in messages for call in message.get("tool_calls") or ()]
    return [(function["name"], function["arguments"]) for function in functions]


def thought(chat: ChatPage, title: str) -> Locator:
    """The last thought of that title; what is nested in it is there too."""
    return chat.conversation.locator(".thought-group").filter(has_text=title).last


def opened(chat: ChatPage, *titles: str) -> None:
    """Unfold these thoughts, if they are not. Gradio folds one by itself when what it tells of is over."""

    def is_open(head: Locator) -> bool:
        if not _is_expanded(head):
            head.click()
        head.page.evaluate(_TEN_FRAMES)
        return _is_expanded(head)

    for title in titles:
        head = chat.conversation.locator(".thought-group .title").filter(has_text=title).last
        expect(head).to_be_visible()
        # What it holds is there with that; until then the title of a call would be found in that of its calls.
        assert soon(chat.page, lambda head=head: is_open(head), bool)  # type: ignore[misc]


def _is_expanded(head: Locator) -> bool:
    return "expanded" in (head.get_attribute("class") or "")


def _piece(call: Mapping[str, Any]) -> bytes:
    return chunk({"tool_calls": [dict(call)]})
