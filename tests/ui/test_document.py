"""Our script stands first in the page's head."""

from chat_app.ui.document import Message, Receive, Scope, Send, WithScript


async def page(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    """A document in two pieces, cut inside its head; says how it was asked."""
    asked = b" ".join(name for name, _ in scope["headers"])
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1"), (b"x", asked)]})
    await send({"type": "http.response.body", "body": b"<html><he", "more_body": True})
    await send({"type": "http.response.body", "body": b"ad><script src=theirs>"})


async def served(path: str, root_path: str = "", method: str = "GET") -> list[Message]:
    """What is sent for a request."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    headers = [(b"accept-encoding", b"br"), (b"accept", b"*/*")]
    scope = {"type": "http", "method": method, "path": path, "root_path": root_path, "headers": headers}
    await WithScript(page, "ours()")(scope, receive, send)
    return sent


async def test_the_script_comes_before_gradios() -> None:
    """Also when the head arrives in pieces; the length is that of the new document."""
    start, body = await served("/")
    assert body["body"] == b"<html><head><script>\nours()</script><script src=theirs>"
    assert dict(start["headers"])[b"content-length"] == str(len(body["body"])).encode()


async def test_the_document_is_asked_for_uncompressed() -> None:
    """Or it could not be read here."""
    start, _ = await served("/")
    assert dict(start["headers"])[b"x"] == b"accept"


async def test_it_is_found_below_a_root_path() -> None:
    """A proxy may serve the page under another path."""
    assert b"ours()" in (await served("/chat/", "/chat"))[1]["body"]


async def test_everything_else_passes_untouched() -> None:
    """Other paths and methods are streamed as they come."""
    for sent in (await served("/config"), await served("/", method="HEAD")):
        assert [message.get("body") for message in sent] == [None, b"<html><he", b"ad><script src=theirs>"]
