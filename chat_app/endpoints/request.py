"""A request as it goes over the wire: the JSON body of `POST /chat/completions`.

Holds only what every OpenAI-compatible server accepts: content as a plain string, no keys but `role` and `content` in
a message (several servers answer 400 or 422 to others), and no parameter that nobody set.
"""

from __future__ import annotations

from typing import Any

from chat_app.conversation.messages import Message
from chat_app.conversation.turn import Request


def body_of(request: Request, model: str) -> dict[str, Any]:
    """The body that asks `model`. Parameters are added as they are; what makes it a streamed chat is not theirs to set.

    `stream_options` asks for the token counts and may be replaced by a parameter of that name.
    """
    return {
        "stream_options": {"include_usage": True},
        **request.parameters,
        "model": model,
        "messages": [_message(message) for message in request.messages],
        "stream": True,
    }


def _message(message: Message) -> dict[str, str]:
    # Half of a surrogate pair, which a browser may send when an emoji was cut, cannot be written as UTF-8.
    text = message.text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return {"role": message.role, "content": text}
