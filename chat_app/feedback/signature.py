"""What an answer can prove about itself: a token that this server signed, and the key that signs it.

Nothing about visitors is kept on the server until they give a verdict, so everything a feedback row needs, except the
words, travels with the answer and comes back with the thumb. A token is signed, not secret: it holds what the visitor
may know (which model answered, how fast) and only hashes of what was said, by which `record.py` sees that the posted
conversation is the one that was answered. Tokens survive restarts and replicas as long as the key does.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from itsdangerous import BadData, URLSafeSerializer
from pydantic import BaseModel, ConfigDict

from chat_app.conversation.messages import (
    Audio,
    File,
    Image,
    Message,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from chat_app.conversation.turn import TurnSummary
from chat_app.errors import StoreFailed, TokenRefused

KEY_FILE = "signing.key"
_SALT, _CONVERSATION_SALT = "chat_app.answer", "chat_app.conversation"
_LOCK_TIMEOUT_S = 10


class SignedAnswer(BaseModel):
    """What a token says of an answer. Times are seconds since the turn began; hashes are SHA-256 in hexadecimal."""

    # What a newer version says besides is passed over: while replicas are updated, both sign.
    model_config = ConfigDict(extra="ignore", frozen=True)

    answer_id: str
    conversation_id: str
    turn: int
    preset: str
    endpoint: str
    model: str
    parameters: Mapping[str, Any]
    system_prompt_sha256: str
    """Empty when there was no system prompt."""
    finish_reason: str
    prompt_tokens: int | None
    completion_tokens: int | None
    first_token_s: float | None
    total_s: float
    attempts: int
    messages_sha256: str
    """Of the messages as they were sent, without the system prompt."""
    answer_sha256: str
    messages_dropped: int = 0
    """How many of the first messages the model was not shown; 0 in tokens of versions that did not say."""
    tool_calls_sha256: str = ""
    """Of the tools that were called for the answer and what they gave; empty when none was."""


class Signer:
    """Signs answers and reads what it signed. Two signers with the same secret read each other's tokens."""

    def __init__(self, secret: str) -> None:
        digest = {"digest_method": hashlib.sha256}
        self._serializer = URLSafeSerializer(secret, salt=_SALT, signer_kwargs=digest)
        self._conversations = URLSafeSerializer(secret, salt=_CONVERSATION_SALT, signer_kwargs=digest)

    def sign(
        self, summary: TurnSummary, *, messages: Sequence[Message], answer: str, parts: Sequence[Part] = ()
    ) -> str:
        """The token of the answer that `summary` is about; `messages` as sent upstream, system prompt included.

        `answer` is its text; `parts` is what later turns send of it, where that is more.
        """
        signed = SignedAnswer(
            answer_id=summary.answer_id,
            conversation_id=summary.conversation_id,
            turn=summary.turn,
            preset=summary.preset,
            endpoint=summary.endpoint,
            model=summary.model,
            parameters=dict(summary.parameters),
            system_prompt_sha256=_system_prompt_hash(messages),
            finish_reason=summary.finish_reason,
            prompt_tokens=summary.prompt_tokens,
            completion_tokens=summary.completion_tokens,
            first_token_s=None if summary.first_token_s is None else round(summary.first_token_s, 3),
            total_s=round(summary.total_s, 3),
            attempts=summary.attempts,
            messages_sha256=messages_hash(messages),
            answer_sha256=text_hash(answer),
            messages_dropped=summary.messages_dropped,
            tool_calls_sha256=tool_calls_hash(parts),
        )
        return _text(self._serializer.dumps(signed.model_dump(mode="json")))

    def read(self, token: str) -> SignedAnswer:
        """What `token` says. Raises `TokenRefused` when it is not one of ours, or not as we made it."""
        try:
            return SignedAnswer.model_validate(self._serializer.loads(token))
        except (BadData, ValueError) as error:  # ValueError: not UTF-8, or signed by a version with other fields
            raise TokenRefused(
                "This answer does not carry a valid token.",
                hint="Ask again: a new answer can be rated. If `feedback.secret` or `signing.key` was changed, "
                "older answers cannot be rated any more; replicas need the same `feedback.secret`.",
            ) from error

    def sign_conversation(self, conversation_id: str) -> str:
        """The token by which the next question tells which conversation it belongs to."""
        return _text(self._conversations.dumps(conversation_id))

    def read_conversation(self, token: str) -> str:
        """The id in `token`. Raises `TokenRefused` when it is not one of ours."""
        try:
            return str(self._conversations.loads(token))
        except (BadData, ValueError) as error:
            raise TokenRefused(
                "This conversation does not carry a valid token.", hint="It goes on as a new one."
            ) from error


