"""Conversations to files and back, in the real app: its own, those of other programs, and those that mean harm."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Download, FilePayload, Page, expect

from tests.browser.app_process import App
from tests.browser.chat_page import ChatPage, open_chat
from tests.browser.conftest import StartApp, Watch, new_context
from tests.browser.panel import SidePanel
from tests.browser.test_kept_versions import rating_kept
from tests.browser.upstream import Upstream, says

pytestmark = pytest.mark.browser

SAMPLES = Path(__file__).parents[1] / "ui" / "history" / "samples"
SETTINGS = """
endpoints: [{{name: scripted, base_url: "{base_url}", attempts: 1}}]
presets: [{{name: Plain, system_prompt: Be plain.}}]
"""
HARM = "document.title = 'hacked'; alert(1); fetch('https://evil.example/')"
MARKUP = f'<img src="x" onerror="{HARM}"><script>{HARM}</script><svg onload="{HARM}"></svg>'
LINKS = (
    f'[one](javascript:{HARM.replace(" ", "%20")}) <a href="javascript:{HARM}">two</a> '
    f"[three](data:text/html,<script>alert(1)</script>) ![four](javascript:alert(1)) "
    f'<iframe src="https://evil.example/"></iframe><form action="https://evil.example/"><button>five</button></form>'
)
FileOf: TypeAlias = Callable[..., FilePayload]


@pytest.fixture(scope="module")
def app(start_app: StartApp, upstream_server: Upstream) -> App:
    """An app with a system prompt of its own."""
    return start_app(SETTINGS.format(base_url=upstream_server.base_url))


@pytest.fixture
def stranger(browser: Browser, own_hosts: set[str]) -> Iterator[BrowserContext]:
    """Another browser, which has nothing yet."""
    made = new_context(browser)
    watch = Watch(made, own_hosts)
    yield made
    made.close()
    assert not watch.faults(())


def payload(content: Any, name: str = "file.json") -> FilePayload:
    """A file with this text, or with this as JSON."""
    text = content if isinstance(content, str) else json.dumps(content)
    return {"name": name, "mimeType": "application/json", "buffer": text.encode()}


def text_of(download: Download) -> str:
    """What was saved."""
    return Path(download.path()).read_text(encoding="utf-8")


def saved_by(page: Page, click: Callable[[], None]) -> Download:
    """The file that a click saves."""
    with page.expect_download() as downloading:
        click()
    return downloading.value


def save_all(page: Page) -> Download:
    """Everything, as one file."""
    return saved_by(page, SidePanel(page).aside.get_by_role("button", name="Save all").click)


def sorted_entries(text: str) -> list[dict[str, Any]]:
    """The conversations of our own file, whatever their order."""
    entries: list[dict[str, Any]] = json.loads(text)["conversations"]
    for entry in entries:
        entry["messages"].sort(key=lambda message: message["id"])
        for message in entry["messages"]:
            # Without buttons: what the server said has no such field, what was imported has an empty one.
            message["shown"] = [{"options": None, **shown} for shown in message["shown"]]
    return sorted(entries, key=lambda entry: str(entry["id"]))


def talk(chat: ChatPage, server: Upstream) -> None:
    """Two conversations: one with two versions, a thought and a verdict, one with signs that Markdown knows."""
    server.then(says("One."), says("Two.", reasoning=["Hm, two."]), says("*Four* <b>five</b>"))
    chat.ask("Bees & ants")
    chat.button("Retry").click()
    chat.expect_answer("Two.")
    chat.expect_done()
    with rating_kept(chat.page):
        chat.button("Like").click()
    expect(chat.conversation.locator("button[aria-label*='iked']")).to_have_count(1)
    SidePanel(chat.page).new_chat()
    chat.ask("# <i>Three</i>?")


def test_one_conversation_is_saved_to_be_read_and_to_be_kept(chat: ChatPage, server: Upstream) -> None:
    """The one that was asked for, not the one on the page; as Markdown the version that is shown, as JSON all."""
    talk(chat, server)
    panel = SidePanel(chat.page)
    markdown = saved_by(chat.page, lambda: panel.menu("Bees & ants", "Save as Markdown"))
    assert markdown.suggested_filename == "Bees & ants.md"
    text = text_of(markdown)
    assert text.startswith("# Bees \\& ants\n")
    assert "Two." in text
    assert "One." not in text
    assert "Hm, two." in text
    kept = saved_by(chat.page, lambda: panel.menu("# <i>Three</i>?", "Save as JSON"))
    (entry,) = json.loads(text_of(kept))["conversations"]
    assert entry["title"] == "# <i>Three</i>?"
    assert entry["messages"][0]["shown"][-1]["content"][0]["text"] == "# <i>Three</i>?"
    assert kept.suggested_filename.endswith(".json")
    assert not set('<>/?"') & set(kept.suggested_filename)


def test_everything_that_was_saved_is_there_in_another_browser_and_only_once(
    chat: ChatPage, stranger: BrowserContext, app: App, server: Upstream, tmp_path: Path
) -> None:
    """Titles, versions, thoughts, the verdict, and the conversation's token: what is saved there is the same file."""
    talk(chat, server)
    SidePanel(chat.page).menu("Bees & ants", "Pin")
    expect(SidePanel(chat.page).aside.locator("h2").first).to_have_text("Pinned")
    download = save_all(chat.page)
    file = tmp_path / download.suggested_filename
    download.save_as(file)
    there = open_chat(stranger.new_page(), app)
    panel = SidePanel(there.page)
    for told in ("2 conversations from a file of this chat.", "2 conversations were here already."):
        panel.import_file(file)
        expect(panel.notices.last).to_contain_text(told)
        panel.expect_titles("Bees & ants", "# <i>Three</i>?")
    assert sorted_entries(text_of(save_all(there.page))) == sorted_entries(file.read_text())
    there.page.reload()
    panel.expect_titles("Bees & ants", "# <i>Three</i>?")
    panel.open("Bees & ants")
    expect(there.answers).to_contain_text("Two.")
    expect(there.conversation.locator("button[aria-label*='iked']")).to_have_count(1)
    expect(there.conversation.locator(".versions")).to_contain_text("2 / 2")
    there.button("Earlier version").click()
    expect(there.answers).to_contain_text("One.")
    server.then(says("Go."))
    there.ask("Go on")
    panel.import_file(file)
    expect(panel.notices.last).to_contain_text("2 conversations were here already.")
    expect(there.questions).to_have_text(["Bees & ants", "Go on"])
    assert [message["content"] for message in server.asked[-1].body["messages"]] == [
        "Be plain.",
        "Bees & ants",
        "One.",
        "Go on",
    ]


