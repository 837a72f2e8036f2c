"""What a visitor can choose: parameters, a model, an example, a link; and that it is what the model is asked with."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.accessibility import violations
from tests.browser.app_process import App
from tests.browser.chat_page import ChatPage, open_chat
from tests.browser.conftest import PATIENCE_MS, StartApp, new_context
from tests.browser.gradio_events import Visitor, asking, said
from tests.browser.moments import soon
from tests.browser.test_composer import PNG, a_file
from tests.browser.test_question_files import add, chips, kinds, last_question
from tests.browser.upstream import Exchange, Upstream, says

pytestmark = pytest.mark.browser

SETTINGS = """
endpoints:
  - name: scripted
    base_url: "{base_url}"
    attempts: 1
    models: [toy, seeing-toy, hearing-toy]
    input_modalities: {{seeing-toy: [image], hearing-toy: [audio], "*": []}}
presets:
  - name: Plain
    system_prompt: Be plain.
    parameters: {{temperature: 0.5}}
    prices: {{prompt: 100, completion: 200}}
  - {{name: Seeing, model: seeing-toy, system_prompt: Look.}}
chat:
  show_usage: true
  parameters:
    - temperature
    - max_tokens
    - reasoning_effort
    - {{name: logprobs, label: Log, value: false}}
    - system_prompt
  examples:
    - Why?
    - text: What is on it?
      files: [{folder}/red.png, {folder}/notes.txt]
      preset: Seeing
      parameters: {{temperature: 1.5, reasoning_effort: low}}
    - {{text: "What is said?", model: hearing-toy}}
"""
FILLING = """
endpoints:
  - {{name: scripted, base_url: "{base_url}", attempts: 1, models: [toy, other-toy]}}
presets: [{{name: Plain}}, {{name: Other, model: other-toy}}]
chat:
  language: de
  show_usage: true
  run_examples_on_click: false
  cache_examples: true
  cache_mode: eager
  parameters: [seed]
  examples:
    - {{text: "What is on it?", files: [{folder}/red.png], preset: Other, parameters: {{seed: 7}}}}
    - Why?
