"""A visitor as `tests/browser/gradio_events.py` has one, who also presses Stop, or just leaves."""

from __future__ import annotations

from time import monotonic

import httpx2

from tests.browser.gradio_events import PATIENCE_S, Conversation, Visitor, asking


class SoakVisitor(Visitor):
    """Somebody with an open page."""

    def stop(self, turn: str) -> None:
        """Press Stop, perhaps before the server has heard of the turn."""
        self.post("_stop", [turn]).raise_for_status()

    def leave(self, conversation: Conversation, preset: str, after_s: float) -> None:
        """Ask, and close the connection `after_s` seconds later, in the middle of whatever comes then."""
        body = self._body("_answer", (asking(conversation), preset, None), {})
        self.http.post("/gradio_api/queue/join", json=body).raise_for_status()
        gone_s, query = monotonic() + after_s, {"session_hash": self.session}
        patience = httpx2.Timeout(PATIENCE_S, read=max(after_s, 0.01))
        try:
            with self.http.stream("GET", "/gradio_api/queue/data", params=query, timeout=patience) as response:
                for _ in response.iter_lines():
                    if monotonic() > gone_s:
                        break
        except httpx2.ReadTimeout:
            pass
