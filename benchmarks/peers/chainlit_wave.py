"""Visitors of Chainlit's page, as `benchmarks/wave.py` has those of Gradio's; run by the Python that has Chainlit.

    PYTHONPATH=. .venv-peers/chainlit/bin/python benchmarks/peers/chainlit_wave.py chainlit http://127.0.0.1:8000

Its page holds a socket of socket.io open and sends and reads everything there. Read in Chainlit 2.12 (`socket.py`,
`emitter.py`): the page says `connection_successful` and `client_message`, and is told `stream_start`, `stream_token`,
`update_message` and, when the turn is over, `task_end`. Bytes are not counted here.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final
from uuid import uuid4

import socketio  # type: ignore[import-not-found]  # of an environment of its own

from benchmarks.timing import Pace, Watch
from benchmarks.wave_process import main

PATIENCE_S: Final = 120


class ChainlitVisitor:
    """Somebody with Chainlit's page open."""

    def __init__(self, base_url: str, _: int) -> None:
        self._base_url = base_url
        self._watch: Watch | None = None
        self._text = ""
        self._over = asyncio.Event()
        self._socket = socketio.AsyncClient(reconnection=False)
        self._socket.on("stream_start", self._begin)
        self._socket.on("stream_token", self._token)
        self._socket.on("update_message", self._update)
        self._socket.on("task_end", self._end)

    async def open(self) -> None:
        """Connect as its page does."""
        session = {
            "sessionId": str(uuid4()),
            "clientType": "webapp",
            "userEnv": "{}",
            "threadId": "",
            "chatProfile": "",
        }
        await self._socket.connect(
            self._base_url,
            auth=session,
            transports=["websocket"],
            socketio_path="/ws/socket.io",
            wait_timeout=PATIENCE_S,
        )
        await self._socket.emit("connection_successful")
        await asyncio.wait_for(self._over.wait(), PATIENCE_S)

    async def ask(self, pace: Pace) -> Watch:
        """Send a question; the answer, as it was seen."""
        self._text = ""
        self._over.clear()
        self._watch = watch = Watch(pace)
        message = {"id": str(uuid4()), "threadId": "", "name": "User", "type": "user_message"}
        message |= {"output": f"Please count: {pace}", "createdAt": "2026-01-01T00:00:00.000Z"}
        try:
            await self._socket.emit("client_message", {"message": message, "fileReferences": []})
            await asyncio.wait_for(self._over.wait(), PATIENCE_S)
            watch.end(self._text)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is what is counted
            watch.error = f"{type(error).__name__}: {error}"
        return watch

    async def close(self) -> None:
        """Close the page."""
        await self._socket.disconnect()

    async def _begin(self, message: dict[str, Any]) -> None:
        self._note(str(message.get("output", "")))

    async def _token(self, told: dict[str, Any]) -> None:
        self._note(told["token"])

    async def _update(self, message: dict[str, Any]) -> None:
        if self._watch and message.get("type") == "assistant_message":
            self._text = message["output"]
            self._watch.read(self._text)

    async def _end(self, *_: object) -> None:
        self._over.set()

    def _note(self, text: str) -> None:
        if self._watch and text:
            self._text += text
            self._watch.read(text)


if __name__ == "__main__":
    main({"chainlit": ChainlitVisitor})
