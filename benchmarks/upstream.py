"""A model server that costs next to nothing: many answers at once, each at the pace that its question names.

    python -m benchmarks.upstream        # prints its port

`pace-50-300` in the last message, or else in the model's name, asks for 300 tokens at 50 a second; the first comes at
once. One event a token, each in a write of its own, as vLLM sends them; where several are due, because the machine or
the reader was slow, they go in one write. It reads no more of HTTP than its clients write: requests with a
`Content-Length`, one after the other on a connection. Not for tests of behaviour: it makes no mistakes
(`tests/fault_server.py` does).
"""

from __future__ import annotations

import asyncio
import json
import sys
from time import monotonic
from typing import Any, Final

from benchmarks.timing import Pace, pace_of, word

DEFAULT: Final = Pace(50, 300)
MODELS: Final = ("pace-50-300",)
_ID: Final = '"id":"chatcmpl-1","created":1760000000,"model":"pace"'
_EVENT: Final = (
    'data: {%s,"object":"chat.completion.chunk","choices":[{"index":0,"delta":{%s},"finish_reason":%s}]}\n\n'
)
_USAGE: Final = (
    'data: {%s,"object":"chat.completion.chunk","choices":[],'
    '"usage":{"prompt_tokens":1,"completion_tokens":%d,"total_tokens":%d}}\n\n'
)
_STREAM: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
)


class Upstream(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._read = bytearray()
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        """Write no more."""
        if self._timer:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Answer when the request is whole."""
        self._read += data
        head, found, body = bytes(self._read).partition(b"\r\n\r\n")
        if not found or len(body) < (length := _length(head)):
            return
        del self._read[: len(head) + 4 + length]
        self._answer(head.split(b" ", 2)[1].decode(), body[:length])

    def _answer(self, path: str, body: bytes) -> None:
        if path.endswith("/models"):
            self._whole({"object": "list", "data": [{"id": name, "object": "model"} for name in MODELS]})
        elif not path.endswith("/chat/completions"):
            self._whole({"error": {"message": "There is nothing here."}}, "404 Not Found")
        else:
            self._complete(json.loads(body))

    def _complete(self, asked: dict[str, Any]) -> None:
        pace = pace_of(json.dumps(asked["messages"][-1]["content"])) or pace_of(asked["model"]) or DEFAULT
        if not asked.get("stream"):
            text = "".join(word(number, monotonic()) for number in range(pace.tokens))
            message = {"role": "assistant", "content": text}
            self._whole({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
            return
        usage = bool((asked.get("stream_options") or {}).get("include_usage"))
        begun_s = monotonic()
        self._transport.write(_STREAM + _chunk(_EVENT % (_ID, '"role":"assistant","content":""', "null")))
        self._more(pace, begun_s, 0, usage=usage)

    def _more(self, pace: Pace, begun_s: float, sent: int, *, usage: bool) -> None:
        due = min(pace.tokens, int((monotonic() - begun_s) * pace.rate + 1e-6) + 1)
        self._transport.write(
            b"".join(
                _chunk(_EVENT % (_ID, f'"content":"{word(number, begun_s)}"', "null")) for number in range(sent, due)
            )
        )
        if due < pace.tokens:
            at_s = self._loop.time() + begun_s + due / pace.rate - monotonic()
            self._timer = self._loop.call_at(at_s, lambda: self._more(pace, begun_s, due, usage=usage))
            return
        told = _chunk(_USAGE % (_ID, due, due + 1)) if usage else b""
        end = _chunk(_EVENT % (_ID, "", '"stop"')) + told + _chunk("data: [DONE]\n\n") + b"0\r\n\r\n"
        self._transport.write(end)

    def _whole(self, content: dict[str, Any], status: str = "200 OK") -> None:
        body = json.dumps(content).encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


def _length(head: bytes) -> int:
    _, found, after = head.lower().partition(b"\r\ncontent-length:")
    return int(after.partition(b"\r\n")[0]) if found else 0


def _chunk(text: str) -> bytes:
    return b"%x\r\n%s\r\n" % (len(text), text.encode())


async def main() -> None:
    """Serve on a free port, which is printed, until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - read by who started it
    await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit(0)
