"""What of a conversation is sent: the system prompt first, then every message that says something, in order."""

from __future__ import annotations

from collections.abc import Sequence

from chat_app.conversation.messages import Message, system


def sent_messages(system_prompt: str, conversation: Sequence[Message]) -> tuple[Message, ...]:
    """The messages of a request. Answers without text (a turn that failed) are left out; questions never are."""
    spoken = tuple(message for message in conversation if message.role == "user" or message.text)
    return (system(system_prompt), *spoken) if system_prompt else spoken