uploads: {{max_file_bytes: 20000}}
"""
CHINESE = """
endpoints: [{{name: scripted, base_url: "{base_url}", attempts: 1}}]
chat: {{language: zh, parameters: [seed], show_usage: true}}
"""
CLOSED = """
endpoints: [{{name: scripted, base_url: "{base_url}", attempts: 1}}]
chat: {{multimodal: false, cache_examples: true, examples: ["Why?"], parameters: [seed], language: "{folder}/ar.yaml"}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a picture and a document."""
    made = tmp_path_factory.mktemp("examples")
    (made / "red.png").write_bytes(PNG)
    (made / "notes.txt").write_text("The cat is red.", encoding="utf-8")
    (made / "ar.yaml").write_text("language: ar\nparameters: معلمات\nparameter_seed: بذرة\n", encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def app(start_app: StartApp, upstream_server: Upstream, folder: Path) -> App:
    """An app in which everything can be chosen."""
    return start_app(SETTINGS.format(base_url=upstream_server.base_url, folder=folder))


class Inputs:
    """What stands in the accordion."""

    def __init__(self, page: Page) -> None:
        self.accordion = page.locator("#parameters")
        self.temperature = page.locator("#parameter-temperature input[type=number]")
        self.longest = page.locator("#parameter-max_tokens input")
        self.effort = page.locator("#parameter-reasoning_effort input")
        self.log = page.locator("#parameter-logprobs input")
        self.prompt = page.locator("#parameter-system_prompt textarea")

    def open(self) -> Inputs:
        """Unfold it."""
        self.accordion.get_by_role("button", name="Parameters").click()
        expect(self.longest).to_be_visible()
        return self

    def fill(self, field: Locator, value: str) -> None:
        """Type `value` and leave the box."""
        field.fill(value)
        field.press("Tab")

    def set_all(self) -> None:
        """Change each of them."""
        self.fill(self.temperature, "1.5")
        self.fill(self.longest, "77")
        self.effort.click()
        self.accordion.page.get_by_role("option", name="high").click()
        self.log.check()
        self.fill(self.prompt, "Rhyme.")

    def expect_all(self) -> None:
        """That all stand as `set_all` has set them."""
        self._expect("1.5", "77", "high", "Rhyme.", log=True)

    def expect_none(self) -> None:
        """That all stand as they stand at first."""
        self._expect("0.5", "", "Not set", "", log=False)

    def _expect(self, temperature: str, longest: str, effort: str, prompt: str, *, log: bool) -> None:
        expect(self.temperature).to_have_value(temperature)
        expect(self.longest).to_have_value(longest)
        expect(self.effort).to_have_value(effort)
        expect(self.log).to_be_checked(checked=log)
        expect(self.prompt).to_have_value(prompt)


@pytest.fixture
def inputs(chat: ChatPage) -> Inputs:
    """The accordion of `chat`, unfolded."""
    return Inputs(chat.page).open()


def asked_with(server: Upstream) -> dict[str, Any]:
    """The parameters of the last request, and the system prompt."""
    body = server.asked[-1].body
    more = {name: body[name] for name in ("temperature", "max_tokens", "reasoning_effort", "logprobs") if name in body}
    return {**more, "system_prompt": body["messages"][0]["content"]}


AT_FIRST = {"temperature": 0.5, "logprobs": False, "system_prompt": "Be plain."}
SET = {
    "temperature": 1.5,
    "max_tokens": 77,
    "reasoning_effort": "high",
    "logprobs": True,
    "system_prompt": "Rhyme.",
}


def pick(page: Page, picker: str, name: str) -> None:
    """Pick `name` with `#preset` or `#model`."""
    page.locator(f"#{picker} input").click()
    page.get_by_role("option", name=name).click()


def new_chat(chat: ChatPage) -> None:
    """Begin another conversation."""
    chat.page.get_by_role("button", name="New chat").click()
    expect(chat.questions).to_have_count(0)


def test_what_is_left_alone_is_not_sent(chat: ChatPage, inputs: Inputs, server: Upstream) -> None:
    """An empty number is not 0, a slider stands at the preset's own; only what the settings give a value is sent."""
    inputs.expect_none()
    chat.ask("Hi")
    assert asked_with(server) == AT_FIRST
    pick(chat.page, "preset", "Seeing")
    expect(chat.page.locator("#model input")).to_have_value("seeing-toy (pictures)")
    chat.ask("Again")
    assert asked_with(server) == {"logprobs": False, "system_prompt": "Look."}


def test_what_is_set_is_sent_kept_with_the_conversation_and_in_the_feedback(
    chat: ChatPage, inputs: Inputs, server: Upstream, app: App
) -> None:
    """A new chat begins as the first one did; the other has its own when it comes back, also after a reload."""
    server.otherwise = says("Yes.")
    inputs.set_all()
    chat.ask("A rhyme")
    assert asked_with(server) == SET
    assert violations(chat.page) == []
    rows = len(app.rows())
    chat.button("Like").click()
    new_chat(chat)
    inputs.expect_none()
    chat.ask("No rhyme")
    assert asked_with(server) == AT_FIRST
    chat.page.get_by_role("link", name="A rhyme").click()
    inputs.expect_all()
    chat.page.reload()
    inputs.open().expect_all()
    expect(chat.questions.first).to_be_visible()
    chat.ask("Again")
    assert asked_with(server) == SET
    (row,) = soon(chat.page, lambda: app.rows()[rows:], bool)
    parameters = json.loads(row["parameters"])
    assert parameters.items() >= {name: SET[name] for name in ("temperature", "max_tokens", "reasoning_effort")}.items()


def test_what_was_set_can_be_taken_back(chat: ChatPage, inputs: Inputs, server: Upstream) -> None:
    """An emptied box is as one that was never touched, and so is a slider at its place."""
    inputs.set_all()
    inputs.fill(inputs.longest, "")
    inputs.fill(inputs.prompt, "")
    inputs.accordion.get_by_role("button", name="Reset").click()
    expect(inputs.temperature).to_have_value("0.5")
    chat.ask("Hi")
    assert asked_with(server) == {**AT_FIRST, "reasoning_effort": "high", "logprobs": True}


def test_what_is_out_of_bounds_is_not_asked_with(app: App, server: Upstream) -> None:
    """Whatever is posted in the page's place: it is told what it may be, and refused where it may not be at all."""
    with closing(Visitor(app.base_url)) as visitor:
        for name, value, rule in (("temperature", 5, "from 0 to 2"), ("max_tokens", 0, "of 1 or more")):
            ended = visitor.join("_answer", {**asking([said("user", "Hi")]), "parameters": {name: value}}, None, None)
            assert rule in json.dumps(ended["output"]["data"][0]["messages"])
        ended = visitor.join("_answer", {**asking([said("user", "Hi")]), "parameters": {"top_p": 1}}, None, None)
        assert not ended["success"]
    assert server.asked == []


def test_the_picker_says_what_a_model_takes_and_is_filtered(chat: ChatPage, server: Upstream) -> None:
    """By a part of a name, or of what it takes."""
    model = chat.page.locator("#model input")
    expect(model).to_have_value("toy")
    model.click()
    options = chat.page.get_by_role("option")
    expect(options).to_contain_text(["toy", "seeing-toy (pictures)", "hearing-toy (audio)"])
    model.fill("")
    model.press_sequentially("audio")
    expect(options).to_contain_text(["hearing-toy (audio)"])
    expect(options).to_have_count(1)
    options.click()
    expect(model).to_have_value("hearing-toy (audio)")
    chat.ask("Hi")
    assert server.asked[-1].body["model"] == "hearing-toy"


def test_a_picture_is_refused_before_it_is_sent_and_taken_by_the_model_that_is_named(
    chat: ChatPage, server: Upstream
) -> None:
    """Nothing that was typed or added is lost: it is asked again as soon as that model is picked."""
    add(chat, a_file())
    chat.ask("What is this?")
    chat.expect_answer("The model toy does not take pictures")
    chat.expect_answer("Pick one that does: seeing-toy.")
    assert server.asked == []
    expect(chat.questions.locator("img")).to_be_visible()
    pick(chat.page, "model", "seeing-toy")
    expect(chat.page.locator("#model input")).to_have_value("seeing-toy (pictures)")
    chat.try_again.click()
    chat.expect_answer("Hello there.")
    chat.expect_done()
    assert kinds(server) == ["image_url", "text"]
    assert last_question(server)[1]["text"] == "What is this?"
    assert server.asked[-1].body["model"] == "seeing-toy"
    expect(chat.answers).to_have_count(1)


def test_an_example_is_asked_with_its_files_preset_and_parameters(chat: ChatPage, server: Upstream) -> None:
    """Its picture is seen before; the pickers and the boxes show afterwards what it was asked with."""
    card = chat.conversation.locator("button.example").nth(1)
    expect(card.locator("img")).to_have_js_property("naturalWidth", 1)
    card.click()
    chat.expect_answer("Hello there.")
    chat.expect_done()
    assert kinds(server) == ["image_url", "text"]
    assert "The cat is red." in last_question(server)[1]["text"]
    assert last_question(server)[1]["text"].endswith("What is on it?")
    assert server.asked[-1].body["model"] == "seeing-toy"
    with_these = {"temperature": 1.5, "reasoning_effort": "low", "logprobs": False, "system_prompt": "Look."}
    assert asked_with(server) == with_these
    expect(chat.page.locator("#preset input")).to_have_value("Seeing")
    expect(chat.page.locator("#model input")).to_have_value("seeing-toy (pictures)")
    inputs = Inputs(chat.page).open()
    expect(inputs.temperature).to_have_value("1.5")
    expect(inputs.effort).to_have_value("low")
    chat.ask("And now?")
    assert asked_with(server) == with_these


def test_an_example_can_pick_a_model_alone(chat: ChatPage, server: Upstream) -> None:
    """The preset stays."""
    chat.conversation.locator("button.example").nth(2).click()
    chat.expect_answer("Hello there.")
    assert server.asked[-1].body["model"] == "hearing-toy"
    assert asked_with(server) == AT_FIRST
    expect(chat.page.locator("#model input")).to_have_value("hearing-toy (audio)")


def test_a_link_opens_a_preset_with_a_question(page: Page, app: App, server: Upstream) -> None:
    """It stands in the text box and is not sent; the address is clean, and a reload leaves what is there."""
    chat = open_chat(page, app, "/?preset=Seeing&q=Why%3F")
    expect(chat.box).to_have_value("Why?")
    expect(page.locator("#preset input")).to_have_value("Seeing")
    expect(page.locator("#model input")).to_have_value("seeing-toy (pictures)")
    expect(page).to_have_url(f"{app.base_url}/")
    assert server.asked == []
    chat.box.press("Enter")
    chat.expect_answer("Hello there.")
    assert asked_with(server)["system_prompt"] == "Look."


def test_a_link_to_a_preset_that_is_not_there_keeps_its_question(page: Page, app: App, server: Upstream) -> None:
    """The first preset stays picked."""
    chat = open_chat(page, app, "/?preset=Gone&q=Why%3F&other=1")
    expect(chat.box).to_have_value("Why?")
    expect(page.locator("#preset input")).to_have_value("Plain")
    expect(page).to_have_url(f"{app.base_url}/?other=1")
    chat.box.press("Enter")
    chat.expect_answer("Hello there.")
    assert asked_with(server) == AT_FIRST


def test_what_an_answer_took_stands_below_it_and_stays(chat: ChatPage, server: Upstream) -> None:
    """With its price where the preset has one; 5 tokens in and 7 out cost 0.0019."""
    server.then(says("Hello", " there.", pace_s=0.1))
    chat.ask("Hi")
    took = chat.conversation.locator(".took")
    expect(took).to_contain_text("5 tokens in · 7 tokens out · first after")
    expect(took).to_contain_text("toy at scripted · $0.0019")
    line = took.inner_text()
    chat.page.reload()
    expect(took).to_have_text(line)
    pick(chat.page, "preset", "Seeing")
    expect(chat.page.locator("#model input")).to_have_value("seeing-toy (pictures)")
    server.then(says("Yes.", model="seeing-toy"))
    chat.ask("Again")
    expect(took.last).to_contain_text("seeing-toy at scripted")
    expect(took.last).not_to_contain_text("$")


@pytest.fixture(scope="module")
def filling(start_app: StartApp, upstream_server: Upstream, folder: Path) -> tuple[App, list[Exchange]]:
    """An app whose examples fill the text box, and what it asked before anybody came."""
    upstream_server.reset()
    upstream_server.otherwise = says("Kept.")
    app = start_app(FILLING.format(base_url=upstream_server.base_url, folder=folder))
    until_s = monotonic() + PATIENCE_MS / 1000
    while not (asked := upstream_server.asked)[1:] and monotonic() < until_s:
        sleep(0.05)
    assert all(exchange.closed.wait(until_s - monotonic()) for exchange in asked)
    return app, asked


def test_an_example_fills_the_text_box_and_all_else(
    page: Page, filling: tuple[App, list[Exchange]], server: Upstream
) -> None:
    """What goes with it stands above it and in the pickers; the next one takes its place, and nothing is sent."""
    chat = open_chat(page, filling[0])
    chat.conversation.locator("button.example").first.click()
    expect(chat.box).to_have_value("What is on it?")
    expect(chips(chat)).to_contain_text(["red.png"])
    expect(page.locator("#preset input")).to_have_value("Other")
    page.locator("#parameters").get_by_role("button", name="Parameter").click()
    expect(page.locator("#parameter-seed input")).to_have_value("7")
    chat.conversation.locator("button.example").last.click()
    expect(chat.box).to_have_value("Why?")
    expect(chips(chat)).to_have_count(0)
    assert server.asked == []


def test_the_answers_to_examples_are_there_before_anybody_asks(
    browser: Browser, filling: tuple[App, list[Exchange]], server: Upstream
) -> None:
    """`cache_mode: eager`: with files and values; each visitor gets them, and the model is not asked again."""
    app, before = filling
    assert sorted(exchange.body["model"] for exchange in before) == ["other-toy", "toy"]
    assert next(exchange.body["seed"] for exchange in before if exchange.body["model"] == "other-toy") == 7
    server.otherwise = says("New.")
    for _ in range(2):
        context = new_context(browser)
        chat = open_chat(context.new_page(), app)
        chat.conversation.locator("button.example").first.click()
        expect(chips(chat)).to_have_count(1)
        expect(chat.box).to_have_value("What is on it?")  # it comes behind its picture
        expect(chat.page.locator("#preset input")).to_have_value("Other")
        chat.box.press("Enter")
        chat.expect_answer("Kept.")
        expect(chat.conversation.locator(".took")).to_contain_text("aufbewahrte Antwort auf dieses Beispiel")
        context.close()
    assert server.asked == []


def test_the_answer_to_an_example_is_kept_from_its_first_click(browser: Browser, closed: App, server: Upstream) -> None:
    """`cache_mode: lazy`: of two visitors the first has the model asked; a question of one's own always does."""
    server.then(says("First."), says("Second."))
    for _ in range(2):
        context = new_context(browser)
        chat = open_chat(context.new_page(), closed)
        chat.conversation.locator("button.example").click()
        chat.expect_answer("First.")
        chat.expect_done()
    assert len(server.asked) == 1
    chat.ask("Why not?")
    chat.expect_answer("Second.")
    for context in browser.contexts:
        context.close()


@pytest.fixture(scope="module")
def closed(start_app: StartApp, upstream_server: Upstream, folder: Path) -> App:
    """An app that takes no files, with words of its own that run from right to left."""
    return start_app(CLOSED.format(base_url=upstream_server.base_url, folder=folder))


def test_a_page_that_takes_no_files_has_no_button_for_them(page: Page, closed: App, server: Upstream) -> None:
    """Nor a place that they could be posted to."""
    chat = open_chat(page, closed)
    expect(page.locator("input[type=file][multiple]")).to_have_count(0)
    expect(page.locator(".composer-buttons")).to_have_count(0)
    posted = page.request.post(f"{closed.base_url}/uploads?name=a.txt", data="x", headers={"X-Chat-App": "1"})
    assert posted.status == 404
    chat.ask("Hi")
    assert last_question(server) == "Hi"


def test_the_page_has_its_own_words_around_the_text_box(page: Page, filling: tuple[App, list[Exchange]]) -> None:
    """In German: what stands above it, beside it, in the accordion, in the panel, and what is told."""
    chat = open_chat(page, filling[0])
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.get_by_role("button", name="Dateien hinzufügen").wait_for()
    page.get_by_role("button", name="Neue Unterhaltung").wait_for()
    page.locator("#parameters").get_by_role("button", name="Parameter").click()
    expect(page.get_by_label("Startwert")).to_have_attribute("placeholder", "Nicht gesetzt")
    add(chat, a_file())
    expect(page.get_by_role("list", name="Dateien dieser Nachricht")).to_be_visible()
    page.get_by_role("button", name="red.png entfernen").wait_for()
    large = a_file("large.txt", "text/plain", bytes(20_001))
    page.locator(".composer-buttons input").first.set_input_files([large])  # type: ignore[arg-type]
    expect(page.get_by_role("alert")).to_contain_text("„large.txt“ wurde nicht hinzugefügt.")


def test_the_accordion_runs_from_right_to_left(page: Page, closed: App) -> None:
    """Its own words, those that are missing in English; labels begin at the right."""
    open_chat(page, closed)
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("html")).to_have_attribute("lang", "ar")
    page.locator("#parameters").get_by_role("button", name="معلمات").click()
    seed = page.get_by_label("بذرة")
    expect(seed).to_have_attribute("placeholder", "Not set")
    label, box = page.locator("#parameter-seed").get_by_text("بذرة").bounding_box(), seed.bounding_box()
    assert label is not None
    assert box is not None
    assert label["x"] + label["width"] > box["x"] + box["width"] / 2
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []


def test_the_page_speaks_chinese(page: Page, start_app: StartApp, server: Upstream) -> None:
    """The panel, the composer, the accordion, and the line under an answer."""
    chat = open_chat(page, start_app(CHINESE.format(base_url=server.base_url)))
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(chat.box).to_have_attribute("placeholder", "输入消息…")
    page.get_by_role("button", name="添加文件").wait_for()
    page.get_by_role("button", name="新对话").wait_for()
    page.locator("#parameters").get_by_role("button", name="参数").click()
    expect(page.get_by_label("随机种子")).to_have_attribute("placeholder", "未设置")
    chat.ask("Hi")
    expect(chat.conversation.locator(".took")).to_contain_text("输入 5 词元")
    expect(chat.button("重新回答")).to_be_visible()