@pytest.mark.parametrize(
    ("sample", "title", "last", "sent"),
    [
        (
            "chatgpt.json",
            "Counting bees",
            None,
            ("How many bees are in this picture?", ["I keep bees.", "Be brief."]),
        ),
        ("open_webui.json", "Sums", "27", ("What is 15 * 17?", ["You are a calculator."])),
        ("llama_cpp.json", "Rivers", "The Amazon.", ("Longest river?", ["Answer in one line."])),
        (
            "librechat_tree.json",
            "Virtual environments",
            "Happy coding!",
            ("How do I activate it?", ["You are an expert."]),
        ),
    ],
    ids=lambda value: value.partition(".")[0] if isinstance(value, str) else "",
)
def test_what_other_programs_have_exported_can_be_gone_on_with(
    chat: ChatPage, server: Upstream, sample: str, title: str, last: str | None, sent: tuple[str, list[str]]
) -> None:
    """It is listed, opened and continued; what is sent are the roles and the text, and this app's own system prompt."""
    panel = SidePanel(chat.page)
    panel.import_file(SAMPLES / sample)
    expect(panel.notices.last).to_contain_text("from")
    panel.search(title)
    panel.found.first.click()
    expect(panel.found.first).to_have_attribute("aria-current", "page")
    expect(chat.questions.first).to_contain_text(sent[0])
    if last:
        chat.expect_answer(last)
    server.then(says("Gladly."))
    chat.ask("Go on")
    chat.expect_answer("Gladly.")
    messages = server.asked[-1].body["messages"]
    assert messages[0] == {"role": "system", "content": "Be plain."}
    roles = [message["role"] for message in messages[1:]]
    assert set(roles) == {"user", "assistant"}
    assert (roles[0], roles[-1]) == ("user", "user")
    assert sent[0] in messages[1]["content"]
    assert messages[-1]["content"] == "Go on"
    assert all(isinstance(message["content"], str) and message["content"] for message in messages)
    whole = json.dumps(messages)
    assert not [system for system in sent[1] if system in whole]
    assert "conversation" not in chat.page.locator("#status").inner_text()
    chat.page.reload()
    expect(chat.questions.last).to_have_text("Go on")
    panel.import_file(SAMPLES / sample)
    expect(panel.notices.last).to_contain_text("here already")
    expect(chat.questions.last).to_have_text("Go on")


