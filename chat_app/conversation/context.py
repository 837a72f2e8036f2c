"""What of a conversation is sent: the system prompt first, then every message that says something, in order.

When that is more than the model can read, whole turns are left out, the oldest first: half a turn would be a question
without its answer, or an answer to nothing, and chat templates refuse a conversation that begins with an answer. What
a token is, and how many there may be, is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chat_app.conversation.messages import Image, Message, Part, Reasoning, Text, ToolResult, assistant, system, user

TokensOf: TypeAlias = Callable[[Message], float]
"""How many tokens a message costs, about."""

UNSEEN = "[Here is a picture that you cannot see.]"
GO_ON = user("Continue your last answer exactly where it stopped. Repeat nothing of it and say nothing about it.")
"""What a model is told to go on with an answer that was cut: every server takes a question, but many do not take an
answer that stands last, to be written on."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What of a request's messages is sent, and how many before it are not."""

    messages: tuple[Message, ...]
    dropped: int = 0


def sent_messages(system_prompt: str, conversation: Sequence[Message]) -> tuple[Message, ...]:
    """The messages of a request. Answers that say nothing (a turn that failed) are left out; questions never are."""
    spoken = tuple(message for message in conversation if message.role == "user" or _says(message))
    return (system(system_prompt), *spoken) if system_prompt else spoken


def without_pictures_of_answers(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The messages for a model that takes no pictures: without those that another one made, or that its tools gave.

    Those of a visitor stay: a question that has one is for a model that takes it.
    """
    return tuple(
        Message(each.role, tuple(map(_unseen, each.parts))) if each.role == "assistant" else each for each in messages
    )


def to_go_on(messages: Sequence[Message], begun: str) -> tuple[Message, ...]:
    """The messages of a request for more of the answer `begun`, which was given to `messages`."""
    return (*messages, assistant(begun), GO_ON)


def fitted(messages: Sequence[Message], budget_tokens: float, tokens_of: TokensOf) -> Kept:
    """As many of the newest turns of `messages` as `budget_tokens` pay for, behind the system prompt.

    The system prompt and the last question stay, whatever they cost, and with it an answer to go on with.
    """
    prompt, turns = _turns_of(messages)
    cost = sum(map(tokens_of, messages))
    gone = 0
    while cost > budget_tokens and gone < len(turns) - 1:
        cost -= sum(map(tokens_of, turns[gone]))
        gone += 1
    return _without(prompt, turns, gone)


def without_oldest_half(messages: Sequence[Message]) -> Kept:
    """The newer half of the turns of `messages`, behind the system prompt; at least one turn less, if one can go."""
    prompt, turns = _turns_of(messages)
    return _without(prompt, turns, len(turns) // 2)


def _unseen(part: Part) -> Part:
    match part:
        case Image():
            return Text(UNSEEN)
        case ToolResult(call_id, text, images) if images:
            return ToolResult(call_id, f"{text}\n\n{UNSEEN}")
        case _:
            return part


def _says(message: Message) -> bool:
    """Whether there is more to it than what was thought."""
    return bool(message.text) or any(not isinstance(part, Text | Reasoning) for part in message.parts)


def _turns_of(messages: Sequence[Message]) -> tuple[tuple[Message, ...], list[list[Message]]]:
    """The system prompt, and the turns behind it: each begins with a question, only the first may begin otherwise."""
    prompts = next((at for at, message in enumerate(messages) if message.role != "system"), len(messages))
    turns: list[list[Message]] = []
    for message in messages[prompts:]:
        if (message.role == "user" and message != GO_ON) or not turns:
            turns.append([])
        turns[-1].append(message)
    return tuple(messages[:prompts]), turns


def _without(prompt: tuple[Message, ...], turns: Sequence[Sequence[Message]], gone: int) -> Kept:
    dropped = sum(len(turn) for turn in turns[:gone])
    return Kept((*prompt, *(message for turn in turns[gone:] for message in turn)), dropped)
