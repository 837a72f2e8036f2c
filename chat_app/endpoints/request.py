"""A request as it goes over the wire: the JSON body of `POST /chat/completions`.

Neighbouring messages of one role go out as one, because the chat templates of many models (Mistral's, Gemma's) refuse
two questions in a row, which is what a turn without an answer leaves behind.

Holds only what every OpenAI-compatible server accepts: content as a plain string, no keys but `role` and `content` in
a message (several servers answer 400 or 422 to others), and no parameter that nobody set.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

from chat_app.conversation.messages import Message
from chat_app.conversation.turn import Request

_BLANK_LINE: Final = "\n\n"


def body_of(request: Request, model: str) -> dict[str, Any]:
    """The body that asks `model`. Parameters are added as they are; what makes it a streamed chat is not theirs to set.

    `stream_options` asks for the token counts and may be replaced by a parameter of that name.
    """
    return {
        "stream_options": {"include_usage": True},
        **request.parameters,
        "model": model,
        "messages": _messages(request.messages),
        "stream": True,
    }


def _messages(messages: Sequence[Message]) -> list[dict[str, str]]:
    neighbours = groupby(messages, key=lambda message: message.role)
    return [{"role": role, "content": _BLANK_LINE.join(map(_text, said))} for role, said in neighbours]


def _text(message: Message) -> str:
    # Half of a surrogate pair, which a browser may send when an emoji was cut, cannot be written as UTF-8.
    return message.text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
