"""What is ours stands first in the page's head."""

import json
import re

from chat_app.ui.document import WithScript
from chat_app.ui.modules import PageFiles
from chat_app.ui.rewriting import Message, Receive, Scope, Send

FILES = PageFiles("/static/0123456789ab", {})
PIECES = [b"<html><he", b'ad><script src=theirs>{"connect_heartbeat": true}']
KEPT = (b"cache-control", b"private, max-age=9")


async def page(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    """A document in two pieces, cut inside its head; says how it was asked."""
    asked = b" ".join(name for name, _ in scope["headers"])
    headers = [(b"content-length", b"1"), KEPT, (b"x", asked)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": PIECES[0], "more_body": True})
    await send({"type": "http.response.body", "body": PIECES[1]})


async def served(path: str, root_path: str = "", method: str = "GET", user: str = "alice") -> list[Message]:
    """What is sent for a request."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    headers = [(b"accept-encoding", b"br"), (b"accept", b"*/*"), (b"user", user.encode())]
    scope = {"type": "http", "method": method, "path": path, "root_path": root_path, "headers": headers}
    application = WithScript(page, "ours()", FILES, lambda asking: {"user": dict(asking["headers"])[b"user"].decode()})
    await application(scope, receive, send)
    return sent


async def test_what_is_ours_comes_before_gradios() -> None:
    """Settings, script, style and modules, also when the head arrives in pieces; the length is the new document's."""
    start, body = await served("/")
    document = body["body"].decode()
    assert document.startswith('<html lang="en" dir="ltr"><head>\n<link rel="icon"')
    places = [
        document.index(part)
        for part in (
            '<link rel="icon" href="/favicon.ico">',
            '{"user": "alice"}</script>',
            "<script>\nours()</script>",
            '<link rel="stylesheet" href="/static/0123456789ab/page/page.css">',
            '<script type="module" src="/static/0123456789ab/page/page.mjs"></script>',
            "<script src=theirs>",
        )
    ]
    assert places == sorted(places)
    assert dict(start["headers"])[b"content-length"] == str(len(body["body"])).encode()


async def test_the_page_is_told_to_hold_no_heartbeat_open() -> None:
    """Clients of the API read another configuration, and hold theirs."""
    assert (await served("/"))[-1]["body"].endswith(b'{"connect_heartbeat": false}')
    assert (await served("/config"))[-1]["body"].endswith(b'{"connect_heartbeat": true}')


async def test_the_settings_are_the_visitors_and_nobody_keeps_them() -> None:
    """The next person at this browser, or behind this proxy, has others."""
    start, body = await served("/", user="bob")
    assert b'{"user": "bob"}' in body["body"]
    assert [value for name, value in start["headers"] if name == b"cache-control"] == [b"no-store"]


async def test_a_setting_ends_no_script() -> None:
    """Whatever a visitor is called, it is read back as it was."""
    name = "</script><script>alert(1)</script><!--\u2028"
    document = (await served("/", user=name))[1]["body"].decode()
    found = re.search(r'id="chat-app-settings">(.*?)</script>', document)
    assert found is not None
    assert json.loads(found[1]) == {"user": name}
    assert "alert" not in document.replace(found[1], "")


async def test_the_document_is_asked_for_uncompressed() -> None:
    """Or it could not be read here."""
    start, _ = await served("/")
    assert dict(start["headers"])[b"x"] == b"accept user"


async def test_the_document_says_its_language_and_where_text_runs() -> None:
    """In the place of what Gradio says, whatever else stands there."""

    async def gradios(_scope: Scope, _receive: Receive, send: Send) -> None:
        body = b'<!doctype html><html\n\tlang="en"\n\tstyle="margin: 0"><head></head><html lang="x">'
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    application = WithScript(gradios, "", FILES, lambda _: {}, language="ar", direction="rtl")
    await application({"type": "http", "method": "GET", "path": "/", "headers": []}, receive, send)
    document = sent[1]["body"].decode()
    assert document.startswith('<!doctype html><html lang="ar" dir="rtl"\n\tstyle="margin: 0"><head>')
    assert document.endswith('<html lang="x">')


async def test_it_is_found_below_a_root_path() -> None:
    """A proxy may serve the page under another path, and take it off or leave it there."""
    for path in ("/chat/", "/chat", "/"):
        document = (await served(path, "/chat"))[1]["body"].decode()
        assert 'src="/chat/static/0123456789ab/page/page.mjs"' in document
        assert '<link rel="icon" href="/chat/favicon.ico">' in document


async def test_everything_else_passes_untouched() -> None:
    """Other paths and methods are streamed as they come."""
    for sent in (await served("/config"), await served("/", method="HEAD")):
        assert [message.get("body") for message in sent] == [None, *PIECES]
        assert KEPT in sent[0]["headers"]