def own(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A file of ours, with one conversation."""
    conversation = {"schema": 1, "id": "evil", "title": "Evil", "messages": list(messages), **fields}
    return {"format": "chat_app", "version": 1, "conversations": [conversation]}


def message(role: str, text: str, **shown: Any) -> dict[str, Any]:
    """One of its messages."""
    first = {"role": role, "metadata": None, "options": None, "content": [{"type": "text", "text": text}], **shown}
    parent = None if role == "user" else "q"
    return {"id": "q" if role == "user" else "a", "parent": parent, "role": role, "shown": [first]}


@pytest.fixture
def dialogs(page: Page) -> Iterator[list[str]]:
    """None may come: what the page's dialogs said."""
    said: list[str] = []

    def hear(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", hear)
    yield said
    assert said == []
    assert page.title() != "hacked"
    assert page.evaluate("({}).polluted") is None
    assert len(page.context.pages) == 1


@pytest.mark.usefixtures("dialogs")
@pytest.mark.parametrize("place", ["title", "question", "answer", "thought", "notice", "option"])
@pytest.mark.parametrize("harm", [MARKUP, LINKS], ids=["markup", "links"])
def test_markup_and_script_addresses_do_nothing_wherever_they_stand(
    chat: ChatPage, server: Upstream, allowed_errors: list[str], place: str, harm: str
) -> None:
    """They are text or are left out; what looks like a link is clicked; no dialog, no other host, no other page."""
    allowed_errors += [r"(?i)violates.*content security policy", "ERR_BLOCKED", r"404.*/x\b", "Failed to load resource"]
    question, answer = message("user", "Hi"), message("assistant", "Ho")
    title = "Evil"
    match place:
        case "title":
            title = harm
        case "question":
            question = message("user", harm)
        case "answer":
            answer = message("assistant", harm)
        case "thought":
            answer["shown"].insert(0, {**answer["shown"][0], "metadata": {"title": harm, "status": "done"}})
            answer["shown"][0]["content"] = [{"type": "text", "text": harm}]
        case "notice":
            answer["shown"].append({**answer["shown"][0], "metadata": {"title": harm}, "options": None})
        case _:
            options = [{"label": harm[:200], "value": harm[:200]}]
            answer["shown"].append({**answer["shown"][0], "metadata": {"title": "Notice"}, "options": options})
    panel = SidePanel(chat.page)
    panel.import_file(payload(own(question, answer, title=title[:290], named=True)))
    expect(panel.notices.last).to_contain_text("One conversation from a file of this chat.")
    panel.rows.first.click()
    expect(chat.questions).to_have_count(1)
    expect(chat.answers).to_have_count(1)
    for button in chat.conversation.get_by_role("button", name="five").all():
        button.dispatch_event("click")
    for link in chat.conversation.locator("a").all():
        assert not (link.get_attribute("href") or "").lower().startswith(("javascript:", "data:"))
        link.dispatch_event("click")
    assert chat.conversation.locator("script, iframe, [onerror], [onload]").count() == 0
    assert panel.aside.locator("img, script, iframe").count() == 0
    if place == "option":
        server.then(says("Fine."))
        chat.conversation.get_by_role("button").filter(has_text="hacked").last.click()
        chat.expect_answer("Fine.")
        chat.expect_done()
    server.then(says("Fine."))
    chat.ask("Go on")
    chat.expect_answer("Fine.")
    panel.search("evil")
    expect(panel.found).to_have_count(1)
    assert panel.aside.locator("img, script, iframe").count() == 0


BYTES_READ = """(() => {
  globalThis.bytesRead = 0;
  for (const way of ["text", "arrayBuffer", "bytes", "stream"]) {
    const read = Blob.prototype[way];
    Blob.prototype[way] = function (...given) {
      globalThis.bytesRead += this.size;
      return read.apply(this, given);
    };
  }
  for (const way of ["readAsText", "readAsArrayBuffer", "readAsDataURL", "readAsBinaryString"]) {
    FileReader.prototype[way] = () => { throw new Error("not counted"); };
  }
})()"""
"""Counts what the page reads of files from now on."""
DEEP = "[" * 300_000 + "]" * 300_000
POLLUTING = (
    '{"format": "chat_app", "version": 1, "__proto__": {"polluted": "yes"}, "conversations": [{"schema": 1,'
    '"id": "__proto__", "title": "Proto", "__proto__": {"polluted": "yes"}, "parameters": {"__proto__":'
    '{"polluted": "yes"}, "constructor": {"prototype": {"polluted": "yes"}}}, "messages": [{"id": "__proto__",'
    '"parent": "__proto__", "role": "user", "shown": [{"role": "user", "metadata": {"__proto__": {"polluted": 1}},'
    '"content": [{"type": "text", "text": "Hi", "__proto__": {"polluted": "yes"}}]}]}, {"id": "constructor",'
    '"parent": "__proto__", "role": "assistant", "shown": [{"content": [{"type": "text", "text": "Ho"}]}]}]}]}'
)


@pytest.mark.usefixtures("dialogs")
@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "This is not JSON"),
        ("<html>", "This is not JSON"),
        ("null", "not an export that is known here"),
        ('"text"', "not an export that is known here"),
        ("{}", "not an export that is known here"),
        ("[]", "no conversations in this file"),
        (DEEP, "nested too deeply"),
        ("PK\x03\x04", "This is a ZIP"),
        ('{"format": "chat_app", "version": 99, "conversations": []}', "newer version of this app"),
    ],
    ids=["empty", "markup", "null", "text", "object", "list", "deep", "zip", "newer"],
)
def test_what_is_no_export_is_refused_with_a_sentence(chat: ChatPage, content: str, told: str) -> None:
    """The page goes on as it was."""
    panel = SidePanel(chat.page)
    panel.import_file(payload(content))
    expect(panel.notices.last).to_contain_text(told)
    expect(panel.aside).to_contain_text("No conversations yet.")
    chat.ask("Hi")
    chat.expect_answer("Hello there.")


