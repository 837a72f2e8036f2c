"""Files on the real page: audio, transcripts, what is cut, limits, every way in, and the same by programs."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from gradio_client import Client  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import violations
from tests.browser.app_process import App
from tests.browser.chat_page import ChatPage, open_chat
from tests.browser.conftest import PHONE, StartApp, Watch, new_context
from tests.browser.test_composer import PNG, a_file
from tests.browser.test_question_files import add, chips, kinds, last_question
from tests.browser.upstream import Upstream, answers, calls, says
from tests.uploads.files import wav

pytestmark = pytest.mark.browser

SETTINGS = """
endpoints: [{{name: scripted, base_url: "{base_url}", attempts: 1}}]
presets:
  - {{name: Plain, parameters: {{temperature: 0.5}}}}
  - {{name: Written, transcription_model: whisper}}
  - {{name: Tools, tools: [show_table]}}
chat: {{parameters: [temperature]}}
uploads: {{max_files: 3, max_file_bytes: 200000, text_max_tokens: 100}}
"""
LONG = "\n".join(f"Line {number} of the notes." for number in range(200)).encode()
PATH = "/v1/audio/transcriptions"
DROP = """([kind, name, type, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))], name, { type }));
  const at = document.querySelector("#question textarea");
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
    : new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true });
  at.dispatchEvent(event);
}"""
"""Drop or paste a file on the text box."""


@pytest.fixture(scope="module")
def app(start_app: StartApp, upstream_server: Upstream) -> App:
    """An app with narrow limits."""
    return start_app(SETTINGS.format(base_url=upstream_server.base_url))


@pytest.fixture
def phone(browser: Browser, app: App, server: Upstream, own_hosts: set[str]) -> Iterator[ChatPage]:
    """The page on a phone."""
    assert not server.asked
    context = new_context(browser, PHONE)
    watch = Watch(context, own_hosts)
    yield open_chat(context.new_page(), app)
    context.close()
    assert not watch.faults([])


def pick_written(chat: ChatPage) -> None:
    """Pick the preset that makes text of recordings."""
    chat.page.locator("#preset input").click()
    chat.page.get_by_role("option", name="Written").click()
    expect(chat.page.locator("#preset input")).to_have_value("Written")


def a_recording() -> dict[str, Any]:
    """A WAV file of a tenth of a second."""
    return a_file("said.wav", "audio/wav", wav())


def a_document(name: str = "notes.txt", content: bytes = LONG) -> dict[str, Any]:
    """A text."""
    return a_file(name, "text/plain", content)


def test_a_recording_goes_to_the_model_as_it_is(chat: ChatPage, server: Upstream) -> None:
    """Where no model makes text of it; it can be heard on the page."""
    add(chat, a_recording())
    chat.ask("What is said?")
    assert kinds(server) == ["input_audio", "text"]
    assert last_question(server)[0]["input_audio"]["format"] == "wav"
    assert base64.b64decode(last_question(server)[0]["input_audio"]["data"]) == wav()
    expect(chat.questions.locator("audio, [data-testid*=audio]").first).to_be_attached()
    assert violations(chat.page) == []


def test_a_recording_becomes_text_where_a_model_is_named_for_it(chat: ChatPage, server: Upstream) -> None:
    """Once, when it is added; the chat's model reads the text, at every turn."""
    server.elsewhere[PATH] = answers({"text": "The cat is red."})
    pick_written(chat)
    add(chat, a_recording())
    chat.ask("What is said?")
    chat.ask("And now?")
    asked = [exchange for exchange in server.exchanges if exchange.path == PATH]
    assert len(asked) == 1
    assert b"whisper" in asked[0].body
    assert wav() in asked[0].body
    first = server.asked[0].body["messages"][-1]["content"]
    assert "The cat is red." in json.dumps(first)
    assert "input_audio" not in json.dumps(first)
    assert server.asked[1].body["messages"][-3]["content"] == first


def test_a_recording_that_cannot_become_text_costs_nothing_else(
    chat: ChatPage, server: Upstream, allowed_errors: list[str]
) -> None:
    """The page says why; what was typed and the other file stay."""
    allowed_errors.append("status of 4")
    pick_written(chat)
    chat.box.fill("What is said?")
    add(chat, a_file())
    chat.page.locator(".composer-buttons input").first.set_input_files([a_recording()])  # type: ignore[arg-type]
    expect(chat.page.get_by_role("alert")).to_contain_text("“said.wav” was not added.")
    expect(chips(chat)).to_have_count(1)
    expect(chat.box).to_have_value("What is said?")
    assert server.asked == []


def test_what_is_cut_is_said_on_the_chip_and_to_the_model(chat: ChatPage, server: Upstream) -> None:
    """Of a text that is longer than the budget only its beginning is sent."""
    add(chat, a_document())
    expect(chips(chat).first).to_contain_text("Only about the first 9 % of the text is here.")
    chat.ask("What is it?")
    sent = json.dumps(last_question(server))
    assert 'left_out=\\"Only about the first 9 % of the text is here.' in sent
    assert "Line 0 of the notes." in sent
    assert "Line 199" not in sent


