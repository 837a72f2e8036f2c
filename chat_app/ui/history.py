"""What Gradio hands over, as messages of the conversation.

Posted history is not to be trusted: whoever calls the page's events writes it. Only the roles `user` and `assistant`
count, only parts that there are (`conversation/part_json.py`), and nothing with a title (thoughts and notices are
shown, never sent). It reaches us as lists of parts from the page and as plain strings from older API clients. Tokens
travel in `metadata.log` of messages without a title, where Gradio shows nothing and keeps them through the round trip
(read in Gradio 6.31): each answer's in the answer; the conversation's beside it where the page posts a turn, and in
its first question for clients of `/chat`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chat_app.conversation.messages import Message, Part
from chat_app.conversation.part_json import parts_of
from chat_app.ui.posted import posted_name
from chat_app.ui.render import CONTINUE, PULL
from chat_app.ui.service import Begun, Reply

GradioMessage = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PostedTurn:
    """A turn as the page asks for it; nothing in it is to be trusted."""

    turn: str
    """The page's own name for it."""
    conversation: tuple[Message, ...]
    """What was said, up to the question to answer; empty when there is none."""
    token: str
    """The conversation's."""
    begun: Begun | None
    """The answer to go on with."""
    pull: bool
    """Whether to get the model first."""
    parameters: Mapping[str, Any]
    """What the visitor has set, by name."""


@dataclass(frozen=True, slots=True)
class RatedAnswer:
    """An answer that a verdict is about: its id, its text, its token, and what was said before it."""

    answer_id: str
    answer: str
    token: str
    conversation: tuple[Message, ...]
    parts: tuple[Part, ...] = ()
    """What is sent of it, where that is more than its text."""


def messages_of(history: Sequence[GradioMessage] | None) -> tuple[Message, ...]:
    """The conversation in `history`: questions and answers in order, text exactly as it stands there."""
    return tuple(message for entry in history or () if (message := _message_of(entry)) is not None)


def conversation_token(history: Sequence[GradioMessage] | None) -> str:
    """The token of the conversation, which its first question carries; empty for a new one. It is not verified here."""
    first = next((entry for entry in history or () if _speaks(entry, "user")), None)
    return "" if first is None else _token_of(first)


def marked(history: Sequence[GradioMessage], reply: Reply) -> list[Any]:
    """`history` with the conversation's token in its first question, where it outlives retries of the answer."""
    at = next((position for position, entry in enumerate(history) if _speaks(entry, "user")), None)
    if at is None or not reply.conversation_token:
        return list(history)
    return [*history[:at], {**history[at], "metadata": {"log": reply.conversation_token}}, *history[at + 1 :]]


def turn_of(posted: Any) -> PostedTurn:
    """The turn that the page asks for: `turn`, `messages` up to the question, `conversation` (its token), and `wish`.

    For the wish to go on, the answer to go on with stands behind the question.
    """
    fields = posted if isinstance(posted, Mapping) else {}
    history = _list(fields.get("messages"))
    question = _last_question(history)
    wish, parameters = fields.get("wish"), fields.get("parameters")
    return PostedTurn(
        turn=posted_name(fields.get("turn")),
        conversation=messages_of(history[: question + 1]),
        token=posted_name(fields.get("conversation")),
        begun=_begun(history[question + 1 :]) if wish == CONTINUE else None,
        pull=wish == PULL,
        parameters=parameters if isinstance(parameters, Mapping) else {},
    )


def _begun(behind: Sequence[GradioMessage]) -> Begun | None:
    entry = next((entry for entry in behind if _speaks(entry, "assistant")), None)
    message = _message_of(entry)
    return Begun(message.text, _token_of(entry)) if entry and message else None


def rated_answer(posted: Any, index: Any) -> RatedAnswer | None:
    """The answer that a verdict at `index` is about, or None when no finished answer stands there.

    `posted` has the messages `on_page`: what is `shown` of each, and its `parts`, where more is sent of
    it than its text. Gradio counts what is shown, and its index is that of the first in a group of the assistant's: of
    the thought, where there is one.
    """
    fields = posted if isinstance(posted, Mapping) else {}
    path = [each for each in _list(fields.get("on_page")) if isinstance(each, Mapping)]
    shown = [(at, entry) for at, each in enumerate(path) for entry in _list(each.get("shown"))]
    for at, entry in shown[_position(index, len(shown)) :]:
        if _speaks(entry, "user"):
            return None
        if _speaks(entry, "assistant") and (token := _token_of(entry)):
            said = _message_of(entry)  # none in an answer that is a picture
            answer_id = str(_metadata(entry).get("id") or "")
            before = (message for each in path[:at] for message in _sent(each))
            parts = parts_of(path[at].get("parts"), "assistant")
            return RatedAnswer(answer_id, said.text if said else "", token, tuple(before), parts)
    return None


def rating_of(liked: Any) -> str:
    """The option's own name, or an empty string when it is taken back.

    Gradio says `True` and `False` for the thumbs, an option's name for the others, and an empty one for none.
    """
    if isinstance(liked, bool):
        return "Like" if liked else "Dislike"
    return str(liked or "")


def _position(index: Any, length: int) -> int:
    """Gradio's index of a message, a number or the first of a pair, made one that stands in a list of `length`."""
    first = index[0] if isinstance(index, list | tuple) and index else index
    return min(max(first, 0), max(length - 1, 0)) if isinstance(first, int) else 0


def _sent(message: Mapping[str, Any]) -> tuple[Message, ...]:
    """What is sent of a message on the page."""
    if message.get("parts"):
        return messages_of([{"role": message.get("role"), "content": message["parts"]}])
    return messages_of(_list(message.get("shown")))


def _list(posted: Any) -> Sequence[Any]:
    return posted if isinstance(posted, list | tuple) else ()


def _last_question(history: Sequence[GradioMessage]) -> int:
    return next((at for at in reversed(range(len(history))) if _speaks(history[at], "user")), -1)


def _speaks(entry: Any, role: str) -> bool:
    return isinstance(entry, Mapping) and entry.get("role") == role and not _metadata(entry).get("title")


def _message_of(entry: Any) -> Message | None:
    if (
        not isinstance(entry, Mapping)
        or entry.get("role") not in ("user", "assistant")
        or _metadata(entry).get("title")
    ):
        return None
    parts = parts_of(entry.get("content"), entry["role"])
    return Message(entry["role"], parts) if parts else None


def _token_of(entry: GradioMessage) -> str:
    token = _metadata(entry).get("log")
    return token if isinstance(token, str) else ""


def _metadata(entry: GradioMessage) -> Mapping[str, Any]:
    metadata = entry.get("metadata")
    return metadata if isinstance(metadata, Mapping) else {}
