"""An answer as the messages that Gradio shows, and as what the API returns.

Text goes in as parts, because Gradio runs `inspect.cleandoc` over plain strings and so changes tabs and indentation.
What this program or a server says about a failure is text and never markup.
"""

from __future__ import annotations

import re
from typing import Any

from chat_app.conversation.deltas import Answer
from chat_app.errors import ChatAppError, EndpointError, Stopped
from chat_app.ui.service import Reply

TRY_AGAIN = "Try again"
"""The button under a notice; a click on it asks the same question again."""

_MARKUP = re.compile(r"[\\`*_{}\[\]()#+!|<>~$&:.@-]")


def user_message(text: str) -> dict[str, Any]:
    """What the visitor says, unaltered."""
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def messages_of(reply: Reply) -> list[dict[str, Any]]:
    """The assistant's messages, as far as there are: thought, answer (with a finished one's token), notice."""
    answer = reply.answer
    messages = []
    if answer.reasoning:
        messages.append(_thought(answer))
    if answer.text:
        metadata = {"id": reply.answer_id, "log": reply.token} if reply.token else None
        messages.append(_message(answer.text, metadata))
    if answer.problem:
        messages.append(notice(answer.problem))
    return messages


def waiting() -> list[dict[str, Any]]:
    """What stands on the page until the first word is there."""
    return [_message("", {"title": "Waiting for the answer…", "status": "pending"})]


def api_value(reply: Reply) -> str | list[dict[str, Any]]:
    """What `/chat` returns: a string for an answer that is only text, else its messages, as plain text.

    Contents are strings; thoughts and notices have `metadata.title`, a notice's is what happened.
    """
    answer = reply.answer
    if not answer.reasoning and not answer.problem:
        return answer.text
    messages: list[dict[str, Any]] = []
    if answer.reasoning:
        messages.append({"role": "assistant", "content": answer.reasoning, "metadata": {"title": "Thought"}})
    if answer.text:
        messages.append({"role": "assistant", "content": answer.text})
    if problem := answer.problem:
        messages.append({"role": "assistant", "content": problem.hint, "metadata": {"title": problem.sentence}})
    return messages


def notice(problem: ChatAppError) -> dict[str, Any]:
    """A message that says what went wrong and what to do; with a button to ask again."""
    detail = problem.detail if isinstance(problem, EndpointError) and problem.detail not in problem.sentence else ""
    said = f"\n\nThe server said: {plain(detail)}" if detail else ""
    title = plain(problem.sentence) if isinstance(problem, Stopped) else f"⚠ {plain(problem.sentence)}"
    return _message(f"{hint_of(problem)}{said}", {"title": title}, options=[{"label": TRY_AGAIN, "value": TRY_AGAIN}])


def hint_of(problem: ChatAppError) -> str:
    """A hint as Markdown: text between backticks stays code, everything else is escaped."""
    pieces = problem.hint.split("`")
    if len(pieces) % 2 == 0:
        return plain(problem.hint)
    return "".join(f"`{piece}`" if position % 2 else plain(piece) for position, piece in enumerate(pieces))


def plain(text: str) -> str:
    """Text as Markdown that shows just this text: no markup, no link, no formula.

    Signs become character references and get no backslash, which would begin a formula before a parenthesis.
    """
    return _MARKUP.sub(lambda sign: f"&#{ord(sign[0])};", re.sub(r"\s+", " ", text))


def _thought(answer: Answer) -> dict[str, Any]:
    if answer.text or answer.done:
        metadata: dict[str, Any] = {"title": "Thought", "status": "done"}
        if answer.reasoning_until_s is not None:
            metadata["duration"] = round(answer.reasoning_until_s, 1)
    else:
        metadata = {"title": "Thinking…", "status": "pending"}
    return _message(answer.reasoning, metadata)


def _message(text: str, metadata: dict[str, Any] | None, options: list[dict[str, str]] | None = None) -> dict[str, Any]:
    return {
        "role": "assistant",
        "content": [{"type": "text", "text": text}],
        "metadata": metadata,
        **({"options": options} if options else {}),
    }