def test_a_file_is_at_the_same_place_at_every_later_turn(chat: ChatPage, server: Upstream) -> None:
    """Byte by byte, as caches of prompts want it: each request begins with the whole of the one before."""
    add(chat, a_file(), a_document())
    chat.ask("What is this?")
    chat.ask("And now?")
    chat.page.reload()
    expect(chat.questions).to_have_count(2)
    add(chat, a_document("more.txt", b"More."))
    chat.ask("And then?")
    messages = [json.dumps(exchange.body["messages"])[:-1] for exchange in server.asked]
    assert len(messages) == 3
    assert messages[1].startswith(messages[0])
    assert messages[2].startswith(messages[1])


def test_too_many_and_too_large_files_cost_nothing_else(chat: ChatPage, server: Upstream) -> None:
    """As many as there is room for are added, and the text stays."""
    chat.box.fill("Look")
    large = a_document("large.txt", b"x" * 200_001)
    chooser = chat.page.locator(".composer-buttons input").first
    chooser.set_input_files([large])  # type: ignore[arg-type]
    expect(chat.page.get_by_role("alert")).to_contain_text("“large.txt” was not added.")
    small = [a_document(f"{number}.txt", b"x") for number in range(5)]
    chooser.set_input_files(small)  # type: ignore[arg-type]
    expect(chat.page.get_by_role("alert").last).to_contain_text("At most 3 files")
    expect(chips(chat)).to_have_count(3)
    expect(chat.box).to_have_value("Look")
    assert server.asked == []


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_a_file_is_dropped_and_pasted(chat: ChatPage, server: Upstream, how: str) -> None:
    """It is read and sent as one that was chosen."""
    picture = ["image.png", "image/png", base64.b64encode(PNG).decode()]
    if how == "drop":
        chat.page.evaluate(DROP, ["dragenter", *picture])
        expect(chat.page.get_by_text("Drop files to add them to your message")).to_be_visible()
    chat.page.evaluate(DROP, [how, *picture])
    expect(chips(chat)).to_have_count(1)
    chat.ask("What is this?")
    assert kinds(server) == ["image_url", "text"]


def test_a_phone_takes_a_picture(phone: ChatPage, server: Upstream) -> None:
    """Its camera is asked for; what it gives goes with the question."""
    phone.page.get_by_role("button", name="Take a picture").wait_for()
    phone.page.locator("input[capture=environment]").set_input_files([a_file()])  # type: ignore[arg-type]
    expect(chips(phone)).to_have_count(1)
    assert phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    phone.ask("What is this?")
    assert kinds(server) == ["image_url", "text"]


@pytest.fixture
def client(app: App, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A program, which asks and tells nobody else."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY", True)  # read once, at its import
    return Client(app.base_url, verbose=False, download_files=False)


def part_of(page: Page, app: App, name: str, content: bytes) -> Any:
    """What `POST /uploads` makes of a file."""
    posted = page.request.post(f"{app.base_url}/uploads?name={name}", data=content, headers={"X-Chat-App": "1"})
    assert posted.ok
    return posted.json()["part"]


def test_a_program_sends_files_and_parameters(page: Page, app: App, client: Client, server: Upstream) -> None:
    """The parts as the server gave them; bounds are those of the page, and left out, the preset's own hold."""
    files = [part_of(page, app, "red.png", PNG), part_of(page, app, "notes.txt", b"The cat is red.")]
    said = client.predict("What is this?", files=files, parameters={"temperature": 1.5}, api_name="/chat")
    assert said == "Hello there."
    assert kinds(server) == ["image_url", "text"]
    assert "The cat is red." in last_question(server)[1]["text"]
    assert server.asked[-1].body["temperature"] == 1.5
    first = last_question(server)
    client.predict("Again", api_name="/chat")
    assert server.asked[-1].body["temperature"] == 0.5
    assert server.asked[-1].body["messages"][-3]["content"] == first
    refused = client.predict("Hotter", parameters={"temperature": 5}, api_name="/chat")
    assert "It has to be a number from 0 to 2" in json.dumps(refused)


def test_an_answer_with_tools_is_a_list_and_goes_on_with_its_calls(client: Client, server: Upstream) -> None:
    """Thoughts, the table and the text; the next question sends the call and its result as they were."""
    server.then(calls("show_table", columns=["a"], rows=[["1"]]), says("There it is."))
    said = client.predict("Show me", preset="Tools", api_name="/chat")
    assert isinstance(said, list)
    assert any(message["metadata"] and message["metadata"]["title"] for message in said)
    assert "There it is." in json.dumps(said[-1])
    client.predict("Again", preset="Tools", api_name="/chat")
    messages = server.asked[-1].body["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "assistant", "user"]
    (call,) = messages[1]["tool_calls"]
    assert call["function"]["name"] == "show_table"
    assert json.loads(call["function"]["arguments"]) == {"columns": ["a"], "rows": [["1"]]}
    assert messages[2]["tool_call_id"] == call["id"]
    assert messages[3]["content"] == "There it is."