def messages_hash(messages: Sequence[Message]) -> str:
    """The hash of roles and parts in order; system prompts are left out, they have a hash of their own.

    A message of text alone counts as role and text, as it always did, so that older tokens stay valid.
    """
    said = [
        [message.role, message.text] if message.plain else [message.role, *map(_hashed, message.parts)]
        for message in messages
        if message.role != "system"
    ]
    return text_hash(json.dumps(said, separators=(",", ":")))


def tool_calls_in(parts: Sequence[Part]) -> list[dict[str, str]]:
    """The calls among `parts`, in order: name, arguments as the model wrote them, and the result it was told."""
    results = {part.call_id: part.text for part in parts if isinstance(part, ToolResult)}
    return [
        {"name": part.name, "arguments": part.arguments, "result": results.get(part.call_id, "")}
        for part in parts
        if isinstance(part, ToolCall)
    ]


def tool_calls_hash(parts: Sequence[Part]) -> str:
    """The hash of the calls among `parts`; empty where there are none."""
    calls = tool_calls_in(parts)
    return text_hash(json.dumps(calls, separators=(",", ":"), sort_keys=True)) if calls else ""


def text_hash(text: str) -> str:
    """The hash of `text`. Also of text with halves of surrogate pairs in it, which UTF-8 has no bytes for."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def load_secret(configured: str, folder: Path) -> str:
    """The configured secret; else the one in `folder`'s `signing.key`, which is made if it is not there.

    The file appears whole and readable by its owner alone, so processes that start at once agree on one key. Raises
    `StoreFailed`.
    """
    if configured:
        return configured
    path = folder / KEY_FILE
    try:
        if not path.exists():
            _make_key(path)
        key = path.read_text("ascii").strip()
    except (OSError, ValueError, NotImplementedError, Timeout) as error:
        raise StoreFailed(
            f"The key that signs answers, `{path}`, cannot be read or made: {error}.",
            hint="Make `chat.flagging_dir` a folder that this program can write, or set `feedback.secret`.",
        ) from error
    if not key:
        raise StoreFailed(
            f"The key that signs answers, `{path}`, is empty.",
            hint="Delete the file and a new key is made, or set `feedback.secret`.",
        )
    return key


def _hashed(part: Part) -> list[object]:
    """A part as it is hashed: its kind and all that a model sees of it."""
    match part:
        case Text(text):
            return ["text", text]
        case Image(mime_type, data) | Audio(mime_type, data):
            return [type(part).__name__.lower(), mime_type, text_hash(data)]
        case File(name, mime_type, text, cut):
            return ["file", name, mime_type, text, cut]
        case Reasoning(text):
            return ["reasoning", text]
        case ToolCall(name, arguments, call_id):
            return ["tool_call", name, arguments, call_id]
        case ToolResult(call_id, text, images):
            return ["tool_result", call_id, text, *map(_hashed, images)]


def _text(token: str | bytes) -> str:
    return token.decode("ascii") if isinstance(token, bytes) else token


def _make_key(path: Path) -> None:
    """Write a new key to `path`, unless another process was faster."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock", timeout=_LOCK_TIMEOUT_S):
        if path.exists():
            return
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(32) + "\n")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


def _system_prompt_hash(messages: Sequence[Message]) -> str:
    prompt = "\n".join(message.text for message in messages if message.role == "system")
    return text_hash(prompt) if prompt else ""
