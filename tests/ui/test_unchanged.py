"""Gradio's script is served with one expression replaced, and everything else as it is."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from chat_app.ui.rewriting import Message, Receive, Scope, Send
from chat_app.ui.unchanged import ALWAYS, SCRIPT, LeavesUnchanged

ASSETS = Path(gr.__file__).parent / "templates" / "frontend" / "assets"
NAME = "/assets/markdown-code-DajcpNdM.js"


async def served(path: str, script: bytes, root_path: str = "") -> tuple[dict[bytes, bytes], bytes]:
    """The headers and the body that a browser is sent which has an older one, and asks for a part."""
    sent: list[Message] = []

    async def gradio(scope: Scope, _receive: Receive, send: Send) -> None:
        asked = b" ".join(name for name, _ in scope["headers"])
        headers = [(b"content-length", str(len(script)).encode()), (b"etag", b"old"), (b"asked", asked)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": script[:5], "more_body": True})
        await send({"type": "http.response.body", "body": script[5:]})

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    headers = [(b"accept", b"*/*"), (b"accept-encoding", b"br"), (b"range", b"bytes=0-9"), (b"if-none-match", b"old")]
    scope = {"type": "http", "method": "GET", "path": root_path + path, "root_path": root_path, "headers": headers}
    await LeavesUnchanged(gradio)(scope, receive, send)
    return dict(sent[0]["headers"]), b"".join(message["body"] for message in sent[1:])


def test_the_gradio_that_is_installed_has_the_expression_once() -> None:
    """If a new one has not, look at how its effect begins; until then the page is only slower."""
    scripts = [path for path in ASSETS.iterdir() if SCRIPT.fullmatch(f"/assets/{path.name}")]
    assert [path.read_bytes().count(ALWAYS) for path in scripts] == [1]


async def test_the_script_looks_whether_anything_has_changed() -> None:
    """It is asked for as a whole, and has its own length and no mark of the one it was."""
    for root_path in ("", "/chat"):
        headers, body = await served(NAME, b"effect(()=>" + ALWAYS + b");rest", root_path)
        assert body.startswith(b"effect(()=>{const e=i.message,")
        assert b"if(e!==x||t!==S){x=e;S=t;C||w()}});rest" in body
        assert headers[b"content-length"] == str(len(body)).encode()
        assert b"etag" not in headers
        assert headers[b"asked"] == b"accept"


async def test_everything_else_is_served_as_it_is() -> None:
    """A script of another Gradio, and every other file, as it was asked for."""
    assert (await served(NAME, b"effect(again);"))[1] == b"effect(again);"
    headers, body = await served("/assets/index-DphvyggB.js", ALWAYS)
    assert body == ALWAYS
    assert headers[b"etag"] == b"old"
    assert headers[b"asked"].split() == [b"accept", b"accept-encoding", b"range", b"if-none-match"]
