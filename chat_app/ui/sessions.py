"""What Gradio remembers of a page, without what it remembers for deep links.

Beside the values of its state Gradio keeps, for each page that has asked anything, the settings of every component and
the last value of each, so that a link can show the page as it was; ours has no such links. That is 84 KB a page, and
one of the last values is the conversation as it was posted: what visitors say is kept nowhere.

Gradio's names were read in 6.31 (`gradio/state_holder.py`), and are overridden in no other version.
"""

from __future__ import annotations

from copy import copy
from typing import Any

from gradio import __version__
from gradio.blocks import Blocks
from gradio.routes import App
from gradio.state_holder import SessionState, StateHolder

APPLIES = __version__.startswith("6.31.")


class _Nothing(dict[int, Any]):
    """A mapping that keeps nothing."""

    def __setitem__(self, key: int, value: Any) -> None:
        pass


class Session(SessionState):
    """What is remembered of one page: its state, and the components that differ from those of a new page."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks_config = copy(blocks.default_config)
        self.config_values = _Nothing()
        self.state_data = {}
        self._state_ttl = {}
        self.is_closed = False
        self.STATE_TTL_WHEN_CLOSED = 3600

    def _update_config(self, key: int) -> None:
        pass

    def _update_value_in_config(self, key: int, value: Any) -> None:
        pass


class Sessions(StateHolder):
    """The pages that have asked something, by their session hash."""

    def __getitem__(self, session_id: str) -> SessionState:
        """The session of that name, which may be new."""
        if session_id not in self.session_data:
            self.session_data[session_id] = Session(self.blocks)
        return super().__getitem__(session_id)


def keep_little(app: object) -> None:
    """Have `app`, if it is Gradio's, remember its pages so."""
    if APPLIES and isinstance(app, App):
        app.state_holder = Sessions()  # type: ignore[no-untyped-call]
        app.state_holder.set_blocks(app.get_blocks())
