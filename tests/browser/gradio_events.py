"""The page's events as the page posts them, without a browser: so that a test can post them wrongly, or all at once.

Read in Gradio 6.31: an event with a queue is joined and streamed, with differences in between and the whole at its end;
one without is a single request. `/call/chat` is the API over plain HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import httpx2

PATIENCE_S = 20.0
Conversation = list[dict[str, Any]]


def said(role: str, text: str, **more: Any) -> dict[str, Any]:
    """A message as the page posts it."""
    return {"role": role, "content": [{"type": "text", "text": text}], "metadata": None, "options": None, **more}


def asking(conversation: Conversation, turn: str = "turn") -> dict[str, Any]:
    """What the page posts to have the last question of `conversation` answered."""
    return {"turn": turn, "messages": conversation, "wish": "", "conversation": ""}


class Visitor:
    """Somebody with a session of their own at the page of `base_url`."""

    def __init__(self, base_url: str) -> None:
        self.http = httpx2.Client(base_url=base_url, timeout=PATIENCE_S)
        self.session = uuid4().hex
        self.received = 0
        """How many characters events with a queue have sent."""
        self.events: Mapping[str, int] = {
            name: event["id"]
            for event in self.http.get("/config").json()["dependencies"]
            for name in (event["api_name"], *(kind for _, kind in event["targets"] if kind != "then"))
        }
        """The numbers of the events, by what causes them and by the names of their functions."""

    def post(self, event: str, *data: Any, **event_data: Any) -> httpx2.Response:
        """Runs an event without a queue."""
        return self.http.post("/gradio_api/run/predict", json=self._body(event, data, event_data))

    def join(self, event: str, *data: Any, **event_data: Any) -> dict[str, Any]:
        """How an event with a queue ended: `success`, and `output` with its `data` or `error`."""
        self.http.post("/gradio_api/queue/join", json=self._body(event, data, event_data)).raise_for_status()
        with self.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.session}) as response:
            for line in response.iter_lines():
                self.received += len(line)
                if line.startswith("data: ") and (message := json.loads(line[6:]))["msg"] == "process_completed":
                    return dict(message)
        raise AssertionError("The event did not end.")

    def answered(self, *conversation: dict[str, Any]) -> Conversation:
        """The conversation with its answer, as it stands on the page in the end."""
        return self.answer(list(conversation))

    def answer(self, conversation: Conversation, preset: str | None = None, turn: str = "turn") -> Conversation:
        """The same, with a preset and the page's own name for the turn."""
        ended = self.join("_answer", asking(conversation, turn), preset, None)
        assert ended["success"], ended
        return [*conversation, *ended["output"]["data"][0]["messages"]]

    def likes(self, conversation: Conversation, *, liked: bool = True) -> httpx2.Response:
        """A thumb for the last message."""
        on_page = [{"role": each["role"], "shown": [each], "parts": None} for each in conversation]
        return self.post("like", {"on_page": on_page}, index=len(conversation) - 1, value="", liked=liked)

    def call_chat(self, *data: Any) -> Iterator[tuple[str, Any]]:
        """The API's events, `generating`, `complete` or `error`, each with its data."""
        started = self.http.post("/gradio_api/call/chat", json={"data": list(data)}).raise_for_status()
        with self.http.stream("GET", f"/gradio_api/call/chat/{started.json()['event_id']}") as response:
            event = ""
            for line in response.iter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    event = value
                elif name == "data":
                    yield event, json.loads(value)

    def close(self) -> None:
        """Leave."""
        self.http.close()

    def _body(self, event: str, data: tuple[Any, ...], event_data: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "data": list(data),
            "fn_index": self.events[event],
            "session_hash": self.session,
            "event_data": dict(event_data) or None,
        }
