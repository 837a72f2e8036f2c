"""What a model can call, and what comes back: the port between the turn and `tools/`.

Holds values and the `Toolbox`. What a call is and what the model is told of it stand in `messages.py`; who runs it, and
how, is not known here. A result has up to three faces: what the model is told, what else the visitor is shown, and
whether it went wrong. Nothing in it is markup that may be trusted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol, TypeAlias

from chat_app.conversation.messages import Audio, File, Image, ToolCall

Approval: TypeAlias = Literal["always", "ask", "never"]
Decision: TypeAlias = Literal["allow", "deny"]

DISPLAY_TOOLS: Final = ("show_plot", "show_table", "show_gallery", "show_html", "offer_replies")
"""The tools that show something as part of the answer; every preset can list them."""


@dataclass(frozen=True, slots=True)
class Tool:
    """What a model is told that it can call."""

    name: str
    """Letters, digits, `_` and `-`, 64 at most, as the protocol wants it."""
    description: str
    parameters: Mapping[str, Any]
    """JSON Schema of an object."""
    approval: Approval = "always"


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure to draw: a Plotly figure as JSON (`data`, `layout`)."""

    figure: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headers; all cells are text."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Gallery:
    """Pictures beside each other, with a caption each (empty for none)."""

    pictures: tuple[tuple[Image, str], ...]


@dataclass(frozen=True, slots=True)
class Html:
    """A document for a frame that can reach neither the page nor the network."""

    html: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Replies:
    """What the visitor may want to say next, to click on."""

    replies: tuple[str, ...]


Display: TypeAlias = Plot | Table | Gallery | Html | Replies


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """What came of a call."""

    text: str
    """What the model is told."""
    media: tuple[Image | Audio | File, ...] = ()
    """What else the result held; pictures are also given to the model, where it takes any."""
    displays: tuple[Display, ...] = ()
    """What is shown as part of the answer."""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A call while it is made and when it is done. Times are seconds since the turn began."""

    call: ToolCall
    state: Literal["asking", "running", "done", "failed", "refused"] = "running"
    """`asking`: the visitor has to allow it; `refused`: the visitor did not, or nobody may."""
    output: ToolOutput | None = None
    began_s: float = 0.0
    ended_s: float | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What a model thought, said and called before it was asked again, with what came of the calls."""

    text: str = ""
    reasoning: str = ""
    reasoning_s: float | None = None
    """How long it thought."""
    media: tuple[Image | Audio, ...] = ()
    calls: tuple[Call, ...] = field(default=())


class Toolbox(Protocol):
    """The tools of one preset."""

    @property
    def unreached(self) -> tuple[str, ...]:
        """The names of the servers that could not be reached when `tools` was last asked."""
        ...

    async def tools(self) -> Sequence[Tool]:
        """What can be called now; what cannot be reached is left out. Never raises."""
        ...

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolOutput:
        """What comes of the call, which a cancellation ends. Never raises but for that: a failure is an output too."""
        ...