@pytest.mark.usefixtures("dialogs")
def test_a_file_of_200_megabytes_is_refused_before_it_is_read(chat: ChatPage, tmp_path: Path) -> None:
    """With what to do instead."""
    large = tmp_path / "large.json"
    with large.open("wb") as file:
        file.truncate(200_000_000)
    panel = SidePanel(chat.page)
    chat.page.evaluate(BYTES_READ)
    panel.import_file(large)
    expect(panel.notices.last).to_contain_text("The file has 200 MB; at most 100 MB")
    assert chat.page.evaluate("globalThis.bytesRead") == len("PK")  # what it begins with
    chat.ask("Hi")
    chat.expect_answer("Hello there.")


@pytest.mark.usefixtures("dialogs")
def test_names_that_javascript_knows_are_names(chat: ChatPage, server: Upstream) -> None:
    """`__proto__` changes nothing for anybody, and what can be read beside it is."""
    panel = SidePanel(chat.page)
    panel.import_file(payload(POLLUTING))
    expect(panel.notices.last).to_contain_text("One conversation from a file of this chat.")
    panel.open("Proto")
    expect(chat.questions).to_have_text("Hi")
    server.then(says("Ho."))
    chat.ask("Go on")
    chat.page.reload()
    expect(chat.questions).to_have_text(["Hi", "Go on"])


WRONG: list[Any] = [None, True, 7, "text", [], {}, [[]], {"a": {}}, -1, "x" * 5_000]


@pytest.mark.usefixtures("dialogs")
def test_wrong_types_are_skipped_or_mended_and_the_good_one_beside_them_comes_in(
    chat: ChatPage, server: Upstream
) -> None:
    """In every field of a conversation and of a message; all that comes in can be opened, and is there later."""
    good = own(message("user", "Hi"), message("assistant", "Ho"), title="Good", id="good")["conversations"]
    fields = ("schema", "id", "title", "created", "updated", "preset", "parameters", "head", "token", "pinned")
    inner = ("id", "parent", "role", "shown", "created", "rating", "state")
    bad: list[Any] = list(WRONG)
    for field in fields:
        bad += [{**good[0], "id": f"{field}-{n}", field: wrong} for n, wrong in enumerate(WRONG)]
    for field in inner:
        for n, wrong in enumerate(WRONG):
            broken = {**message("user", "Hi"), field: wrong}
            bad.append({**good[0], "id": f"m-{field}-{n}", "messages": [broken, wrong]})
    bad.append({**good[0], "id": "cycle", "messages": [{**message("user", "Hi"), "parent": "q"}]})
    bad.append({**good[0], "id": "both", "messages": [{**message("assistant", "Ho"), "shown": WRONG}]})
    panel = SidePanel(chat.page)
    panel.import_file(payload({"format": "chat_app", "version": 1, "conversations": [*bad, *good]}))
    expect(panel.notices.last).to_contain_text("conversations from a file of this chat.")
    panel.search("Good")
    expect(panel.found.first).to_be_visible()
    panel.search("")
    chat.page.reload()
    expect(panel.rows.first).to_be_visible()
    count = panel.rows.count()
    for at in range(0, count, 7):
        panel.rows.nth(at).click()
        expect(panel.rows.nth(at)).to_have_attribute("aria-current", "page")
        expect(chat.send_button).to_be_visible()
    chat.page.goto(chat.page.url.partition("#")[0] + "#c=good")
    expect(panel.aside.locator("a[href$='#c=good']")).to_have_attribute("aria-current", "page")
    expect(chat.questions).to_have_text("Hi")
    server.then(says("Fine."))
    chat.ask("Go on")
    chat.expect_answer("Fine.")
